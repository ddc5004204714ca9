"""Blur along a line and over a disk: the kernels' areas, and how they are applied to the image."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.blur import blur
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.engine.stage import ImageContext
from imfilter.filters.core.linear import kernels, planner
from imfilter.filters.core.parameters import ParameterError
from scipy import ndimage

POINTS = 48
"""Points a pixel and axis of the slow references, which count those that are covered."""


def sampled(kernel, inside):
    """The part of each pixel's points that lie inside, by counting."""
    height, width = kernel.shape
    offsets = (np.arange(POINTS) + 0.5) / POINTS - 0.5
    y = (np.arange(height)[:, None] - height // 2 + offsets).ravel()[:, None]
    x = (np.arange(width)[:, None] - width // 2 + offsets).ravel()
    return inside(x, y).reshape(height, POINTS, width, POINTS).mean(axis=(1, 3))


def matlab_motion(length, degrees):
    """MATLAB's ``fspecial('motion')`` by its documentation: 1 less the distance from the line, whose ends count so too.

    The line is a pixel shorter, from the middle of its first pixel to the middle of its last.
    """
    half, turn = (length - 1) / 2, math.radians(degrees)
    reach = math.ceil(half) + 1
    weights = np.zeros((2 * reach + 1, 2 * reach + 1))
    for i, j in np.ndindex(weights.shape):
        x, y = j - reach, reach - i  # y grows upward
        along = x * math.cos(turn) + y * math.sin(turn)
        nearest = min(max(along, -half), half)
        distance = math.hypot(x - nearest * math.cos(turn), y - nearest * math.sin(turn))
        weights[i, j] = max(0.0, 1 - distance)
    return weights / weights.sum()


def embedded(kernel, like):
    """A kernel's weights in the middle of an array as large as *like*."""
    big = np.zeros(like.shape)
    top, left = ((outer - inner) // 2 for outer, inner in zip(like.shape, kernel.shape, strict=True))
    big[top : top + kernel.shape[0], left : left + kernel.shape[1]] = kernel.weights
    return big


# ---- motion ------------------------------------------------------------------------------------------


def test_a_motion_along_x_is_a_row_of_equal_weights():
    assert kernels.motion(5, 0).weights.tolist() == [[0.2] * 5]
    assert kernels.motion(5, 180).weights.tolist() == [[0.2] * 5]
    assert kernels.motion(5, -90).weights.tolist() == [[0.2]] * 5


def test_an_even_length_has_half_a_pixel_at_both_ends():
    assert kernels.motion(4, 0).weights.tolist() == [[0.125, 0.25, 0.25, 0.25, 0.125]]
    assert kernels.motion(2, 90).weights.tolist() == [[0.25], [0.5], [0.25]]


def test_a_diagonal_of_three_by_hand():
    """Its sides, half a pixel from the middle, cut two corners off the middle pixel, of the height 1/√2 - 1/2."""
    taps = kernels.motion(3, 45).taps
    assert taps[1, 1] == pytest.approx(1 - 2 * (2**-0.5 - 0.5) ** 2, abs=1e-8)
    assert taps.sum() == pytest.approx(3, abs=1e-8)
    np.testing.assert_allclose(taps, taps.T, atol=1e-8)


@given(st.integers(1, 60), st.floats(-360, 360))
def test_a_motion_is_the_area_of_a_line_one_pixel_wide(length, angle):
    kernel = kernels.motion(length, angle)
    across, down = math.cos(math.radians(angle)), math.sin(math.radians(angle))

    def inside(x, y):
        return (np.abs(x * across + y * down) <= length / 2) & (np.abs(y * across - x * down) <= 0.5)

    np.testing.assert_allclose(kernel.taps, sampled(kernel, inside), atol=0.03)
    assert kernel.taps.sum() == pytest.approx(length, rel=1e-6)  # nothing of the line lies outside
    assert kernel.sum == pytest.approx(1, abs=1e-14)
    np.testing.assert_array_equal(kernel.taps, kernel.taps[::-1, ::-1])


@pytest.mark.parametrize("angle", [1e-13, 1e-9, 1e-7, 1e-4, 44.999999999, 45.0000001, 89.9999999, 179.9999999999])
def test_angles_next_to_the_axes_are_as_exact(angle):
    kernel, near = kernels.motion(31, angle), kernels.motion(31, round(angle))
    assert kernel.taps.sum() == pytest.approx(31, rel=1e-7)
    bigger = np.zeros((35, 35))
    np.testing.assert_allclose(embedded(kernel, bigger), embedded(near, bigger), atol=2e-5)


@pytest.mark.each("length", [1, 2, 3, 9, 20, 31])
@pytest.mark.each("angle", [0, 90, 180, -90])
def test_a_motion_along_an_axis_is_matlabs_where_the_length_is_odd(length, angle):
    reference = matlab_motion(length, -angle)
    found = embedded(kernels.motion(length, angle), reference)
    np.testing.assert_allclose(found, reference, atol=1e-9 if length % 2 else 0.5 / length)


@pytest.mark.parametrize("angle", [10, 30, 45, 60, -20, 135])
def test_a_motion_askew_is_matlabs_but_for_the_shape_of_its_side(angle):
    reference = matlab_motion(21, -angle)
    np.testing.assert_allclose(embedded(kernels.motion(21, angle), reference), reference, atol=0.35 / 21)
    y, x = np.mgrid[: reference.shape[0], : reference.shape[1]] - reference.shape[0] // 2
    for moment in (x * x, x * y, y * y):  # as long, as wide and in the same direction
        own = (embedded(kernels.motion(21, angle), reference) * moment).sum()
        assert own == pytest.approx((reference * moment).sum(), abs=0.05 * 21**2 / 12)


def test_the_angle_runs_down_the_screen():
    dot = np.zeros((21, 21), np.float32)
    dot[10, 10] = 1
    answer = blur(dot, op="motion", size=15, angle=30)
    y, x = np.mgrid[-10:11, -10:11]
    assert (answer * x * y).sum() > 0  # to the right and down
    degrees = 0.5 * math.degrees(math.atan2(2 * (answer * x * y).sum(), (answer * (x * x - y * y)).sum()))
    assert degrees == pytest.approx(30, abs=0.2)


@pytest.mark.parametrize("size", [1, 25, 1000])
def test_a_motion_along_x_is_a_box_to_the_planner(size):
    context = ImageContext(255.0, "float32", tolerance=1e-3, whole=True)
    expected = {1: "direct", 25: "running", 1000: "fourier"}[size]
    found = planner.plan(kernels.motion(size, 0), context)
    assert found.algorithm == expected
    assert kernels.motion(size, 0).factors is not None


# ---- disk --------------------------------------------------------------------------------------------


def test_the_disk_of_radius_1_is_matlabs():
    """As MATLAB's documentation and textbooks print ``fspecial('disk', 1)``."""
    expected = [[0.0251, 0.1453, 0.0251], [0.1453, 0.3183, 0.1453], [0.0251, 0.1453, 0.0251]]
    assert kernels.disk((1, 1)).weights.round(4).tolist() == expected


@given(st.floats(0.5, 30), st.floats(0.5, 30))
def test_a_disk_is_the_area_of_an_ellipse(x, y):
    kernel = kernels.disk((x, y))
    covered = sampled(kernel, lambda across, down: (across / x) ** 2 + (down / y) ** 2 <= 1)
    np.testing.assert_allclose(kernel.weights, covered / covered.sum(), atol=0.03 / kernel.divisor)
    if min(x, y) > 0.75:  # so that the middle is all covered
        assert kernel.taps.sum() == pytest.approx(math.pi * x * y, rel=1e-6)
    assert kernel.taps.min() >= 0 and kernel.sum == pytest.approx(1, abs=1e-14)
    np.testing.assert_array_equal(kernel.taps, kernel.taps[::-1])
    np.testing.assert_array_equal(kernel.taps, kernel.taps[:, ::-1])


@pytest.mark.parametrize(("radius", "side"), [(0, 1), (0.5, 1), (0.51, 3), (1.5, 3), (2.5, 5), (2.6, 7), (500, 1001)])
def test_the_window_of_a_disk_holds_just_what_it_touches(radius, side):
    kernel = kernels.disk((radius, radius))
    assert kernel.shape == (side, side)
    assert kernel.taps[0].any() and np.isfinite(kernel.taps).all()


def test_what_lies_inside_a_disk_counts_exactly_1_and_what_lies_outside_exactly_0():
    taps = kernels.disk((50, 50)).taps
    y, x = np.abs(np.mgrid[-50:51, -50:51])
    assert (taps[np.hypot(x + 0.5, y + 0.5) < 50] == 1).all()
    assert not taps[np.hypot(np.maximum(x - 0.5, 0), np.maximum(y - 0.5, 0)) > 50].any()


@pytest.mark.parametrize("radius", [0, 0.4])
def test_a_disk_within_its_pixel_gives_the_image_back(radius, noise):
    np.testing.assert_array_equal(blur(noise((5, 6, 3)), op="disk", radius=radius), noise((5, 6, 3)))


def test_a_motion_of_one_pixel_gives_the_image_back(noise):
    np.testing.assert_array_equal(blur(noise((5, 6, 3)), op="motion", size=1), noise((5, 6, 3)))


# ---- both as filters ---------------------------------------------------------------------------------

CASES = [
    ({"op": "motion"}, kernels.motion, (9, 0)),
    ({"op": "motion", "size": 24, "angle": 90}, kernels.motion, (24, 90)),
    ({"op": "motion", "size": 17, "angle": -35}, kernels.motion, (17, -35)),
    ({"op": "disk"}, kernels.disk, ((5.0, 5.0),)),
    ({"op": "disk", "radius": 2.5}, kernels.disk, ((2.5, 2.5),)),
    ({"op": "disk", "radius": (9, 1.5)}, kernels.disk, ((9, 1.5),)),
]


@pytest.mark.each("border", BORDERS)
@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("options, build, arguments", CASES)
def test_the_filter_is_scipys_correlation(options, build, arguments, dtype, border, noise):
    image = noise((41, 33), dtype)
    kernel = build(*arguments)
    expected = ndimage.correlate(image.astype(np.float64), kernel.taps, mode=border, cval=0) / kernel.divisor
    found = blur(image, border=border, **options)
    if dtype == "float32":
        np.testing.assert_allclose(found, expected, atol=1e-5 * np.ptp(image))
    else:
        off = np.abs(found - np.floor(expected + 0.5))
        assert off.max() <= 1 and (off > 0).mean() <= 1e-3


def test_a_motion_of_sums_that_are_halves_rounds_them_up(noise):
    image = noise((60, 60))
    exact = ndimage.uniform_filter1d(image.astype(np.int64) * 25, 25, axis=1)
    np.testing.assert_array_equal(blur(image, op="motion", size=25), np.floor((exact / 25) + 0.5))


WRONG = [
    ({"op": "motion", "size": (9, 3)}, "size: 9,3: a motion has one length"),
    ({"op": "motion", "radius": 3}, "radius: a motion has no radius; set its length with --size"),
    ({"op": "motion", "size": 1001}, "size: 1001 is above the longest motion, 1000 px"),
    ({"op": "disk", "size": 3}, "size: a disk has no size; set its --radius"),
    ({"op": "disk", "radius": 500.5}, "radius: 500.5 is above the greatest radius of a disk, 500 px"),
    ({"op": "disk", "angle": 3}, "angle: does not apply to op disk"),
    ({"op": "mean", "radius": 1.5}, "radius: 1.5 is not a whole number"),
    ({"op": "median", "radius": (1, 2.5)}, "radius: .* is not a whole number"),
]


@pytest.mark.parametrize(("values", "message"), WRONG)
def test_what_contradicts_is_refused(values, message):
    with pytest.raises(ParameterError, match=message):
        blur(np.zeros((3, 3), np.uint8), **values)
