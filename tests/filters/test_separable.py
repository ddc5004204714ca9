"""Separable correlation and interpolation, of every instruction set and by SciPy, against loops over the taps."""

import numpy as np
import pytest
from imfilter.filters.core import native
from imfilter.filters.core.linear import kernels, multirate_gaussian, separable

RANDOM = np.random.default_rng(8)
TAPS = {
    "one": np.array([2.0]),
    "pair": np.array([1.0, 3.0]),
    "even": np.array([1.0, 4, 6, 4, 1]),
    "even of even length": np.array([1.0, 3, 3, 1]),
    "odd": np.array([-1.0, -2, 0, 2, 1]),
    "odd of even length": np.array([-1.0, 1]),
    "any": RANDOM.normal(size=7),
    "with zeros": np.array([0.0, 1, 0, 5, 0, 0]),
    "even with zeros": np.array([1.0, 0, 2, 0, 1]),
    "zero": np.zeros(3),
    "long": kernels.gaussian_weights(4.0),
}
ALLOWED = 8e-3
"""Levels by which the decimated Gaussian may miss; smooth as it is, neighbours miss together."""
FEW = 20_000
"""Samples of which a share of 1 in 1000 says nothing."""
GEOMETRIES = [((1, 1), (1, 1)), ((2, 3), (1, 1)), ((1, 1), (3, 2)), ((4, 1), (2, 1)), ((90, 90), (1, 1))]


def reference(strip, column, row, stride, dilation):
    """Add up shifted samples in float64, tap by tap; taps of 0 take none."""
    total = strip.astype(np.float64)
    for axis, taps in enumerate((column, row)):
        step, apart = stride[1 - axis], dilation[1 - axis]
        samples = total.swapaxes(0, axis)
        count = max(0, len(samples) - (len(taps) - 1) * apart)
        sums = np.zeros((count, *samples.shape[1:]))
        for number, tap in enumerate(taps):
            if tap:
                sums += tap * samples[number * apart : number * apart + count]
        total = sums[::step].swapaxes(0, axis)
    return total


def strips(values):
    """The same samples as they may lie in memory."""
    yield "planes", np.ascontiguousarray(values.transpose(2, 0, 1)).transpose(1, 2, 0)
    yield "side by side", np.ascontiguousarray(values)
    yield "turned", np.ascontiguousarray(values[::-1, ::-1])[::-1, ::-1]
    yield "part", np.pad(values, ((1, 2), (3, 1), (0, 0)))[1:-2, 3:-1]
    values = values.copy()
    values.setflags(write=False)
    yield "read-only", values


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.each("shape", [(1, 1, 1), (9, 8, 2), (34, 33, 1), (50, 131, 3), (40, 1100, 1)])
@pytest.mark.each("geometry", GEOMETRIES)
def test_it_is_the_sum_over_taps(each_core, dtype, shape, geometry):
    values = RANDOM.integers(0, 256, shape).astype(dtype)
    for name, column in TAPS.items():
        row = TAPS["odd" if name == "even" else name]
        expected = reference(values, column, row, *geometry)
        answer = separable.correlate(values, column, row, *geometry, np.float64, 3.0)
        np.testing.assert_allclose(answer, expected / 3, rtol=0, atol=1e-9, err_msg=name)
        answer = separable.correlate(values, column, row, *geometry, np.float32)
        size = 255 * np.abs(column).sum() * np.abs(row).sum()
        np.testing.assert_allclose(answer, expected, rtol=0, atol=4e-7 * size, err_msg=name)


def test_however_the_samples_lie(each_core):
    values = RANDOM.integers(0, 256, (21, 37, 3)).astype(np.uint8)
    column, row = TAPS["any"], TAPS["even"]
    expected = separable.correlate(values, column, row, out=np.float32)
    for name, strip in strips(values):
        assert (strip == values).all()
        np.testing.assert_array_equal(separable.correlate(strip, column, row, out=np.float32), expected, name)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_it_rounds_half_up_and_saturates(each_core, dtype):
    most = np.iinfo(dtype).max
    for width in (1, 15, 16, 17, 33, 64, 131):
        values = RANDOM.uniform(-2 * most, 2 * most, (3, width, 1)).astype(np.float32)
        values[0, :, 0] = np.resize([0.5, 1.5, -0.5, most + 0.5, np.nan, np.inf, -np.inf, most - 0.5], width)
        for divisor in (1, 2, -0.5, 3, 7):
            answer = separable.correlate(values, np.ones(1), np.ones(1), out=dtype, divisor=divisor)
            exact = np.floor((values.astype(np.float64) / divisor).astype(np.float32).astype(np.float64) + 0.5)
            expected = np.nan_to_num(exact.clip(0, most), nan=0)
            assert np.abs(answer - expected).max() <= (0 if divisor in (1, 2, -0.5) else 1)
            assert answer.dtype == dtype and (answer == expected).mean() > 0.98


