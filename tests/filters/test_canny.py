"""Canny: true non-maximum suppression, and hysteresis over the whole image."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.core import native
from imfilter.filters.core.gradient import non_maximum_suppression
from imfilter.filters.core.gradient.non_maximum_suppression import hysteresis
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.edges import edges
from scipy import ndimage


def slow_thin(gx, gy):
    """Non-maximum suppression pixel by pixel: the neighbours along the gradient interpolated on the 3×3 rim."""
    rows, columns = gx.shape
    strength = np.pad(np.sqrt(gx * gx + gy * gy), 1)

    def along(y, x, dx, dy):
        # One step to the rim of the 3×3 square: the larger component becomes 1.
        most = max(abs(dx), abs(dy))
        sx, sy = round(dx / most) if abs(dx) == most else 0, round(dy / most) if abs(dx) != most else 0
        part = min(abs(dx), abs(dy)) / most
        diagonal = strength[y + 1 + int(math.copysign(1, dy)), x + 1 + int(math.copysign(1, dx))]
        straight = strength[y + 1 + sy, x + 1 + sx]
        return straight + (diagonal - straight) * part

    thin = np.zeros_like(gx)
    for y, x in np.ndindex(rows, columns):
        dx, dy = gx[y, x], gy[y, x]
        middle = strength[y + 1, x + 1]
        equal = 1e-5 * middle
        if middle > 0 and middle - equal > along(y, x, dx, dy) and middle + equal >= along(y, x, -dx, -dy):
            thin[y, x] = middle
    return thin


def slow_join(strength, low, high):
    """Hysteresis by walking from every strong pixel."""
    kept = np.zeros(strength.shape, bool)
    walk = [tuple(place) for place in np.argwhere((strength > high) & (strength > low))]
    while walk:
        y, x = walk.pop()
        if not (0 <= y < strength.shape[0] and 0 <= x < strength.shape[1]):
            continue
        if not kept[y, x] and strength[y, x] > low:
            kept[y, x] = True
            walk += [(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return kept


def smooth_image(seed, shape=(24, 20)):
    values = np.random.default_rng(seed).integers(0, 256, shape).astype(np.float64)
    return np.floor(ndimage.gaussian_filter(values, 1.2) * 1.5).clip(0, 255).astype(np.uint8)


def slow_gradient(image):
    values = image.astype(np.float64)
    return ndimage.sobel(values, axis=1, mode="reflect"), ndimage.sobel(values, axis=0, mode="reflect")


@given(st.integers(0, 10**6))
def test_canny_is_the_walk_from_pixel_to_pixel(seed):
    image = smooth_image(seed)
    expected = slow_join(slow_thin(*slow_gradient(image)), 40, 120)
    np.testing.assert_array_equal(edges(image, op="canny", sigma=0, low=40, high=120).image == 255, expected)


@given(st.integers(0, 10**6))
def test_thin_keeps_the_maxima_along_the_gradient(seed):
    image = smooth_image(seed)
    answer = edges(image, thin=True, depth="float").image * 255
    np.testing.assert_allclose(answer, slow_thin(*slow_gradient(image)), rtol=1e-6)


@given(st.integers(0, 10**6), st.integers(1, 9))
def test_strips_change_nothing(run, seed, rows):
    image = smooth_image(seed, (31, 17))
    options = {"op": "canny", "low": 20, "high": 200}
    whole = run(edges, image, strip_rows=31, **options)
    strips = run(edges, image, strip_rows=rows, **options)
    for name in whole:
        np.testing.assert_array_equal(whole[name].samples, strips[name].samples)


def test_a_weak_chain_is_followed_across_every_strip(run):
    """An edge that is strong at its top, and weak through 390 rows."""
    image = np.zeros((400, 20), np.uint8)
    image[:, 10:] = np.linspace(255, 20, 400)[:, None]
    for high, found in ((900, 1), (1100, 0)):
        edge = run(edges, image, strip_rows=8, op="canny", sigma=0, low=40, high=high)["image"].samples[..., 0] > 0
        assert edge[1:].sum(axis=1).tolist() == [found] * 399


@pytest.mark.each("turn", range(0, 360, 15))
def test_a_smooth_ramp_has_edges_of_one_pixel(turn):
    y, x = np.mgrid[-30:31, -30:31]
    across = x * math.cos(math.radians(turn)) + y * math.sin(math.radians(turn)) + 0.3
    image = (255 / (1 + np.exp(-across))).astype(np.float32)
    edge = edges(image, op="canny", low=100, high=200, sigma=0).image > 0
    assert edge[30].any() or edge[:, 30].any()
    blocks = edge[1:, 1:] & edge[1:, :-1] & edge[:-1, 1:] & edge[:-1, :-1]
    assert not blocks[2:-2, 2:-2].any()


def test_an_ideal_step_gives_a_line_of_one_pixel_on_its_bright_side():
    step = np.zeros((9, 8), np.uint8)
    step[:, 4:] = 255
    for image, column in ((step, 4), (step[:, ::-1], 3)):
        for picture in (edges(image, op="canny", sigma=0).image, edges(image, thin=True, threshold=100).image):
            assert np.argwhere(picture).tolist() == [[row, column] for row in range(9)]
            assert np.argwhere(edges(image.T, op="canny", sigma=0).image).tolist() == [[column, i] for i in range(9)]


def test_the_gradient_past_the_edge_is_0_whatever_the_fill():
    row = np.array([[0, 0, 0, 0, 100]], np.uint8)
    for fill in (0, 255):
        answer = edges(row, op="central", thin=True, border="nearest", fill=fill)
        assert answer.image.tolist() == [[0, 0, 0, 0, 100]]


def test_hysteresis_joins_diagonal_neighbours():
    classes = np.diag([2, 1, 1, 0, 1]).astype(np.uint8)[..., None]
    assert np.diag(hysteresis(classes)[..., 0]).tolist() == [True, True, True, False, False]


def test_the_thresholds_are_excluded():
    step = np.array([[0, 0, 0, 255, 255, 255]] * 5, np.uint8)  # a magnitude of 1020
    for low, high, found in ((1019, 1019, True), (1020, 1020, False), (900, 1020, False)):
        assert edges(step, op="canny", sigma=0, low=low, high=high).image.any() == found


def test_the_maps_of_canny_are_the_smoothed_gradient(noise):
    image = noise((30, 30))
    canny, sobel = edges(image, op="canny", sigma=1.4), edges(image, sigma=1.4)
    for name in ("magnitude", "angle", "gx", "gy"):
        np.testing.assert_array_equal(getattr(canny, name), getattr(sobel, name))


def test_a_16_bit_copy_has_the_same_edges(noise):
    image = smooth_image(3)
    wide = edges(image.astype(np.uint16) * 257, op="canny").image
    np.testing.assert_array_equal(wide > 0, edges(image, op="canny").image > 0)


def test_the_default_thresholds_fit_every_size():
    """A wide edge, whose slope is the same to all of them: 11 levels a pixel are found, 8 are not."""
    across = np.arange(-20, 20) / 8
    for slope, found in ((11, True), (8, False)):
        image = np.tile(127.5 + slope * 8 * np.tanh(across), (40, 1)).astype(np.uint8)
        for size in (3, 5, 7):
            assert edges(image, op="canny", size=size, sigma=0).image.any() == found


def test_without_an_edge_nothing_is_white():
    assert not edges(np.full((5, 5), 9, np.uint8), op="canny").image.any()


def test_a_long_line_is_followed_to_its_end(each_core):
    classes = np.zeros((41, 200, 1), np.uint8)
    classes[::4] = 1
    classes[2::8, -1] = classes[1::8, -1] = classes[3::8, -1] = 1
    classes[6::8, 0] = classes[5::8, 0] = classes[7::8, 0] = 1
    classes[20, 100] = 2
    classes[38, 5:] = 1  # two rows from the lines beside it: joined to nothing
    whole = non_maximum_suppression.hysteresis(classes)
    assert whole[..., 0].sum() > 2000
    assert not whole[38, 50]


@pytest.mark.parametrize("channels", [1, 3])
def test_hysteresis_joins_what_labels_join(each_core, channels):
    rng = np.random.default_rng(channels)
    for shape in [(1, 1), (1, 40), (40, 1), (2, 9), (37, 65), (120, 200)]:
        classes = rng.choice(np.array([0, 1, 2], np.uint8), (*shape, channels), p=[0.62, 0.377, 0.003])
        expected = np.zeros(classes.shape, bool)
        for channel in range(channels):
            labels, _ = ndimage.label(classes[..., channel], np.ones((3, 3)))
            strong = labels[classes[..., channel] == 2]
            expected[..., channel] = np.isin(labels, strong[strong > 0])
        for values in (classes, classes.transpose(2, 0, 1).copy().transpose(1, 2, 0)):
            np.testing.assert_array_equal(non_maximum_suppression.hysteresis(values.copy("K")), expected)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("norm", ["l2", "l1", "max"])
def test_thinning_is_that_of_the_obvious_form(each_core, kind, norm):
    rng = np.random.default_rng(3)
    for shape in [(3, 3, 1), (3, 4, 2), (5, 20, 1), (9, 66, 1), (4, 67, 1), (6, 200, 1)]:
        parts = non_maximum_suppression.Gradient(*(rng.integers(-4, 5, (2, *shape)).astype(kind)))
        parts.gx[rng.random(shape) < 0.05] = np.nan
        inner = np.s_[1:-1, 1:-1]
        with pytest.MonkeyPatch.context() as without:
            without.setattr(native, "core", None)
            thin = non_maximum_suppression.suppress(parts, norm)
            classes = non_maximum_suppression.classes(parts, norm, 2.0, 4.5)
        found = non_maximum_suppression.suppress(parts, norm)
        np.testing.assert_allclose(found, thin, rtol=1e-6)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(parts.gx[inner]))
        np.testing.assert_array_equal(non_maximum_suppression.classes(parts, norm, 2.0, 4.5), classes)
        assert found.dtype == kind and classes.dtype == np.uint8


@pytest.mark.each("white", [1, 100, 65535])
def test_percentages_are_of_the_greatest_magnitude(white):
    """A faint step is found like a strong one."""
    image = np.zeros((20, 20), np.uint16)
    image[:, 10:] = white
    found = edges(image, op="canny", low="12%", high="30%").image > 0
    assert found[:, 9:11].any(axis=1).all() and not found[:, :8].any() and not found[:, 12:].any()


def test_percentages_are_thresholds_times_the_greatest_magnitude(noise):
    image = noise((40, 40))
    most = float(edges(image, op="canny", low=0, high=0).magnitude.max())
    by_share = edges(image, op="canny", low="20%", high="50%").image
    np.testing.assert_array_equal(by_share, edges(image, op="canny", low=0.2 * most, high=0.5 * most).image)
    alone = edges(image, op="canny", high="50%").image
    np.testing.assert_array_equal(alone, edges(image, op="canny", low=0.12 * most, high=0.5 * most).image)


def test_missing_samples_have_no_magnitude():
    image = np.zeros((20, 20), np.float32)
    image[:, 10:] = 1
    image[2, 2] = np.nan
    assert edges(image, op="canny", low="12%", high="30%").image[10:, 8:12].any()


@pytest.mark.each("wrong", ["x", "-1", "-1%", "101%", "nan", ""])
def test_what_is_no_threshold_is_refused(wrong):
    with pytest.raises(ParameterError, match="low"):
        edges(np.zeros((3, 3), np.uint8), op="canny", low=wrong)
