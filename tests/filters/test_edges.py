"""Edges: the operators, their maps and their conventions."""

import numpy as np
import pytest
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.linear import kernels
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.edges import COMPASSES, GRADIENTS, edges
from scipy import ndimage

STEP = np.array([[0, 0, 0, 255, 255, 255]] * 5, np.uint8)
OPERATORS = [op for op in GRADIENTS if op != "canny"]
SECOND_ORDER = ("laplacian", "log", "dog")
# gx of the step: the textbook's weights to the right of the middle, summed; Roberts' 2·255/√2.
STEP_ANSWER = {
    "sobel": 1020,
    "prewitt": 765,
    "scharr": 4080,
    "central": 255,
    "roberts": 255 * 2**0.5,
    "farid": 255 * (0.276690988455557 + 0.109603762960254),
}

DIRECTIONS = [(1, 0, 0), (1, 1, 45), (0, 1, 90), (-1, 1, 135), (-1, 0, 180), (-1, -1, -135), (0, -1, -90), (1, -1, -45)]


def ramp(dx, dy, dtype="uint8"):
    y, x = np.mgrid[:9, :9]
    return (100 + 8 * (dx * (x - 4) + dy * (y - 4))).astype(dtype)


def test_every_gradient_has_a_known_answer():
    assert STEP_ANSWER.keys() == set(OPERATORS)


@pytest.mark.parametrize(("op", "answer"), STEP_ANSWER.items())
def test_a_step_answers_with_the_printed_weights(op, answer):
    assert edges(STEP, op=op).gx[2, 3] == pytest.approx(answer)
    assert edges(STEP[:, ::-1], op=op).gx[2, 3] == pytest.approx(-answer)
    assert edges(STEP.T.copy(), op=op).gy[3, 2] == pytest.approx(answer)


def test_sobel_of_a_step_is_1020_and_of_a_falling_one_less_1020():
    assert edges(STEP).gx[2].tolist() == [0, 0, 1020, 1020, 0, 0]
    assert edges(STEP[:, ::-1]).gx[2].tolist() == [0, 0, -1020, -1020, 0, 0]
    assert edges(STEP).magnitude[2].tolist() == [0, 0, 1020, 1020, 0, 0]


