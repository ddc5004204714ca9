"""Dense correlation and banks: every core against sums tap by tap in float64."""

import itertools

import numpy as np
import pytest
from imfilter.filters.core import native
from imfilter.filters.core.linear import dense

RNG = np.random.default_rng(14)
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


def sums(strip, weights, dilation=(1, 1), stride=(1, 1)):
    """Every map's sums, tap by tap; taps that are 0 are not looked at."""
    maps, inputs, height, width = weights.shape
    (dx, dy), (sx, sy) = dilation, stride
    rows, columns = (
        (strip.shape[0] - (height - 1) * dy - 1) // sy + 1,
        (strip.shape[1] - (width - 1) * dx - 1) // sx + 1,
    )
    out = np.zeros((rows, columns, maps))
    for m, c, i, j in np.argwhere(weights):
        channel = m // (maps * inputs // strip.shape[2]) * inputs + c
        seen = strip[i * dy : i * dy + (rows - 1) * sy + 1 : sy, j * dx : j * dx + (columns - 1) * sx + 1 : sx, channel]
        out[..., m] += weights[m, c, i, j] * seen.astype(np.float64)
    return out


def each_channel(strip, taps, dilation=(1, 1), stride=(1, 1)):
    return sums(strip, np.broadcast_to(taps, (strip.shape[2], 1, *taps.shape)), dilation, stride)


def image(shape, dtype):
    white = WHITE[dtype]
    return RNG.integers(0, white + 1, shape).astype(dtype) if white > 1 else RNG.uniform(-1, 2, shape).astype(dtype)


def kernel(*shape):
    taps = RNG.standard_normal(shape)
    return taps / np.abs(taps).sum()


def assert_close(found, expected, dtype):
    """Within the bound of each type."""
    assert found.shape == expected.shape
    if found.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, atol=1e-6 * WHITE[dtype], rtol=0)
    else:
        rounded = native.converted(expected.copy(), found.dtype)
        differences = np.abs(found.astype(int) - rounded)
        assert differences.max(initial=0) <= 1
        assert np.count_nonzero(differences) <= max(1, found.size / 1000)


# Around the vectors of each instruction set and the blocks of them, and one sample and less.
WIDTHS = (0, 1, 7, 8, 9, 31, 33, 63, 64, 65, 97, 129, 200)


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (2, 2), (3, 3), (3, 1), (4, 6), (7, 5), (12, 2)])
@pytest.mark.parametrize("dtype", WHITE)
def test_every_width_is_the_sums(size, dtype, each_core):
    taps = kernel(*size)
    for width, rows in zip(WIDTHS, itertools.cycle((1, 2, 3, 4, 5, 9)), strict=False):
        strip = image((rows + size[0] - 1, width + size[1] - 1, 1), dtype)
        work = np.float64 if dtype == "uint16" else np.float32
        assert_close(dense.correlate(strip, taps, out=dtype, work=work), each_channel(strip, taps), dtype)


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4, 5, 8, 11])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_height_and_number_of_channels(rows, channels, each_core):
    for size in ((2, 3), (5, 4)):
        taps = kernel(*size)
        strip = image((rows + size[0] - 1, 40, channels), "uint8")
        planes = np.ascontiguousarray(strip.transpose(2, 0, 1)).transpose(1, 2, 0)
        expected = each_channel(strip, taps)
        for given in (strip, planes, planes[:, ::-1][:, ::-1]):
            given.flags.writeable = False
            assert_close(dense.correlate(given, taps, out=np.uint8), expected, "uint8")
            assert_close(dense.correlate(given, taps, out=np.float32), expected, "uint8")


@pytest.mark.parametrize("dilation", [(1, 1), (2, 3), (5, 1), (1, 4)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (1, 3), (4, 2)])
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_strides_and_dilations(dilation, stride, dtype, each_core):
    for size, channels in itertools.product(((3, 3), (1, 5), (4, 2)), (1, 3)):
        taps, strip = kernel(*size), image((23, 71, channels), dtype)
        expected = each_channel(strip, taps, dilation, stride)
        assert_close(dense.correlate(strip, taps, dilation, stride, dtype), expected, dtype)


