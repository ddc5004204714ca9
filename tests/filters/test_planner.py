"""Every algorithm computes the same correlation; the planner takes the cheapest that is exact enough."""

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.quantize import encoding
from imfilter.filters.core.engine.stage import ImageContext
from imfilter.filters.core.linear import dense, kernels, multirate_gaussian, planner
from imfilter.filters.core.linear.kernels import Kernel
from imfilter.filters.core.linear.planner import Geometry
from scipy import ndimage

BYTES = ImageContext(255.0, np.float32, tolerance=1e-3)
WIDE = ImageContext(65535.0, np.float64, tolerance=1e-3)
SHAPES = {
    "one": np.ones((1, 1)),
    "row": np.array([[1.0, -2.0, 0.5]]),
    "column": np.array([[1.0], [3.0]]),
    "box": np.ones((6, 11)),
    "gaussian": kernels.gaussian((9.0, 12.0)).weights,
    "rank 2": np.outer([1, 2, 3, 4.0], [1, 0, 2, 1.0]) + np.outer([0, 1, 0, 5.0], [2, 2, 1, 3.0]),
    "dense": np.random.default_rng(1).normal(size=(5, 4)),
    "large": np.random.default_rng(2).normal(size=(40, 33)),
}
GEOMETRIES = [Geometry(), Geometry((2, 3)), Geometry(dilation=(3, 2)), Geometry((3, 1), (1, 2))]


def possible(kernel, context, geometry):
    for algorithm in planner.ALGORITHMS:
        try:
            yield algorithm, planner.bind(kernel, context, geometry, algorithm)
        except ValueError as error:
            assert "possible: " in str(error)


@pytest.mark.each("context", [BYTES, WIDE])
@pytest.mark.each("geometry", GEOMETRIES)
@pytest.mark.each("kernel", SHAPES)
def test_every_algorithm_is_the_sum_over_taps(kernel, geometry, context):
    kernel = Kernel.of(SHAPES[kernel])
    shape = 200, 230, 3 if context is BYTES else 1
    image = np.random.default_rng(3).integers(0, context.full + 1, shape).astype(np.float64)
    exact = dense.correlate(image, kernel.taps, *geometry[::-1])
    seen = []
    for algorithm, bound in possible(kernel, context, geometry):
        left, top, right, bottom = bound.extra
        wide = np.pad(image, ((top, bottom), (left, right), (0, 0)), mode="symmetric").astype(context.work)
        answer = bound.function(wide)
        assert answer.dtype == context.work
        size = kernel.absolute_sum * context.full
        inner = slice(top, -bottom or None), slice(left, -right or None)
        expected = exact if not top else dense.correlate(wide.astype(np.float64), kernel.taps)[inner]
        np.testing.assert_allclose(
            answer, expected, rtol=0, atol=max(2e-6 * size, 5e-3) if context is BYTES else 1e-9 * size
        )
        seen.append(algorithm)
    assert {"direct", "separable" if kernel.factors and kernel.taps.size > 1 else "direct"} <= set(seen)
    assert ("fourier" in seen) == geometry.plain


