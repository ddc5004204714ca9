"""Matrices between a result and its image: turns, bounding boxes, four points."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from imfilter.filters.core.resampling import homography
from imfilter.filters.core.resampling.homography import Linear, Matrix

UNIT = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
points = st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=4, max_size=4)


def applied(matrix, point):
    x, y, w = np.array(matrix).reshape(3, 3) @ (*point, 1.0)
    return x / w, y / w


@pytest.mark.each("turns", range(-5, 6))
def test_quarter_turns_are_exact(turns):
    assert homography.turn(90 * turns) == homography.turn(90 * (turns % 4))
    assert set(homography.turn(90 * turns)) <= {-1, 0, 1}


def test_x_turns_towards_y():
    """y runs down: clockwise as seen."""
    assert homography.turn(90).of(1, 0) == (0, 1)
    assert homography.turn(30).of(1, 0) == pytest.approx((math.sqrt(3) / 2, 0.5))


@given(st.floats(-1e300, 1e300))
def test_turns_keep_lengths(degrees):
    assert homography.turn(degrees).area == pytest.approx(1)
    assert homography.turn(degrees).times(homography.turn(-degrees)) == pytest.approx(Linear(), abs=1e-15)


@given(points, points)
def test_four_points_go_to_four_points(result, image):
    assume(homography.is_quadrilateral(result) and homography.is_quadrilateral(image))
    reach = min(abs((q[0] - p[0]) * (r[1] - p[1]) - (r[0] - p[0]) * (q[1] - p[1]))
                for shape in (result, image) for p, q, r in (shape[:3], shape[1:], (*shape[2:], shape[0])))  # fmt: skip
    assume(reach > 1)
    matrix = homography.between(result, image)
    if matrix is None:
        return
    for one, other in zip(result, image, strict=True):
        assert matrix.depth(one) > 0
        assert applied(matrix, one) == pytest.approx(other, abs=1e-4)


def test_shapes_that_go_around_in_another_order_have_no_map():
    crossed = [UNIT[n] for n in (0, 2, 1, 3)]
    assert homography.between(UNIT, crossed) is None
    assert homography.between(crossed, crossed) is not None
    assert homography.between(UNIT, UNIT[::-1]) is not None  # mirrored
    hollow = [(0.0, 0.0), (1.0, 0.0), (0.2, 0.2), (0.0, 1.0)]
    assert homography.between(UNIT, hollow) is None


def test_parallels_make_an_affine_map_and_its_offsets_are_whole():
    found = homography.between([(0, 0), (8, 0), (8, 6), (0, 6)], [(3, 2), (11, 2), (11, 8), (3, 8)])
    assert found == Matrix(1, 0, 3, 0, 1, 2)
    assert found.moves_samples and found.is_affine


@pytest.mark.each(
    "matrix, moves",
    [
        (Matrix(0, 1, 0, -1, 0, 40), True),
        (Matrix(0, 1, 0.5, -1, 0, 40), False),
        (Matrix(1, 1, 0, 0, 1, 0), False),
        (Matrix(2, 0, 0, 0, 1, 0), False),
        (Matrix(1, 0, 0, 1, 0, 0), False),
        (Matrix(1, 0, 0, 0, 1, 0, 0.1), False),
    ],
)
def test_what_moves_samples_as_they_are(matrix, moves):
    assert matrix.moves_samples == moves
