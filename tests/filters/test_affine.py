"""Scaling, shearing, rotating and moving in one: known answers, exact cases, and a slow reference."""

import math

import numpy as np
import pytest
from imfilter.filters.affine import affine
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.rotate import rotate

from . import warp_reference


def samples(shape, dtype="uint8"):
    rng = np.random.default_rng(4)
    if np.dtype(dtype).kind == "f":
        values = rng.normal(size=shape).astype(dtype)
        values.flat[::5] = np.nan
        return values
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.each("shape", [(1, 1), (5, 7), (4, 3, 3), (6, 5, 4)])
@pytest.mark.each("interpolation", ["bilinear", "bicubic", "nearest"])
def test_the_defaults_give_the_image_back(dtype, shape, interpolation, each_core):
    image = samples(shape, dtype)
    if shape[2:] == (4,):  # an alpha is not missing
        image[..., 3] = 1 if image.dtype.kind == "f" else 200
    np.testing.assert_array_equal(affine(image, interpolation=interpolation), image)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.each("by", [(1, 0), (-2, 3), (0, -5), (9, 9)])
@pytest.mark.each("center", [None, (0.1, 7.3)])
@pytest.mark.each("border", BORDERS)
def test_whole_steps_move_samples_as_they_are(dtype, by, center, border, each_core, source):
    image = samples((6, 7, 3), dtype)
    expected = np.full_like(image, 5)
    for y, x in np.ndindex(6, 7):
        row, column = source(y - by[1], 6, border), source(x - by[0], 7, border)
        if row is not None and column is not None:
            expected[y, x] = image[row, column]
    found = affine(image, translate=by, center=center, border=border, fill=5)
    np.testing.assert_array_equal(found, expected)


def test_half_a_step_is_the_mean(each_core):
    image = np.array([[10.0, 20.0, 40.0]])
    assert affine(image, translate=(0.5, 0), border="nearest").tolist() == [[10, 15, 30]]
    # Keys' kernel at a half: (-1, 9, 9, -1) / 16
    found = affine(np.array([[0.0, 0, 16, 0, 0]]), translate=(0.5, 0), interpolation="bicubic")
    assert found.tolist() == [[0, -1, 9, 9, -1]]


def test_percent_is_of_the_side(each_core):
    image = samples((10, 20))
    np.testing.assert_array_equal(affine(image, translate="10%"), affine(image, translate=(2, 1)))
    np.testing.assert_array_equal(affine(image, translate="10%,-3"), affine(image, translate=(2, -3)))
    np.testing.assert_array_equal(affine(image, translate=("10%", -3.0)), affine(image, translate=(2, -3)))


def test_scaling_up_twice_by_nearest_repeats_samples(each_core):
    image = samples((4, 5, 3))
    found = affine(image, scale=2, expand=True, interpolation="nearest")
    np.testing.assert_array_equal(found, image.repeat(2, 0).repeat(2, 1))


def test_a_shear_moves_rows(each_core):
    """By y · tan 45° from the middle: rows move by -1, 0 and 1."""
    image = np.array([[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]], np.uint8)
    found = affine(image, shear=(45, 0), border="nearest")
    np.testing.assert_array_equal(affine(image, shear=45, border="nearest"), found)
    assert found.tolist() == [[2, 3, 4, 4], [1, 2, 3, 4], [1, 1, 2, 3]]


def test_the_order_is_scale_shear_turn_move(each_core, source):
    image = samples((11, 14)).astype(float)
    angle, (sx, sy), (lean_x, lean_y), (dx, dy) = 25, (1.4, 0.8), (15, -5), (1.25, -0.75)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    skew = [[1, math.tan(math.radians(lean_x)), 0], [math.tan(math.radians(lean_y)), 1, 0], [0, 0, 1]]
    there, back = (np.array([[1, 0, n * 7], [0, 1, n * 5.5], [0, 0, 1]]) for n in (1, -1))
    forward = np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]]) @ there @ [[c, -s, 0], [s, c, 0], [0, 0, 1]]
    forward = forward @ skew @ np.diag([sx, sy, 1]) @ back
    values = {"angle": angle, "scale": (sx, sy), "shear": (lean_x, lean_y), "translate": (dx, dy)}
    found = affine(image, **values, border="mirror")
    matrix = np.linalg.inv(forward).ravel()
    expected = warp_reference.warped(image, matrix, (14, 11), "bilinear", "mirror", 0, source)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_turn_is_rotates(each_core):
    image = samples((12, 15, 3))
    for expand in (False, True):
        np.testing.assert_array_equal(affine(image, angle=33, expand=expand), rotate(image, angle=33, expand=expand))


def test_one_interpolation_keeps_more_than_three():
    """For waves, whose values between the samples are known."""

    def waves(x, y):
        return np.sin(x / 2) * np.cos(y / 3)

    y, x = np.mgrid[:60, :60] + 0.5
    image = waves(x, y)
    one = affine(image, scale=1.2, angle=20, translate=(3.4, -2.7))
    three = affine(affine(affine(image, scale=1.2), angle=20), translate=(3.4, -2.7))
    c, s = math.cos(math.radians(20)) / 1.2, math.sin(math.radians(20)) / 1.2
    right, down = x - 33.4, y - 27.3
    exact = waves(30 + c * right + s * down, 30 - s * right + c * down)
    lost_by_one, lost_by_three = (np.abs(found - exact)[20:40, 20:40].mean() for found in (one, three))
    assert lost_by_one < 0.5 * lost_by_three


@pytest.mark.each(
    "values, words",
    [
        ({"scale": 0}, "scale: 0 is below the least value"),
        ({"scale": (1, -1)}, "scale: -1 is below"),
        ({"scale": 1e300}, "scale: 1e.300 is above the greatest value"),
        ({"shear": (45, 45)}, "shear: 45,45 collapses the picture to a line"),
        ({"shear": (-30, -60)}, "shear: -30,-60 collapses the picture to a line"),
        ({"shear": (90, 0)}, "shear: 90 is above"),
        ({"translate": "x"}, "translate: 'x' is not a number of pixels"),
        ({"translate": "1,2,3"}, "translate: '1,2,3' has 3 lengths"),
        ({"translate": "nan"}, "translate: nan is out of range"),
        ({"translate": (1e300, 0)}, "translate: 1e.300 is out of range"),
        ({"translate": "5%", "expand": True}, "translate: has no effect with expand"),
        ({"center": (0, 0), "expand": True}, "center: has no effect with expand"),
    ],
)
def test_wrong_values_are_refused(values, words):
    with pytest.raises(ParameterError, match=words):
        affine(np.zeros((4, 4), np.uint8), **values)


def test_a_result_beyond_the_limit_is_refused_before_the_work():
    with pytest.raises(ImageError, match="the result would be"):
        affine(np.zeros((1, 200_000), np.uint8), scale=1e4, expand=True)


def test_a_picture_that_shrinks_to_nothing_is_one_sample(each_core):
    assert affine(np.full((3, 3), 8, np.uint8), scale=1e-4, expand=True).tolist() == [[8]]
