"""The compiled gradient, thinning and luma, with every instruction set, against sums in double precision."""

import numpy as np
import pytest
from imfilter.filters.core import native
from imfilter.filters.core.engine.colour import luma
from imfilter.filters.core.engine.stage import ImageContext
from imfilter.filters.core.gradient import gradient, non_maximum_suppression
from imfilter.filters.edges import edges
from scipy import ndimage

FIELDS = ("gx", "gy", "magnitude", "angle")
OPERATORS = [("sobel", 3), ("sobel", 5), ("sobel", 7), ("scharr", 3), ("central", 3), ("farid", 3), ("roberts", 3)]
WIDTHS = [1, 2, 15, 16, 17, 33, 63, 64, 65, 130, 1023, 1024, 1025, 1090]
RNG = np.random.default_rng(14)


def context_of(dtype: str) -> ImageContext:
    whole = dtype in ("uint8", "uint16")
    full = {"uint8": 255.0, "uint16": 65535.0}.get(dtype, 1.0)
    return ImageContext(full, np.float32 if dtype == "uint8" else np.float64, whole=whole, finite=whole)


def samples(shape, dtype):
    if dtype.startswith("f"):
        return RNG.normal(size=shape).astype(dtype)
    return RNG.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def around(weights) -> int:
    return max(map(len, weights)) - 1