def test_halves_of_whole_numbers_round_up(each_core):
    values = RANDOM.integers(0, 256, (40, 70, 1)).astype(np.uint8)
    binomial = np.array([1.0, 2, 1])
    answer = separable.correlate(values, binomial, binomial, out=np.uint8, divisor=16)
    exact = reference(values, binomial, binomial, (1, 1), (1, 1))
    np.testing.assert_array_equal(answer, (exact + 8) // 16)
    answer = separable.correlate(values, np.ones(3), binomial, out=np.uint8, divisor=12)
    np.testing.assert_array_equal(answer, (reference(values, np.ones(3), binomial, (1, 1), (1, 1)) + 6) // 12)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_reaches_no_further_than_the_taps_that_are_not_0(each_core, bad):
    values = np.ones((30, 80, 1), np.float32)
    values[14, 40] = bad
    column, row = TAPS["with zeros"], TAPS["even with zeros"]
    bad_results = ~np.isfinite(separable.correlate(values, column, row)[..., 0])
    y, x = np.nonzero(bad_results)
    assert set(y) == {13, 11} and set(x) == {36, 38, 40} and bad_results.sum() == 6


def test_rows_and_columns_are_summed_alike_wherever_they_lie(each_core):
    """Strips, blocks of columns and the ends of rows change no bit."""
    values = RANDOM.integers(0, 256, (70, 3000, 1)).astype(np.uint8)
    for name in ("even", "any", "odd", "long"):
        taps = TAPS[name]
        whole = separable.correlate(values, taps, taps, out=np.float32)
        reach = len(taps) - 1
        for top, left, rows, columns in ((0, 0, 1, 2000), (3, 1, 9, 5), (17, 1203, 16, 1001)):
            part = values[top : top + rows + reach, left : left + columns + reach]
            answer = separable.correlate(part, taps, taps, out=np.float32)
            np.testing.assert_array_equal(answer, whole[top : top + rows, left : left + columns])


def test_wide_vectors_give_the_bytes_of_narrower_ones():
    sets = [name for name in native.core.available() if name != "baseline"] if native.core else []
    if len(sets) < 2:
        pytest.skip("needs two instruction sets that multiply and add at once")
    values = RANDOM.integers(0, 256, (60, 333, 1)).astype(np.uint8)
    before, answers = native.core.chosen(), []
    for name in sets:
        native.core.choose(name)
        answers.append([separable.correlate(values, taps, taps, out=np.float32).tobytes() for taps in TAPS.values()])
    native.core.choose(before)
    assert answers[0] == answers[1]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("out", ["uint8", "float32", "float64"])
@pytest.mark.each("size", [(1, 1), (3, 50), (64, 37), (41, 1300)])
def test_decimated_is_the_gaussian_that_is_meant(each_core, size, out, channels):
    sigma = (5.0, 17.0)
    down, across = (kernels.gaussian_weights(s) for s in sigma)
    designs = [multirate_gaussian.design(tuple(taps.tolist()), len(taps) // 16) for taps in (down, across)]
    (above, left) = (design.reach for design in designs)
    values = RANDOM.integers(0, 256, (size[0] + 2 * above, size[1] + 2 * left, channels)).astype(np.uint8)
    answer = multirate_gaussian.correlate(values, *designs, np.dtype(out), 1.0)
    inner = values[above - len(down) // 2 :, left - len(across) // 2 :]
    exact = reference(inner, down, across, (1, 1), (1, 1))[: size[0], : size[1]]
    if out == "uint8":
        wrong = answer != np.floor(exact + 0.5)
        assert np.abs(answer - exact).max() <= 0.5 + ALLOWED  # where it rounds another way, it had to decide on less
        assert wrong.mean() <= 1e-3 or wrong.size < FEW
    else:
        np.testing.assert_allclose(answer, exact, rtol=0, atol=ALLOWED)


def test_wrong_sizes_and_types_are_refused():
    if native.core is None:
        pytest.skip("needs the compiled core")
    core, three = native.core, np.ones(3)
    image, result = np.zeros((1, 5, 6), np.uint8), np.zeros((1, 3, 4), np.float32)
    core.separable(image, result, three, three, 1, 1, 1, 1, 1, 1.0, False)
    wrong = [
        (image, np.zeros((1, 4, 4), np.float32), three, three, 1, 1, 1, 1, 1, 1.0, False),
        (image, result, np.ones(5), three, 1, 1, 1, 1, 1, 1.0, False),
        (image, result, three, three, 2, 1, 1, 1, 1, 1.0, False),
        (image, result, three, three, 0, 1, 1, 1, 1, 1.0, False),
        (image, result, three, three, 1, -1, 1, 1, 1, 1.0, False),
        (image, result, three, three, 1, 1, 0, 1, 1, 1.0, False),
        (image, result, three, three, 1, 1, 1, 2, 1, 1.0, False),
        (image, result, three, three, 1, 1, 1, 1, 4, 1.0, False),
        (image, result, three, three, 1, 1, 1, 1, 0, 1.0, False),
        (image, result, three, np.ones(0), 1, 1, 1, 1, 1, 1.0, False),
        (image, result, three, three, 1 << 62, 1, 1, 1, 1, 1.0, False),
        (image, result, three, three, 1, 1 << 61, 1, 1, 1, 1.0, False),
        (np.zeros((2, 5, 6), np.uint8), result, three, three, 1, 1, 1, 1, 1, 1.0, False),
    ]
    for arguments in wrong:
        with pytest.raises((ValueError, OverflowError)):
            core.separable(*arguments)
    with pytest.raises(TypeError):
        core.separable(image.astype(np.complex64), result, three, three, 1, 1, 1, 1, 1, 1.0, False)
    coarse, result = np.zeros((1, 4, 5), np.float32), np.zeros((1, 4, 9), np.uint8)
    weights = np.ones(2 * 3), np.ones(3 * 3)
    core.interpolate(coarse, result, *weights, 2, 3, 1, 1.0)
    for arguments in [
        (coarse, result, np.ones(2 * 4), weights[1], 2, 3, 1, 1.0),
        (coarse, result, *weights, 7, 3, 1, 1.0),
        (coarse, result, *weights, 2, 0, 1, 1.0),
        (coarse, result, *weights, 2, 3, 2, 1.0),
        (coarse, result, *weights, 2, 3, 0, 1.0),
        (coarse[:, :3], result, *weights, 2, 3, 1, 1.0),
        (coarse, np.zeros((1, 4, 10), np.uint8), *weights, 2, 3, 1, 1.0),
    ]:
        with pytest.raises(ValueError):
            core.interpolate(*arguments)
