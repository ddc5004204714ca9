"""Four points to four others: known answers, pages out of photos, degenerate shapes, and a slow reference."""

import math

import numpy as np
import pytest
from imfilter.filters.core.engine import geometry
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.core.resampling import homography
from imfilter.filters.perspective import perspective

from . import warp_reference

FOUR = (3, 4, 30, 2, 27, 21, 1, 23.5)


def samples(shape, dtype="uint8"):
    return np.random.default_rng(8).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def pairs(points):
    return list(zip(points[::2], points[1::2], strict=True))


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest"])
@pytest.mark.each("border", ["constant", "mirror"])
@pytest.mark.each("values", [{"from_": FOUR}, {"to": FOUR}, {"from_": FOUR, "to": (0, 0, 17, 3, 20, 20, 2, 16)}])
def test_the_slow_reference(interpolation, border, values, each_core, source):
    image = samples((24, 33)).astype(float)
    found = perspective(image, **values, interpolation=interpolation, border=border, fill=9, size=(21, 18))
    there = values.get("to", (0, 0, 21, 0, 21, 18, 0, 18))
    seen = values.get("from_", (0, 0, 33, 0, 33, 24, 0, 24))
    # The eight unknowns by a general solver, in place of the closed form.
    rows, right = [], []
    for (u, v), (x, y) in zip(pairs(there), pairs(seen), strict=True):
        rows += [[u, v, 1, 0, 0, 0, -u * x, -v * x], [0, 0, 0, u, v, 1, -u * y, -v * y]]
        right += [x, y]
    matrix = (*np.linalg.solve(rows, right), 1.0)
    expected = warp_reference.warped(image, matrix, (21, 18), interpolation, border, 9, source)
    different = ~np.isclose(found, expected, atol=1e-6)
    assert different.sum() <= (interpolation == "nearest")


def test_from_alone_gives_the_quadrilateral_upright(each_core):
    """For an upright rectangle it equals a crop, byte for byte."""
    image = samples((20, 30, 3))
    found = perspective(image, from_=(4, 3, 19, 3, 19, 13, 4, 13))
    np.testing.assert_array_equal(found, image[3:13, 4:19])
    turned = perspective(image, from_=(19, 3, 19, 13, 4, 13, 4, 3))
    np.testing.assert_array_equal(turned, np.rot90(image[3:13, 4:19]))


def test_its_size_is_that_of_the_longer_sides():
    image = samples((60, 60))
    assert perspective(image, from_=(10, 10, 40, 10, 45, 40, 5, 50)).shape == (round(math.hypot(5, 40)), 41)
    assert perspective(image, from_=(10, 10, 40, 10, 45, 40, 5, 50), size=(7, 9)).shape == (9, 7)
    assert perspective(image, from_=(10, 10, 40, 10, 45, 40, 5, 50), to=FOUR).shape == (60, 60)
    assert perspective(image, to=FOUR).shape == (60, 60)
    assert perspective(image, from_=(1, 1, 1.1, 1, 1.1, 1.1, 1, 1.1)).shape == (1, 1)


def test_the_corners_of_the_picture_are_its_identity(each_core):
    image = samples((20, 30, 4))
    np.testing.assert_array_equal(perspective(image, from_=(0, 0, 30, 0, 30, 20, 0, 20)), image)
    np.testing.assert_array_equal(perspective(image, to=(0, 0, 30, 0, 30, 20, 0, 20)), image)


def test_there_and_back(each_core):
    """Seen as a quadrilateral, and taken out of it again."""
    y, x = np.mgrid[:60, :80]
    image = 100 + 50 * np.sin(x / 9) * np.cos(y / 7)
    tilted = perspective(image, to=(8, 5, 150, 15, 155, 118, 3, 110), size=(160, 120))
    back = perspective(tilted, from_=(8, 5, 150, 15, 155, 118, 3, 110), size=(80, 60))
    assert np.abs(back - image)[2:-2, 2:-2].max() < 2


def test_behind_the_horizon_is_ground(each_core):
    """A floor seen towards the horizon, which crosses the result."""
    floor = np.full((40, 40), 200, np.uint8)
    values = {"to": (18, 12, 22, 12, 40, 40, 0, 40), "border": "wrap", "fill": 7}
    found = perspective(floor, **values)
    matrix = homography.between(pairs(values["to"]), [(0, 0), (40, 0), (40, 40), (0, 40)])
    depths = np.array([[matrix.depth((x + 0.5, y + 0.5)) for x in range(40)] for y in range(40)])
    assert (depths <= 0).any() and (depths > 0).any()
    np.testing.assert_array_equal(found, np.where(depths > 0, 200, 7))


def test_the_other_way_around_mirrors(each_core):
    image = samples((9, 12, 3))
    found = perspective(image, from_=(12, 0, 0, 0, 0, 9, 12, 9))
    np.testing.assert_array_equal(found, image[:, ::-1])


def test_the_geometry_is_the_homography():
    stages = perspective.checked(from_=FOUR, size=(50, 40)).stages()
    found = geometry.of(stages, 33, 24)
    assert not found.is_affine
    for (u, v), (x, y) in zip([(0, 0), (50, 0), (50, 40), (0, 40)], pairs(FOUR), strict=True):
        assert found.in_image(u, v) == pytest.approx((x, y))


def test_spellings_of_points():
    image = samples((24, 33))
    expected = perspective(image, from_=FOUR)
    for points in (
        pairs(FOUR),
        list(FOUR),
        "3,4,30,2,27,21,1,23.5",
        "3,4; 30,2; 27,21; 1,23.5",
        "3,4 30,2 27,21 1,23.5",
        np.reshape(FOUR, (4, 2)).tolist(),
    ):
        np.testing.assert_array_equal(perspective(image, from_=points), expected)


@pytest.mark.each(
    "values, words",
    [
        ({}, "from_: is required unless --to is given"),
        ({"from_": (1, 2, 3)}, "from_: has 3 numbers; four points have eight"),
        ({"from_": "1,2,x"}, "from_: '1,2,x' is not eight numbers"),
        ({"from_": 5}, "from_: 5 is not eight numbers"),
        ({"from_": (0, 0, 1, 1, 2, 2, 0, 3)}, "from_: three of the points lie on a line"),
        ({"to": (4, 4) * 4}, "to: three of the points lie on a line"),
        ({"to": (4, 4, 4, 4, 8, 8, 4, 8)}, "to: three of the points lie on a line"),
        ({"from_": (0, 0, 9, 9, 9, 0, 0, 9)}, "from_: the shape is not convex, or crosses itself"),
        ({"to": (0, 0, 9, 0, 2, 2, 0, 9)}, "to: the shape is not convex"),
        ({"from_": (0, 0, 9, 0, 9, math.nan, 0, 9)}, "from_: nan is out of range"),
        ({"from_": (0, 0, 9, 0, 9, 1e300, 0, 9)}, "from_: 1e.300 is out of range"),
        ({"from_": FOUR, "size": (0, 4)}, "size: 0 is below"),
        ({"from_": FOUR, "size": 10**9}, "size: 1e.09 is above"),
    ],
)
def test_wrong_values_are_refused(values, words):
    with pytest.raises(ParameterError, match=words):
        perspective(np.zeros((24, 33), np.uint8), **values)


def test_a_picture_of_one_sample(each_core):
    assert perspective(
        np.array([[9]], np.uint8), from_=(0, 0, 1, 0, 1, 1, 0, 1), size=(3, 2), border="nearest"
    ).tolist() == [
        [9, 9, 9],
        [9, 9, 9],
    ]