@pytest.mark.each("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("op", [*GRADIENTS, *COMPASSES])
@pytest.mark.each("dx, dy, degrees", DIRECTIONS)
def test_the_angle_points_where_brightness_grows(op, dx, dy, degrees, dtype):
    """0° to the right, 90° downward, and 180°, never -180°."""
    values = {"sigma": 0} if op == "canny" else {}
    assert edges(ramp(dx, dy, dtype), op=op, **values).angle[4, 4] == pytest.approx(degrees, abs=1e-4)


@pytest.mark.parametrize("op", [*GRADIENTS, *COMPASSES])
@pytest.mark.each("dtype", ["uint8", "float32"])
def test_the_angle_is_above_less_180_and_at_most_180(op, dtype, noise):
    angle = edges(noise((60, 60), dtype) // 200, op=op).angle
    assert angle.min() > -180 and angle.max() <= 180


@pytest.mark.parametrize("op", [*GRADIENTS, *COMPASSES])
@pytest.mark.each("border", [border for border in BORDERS if border != "constant"])
@pytest.mark.each("value", [0, 77, 0.1, -3.3])
def test_a_flat_image_has_no_magnitude_and_an_angle_of_0(op, border, value):
    flat = np.full((7, 6), value, np.uint8 if isinstance(value, int) else np.float32)
    for sigma in (0, 1.3):
        answer = edges(flat, op=op, border=border, sigma=sigma)
        assert not answer.magnitude.any()
        assert answer.angle.tobytes() == np.zeros_like(answer.angle).tobytes()  # not even -0.0


@pytest.mark.parametrize("op", SECOND_ORDER)
@pytest.mark.parametrize("value", [77, 0.1])
def test_a_flat_image_has_no_second_derivative(op, value):
    flat = np.full((9, 8), value, np.uint8 if isinstance(value, int) else np.float32)
    # The difference of two Gaussians takes off what rounding left of two equal means.
    assert np.abs(edges(flat, op=op, depth="float").image).max() <= (1e-4 if op == "dog" else 0)


@pytest.mark.parametrize("op", ["sobel", "prewitt", "scharr", "central", "farid"])
@pytest.mark.parametrize("border", ["reflect", "wrap"])
def test_gx_and_gy_are_the_printed_kernels(op, border, noise):
    smooth, derivative = kernels.DERIVATIVE_PAIRS[op]
    image = noise((20, 30))
    gx, gy = (
        ndimage.correlate(image.astype(np.float64), kernel, mode=border)
        for kernel in (np.outer(smooth, derivative), np.outer(derivative, smooth))
    )
    answer = edges(image, op=op, border=border)
    np.testing.assert_allclose(answer.gx, gx, atol=1e-3)
    np.testing.assert_allclose(answer.gy, gy, atol=1e-3)


def test_roberts_magnitude_is_that_of_the_two_diagonals(noise):
    image = noise((20, 30))
    one, two = (ndimage.correlate(image.astype(np.float64), np.array(k), mode="reflect") for k in kernels.ROBERTS)
    np.testing.assert_allclose(edges(image, op="roberts").magnitude, np.hypot(one, two), rtol=1e-6)


@pytest.mark.parametrize("size", [5, 7])
def test_a_larger_sobel_is_the_smaller_one_smoothed_by_binomials(size, noise):
    """OpenCV's `getDerivKernels` gives the same weights."""
    image, smooth = noise((30, 30)), np.array([1, 2, 1])
    kernel = np.outer([1, 2, 1], [-1, 0, 1])
    for _ in range((size - 3) // 2):
        kernel = np.array([np.convolve(row, smooth) for row in np.array([np.convolve(c, smooth) for c in kernel.T]).T])
    expected = ndimage.correlate(image.astype(np.float64), kernel, mode="reflect")
    np.testing.assert_array_equal(edges(image, size=size).gx, expected)


def test_sigma_smooths_first_without_rounding(noise):
    image = noise((40, 40))
    smooth = ndimage.gaussian_filter(image.astype(np.float64), 1.5, mode="reflect")
    np.testing.assert_allclose(edges(image, sigma=1.5).gx, ndimage.sobel(smooth, axis=1, mode="reflect"), atol=2e-3)


@pytest.mark.parametrize("border", BORDERS)
def test_each_step_of_a_chain_sees_the_border_of_its_own_input(border, noise):
    image = noise((12, 10))
    smooth = ndimage.gaussian_filter(image.astype(np.float64), 1.5, mode=border)
    expected = ndimage.sobel(smooth, axis=0, mode=border)
    np.testing.assert_allclose(edges(image, sigma=1.5, border=border).gy, expected, atol=2e-3)


def test_norm_says_how_the_magnitude_is_made(noise):
    image = noise((20, 20))
    gx, gy = (part.astype(np.float64) for part in edges(image)[3:5])
    expected = {"l2": np.hypot(gx, gy), "l1": abs(gx) + abs(gy), "max": np.maximum(abs(gx), abs(gy))}
    for norm, magnitude in expected.items():
        np.testing.assert_allclose(edges(image, norm=norm).magnitude, magnitude, rtol=1e-6)


def test_the_picture_is_the_magnitude_rounded_and_saturated(noise):
    answer = edges(noise((20, 20)))
    np.testing.assert_array_equal(answer.image, np.minimum(np.floor(answer.magnitude + 0.5), 255))


def test_threshold_makes_the_picture_binary(noise):
    answer = edges(noise((20, 20)), threshold=300)
    np.testing.assert_array_equal(answer.image, np.where(answer.magnitude > 300, 255, 0))


@pytest.mark.parametrize(("op", "answer"), [("sobel", 1020), ("laplacian", 255), ("kirsch", 15 * 255)])
def test_the_threshold_itself_is_black(op, answer):
    assert not edges(STEP, op=op, threshold=answer).image.any()
    assert edges(STEP, op=op, threshold=answer - 1).image.any()


def test_the_laplacian_of_a_square_by_hand():
    square = np.zeros((5, 5), np.float32)
    square[1:4, 1:4] = 1
    assert edges(square, op="laplacian").image.tolist() == [
        [0, 1, 1, 1, 0],
        [1, -2, -1, -2, 1],
        [1, -1, 0, -1, 1],
        [1, -2, -1, -2, 1],
        [0, 1, 1, 1, 0],
    ]


@pytest.mark.parametrize("op", ["laplacian", "log"])
def test_the_laplacian_is_positive_in_a_dark_valley(op):
    valley = np.full((9, 9), 200, np.uint8)
    valley[4, 4] = 0
    assert edges(valley, op=op, depth="float").image[4, 4] > 0


@pytest.mark.parametrize("sigma", [0.7, 1.4, 3, (1.0, 2.0)])
def test_log_is_the_laplacian_of_the_sampled_gaussian(sigma, noise):
    """The same derivative weights, laid out as one matrix: ∂²/∂x² along rows and ∂²/∂y² along columns."""
    image = noise((40, 50), "float32")
    sx, sy = sigma if isinstance(sigma, tuple) else (sigma, sigma)

    def weights(s):
        x = np.arange(-int(4 * s + 0.5), int(4 * s + 0.5) + 1)
        g = np.exp(-(x**2) / (2 * s**2))
        g /= g.sum()
        second = (x**2 / s**4 - 1 / s**2) * g
        return g, second - second.sum() * g

    (x, xx), (y, yy) = weights(sx), weights(sy)
    exact = ndimage.correlate(image.astype(float), np.outer(y, xx) + np.outer(yy, x), mode="reflect")
    assert np.abs(edges(image, op="log", sigma=sigma).image - exact).max() <= 1e-5 * np.ptp(image)


def test_log_comes_near_scipys_gaussian_laplace(noise):
    """SciPy samples each axis' derivative likewise, without taking off what is left of the weights' sum."""
    image = ndimage.gaussian_filter(noise((50, 50), "float32"), 1)
    expected = ndimage.gaussian_laplace(image.astype(float), 2, mode="reflect")
    np.testing.assert_allclose(edges(image, op="log", sigma=2).image, expected, atol=2e-3)


def test_dog_is_the_narrow_gaussian_less_the_wide(noise):
    image = noise((50, 40), "float32")
    narrow, wide = (ndimage.gaussian_filter(image.astype(float), s, mode="reflect") for s in (1.5, 3))
    assert np.abs(edges(image, op="dog", sigma=1.5, ratio=2).image - (narrow - wide)).max() <= 1e-5 * np.ptp(image)


@pytest.mark.parametrize("op", COMPASSES)
def test_a_compass_answers_with_its_strongest_mask(op, noise):
    image = noise((20, 20))
    answers = np.array([ndimage.correlate(image.astype(float), mask, mode="reflect") for mask in kernels.compass(op)])
    np.testing.assert_array_equal(edges(image, op=op).magnitude, answers.max(axis=0))
    degrees = np.array([0, 45, 90, 135, 180, -135, -90, -45])
    np.testing.assert_array_equal(edges(image, op=op).angle, degrees[answers.argmax(axis=0)])


def test_luma_is_not_rounded_before_the_edges():
    image = np.zeros((3, 3, 3), np.uint8)
    image[:, 2, 0] = 1  # a red step of one level: 0.299 in luma
    assert edges(image, op="central").gx[1, 1] == pytest.approx(0.299)


def test_max_keeps_the_channel_of_greatest_magnitude(noise):
    image = noise((20, 20, 3))
    each = edges(image, channels="each")
    best = each.magnitude.argmax(axis=2, keepdims=True)
    for name in ("magnitude", "angle", "gx", "gy"):
        expected = np.take_along_axis(getattr(each, name), best, axis=2)[..., 0]
        np.testing.assert_array_equal(getattr(edges(image, channels="max"), name), expected)


@pytest.mark.parametrize("op", [*GRADIENTS, *COMPASSES])
@pytest.mark.each("channels, count", [("luma", ()), ("each", (3,)), ("max", ())])
def test_all_maps_have_as_many_channels_as_the_picture(op, channels, count, noise):
    answer = edges(noise((8, 8, 3)), op=op, channels=channels)
    assert {part.shape[2:] for part in answer if part is not None} == {count}


@pytest.mark.parametrize("op", SECOND_ORDER)
def test_operators_without_a_gradient_have_no_maps(op, noise):
    assert edges(noise((8, 8)), op=op)[1:] == (None,) * 7


def test_nan_spreads_no_further_than_the_operator():
    image = np.zeros((11, 11), np.float32)
    image[5, 5] = np.nan
    for op, side in {"sobel": 3, "roberts": 2, "kirsch": 3, "robinson": 3, "laplacian": 3, "farid": 5}.items():
        answer = edges(image, op=op).image
        assert not np.isinf(answer).any()
        y, x = np.nonzero(np.isnan(answer))
        assert len(y) > 0 and max(np.ptp(y), np.ptp(x)) < side


@pytest.mark.parametrize("op", [*GRADIENTS, *COMPASSES, *SECOND_ORDER])
def test_infinities_give_no_warnings(op, noise):
    image = noise((9, 9), "float32")
    image[3, 3], image[5, 5] = np.inf, -np.inf
    edges(image, op=op)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"op": "sobl"}, "op: unknown value 'sobl'; did you mean 'sobel'"),
        ({"size": 4}, "size: 4 is not one of 3, 5, 7"),
        ({"size": 9}, "size: 9 is above the greatest value, 7 px"),
        ({"op": "prewitt", "size": 5}, "size: does not apply to op prewitt"),
        ({"low": 1}, "low: does not apply to op sobel"),
        ({"op": "canny", "low": 5, "high": 2}, "low: 5 is above --high 2"),
        ({"op": "canny", "threshold": 2}, "threshold: does not apply to canny"),
        ({"op": "log", "sigma": 0}, "sigma: 0 px is too small for log"),
        ({"op": "laplacian", "thin": True}, "thin: does not apply to op laplacian"),
        ({"op": "dog", "ratio": 1}, "ratio: 1 must be above 1"),
        ({"threshold": float("nan")}, "threshold: nan is not a finite number"),
    ],
)
def test_a_wrong_value_is_refused_with_its_reason(values, message):
    with pytest.raises(ParameterError, match=message):
        edges(STEP, **values)
