"""Correlation by Fourier transforms of tiles: exact in every core, whatever the tile, the strips and the samples."""

import numpy as np
import pytest
from imfilter.filters.conv import conv
from imfilter.filters.core import native
from imfilter.filters.core.linear import overlap_save
from scipy import ndimage

COMPILED = pytest.mark.skipif(native.core is None, reason="the core is not compiled")


def samples(shape, dtype, seed=0):
    values = np.random.default_rng(seed).integers(0, 256, shape)
    return (values * 257 if dtype == "uint16" else values).astype(dtype)


def exact(strip, taps):
    """The sums in float64, where the window lies in the strip."""
    height, width = taps.shape
    rows, columns = strip.shape[0] - height + 1, strip.shape[1] - width + 1
    total = np.zeros((rows, columns, strip.shape[2]))
    for i, j in np.ndindex(height, width):
        total += taps[i, j] * strip[i : i + rows, j : j + columns].astype(np.float64)
    return total


@pytest.mark.parametrize("work", [np.float32, np.float64])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_sums_are_exact(each_core, dtype, work):
    """Kernels of odd, even and flat shapes; strips of one tile, of an odd number of them, and of parts of vectors."""
    taps = np.random.default_rng(1).normal(size=(9, 12))
    most = 65535 if dtype == "uint16" else 255
    bound = most * np.abs(taps).sum() * (5e-8 if work == np.float32 else 1e-14)
    for height, width in ((1, 1), (2, 9), (9, 12)):
        for shape in ((9, 12, 1), (40, 75, 1), (9, 200, 3), (150, 61, 2)):
            strip, part = samples(shape, dtype), taps[:height, :width]
            result = overlap_save.prepare(part, work)(strip)
            assert result.dtype == work
            np.testing.assert_allclose(result, exact(strip, part), rtol=0, atol=bound)


@COMPILED
@pytest.mark.parametrize("tile", [(16, 16), (32, 128), (16, 1024), (2048, 32), (512, 512), (1024, 256)])
@pytest.mark.parametrize("work", [np.float32, np.float64])
def test_any_tile_gives_the_same(each_core, tile, work):
    """Powers of 4 and those between them, with what fits the first-level cache and what does not."""
    if each_core == "reference":
        pytest.skip("it has no tiles")
    taps, strip = np.random.default_rng(1).normal(size=(5, 7)), samples((300, 301, 1), "uint8")
    result = overlap_save.prepare(taps, work, tile=tile)(strip)
    bound = 255 * np.abs(taps).sum() * (1e-7 if work == np.float32 else 1e-14)
    np.testing.assert_allclose(result, exact(strip, taps), rtol=0, atol=bound)


@pytest.mark.parametrize("layout", ["interleaved", "planes", "turned", "every second"])
def test_samples_may_lie_anyhow(each_core, layout):
    strip = samples((40, 60, 3), "uint8")
    laid = {
        "interleaved": strip,
        "planes": strip.transpose(2, 0, 1).copy().transpose(1, 2, 0),
        "turned": strip[::-1, ::-1].copy()[::-1, ::-1],
        "every second": np.repeat(strip, 2, axis=1)[:, ::2],
    }[layout]
    laid.flags.writeable = False
    taps = np.random.default_rng(1).normal(size=(5, 7))
    result = overlap_save.prepare(taps, np.float32)(laid)
    np.testing.assert_allclose(result, exact(strip, taps), rtol=0, atol=1e-3)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_whole_numbers_are_rounded_half_up_and_saturated(each_core, dtype, to_samples):
    """On a known grid every result is exact, so that the many halves of an even divisor all go up."""
    taps = np.random.default_rng(1).integers(-3, 6, (12, 11)).astype(float)
    work = np.float32 if dtype == "uint8" else np.float64
    for shape in ((70, 150, 1), (40, 71, 3)):
        strip = samples(shape, dtype)
        for divisor in (2.0, 200.0, -8.0):
            result = overlap_save.prepare(taps, work, dtype, divisor, grid=1.0)(strip)
            assert result.dtype == dtype
            np.testing.assert_array_equal(result, to_samples(exact(strip, taps) / divisor, dtype))
        quarters = overlap_save.prepare(taps / 4, work, dtype, 50.0, grid=4.0)(strip)
        np.testing.assert_array_equal(quarters, to_samples(exact(strip, taps) / 200, dtype))


def test_fractions_are_rounded_once(each_core, to_samples):
    taps = np.random.default_rng(1).random((31, 31))
    strip = samples((230, 331, 1), "uint8")
    result = overlap_save.prepare(taps, np.float32, np.uint8, taps.sum())(strip)
    wanted = to_samples(exact(strip, taps) / taps.sum(), "uint8")
    assert np.abs(result.astype(int) - wanted).max() <= 1
    assert (result == wanted).mean() >= 0.9999


