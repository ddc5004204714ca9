"""Gradients against the printed kernels, summed pixel by pixel: in integers, in float32, in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.core.engine import colour, executor
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.engine.quantize import Encoding
from imfilter.filters.core.engine.stage import ImageContext, bound
from imfilter.filters.core.gradient.gradient import Gradient, angle, magnitude
from imfilter.filters.core.linear import kernels
from imfilter.filters.core.linear.symmetric import smoothing
from imfilter.filters.edges import edges
from scipy import ndimage

OPERATORS = ["sobel", "prewitt", "scharr", "farid", "central"]
SHAPES = [(1, 1), (1, 5), (4, 1), (2, 3), (9, 7)]


def slow_gradient(slow_correlate, image, op, size=3, **around):
    """gx and gy by the operator's kernels as they are printed, in Python's numbers."""
    smooth, derivative = kernels.DERIVATIVE_PAIRS[op if size == 3 else f"{op}{size}"]
    return tuple(
        slow_correlate(image, k, **around) for k in (np.outer(smooth, derivative), np.outer(derivative, smooth))
    )


def slow_magnitude(gx, gy, norm):
    return {"l2": np.hypot(gx, gy), "l1": abs(gx) + abs(gy), "max": np.maximum(abs(gx), abs(gy))}[norm]


@given(
    st.sampled_from([("sobel", 3), ("sobel", 5), ("sobel", 7), *((op, 3) for op in OPERATORS[1:])]),
    st.sampled_from(["uint8", "uint16", "float32"]),
    st.sampled_from(BORDERS),
    st.sampled_from([0, 7, 255, 2.5, -40, 1e6]),
    st.sampled_from(["l2", "l1", "max"]),
    st.sampled_from(SHAPES),
    st.integers(0, 99),
)
def test_every_gradient_is_the_slow_one(slow_correlate, to_samples, operator, dtype, border, fill, norm, shape, seed):
    op, size = operator
    rng = np.random.default_rng(seed)
    most = 1 if dtype == "float32" else np.iinfo(dtype).max
    # Black and white alone give the largest sums there are.
    image = (rng.choice([0, 1], shape) if seed % 2 else rng.random(shape)) * most
    image = image.astype(dtype)
    gx, gy = (
        part[..., 0] for part in slow_gradient(slow_correlate, image[..., None], op, size, border=border, fill=fill)
    )
    answer = edges(
        image, op=op, norm=norm, range="clip", border=border, fill=fill, **({"size": size} if op == "sobel" else {})
    )
    largest = max(most, abs(fill)) if border == "constant" else most
    for map, expected in ((answer.gx, gx), (answer.gy, gy), (answer.magnitude, slow_magnitude(gx, gy, norm))):
        # A map is float32, whose own rounding counts where sums are large.
        assert np.abs(map - expected).max() <= 2e-5 * largest + 2**-24 * np.abs(expected).max()
    if dtype != "float32":
        expected = to_samples(slow_magnitude(gx, gy, norm), dtype)
        assert np.abs(answer.image.astype(int) - expected).max() <= 1
        assert (answer.image != expected).sum() <= 1  # of at most 63


@pytest.mark.parametrize("op", [*OPERATORS, "roberts"])
@pytest.mark.each("norm", ["l2", "l1", "max"])
@pytest.mark.each("dtype", ["uint8", "uint16"])
def test_rounded_pictures_differ_in_less_than_a_thousandth(op, norm, dtype, noise, to_samples):
    image = ndimage.gaussian_filter(noise((300, 300), dtype), 1.5)
    if op == "roberts":
        gx, gy = edges(image.astype(np.float32), op=op)[3:5]
    else:
        smooth, derivative = kernels.DERIVATIVE_PAIRS[op]
        gx, gy = (
            ndimage.correlate(image.astype(float), kernel, mode="reflect")
            for kernel in (np.outer(smooth, derivative), np.outer(derivative, smooth))
        )
    expected = to_samples(slow_magnitude(gx, gy, norm), dtype)
    answer = edges(image, op=op, norm=norm, range="clip").image
    assert np.abs(answer.astype(int) - expected).max() <= 1
    assert (answer != expected).mean() <= 1e-3


@pytest.mark.parametrize("op", [*OPERATORS, "roberts"])
@pytest.mark.each("options", [{"channels": "max"}, {"threshold": 90}, {"thin": True}, {"gain": 0.25}, {"depth": "16"}])
def test_integers_and_float_agree_whatever_follows(op, options, noise):
    """A fill that is no whole number keeps float; where no border is seen, nothing else may change."""
    image = noise((40, 30, 3))
    whole, mixed = (
        edges(image, op=op, border="constant", fill=fill, **{"channels": "each", **options}) for fill in (7, 7.5)
    )
    for one, other in zip(whole[:5], mixed[:5], strict=True):
        np.testing.assert_allclose(one[6:-6, 6:-6], other[6:-6, 6:-6], atol=2e-3)


def test_ranges_and_maps_of_integers_are_those_of_float(run, noise):
    image = noise((40, 30))
    for options in ({"range": "abs"}, {"range": "offset"}, {"range": "stretch"}, {"gain": 0.3}, {}):
        for dtype in ("uint8", "uint16", "float32"):
            for norm in ("l1", "l2"):
                whole, mixed = (
                    run(edges, image, dtype=dtype, norm=norm, border="constant", fill=fill, **options)
                    for fill in (0, 1e-9)
                )
                for name in whole:
                    one, other = (maps[name].samples.astype(float) for maps in (whole, mixed))
                    assert np.abs(one - other).max() <= 1, (options, dtype, name)


@pytest.mark.parametrize(("kind", "most"), [(np.float32, 1e-4), (np.float64, 1e-12)])
def test_magnitude_and_angle_are_those_of_double_precision(kind, most):
    gx, gy = (part[..., None] for part in np.mgrid[-1020:1021:3, -1020:1021:3])
    parts = Gradient(gx.astype(kind), gy.astype(kind))
    np.testing.assert_array_equal(np.floor(magnitude(parts) + kind(0.5)), np.floor(np.hypot(gx, gy) + 0.5))
    degrees = angle(parts)
    np.testing.assert_allclose(degrees, np.degrees(np.arctan2(gy, gx)), rtol=0, atol=most)
    assert degrees.dtype == kind and degrees.max() == 180 and degrees.min() > -180


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_angles_of_eighths_of_a_turn_are_exact(kind):
    gx = np.array([0, 3, 3, 0, -3, -3, -3, 0, 3, -3, 0.0, -0.0, 1, -1], kind)[None, :, None]
    gy = np.array([0, 0, 3, 3, 3, 0, -3, -3, -3, -0.0, -0.0, 0, -1e-30, -1e-30], kind)[None, :, None]
    expected = [0, 0, 45, 90, 135, 180, -135, -90, -45, 180, 0, 0, 0, 180]
    np.testing.assert_allclose(angle(Gradient(gx, gy)).ravel(), expected, rtol=0, atol=1e-27)


@pytest.mark.parametrize("sigma", [(1.4, 1.4), (0.6, 3.0), (0.0, 2.0)])
def test_smoothing_rounds_a_pixel_and_its_mirror_image_alike(each_core, sigma, noise):
    image = noise((40, 50), "float32")[..., None]
    smooth = smoothing(sigma)
    function = bound(smooth, ImageContext(1.0, np.float32)).function
    answer = function(image)
    np.testing.assert_array_equal(function(image[::-1, ::-1])[::-1, ::-1], answer)
    halo = smooth.window.halo
    exact = ndimage.gaussian_filter(image[..., 0].astype(float), sigma[::-1], truncate=4)
    inner = exact[halo.top : 40 - halo.bottom, halo.left : 50 - halo.right]
    np.testing.assert_allclose(answer[..., 0], inner, atol=1e-6)


def test_luma_does_not_care_how_the_pixels_lie(noise):
    """Pillow keeps RGB in four bytes a pixel."""
    image = noise((9, 11, 3))
    apart = np.zeros((9, 11, 4), np.uint8)
    apart[..., :3] = image
    for strip in (image, apart[..., :3], np.asfortranarray(image), image[::-1, ::-1]):
        exact = strip.astype(float) @ [0.299, 0.587, 0.114]
        np.testing.assert_allclose(colour.luma(strip, np.float32)[..., 0], exact, atol=2e-5)


def test_a_nan_spreads_no_further_than_the_operator_and_is_0_in_8_bits(run):
    image = np.zeros((9, 9), np.float32)
    image[4, 4] = np.nan
    for op in (*OPERATORS, "roberts"):
        maps = run(edges, image, op=op, dtype="uint8")
        assert not maps["image"].samples.any()
        assert not maps["angle"].samples.any()
        assert np.isnan(edges(image, op=op).angle).sum() <= 25


@pytest.mark.parametrize("norm", ["l2", "l1", "max"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_the_picture_is_the_same_whoever_rounds_it(norm, dtype, noise):
    """With a map in float beside it the picture is rounded at the end, else where the magnitude is made."""
    image = noise((60, 70), dtype) // 4
    alone = executor.run(
        edges.checked(norm=norm).stages(),
        image[..., None],
        {"image": Encoding(dtype)},
        edges.checked(norm=norm).settings(),
    ).outputs["image"]
    np.testing.assert_array_equal(alone.samples[..., 0], edges(image, norm=norm).image)
    assert len(np.unique(alone.samples)) > 100


@pytest.mark.parametrize("op", ["kirsch", "robinson"])
@pytest.mark.each("border", BORDERS)
@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
def test_a_compass_is_the_strongest_of_its_printed_masks(op, border, dtype, slow_correlate, noise):
    for shape in [(1, 1), (2, 3), (9, 7)]:
        image = noise(shape, dtype)
        masks = [slow_correlate(image[..., None], mask, border=border)[..., 0] for mask in kernels.compass(op)]
        answer = edges(image, op=op, border=border)
        np.testing.assert_allclose(answer.magnitude, np.maximum(0, np.max(masks, axis=0)), rtol=1e-6, atol=1e-6)
        direction = np.array([0, 45, 90, 135, 180, -135, -90, -45])[np.argmax(masks, axis=0)]
        if dtype != "float32":  # whose rounding may prefer another of two equal masks
            np.testing.assert_array_equal(answer.angle, np.where(np.max(masks, axis=0) > 0, direction, 0))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("op", ["sobel", "farid", "kirsch"])
def test_the_strongest_channel_is_the_first_of_the_greatest_or_that_of_nan(op, dtype, noise):
    image = noise((12, 9, 3), dtype) // (60 if dtype == "uint8" else 1)  # few levels: many channels are equal
    if dtype == "float32":
        image[4, 4, 1] = np.nan
    each, best = edges(image, op=op, channels="each"), edges(image, op=op, channels="max")
    which = each.magnitude.argmax(axis=2, keepdims=True)
    for one, all_channels in zip(best[1:3], each[1:3], strict=True):
        np.testing.assert_array_equal(one, np.take_along_axis(all_channels, which, axis=2)[..., 0])
    assert np.isnan(best.magnitude).any() == (dtype == "float32")
