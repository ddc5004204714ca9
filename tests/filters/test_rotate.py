"""Rotation: known answers, permutations, the size of the result, and a slow reference."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imfilter import chain
from imfilter.filters.core.engine import geometry
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.flip import flip
from imfilter.filters.rotate import rotate

from . import warp_reference

DTYPES = ("uint8", "uint16", "float32", "float64")


def samples(shape, dtype):
    rng = np.random.default_rng(3)
    if np.dtype(dtype).kind == "f":
        values = rng.normal(size=shape).astype(dtype)
        values.flat[::7] = np.nan
        return values
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.each("channels", [(), (3,), (4,), (5,)])
@pytest.mark.each("turns", range(-4, 5))
def test_quarter_turns_that_expand_are_permutations(dtype, channels, turns, each_core):
    image = samples((5, 8, *channels), dtype)
    expected = np.rot90(image, -turns)
    np.testing.assert_array_equal(rotate(image, angle=90 * turns, expand=True), expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.each("turns", range(-4, 5))
@pytest.mark.each("side", [1, 6, 7])
@pytest.mark.each("border", ["constant", "reflect"])
@pytest.mark.each("interpolation", ["bilinear", "bicubic", "nearest"])
def test_quarter_turns_of_a_square_are_permutations(dtype, turns, side, border, interpolation, each_core):
    image = samples((side, side, 3), dtype)
    found = rotate(image, angle=90 * turns, border=border, interpolation=interpolation)
    np.testing.assert_array_equal(found, np.rot90(image, -turns))


@pytest.mark.each("shape", [(5, 8), (4, 7, 3), (1, 9, 4)])
def test_a_half_turn_of_any_picture_is_a_permutation(shape, each_core):
    image = samples(shape, "uint8")
    np.testing.assert_array_equal(rotate(image, angle=180), image[::-1, ::-1])
    np.testing.assert_array_equal(rotate(image, angle=540), image[::-1, ::-1])


def test_a_quarter_turn_of_an_oblong_keeps_the_middle(each_core):
    """Sides that differ by an even number: every place is that of a sample."""
    image = np.arange(1, 9, dtype=np.uint8).reshape(2, 4)
    assert rotate(image, angle=90).tolist() == [[0, 6, 2, 0], [0, 7, 3, 0]]
    assert rotate(image, angle=90, border="nearest").tolist() == [[6, 6, 2, 2], [7, 7, 3, 3]]


def test_positive_angles_turn_clockwise():
    image = np.zeros((21, 21), np.uint8)
    image[10, 15:19] = 255  # to the right of the middle
    found = rotate(image, angle=90)
    assert found[15:19, 10].tolist() == [255] * 4  # below
    found = rotate(image, angle=30)
    rows, columns = np.nonzero(found)
    assert (rows >= 10).all() and rows.mean() > 11 and columns.min() > 13


def test_a_known_answer(each_core):
    """The corner of a 3×3 picture lies √2 from the middle, and is seen √2 along an axis: 2 - √2 of the picture."""
    found = rotate(np.full((3, 3), 100.0), angle=45)
    share = 100 * (2 - math.sqrt(2))
    np.testing.assert_allclose(found, [[share, 100, share], [100, 100, 100], [share, 100, share]], atol=1e-12)


@given(
    st.floats(-720, 720),
    st.sampled_from(["bilinear", "bicubic", "nearest"]),
    st.sampled_from(["constant", "nearest", "wrap", "mirror", "reflect"]),
)
@settings(max_examples=40, deadline=None)
def test_any_angle_beside_the_slow_reference(source, angle, interpolation, border):
    image = np.random.default_rng(11).integers(0, 256, (12, 17)).astype(np.uint8)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    x, y = 17 / 2, 12 / 2
    matrix = (c, s, x - c * x - s * y, -s, c, y + s * x - c * y, 0, 0, 1)
    found = rotate(image, angle=angle, interpolation=interpolation, border=border, fill=33)
    expected = warp_reference.warped(image, matrix, (17, 12), interpolation, border, 33, source)
    rounded = np.clip(np.floor(np.array(expected) + 0.5), 0, 255)
    different = found != rounded
    if interpolation == "nearest" and math.remainder(angle, 45) == pytest.approx(0, abs=1e-9):
        return  # places between samples: either is as near
    # Ties may be rounded either way.
    near_a_half = np.abs(np.array(expected) % 1 - 0.5) < 1e-3
    assert not (different & ~near_a_half).any() or (interpolation == "nearest" and different.sum() <= 1)


@pytest.mark.each("angle", [1, -12.5, 45, 89.999, 137, 359])
def test_the_expanded_result_holds_the_whole_picture(angle):
    image = np.full((30, 50), 200, np.uint8)
    found = rotate(image, angle=angle, expand=True)
    c, s = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    assert found.shape == (math.ceil(50 * s + 30 * c), math.ceil(50 * c + 30 * s))
    # Nothing is lost: the sum of all is that of the picture, but for rounding.
    assert found.sum(dtype=float) == pytest.approx(image.sum(dtype=float), rel=1e-2)
    assert rotate(image, angle=angle, expand=True, border="nearest").min() == 200


@pytest.mark.each("angle", [10, -75, 200])
@pytest.mark.each("expand", [False, True])
def test_the_geometry_says_where_a_point_goes(angle, expand):
    image = np.zeros((40, 60), np.float64)
    image[12:14, 40:42] = 1
    values = {"angle": angle, "expand": expand}
    found = rotate(image, **values)
    rows, columns = np.mgrid[: found.shape[0], : found.shape[1]] + 0.5
    at = (found * columns).sum() / found.sum(), (found * rows).sum() / found.sum()
    assert geometry.of(rotate.checked(**values).stages(), 60, 40).in_image(*at) == pytest.approx((41, 13), abs=0.05)


def test_the_centre_stays(each_core):
    image = samples((9, 11), "float64")
    image[np.isnan(image)] = 0
    assert rotate(image, angle=77, center=(3.5, 2.5))[2, 3] == pytest.approx(image[2, 3])


def test_an_edge_is_mixed_with_the_border(each_core):
    """Half a pixel of each lies beyond the edge."""
    image = np.full((3, 4), 100, np.uint8)
    found = rotate(image, angle=90)
    assert found[:, 0].tolist() == found[:, 3].tolist() == [50, 50, 50]


def test_quarter_turns_in_a_chain_undo_each_other():
    image = np.random.default_rng(2).normal(size=(24, 31))
    there = chain(rotate.step(angle=90, expand=True), flip.step(op="both"), rotate.step(angle=90, expand=True))
    np.testing.assert_array_equal(there(image), image)


@pytest.mark.each(
    "values, words",
    [
        ({"angle": math.nan}, "angle: nan is not a finite number"),
        ({"angle": math.inf}, "angle: inf is not a finite number"),
        ({"angle": 1, "expand": True, "center": (1, 1)}, "center: has no effect with expand"),
        ({"angle": 1, "center": (math.nan, 1)}, "center: nan is not a finite number"),
        ({"angle": 1, "center": (1e200, 1)}, "center: 1e.200 is above"),
        ({"angle": 1, "interpolation": "cubic"}, "interpolation: unknown value 'cubic'"),
    ],
)
def test_wrong_values_are_refused(values, words):
    with pytest.raises(ParameterError, match=words):
        rotate(np.zeros((4, 4), np.uint8), **values)


@pytest.mark.each("angle", [1e300, -1e300, 1e-300, 360 * 2.0**40])
@pytest.mark.each("shape", [(1, 1), (1, 5), (6, 1)])
def test_extreme_angles_and_sizes(angle, shape, each_core):
    image = np.full(shape, 7, np.uint8)
    assert rotate(image, angle=angle, border="nearest").tolist() == image.tolist()
    assert (rotate(image, angle=angle, expand=True, border="wrap") == 7).all()


def test_centres_far_away_are_ground(each_core):
    assert (rotate(np.ones((3, 3), np.uint8), angle=30, center=(1e9, -1e9), fill=4) == 4).all()
    with pytest.raises(ImageError):
        rotate(np.zeros((0, 3), np.uint8), angle=30)


def test_a_stack_is_turned_image_by_image():
    stack = samples((3, 6, 7, 3), "uint8")
    found = rotate(stack, angle=20, stack=True)
    for one, image in zip(found, stack, strict=True):
        np.testing.assert_array_equal(one, rotate(image, angle=20))