def test_a_kernel_too_large_for_scipy(each_core):
    strip, taps = image((60, 60, 2), "float32"), kernel(51, 49)
    taps[RNG.random(taps.shape) < 0.3] = 0
    strip[5, 7] = np.nan
    got, expected = dense.correlate(strip, taps, (1, 1), (2, 1)), each_channel(strip, taps, (1, 1), (2, 1))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-3)
    strip, taps = image((256, 256, 1), "uint8"), np.full((251, 251), 1 / 251**2)
    got, expected = dense.correlate(strip, taps, out="float32"), each_channel(strip, taps)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4)


def test_other_samples_than_a_row_holds_are_not_read(each_core):
    big = image((20, 90, 3), "uint16")
    strip = big[3:15, 10:70, 1:2]
    taps = kernel(4, 4)
    assert_close(dense.correlate(strip, taps, out=np.uint16, work=np.float64), each_channel(strip, taps), "uint16")
    strip = big[::2, 4:80]
    assert_close(dense.correlate(strip, taps, out=np.uint16, work=np.float64), each_channel(strip, taps), "uint16")


def test_a_wide_row_in_several_blocks(each_core):
    taps, strip = kernel(40, 3), image((43, 7000, 1), "uint8")
    expected = dense.correlate(strip.astype(np.float64), taps)
    assert_close(dense.correlate(strip, taps, out=np.uint8), expected, "uint8")
    np.testing.assert_allclose(expected[:, ::97], each_channel(strip, taps)[:, ::97], atol=1e-10)