@pytest.mark.parametrize("sigma", [4.5, 8, 13, 32, 100])
def test_decimated_gaussian_keeps_the_bound_in_white_noise(sigma):
    weights = kernels.gaussian_weights(sigma)
    design = multirate_gaussian.design(tuple(weights.tolist()), len(weights) // 16)
    # Standard deviation in noise of full contrast, and the sum of the weights at every place on the grid.
    assert design.error * 0.29 * 255 < 1e-3
    np.testing.assert_allclose(design.weights.sum(axis=1), 1, atol=1e-9)


def test_decimated_gaussian_is_not_for_16_bits():
    kernel = kernels.gaussian((16.0, 16.0))
    assert planner.plan(kernel, BYTES).algorithm == "decimated"
    assert planner.plan(kernel, WIDE).algorithm != "decimated"


def test_wide_gaussians_are_decimated_and_narrow_ones_where_that_is_asked_for():
    def pick(sigma, algorithm="auto"):
        return planner.plan(kernels.gaussian((sigma, sigma)), BYTES, algorithm=algorithm).algorithm

    assert {pick(sigma) for sigma in (0.5, 1, 2, 4, 4.5)} == {"separable"}
    assert {pick(sigma) for sigma in [*np.arange(8, 12, 0.25), 16, 32, 100]} == {"decimated"}
    assert pick(5, "decimated") == "decimated"


@pytest.mark.parametrize("sigma", [8, 11, 20, 40])
def test_wide_blur_is_that_of_scipy(sigma, noise):
    image = noise((150, 170))
    exact = ndimage.gaussian_filter(image.astype(np.float64), sigma)
    answer = blur(image, sigma=sigma).astype(int)
    assert np.abs(answer - np.floor(exact + 0.5)).max() <= 1
    assert (answer == np.floor(exact + 0.5)).mean() >= 0.999


@pytest.mark.parametrize("algorithm", ["direct", "separable", "fourier"])
def test_an_algorithm_can_be_asked_for(algorithm):
    kernel = Kernel.of(np.outer([1, 2, 1], [1, 3, 1]))
    assert planner.plan(kernel, BYTES, algorithm=algorithm).algorithm == algorithm


@pytest.mark.parametrize(
    ("taps", "expected"),
    [
        (np.ones((1, 1)), "direct"),
        (np.arange(9).reshape(3, 3) ** 2, "direct"),
        (np.random.default_rng(0).normal(size=(4, 4)), "direct"),
        (np.random.default_rng(0).normal(size=(31, 31)), "fourier"),
        (kernels.gaussian_weights(2)[None] * kernels.gaussian_weights(2)[:, None], "separable"),
        (kernels.gaussian_weights(20)[None] * kernels.gaussian_weights(20)[:, None], "decimated"),
        (np.ones((101, 101)), "running"),
    ],
)
def test_the_planner_takes_the_algorithm_that_was_measured_fastest(taps, expected):
    assert planner.plan(Kernel.of(taps), BYTES).algorithm == expected


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("size", [3, 9, 31])
def test_what_is_not_finite_reaches_no_further_than_the_kernel(size, value):
    image = np.ones((90, 80), np.float32)
    image[45, 40] = value
    for weights in (np.random.default_rng(4).random((size, size)), np.ones((size, size)) / size**2):
        touched = ~np.isfinite(conv(image, kernel=weights))
        expected = np.zeros_like(touched)
        reach = size // 2
        expected[45 - reach : 46 + reach, 40 - reach : 41 + reach] = True
        np.testing.assert_array_equal(touched, expected)


@pytest.mark.parametrize("size", [7, 15, 33])
@pytest.mark.parametrize("scale", [0.5, 1 / 16, 0.25 / 3])
def test_halves_round_up_whatever_the_algorithm(size, scale, noise):
    """A rank of 3 and whole numbers: what a decomposition or a transform would leave a little below a half."""
    rng = np.random.default_rng(size)
    weights = sum(np.outer(rng.integers(-3, 4, size), rng.integers(-3, 4, size)) for _ in range(3))
    image = noise((120, 130))
    exact = ndimage.correlate(image.astype(np.int64), weights)
    divisor = round(1 / scale)
    for kernel in (Kernel.of(weights, divisor), weights * scale if divisor in (2, 16) else Kernel.of(weights, divisor)):
        answer = conv(image, kernel=kernel, bias=100)
        expected = np.clip((2 * exact + 200 * divisor + divisor) // (2 * divisor), 0, 255)
        np.testing.assert_array_equal(answer, expected)


WINDOWS = [(1, 2), (2, 1), (5, 5), (4, 7), (17, 16), (1, 300), (300, 1), (64, 33), (90, 111)]


@pytest.mark.each("border", ["reflect", "mirror", "nearest", "wrap", "constant"])
@pytest.mark.each("dtype", [np.uint8, np.uint16])
@pytest.mark.each("size", WINDOWS)
def test_a_mean_by_box_sums_is_the_exact_quotient_rounded_half_up(size, dtype, border, noise):
    image = noise((47, 53, 3), dtype)
    image[:20] = np.iinfo(dtype).max
    width, height = size
    ahead = [(height // 2, height - 1 - height // 2), (width // 2, width - 1 - width // 2), (0, 0)]
    modes = {"reflect": "symmetric", "mirror": "reflect", "nearest": "edge", "wrap": "wrap", "constant": "constant"}
    padded = np.pad(image.astype(np.int64), ahead, mode=modes[border])
    columns = np.lib.stride_tricks.sliding_window_view(padded, height, axis=0).sum(axis=-1)
    total = np.lib.stride_tricks.sliding_window_view(columns, width, axis=1).sum(axis=-1)
    expected = (2 * total + width * height) // (2 * width * height)
    for rows in (None, 1, 7, 50):
        np.testing.assert_array_equal(strips_of(blur, image, rows, op="mean", size=size, border=border), expected)


def strips_of(filter, image, rows, **parameters):
    encodings = {"image": encoding("picture", image.dtype.name, image.dtype.name, "clip", 1.0)}
    run = executor.run(
        filter.checked(**parameters).stages(),
        image,
        encodings,
        filter.checked(**parameters).settings(),
        strip_rows=rows,
        jobs=2,
    )
    return run.outputs["image"].samples


def test_box_sums_take_any_weight_and_are_not_rounded_before_the_end(noise):
    image = noise((40, 50))
    window = np.ones((7, 6))
    total = ndimage.correlate(image.astype(np.int64), window.astype(np.int64))
    for weight, divisor in ((1, 42), (2, 84), (2, 63), (-1, 42), (1, 7), (0.25, 5)):
        exact = total * weight / divisor
        for bias in (0, 100):
            expected = np.clip(np.floor(exact + bias + 0.5), 0, 255)
            answer = conv(image, kernel=Kernel.of(window * weight, divisor), bias=bias)
            np.testing.assert_array_equal(answer, expected)
    twice = executor.run(
        (*blur.checked(op="mean", size=5).stages(), *blur.checked(op="mean", size=(4, 9)).stages()),
        image[..., None],
        {"image": encoding("picture", "uint8", "float32", "clip", 1.0)},
        blur.checked().settings(),
    )
    once = ndimage.uniform_filter(image.astype(np.float64), 5)
    np.testing.assert_allclose(
        twice.outputs["image"].samples[..., 0], ndimage.uniform_filter(once, (9, 4)), rtol=0, atol=1e-3
    )