def test_a_flat_image_stays_flat(each_core):
    """A mean of 255 or 0 equal samples is that sample, and a kernel without a sum gives 0."""
    random = np.random.default_rng(1).normal(size=(15, 15))
    for value in (0, 1, 255):
        flat = np.full((100, 90, 1), value, np.uint8)
        mean = np.abs(random)
        assert (overlap_save.prepare(mean, np.float32, np.uint8, mean.sum())(flat) == value).all()
        rest = overlap_save.prepare(random - random.mean(), np.float32)(flat)
        assert np.abs(rest).max() < 1e-8 * 255 * mean.sum()


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("work", [np.float32, np.float64])
def test_banks_add_up_the_channels_of_a_group(each_core, groups, work):
    weights = np.random.default_rng(1).normal(size=(6, 4 // groups, 5, 7))
    for shape in ((61, 62, 4), (30, 200, 4)):
        strip = samples(shape, "float32")
        result = overlap_save.prepare_bank(weights, groups, work)(strip)
        assert result.dtype == work
        for number, kernels in enumerate(weights):
            first = number // (6 // groups) * len(kernels)
            wanted = sum(exact(strip[..., first + c, None], taps) for c, taps in enumerate(kernels))
            bound = 255 * np.abs(kernels).sum() * (2e-7 if work == np.float32 else 1e-14)
            np.testing.assert_allclose(result[number], wanted[..., 0], rtol=0, atol=bound)


@COMPILED
def test_wide_instruction_sets_give_the_same_bytes():
    wide = [name for name in native.core.available() if name != "baseline"]
    taps, strip = np.random.default_rng(1).normal(size=(15, 15)), samples((200, 201, 3), "uint8")
    before, results = native.core.chosen(), []
    for name in wide:
        native.core.choose(name)
        results.append([overlap_save.prepare(taps, work)(strip).tobytes() for work in (np.float32, np.float64)])
    native.core.choose(before)
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_filter_takes_it(each_core, dtype, to_samples):
    image = samples((120, 133, 3), dtype)
    kernel = np.random.default_rng(1).random((17, 16))
    kernel /= kernel.sum()
    result = conv(image, kernel=kernel, algorithm="fourier")
    wanted = np.stack([ndimage.correlate(image[..., c].astype(np.float64), kernel) for c in range(3)], axis=2)
    np.testing.assert_allclose(result, to_samples(wanted, dtype), rtol=1e-6, atol=1e-4 if dtype == "float32" else 0)


@pytest.mark.parametrize("gap", [np.nan, np.inf])
def test_nan_spreads_as_far_as_the_kernel(each_core, gap):
    image = samples((90, 90), "float32")
    clean = conv(image, kernel=np.ones((9, 8)) + np.eye(9, 8), algorithm="fourier")
    image[40, 50] = gap
    result = conv(image, kernel=np.ones((9, 8)) + np.eye(9, 8), algorithm="fourier")
    touched = np.zeros(image.shape, bool)
    touched[36:45, 47:55] = True
    assert not np.isfinite(result[touched]).any()
    np.testing.assert_allclose(result[~touched], clean[~touched], rtol=1e-6)


@COMPILED
def test_wrong_sizes_are_refused():
    """Nothing outside of an array can be read or written, whatever a caller passes."""
    spectrum, twiddles = np.zeros((2, 32, 32), np.float32), overlap_save._twiddles(32)
    given, out = np.zeros((1, 20, 30), np.uint8), np.zeros((1, 16, 26), np.uint8)
    right = [given, out, spectrum, twiddles, 32, 5, 5, 0, 1, 0.0, 0.0, 0.0, 1.0]
    native.core.fourier(*right)
    wrong = {
        0: [given[:, 1:], given[:, :, 1:].copy(), given.astype(np.int16), given[0]],
        1: [out[:, 1:], out.astype(complex), np.zeros((2, 16, 26), np.uint8)],
        2: [spectrum[:1], spectrum[:, ::2], spectrum[:, :24], np.zeros((2, 32, 64), np.float32)[:, :, ::2]],
        3: [twiddles[:-1], twiddles.astype(np.float32), overlap_save._twiddles(64)],
        4: [16, 33, 0, -32, 1 << 40],
        5: [0, 33, -1, 1 << 62],
        6: [0, 33, 6],
        7: [2, -1],
        8: [0, -1, 4, 31],
    }
    for place, values in wrong.items():
        for value in values:
            with pytest.raises((ValueError, TypeError)):
                native.core.fourier(*right[:place], value, *right[place + 1 :])
    read_only = out.copy()
    read_only.flags.writeable = False
    with pytest.raises((ValueError, BufferError)):
        native.core.fourier(given, read_only, *right[2:])
    maps = np.zeros((3, 16, 26), np.float32)
    with pytest.raises(ValueError, match="groups"):
        native.core.fourier(np.zeros((4, 20, 30), np.uint8), maps, spectrum, twiddles, 32, 5, 5, 2, *right[8:])