def test_whole_sums_are_exact_and_halves_round_up(each_core):
    strip = image((30, 50, 1), "uint8")
    taps = RNG.integers(-9, 10, (5, 5)).astype(float)
    for divisor, work in itertools.product((1, 2, 3, 48, 16000), (np.float32, np.float64)):
        expected = native.converted(each_channel(strip, taps) / divisor, np.uint8)
        found = dense.correlate(strip, taps, out=np.uint8, divisor=divisor, work=work)
        np.testing.assert_array_equal(found, expected)
    assert dense.correlate(np.full((1, 2, 1), 255, np.uint8), np.array([[9.0, 0.0]]), out=np.uint8).item() == 255
    assert dense.correlate(np.full((1, 2, 1), 255, np.uint8), np.array([[-9.0, 1.0]]), out=np.uint8).item() == 0


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("work", [np.float32, np.float64])
def test_exact_halves_round_up_whatever_the_divisor(kind, work, each_core):
    """Products with an inverse, which is rounded, would put some of them below."""
    levels = np.arange(256, dtype=np.uint8).reshape(1, 256, 1)
    for tap in (1, 3, 5, 7, 9, 11, 25, 41, 47, 49, 55, 61, 81, 121, 225, 289, 361):
        found = dense.correlate(levels, np.array([[float(tap)]]), out=kind, divisor=2.0 * tap, work=work)
        np.testing.assert_array_equal(found.ravel(), (np.arange(256) + 1) // 2)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("zeros", [0, 3, 20])
def test_what_is_not_finite_reaches_the_taps_alone(value, zeros, each_core):
    taps = RNG.uniform(0.1, 1, (5, 7))
    taps.ravel()[RNG.permutation(35)[:zeros]] = 0
    strip = image((25, 90, 2), "float64")
    strip[12, 40, 1] = value
    expected = each_channel(strip, taps)
    np.testing.assert_allclose(dense.correlate(strip, taps), expected, atol=1e-12)
    weights = np.stack([taps, taps[::-1]])[:, None]
    found = dense.correlate_bank(strip[..., 1:], weights, np.zeros(2))
    np.testing.assert_allclose(found, sums(strip[..., 1:], weights), atol=1e-12)


@pytest.mark.parametrize("whole", ["uint8", "float64"])
def test_strips_are_the_whole_bit_for_bit(whole, each_core):
    taps, weights, strip = kernel(6, 5), kernel(7, 3, 3, 4), image((40, 130, 3), whole)
    for stride in ((1, 1), (2, 3)):
        at_once = dense.correlate(strip, taps, stride=stride, out=np.float32)
        of_bank = dense.correlate_bank(strip, weights, np.ones(7), stride=stride, out=np.float32)
        for rows in (1, 3, 6):
            for top in range(0, len(at_once) - rows, 5):
                part = strip[top * stride[1] : (top + rows - 1) * stride[1] + 6]
                found = dense.correlate(part, taps, stride=stride, out=np.float32)
                np.testing.assert_array_equal(found, at_once[top : top + rows])
                part = strip[top * stride[1] : (top + rows - 1) * stride[1] + 3]
                found = dense.correlate_bank(part, weights, np.ones(7), stride=stride, out=np.float32)
                np.testing.assert_array_equal(found, of_bank[top : top + rows])


@pytest.mark.skipif(native.core is None or len(native.core.available()) < 3, reason="needs two sets with FMA")
def test_every_width_of_vectors_gives_the_same_bits(monkeypatch):
    taps, weights, strip = kernel(7, 7), kernel(13, 3, 5, 5), image((60, 333, 3), "uint8")
    before, found = native.core.chosen(), []
    for name in ("avx2", "avx512"):
        native.core.choose(name)
        found.append(dense.correlate(strip, taps, out=np.float32).tobytes())
        found.append(dense.correlate_bank(strip, weights, np.zeros(13), stride=(2, 2), out=np.float32).tobytes())
    native.core.choose(before)
    assert found[:2] == found[2:]


# ---- banks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("maps", [1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 64])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float64"])
def test_any_number_of_maps(maps, dtype, each_core):
    weights, bias = kernel(maps, 2, 3, 4) * maps, RNG.uniform(-1, 1, maps)
    strip = image((9, 100, 2), dtype)
    found = dense.correlate_bank(strip, weights, bias, out=np.float64 if dtype == "float64" else np.float32)
    assert_close(found, sums(strip, weights) + bias, dtype)


@pytest.mark.parametrize("groups", [1, 2, 3])
@pytest.mark.parametrize("stride", [(1, 1), (2, 3), (5, 1), (40, 40)])
@pytest.mark.parametrize("dilation", [(1, 1), (3, 2), (2, 5)])
def test_groups_strides_and_dilations_of_banks(groups, stride, dilation, each_core):
    for inputs, size in itertools.product((1, 2), ((1, 1), (2, 3), (4, 2))):
        weights, strip = kernel(5 * groups, inputs, *size), image((17, 75, inputs * groups), "uint8")
        planes = np.ascontiguousarray(strip.transpose(2, 0, 1)).transpose(1, 2, 0)
        expected = sums(strip, weights, dilation, stride)
        for given in (strip, planes):
            found = dense.correlate_bank(given, weights, np.zeros(5 * groups), dilation, stride, np.float32)
            assert_close(found, expected, "uint8")


@pytest.mark.parametrize("width", [*WIDTHS[1:], 511, 512, 513, 1100])
def test_every_width_of_a_bank(width, each_core):
    weights, strip = kernel(11, 1, 2, 3), image((5, width + 2, 1), "uint8")
    found = dense.correlate_bank(strip, weights, np.zeros(11), out=np.float32)
    assert_close(found, sums(strip, weights), "uint8")


def test_a_bank_may_be_rounded_and_divided(each_core):
    weights, strip = RNG.integers(-3, 9, (7, 3, 3, 3)).astype(float), image((8, 20, 3), "uint8")
    found = dense.correlate_bank(strip, weights, np.arange(7.0), out=np.uint8, divisor=90)
    expected = native.converted((sums(strip, weights) + np.arange(7)) / 90, np.uint8)
    np.testing.assert_array_equal(found, expected)


def test_taps_that_are_all_0_give_the_bias(each_core):
    strip = np.full((4, 50, 1), np.nan)
    found = dense.correlate_bank(strip, np.zeros((2, 1, 3, 3)), np.array([1.0, 2.0]))
    assert (found == [1, 2]).all()
    assert not dense.correlate(strip, np.zeros((3, 3))).any()


# ---- what the compiled core refuses ---------------------------------------------------------------------

IN, OUT, TAPS = np.zeros((1, 9, 9), np.uint8), np.zeros((1, 7, 7), np.uint8), np.zeros(9)
DENSE = (IN, OUT, TAPS, 3, 3, 1, 1, 1.0, False)
BANK = (IN, np.zeros((1, 4, 8), np.float32), np.zeros(18), np.zeros(2), 1, 3, 3, 1, 2, 2, 1, 1, 1.0, False)
HUGE = 1 << 62


def changed(call, **places):
    return tuple(places.get(f"_{number}", value) for number, value in enumerate(call))


@pytest.mark.skipif(native.core is None, reason="nothing is compiled")
@pytest.mark.parametrize(
    ("name", "call"),
    [
        *(
            ("dense", changed(DENSE, _0=given))
            for given in (IN[:, :8], IN[:, :, :8], IN[:, ::2], IN[0], IN.astype(int))
        ),
        *(("dense", changed(DENSE, _0=given)) for given in (IN[:, :, ::2], IN[:, :0], IN[:0])),
        *(("dense", changed(DENSE, _1=given)) for given in (OUT[:, :6], OUT[:, :, :6], np.zeros((2, 7, 7), np.uint8))),
        *(("dense", changed(DENSE, _2=given)) for given in (TAPS[:8], TAPS[:0], TAPS.astype(np.float32), TAPS[None])),
        *(("dense", changed(DENSE, **{f"_{n}": size})) for n in (3, 4, 5, 6) for size in (-1, 0, 2, 4, HUGE)),
        *(("bank", changed(BANK, _0=given)) for given in (IN[:, :8], IN[:, :, :8], IN[:, :, ::2], IN[0], IN[:0])),
        *(
            ("bank", changed(BANK, _1=given))
            for given in (np.zeros((1, 5, 8)), np.zeros((1, 4, 10)), np.zeros((1, 4, 7)), np.zeros((2, 4, 4)))
        ),
        *(("bank", changed(BANK, _2=given)) for given in (np.zeros(17), np.zeros(9), np.zeros(0), np.zeros((2, 9)))),
        *(("bank", changed(BANK, _3=given)) for given in (np.zeros(1), np.zeros(3), np.zeros(0))),
        *(("bank", changed(BANK, **{f"_{n}": size})) for n in range(4, 8) for size in (-1, 0, 4, HUGE)),
        *(("bank", changed(BANK, **{f"_{n}": size})) for n in (8, 9) for size in (-1, 0, 3, HUGE)),
        *(("bank", changed(BANK, **{f"_{n}": size})) for n in (10, 11) for size in (-1, 0, 2, HUGE)),
    ],
)
def test_sizes_that_do_not_fit_are_refused(name, call):
    getattr(native.core, name)(*(DENSE if name == "dense" else BANK))
    with pytest.raises((ValueError, TypeError, OverflowError)):
        getattr(native.core, name)(*call)


@pytest.mark.skipif(native.core is None, reason="nothing is compiled")
def test_a_result_that_cannot_be_written_is_refused():
    for name, call in (("dense", DENSE), ("bank", BANK)):
        locked = call[1].copy()
        locked.flags.writeable = False
        with pytest.raises((ValueError, BufferError)):
            getattr(native.core, name)(*changed(call, _1=locked))