def exact(strip, weights):
    """Return gx and gy, channel by channel, in float64."""
    smooth, derivative = (np.array(part, float) for part in weights)
    reach = around(weights)
    inner = slice(reach - reach // 2, -(reach // 2) or None)
    kernels = np.outer(smooth, derivative), np.outer(derivative, smooth)
    planes = strip.astype(float).transpose(2, 0, 1)
    return [
        np.stack([ndimage.correlate(plane, kernel, mode="constant")[inner, inner] for plane in planes], axis=2)
        for kernel in kernels
    ]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize(("name", "size"), OPERATORS)
def test_all_maps_are_those_of_double_precision(each_core, name, size, dtype):
    weights, context = gradient.weights_of(name, size), context_of(dtype)
    reach = around(weights)
    scale = context.full * gradient.size(weights)
    for width in WIDTHS:
        for channels, planes in ((1, False), (3, False), (2, True)):
            strip = samples((3 + reach, width + reach, channels), dtype)
            if planes:
                strip = strip.transpose(2, 0, 1).copy().transpose(1, 2, 0)
            strip.flags.writeable = False
            gx, gy = exact(strip, weights)
            found = gradient.finder(weights, context, FIELDS).function(strip)
            near = 1e-6 if context.work == np.float32 else 1e-13
            np.testing.assert_allclose(found.gx, gx, rtol=0, atol=near * scale)
            np.testing.assert_allclose(found.gy, gy, rtol=0, atol=near * scale)
            np.testing.assert_allclose(found.magnitude, np.hypot(gx, gy), rtol=0, atol=2 * near * scale)
            large = np.hypot(gx, gy) > 1e-3 * scale
            apart = (found.angle - np.degrees(np.arctan2(gy, gx)) + 180) % 360 - 180
            assert np.abs(apart[large]).max(initial=0) < 1e5 * near
            if dtype == "uint8" and name not in ("roberts", "farid"):
                np.testing.assert_array_equal(found.gx, gx)
                np.testing.assert_array_equal(found.gy, gy)


@pytest.mark.parametrize("norm", ["l2", "l1", "max"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_rounded_magnitudes_are_the_exact_ones_rounded_and_saturated(each_core, dtype, norm):
    context, weights = context_of(dtype), gradient.weights_of("sobel")
    for width in WIDTHS:
        strip = samples((5, width + 2, 1), dtype) // RNG.integers(1, 5, dtype=dtype)  # some sums are past white
        gx, gy = exact(strip, weights)
        strength = gradient.magnitude(gradient.Gradient(gx, gy), norm)
        expected = np.minimum(np.floor(strength + 0.5), context.full)
        found = gradient.finder(weights, context, ("image",), norm, np.dtype(dtype)).function(strip)
        assert found.image.dtype == dtype
        np.testing.assert_array_equal(found.image, expected)


def test_only_what_is_asked_for_is_the_same(each_core):
    strip, context = samples((9, 40, 3), "uint8"), context_of("uint8")
    weights = gradient.weights_of("sobel")
    every = gradient.finder(weights, context, FIELDS, "l1").function(strip)
    for fields in (("gx",), ("gy",), ("magnitude",), ("angle",), ("gy", "angle"), ("gx", "magnitude")):
        found = gradient.finder(weights, context, fields, "l1").function(strip)
        for field in fields:
            np.testing.assert_array_equal(getattr(found, field), getattr(every, field))


@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_strips_are_the_whole(each_core, dtype):
    strip, context = samples((40, 1100, 1), dtype), context_of(dtype)
    for name, size in OPERATORS:
        weights = gradient.weights_of(name, size)
        find, reach = gradient.finder(weights, context, FIELDS).function, around(weights)
        whole = find(strip)
        for start, stop in ((0, 1), (3, 20), (33 - reach, 40 - reach)):
            for column in (0, 7, 500):
                part = find(strip[start : stop + reach, column:])
                for field in FIELDS:
                    np.testing.assert_array_equal(getattr(part, field), getattr(whole, field)[start:stop, column:])


def test_nothing_reaches_further_than_the_weights(each_core):
    image = np.zeros((9, 40, 1))
    image[4, 20] = np.nan
    found = gradient.finder(gradient.weights_of("sobel"), context_of("float64"), FIELDS).function(image)
    reached = np.zeros((7, 38), bool)
    reached[2:5, [18, 20]] = True  # of gx the middle column has no weight
    np.testing.assert_array_equal(np.isnan(found.gx[..., 0]), reached)
    assert np.isnan(found.magnitude).sum() == np.isnan(found.angle).sum() == 8


def test_where_nothing_changes_all_is_exactly_0(each_core):
    for value in (0.1, 1e6 / 3, -7.7e-5):
        for name, size in OPERATORS:
            weights = gradient.weights_of(name, size)
            found = gradient.finder(weights, context_of("float64"), FIELDS).function(np.full((9, 70, 1), value))
            for field in FIELDS:
                part = getattr(found, field)
                assert not part.any() and not np.signbit(part).any(), (name, value, field)


@pytest.mark.skipif(native.core is None, reason="there is no compiled core")
def test_wrong_sizes_and_types_are_refused():
    core, taps = native.core, np.array([1.0, 2, 1])
    image, floats = np.zeros((1, 5, 9), np.uint8), np.zeros((1, 3, 7), np.float32)

    def call(given=image, smooth=taps, derivative=taps, across=1, norm=0, sums=0, out=floats):
        core.gradient(given, smooth, derivative, across, norm, sums, None, None, out, None, None)

    call()
    for wrong in (
        {"out": np.zeros((1, 3, 6), np.float32)},
        {"out": np.zeros((1, 4, 7), np.float32)},
        {"out": np.zeros((2, 3, 7), np.float32)},
        {"out": np.zeros((1, 3, 7))},
        {"out": np.broadcast_to(np.float32(0), (1, 3, 7))},
        {"across": 2},
        {"across": 0},
        {"across": 2**62},
        {"norm": 3},
        {"sums": 3},
        {"sums": -1},
        {"smooth": np.zeros(0)},
        {"smooth": np.ones(2)},
        {"smooth": np.ones(17)},
        {"smooth": np.ones(3, np.float32)},
        {"given": image.astype(np.float32)},
        {"given": image[0]},
        {"given": image[:, :, ::2]},
        {"given": np.zeros((1, 2, 9), np.uint8)},
    ):
        with pytest.raises((ValueError, TypeError, BufferError)):
            call(**wrong)
    single, classes = np.zeros((1, 5, 9), np.float32), np.zeros((1, 3, 7), np.uint8)
    core.thin(single, single, 0, 1.0, 2.0, classes)
    for given in (
        (single, single[:, :4], 0, 1.0, 2.0, classes),
        (single, single.astype(float), 0, 1.0, 2.0, classes),
        (single, single, 0, 1.0, 2.0, classes[:, :, 1:]),
        (single, single, 3, 1.0, 2.0, classes),
    ):
        with pytest.raises((ValueError, TypeError)):
            core.thin(*given)
    thinned = np.zeros((1, 1, 5), np.uint8)
    core.thinned_gradient(single, taps, taps, 0, 1, 1.0, 2.0, True, True, thinned)
    for sums, out in ((0, thinned), (2, single[:, :1, :5]), (1, classes), (1, thinned[:, :, 1:])):
        with pytest.raises((ValueError, TypeError)):
            core.thinned_gradient(single, taps, taps, 0, sums, 1.0, 2.0, True, True, out)
    for given in ((image, floats, taps, 1.0), (image, np.zeros((1, 5, 3), np.uint8), taps, 1.0)):
        with pytest.raises((ValueError, TypeError)):
            core.luma(*given)
    with pytest.raises((ValueError, TypeError)):
        core.polar(single, floats, 0, None, None)
    with pytest.raises((ValueError, TypeError)):
        core.join(single, 1)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("options", [{"thin": True}, {"op": "canny", "sigma": 0.8, "low": 40, "high": 120}])
@pytest.mark.parametrize("size", [3, 7])
def test_thinning_at_once_is_thinning_of_the_maps(each_core, dtype, options, size):
    if "thin" in options:
        options = {**options, "op": "sobel"}
    for shape in ((1, 1), (2, 3), (5, 64), (30, 65), (4, 2050)):
        image = ndimage.gaussian_filter(samples(shape, "uint8").astype(np.float32), 1)
        image = image.astype(dtype) if dtype == "uint8" else image
        alone = edges(image, maps="image", size=size, white=255, **options).image
        beside = edges(image, maps=("image", "gx"), size=size, white=255, **options).image
        np.testing.assert_array_equal(alone, beside)


def test_thinning_of_strips_is_that_of_the_whole(each_core):
    image = ndimage.gaussian_filter(samples((40, 1030, 1), "uint8").astype(np.float32), (1, 1, 0))
    context = ImageContext(255.0, np.float32, height=38, width=1028)
    weights = gradient.weights_of("sobel")
    find = non_maximum_suppression.thinned(weights, context, "l2", (9.0, 30.0), ()).function
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    whole = find(padded, 0)[0]
    assert whole.any() and not whole.all()
    for start, stop in ((0, 5), (4, 20), (20, 38)):
        np.testing.assert_array_equal(find(padded[start : stop + 4], start)[0], whole[start:stop])


def test_the_luma_is_the_weighted_sum(each_core):
    for dtype in ("uint8", "uint16", "float32", "float64"):
        work = np.float32 if dtype == "uint8" else np.float64
        for width in (1, 5, 16, 33, 200):
            strip = samples((3, width, 3), dtype)
            expected = strip.astype(float) @ [0.299, 0.587, 0.114]
            for colours in (strip, strip.transpose(2, 0, 1).copy().transpose(1, 2, 0), np.repeat(strip, 2, 1)[:, ::2]):
                found = luma(colours, work)
                np.testing.assert_allclose(
                    found[..., 0], expected, rtol=1e-6 if work == np.float32 else 1e-13, atol=1e-13
                )
                assert found.dtype == work
    gray = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    np.testing.assert_array_equal(luma(gray, np.float32)[..., 0], gray[..., 0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_angles_of_zeros_and_infinities_are_those_of_atan2(each_core, dtype):
    """But for -180°, which is 180°."""
    edge = np.array([0, 1, np.inf, -1, -np.inf, 1e-30, -1e-30], dtype)
    gx, gy = (part.reshape(7, 7, 1) for part in np.meshgrid(edge, edge))
    expected = np.degrees(np.arctan2(gy.astype(float), gx.astype(float)))
    expected[expected == -180] = 180
    np.testing.assert_allclose(gradient.angle(gradient.Gradient(gx, gy)), expected, rtol=1e-6, atol=1e-12)
    backwards = gradient.Gradient(np.full((1, 40, 1), -1, dtype), np.full((1, 40, 1), -0.0, dtype))
    np.testing.assert_array_equal(gradient.angle(backwards), np.full((1, 40, 1), 180, dtype))


@pytest.mark.parametrize("norm", ["l2", "l1", "max"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_neighbours_that_rounding_tells_apart_one_stays(each_core, dtype, norm):
    """That to which the gradient points, whichever is the greater by so little."""
    for gain in (-4e-6, 0, 4e-6):
        along = np.array([0, 1, 1 + gain, 0, 0, 1, 1.00004, 0, 0], dtype)
        for sign in (1, -1):
            gx = np.repeat(sign * along[None, :, None], 3, axis=0)
            expected = np.zeros(7, dtype)
            expected[[1 if sign > 0 else 0, 5]] = along[2 if sign > 0 else 1], along[6]
            for parts in (gradient.Gradient(gx, 0 * gx), gradient.Gradient(0 * gx, gx)):
                turned = parts if parts.gx.any() else gradient.Gradient(*(p.swapaxes(0, 1).copy() for p in parts))
                found = non_maximum_suppression.suppress(turned, norm)
                np.testing.assert_array_equal(found.ravel(), expected)
