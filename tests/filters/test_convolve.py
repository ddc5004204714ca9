"""Convolution: against a loop in Python, against SciPy, and against answers worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from imfilter.filters.conv import conv
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.parameters import ImageError
from scipy import ndimage

TUTORIAL = np.array([[1, 2, 3, 0, 1], [0, 1, 2, 3, 1], [1, 2, 1, 0, 2], [0, 1, 2, 1, 1], [2, 1, 0, 2, 1]], np.uint8)
IMPULSE = np.pad(np.ones((1, 1), np.uint8), 2)
ONE_TO_NINE = np.arange(1, 10).reshape(3, 3)

DTYPES = ("uint8", "uint16", "float32")
modes = st.sampled_from(["correlate", "convolve"])
sides = st.integers(0, 4)
paddings = st.sampled_from(["same", "valid", "full"]) | st.tuples(sides, sides, sides, sides)


@st.composite
def images(draw, most=7):
    shape = draw(st.tuples(st.integers(1, most), st.integers(1, most), st.sampled_from([1, 3])))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    full = 1000 if dtype.kind == "f" else np.iinfo(dtype).max
    values = draw(arrays.arrays(np.int64, shape, elements=st.integers(-full if dtype.kind == "f" else 0, full)))
    return (values / 1000 if dtype.kind == "f" else values).astype(dtype)


@st.composite
def kernels(draw, most=4):
    shape = draw(st.tuples(st.integers(1, most), st.integers(1, most)))
    taps = draw(arrays.arrays(np.int64, shape, elements=st.integers(-5, 5)))
    if draw(st.booleans()):  # of rank 1
        taps = np.outer(taps[:, 0], taps[0])
    return taps / draw(st.sampled_from([1, 2, 4]))


def spread(image) -> float:
    return max(1.0, float(np.abs(image).max()))


@settings(max_examples=4 * settings().max_examples)
@given(
    images(),
    kernels(),
    st.data(),
    st.sampled_from(BORDERS),
    modes,
    paddings,
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
def test_conv_is_the_loop(slow_correlate, to_samples, image, taps, data, border, mode, padding, stride, dilation):
    """The taps are sums of quarters, so the loop is exact, and 8 and 16 bits must be equal to it: halves too."""
    anchor = tuple(data.draw(st.integers(0, side - 1)) for side in taps.shape[::-1])
    options = {
        "border": border,
        "mode": mode,
        "padding": padding,
        "stride": stride,
        "dilation": dilation,
        "anchor": anchor,
        "fill": data.draw(st.integers(-20, 300)),
    }
    exact = slow_correlate(image, taps, **options)
    if exact is None:
        with pytest.raises(ImageError, match="smaller than the filter's window"):
            conv(image, kernel=taps, **options)
        return
    answer = conv(image, kernel=taps, **options)
    assert answer.dtype == image.dtype
    if image.dtype == np.float32:
        limit = 1e-5 * max(1.0, np.abs(taps).sum()) * max(spread(image), abs(options["fill"]))
        np.testing.assert_allclose(answer, exact, rtol=0, atol=limit)
    else:
        np.testing.assert_array_equal(answer, to_samples(exact, image.dtype))


@given(images(12), kernels(5), st.sampled_from(BORDERS), modes, st.integers(0, 300))
def test_conv_is_that_of_scipy(to_samples, image, taps, border, mode, fill):
    function = getattr(ndimage, mode)
    exact = function(image.astype(np.float64), taps[..., None], mode=border, cval=fill)
    answer = conv(image, kernel=taps, mode=mode, border=border, fill=fill)
    limit = 1e-5 * max(1.0, np.abs(taps).sum()) * max(spread(image), fill) if image.dtype == np.float32 else 0
    np.testing.assert_allclose(answer, to_samples(exact, image.dtype), rtol=0, atol=limit)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_float_taps_round_as_float64_does(dtype, noise):
    """Within 1 level everywhere, and equal in 99.9 % of the pixels at least."""
    image, taps = noise((200, 150, 3), dtype), np.random.default_rng(1).normal(size=(5, 4)) / 3
    exact = ndimage.correlate(image.astype(np.float64), taps[..., None], mode="reflect")
    expected = np.clip(np.floor(exact + 0.5), 0, np.iinfo(dtype).max)
    off = np.abs(conv(image, kernel=taps) - expected)
    assert off.max() <= 1
    assert (off > 0).mean() <= 1e-3


@pytest.mark.parametrize("size", [9, 31])
def test_a_float_image_is_off_by_a_hundred_thousandth_at_most(size, noise):
    image, taps = noise((60, 50), "float32"), np.random.default_rng(1).uniform(size=(size, size))
    taps /= taps.sum()
    exact = ndimage.correlate(image.astype(np.float64), taps, mode="mirror")
    assert np.abs(conv(image, kernel=taps, border="mirror") - exact).max() <= 1e-5 * np.ptp(image)


def test_the_tutorials_matrix_by_hand():
    """First value: 0·1 + 1·2 + 2·3 + 1·0 + 0·1 + 1·2 + 2·1 + 1·2 + 0·1 = 14."""
    answer = conv(TUTORIAL, kernel="0 1 2; 1 0 1; 2 1 0", padding="valid")
    assert answer.tolist() == [[14, 12, 7], [8, 14, 13], [11, 5, 9]]


def test_correlation_answers_an_impulse_with_the_turned_kernel():
    assert conv(IMPULSE, kernel=ONE_TO_NINE)[1:4, 1:4].tolist() == [[9, 8, 7], [6, 5, 4], [3, 2, 1]]


def test_convolution_answers_an_impulse_with_the_kernel():
    assert conv(IMPULSE, kernel=ONE_TO_NINE, mode="convolve")[1:4, 1:4].tolist() == ONE_TO_NINE.tolist()


def test_the_anchor_of_an_even_kernel_is_its_second_tap():
    """As OpenCV and `scipy.ndimage.correlate`: size // 2."""
    assert conv(np.array([[1, 2, 4]], np.uint8), kernel="1 10", border="constant").tolist() == [[10, 21, 42]]


def test_the_anchor_turns_with_the_kernel():
    row = np.array([[0, 0, 1, 0, 0]], np.uint8)
    assert conv(row, kernel="1 2 3", anchor=(0, 0), mode="convolve").tolist() == [[0, 0, 1, 2, 3]]
    assert conv(row, kernel="1 2 3", anchor=(0, 0)).tolist() == [[3, 2, 1, 0, 0]]


@pytest.mark.parametrize(
    ("size", "kernel", "padding", "stride", "dilation", "expected"),
    [
        (224, 7, 3, 2, 1, 112),  # ResNet, conv1
        (227, 11, 0, 4, 1, 55),  # AlexNet, conv1
        (32, 5, 0, 1, 1, 28),  # LeNet-5, C1
        (7, 3, 1, 2, 1, 4),
        (10, 3, 2, 1, 2, 10),  # dilated, "same" by numbers
        (5, 4, 1, 2, 1, 2),  # Dumoulin and Visin, relationship 6
    ],
)
def test_sizes_are_a_cnn_layers(size, kernel, padding, stride, dilation, expected):
    image, taps = np.zeros((size, size), np.uint8), np.ones((kernel, kernel))
    answer = conv(image, kernel=taps, padding=padding, stride=stride, dilation=dilation)
    assert answer.shape == (expected, expected)
    assert expected == math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1


def test_a_stride_keeps_every_sth_sample_from_the_first(noise):
    image = noise((11, 13))
    full = conv(image, kernel="1 2 1; 0 1 0", scale=0.25)
    np.testing.assert_array_equal(conv(image, kernel="1 2 1; 0 1 0", scale=0.25, stride=(3, 2)), full[::2, ::3])


def test_dilation_spreads_the_taps(noise):
    image, spread_out = noise((9, 9)), np.zeros((3, 4))
    spread_out[::2, ::3] = [[1, 2], [3, 4]]
    wanted = conv(image, kernel=spread_out, scale=0.1, anchor=(3, 2))
    np.testing.assert_array_equal(conv(image, kernel="1 2; 3 4", scale=0.1, dilation=(3, 2)), wanted)


@pytest.mark.parametrize("border", BORDERS)
def test_a_kernel_may_be_larger_than_the_image(border, slow_correlate, to_samples):
    image, taps = np.arange(6, dtype=np.uint8).reshape(2, 3, 1), np.ones((11, 9))
    taps[0, 0] = 5
    expected = to_samples(slow_correlate(image, taps, border=border, fill=3), "uint8")
    np.testing.assert_array_equal(conv(image, kernel=taps, border=border, fill=3), expected)


@pytest.mark.parametrize("values", [[[1, 1, 1], [3, 3, 3], [1, 1, 1]], [[5, 6, 7], [10, 12, 14]], [[3, 10, 3]] * 2])
def test_halves_round_up_in_separable_kernels_of_whole_numbers(values, noise):
    """Factors with a third or a tenth in them would put some halves below themselves."""
    image = noise((300, 300))
    exact = ndimage.correlate(image.astype(np.int64), np.array(values)) / 2
    bias = 128 - int(exact.mean())
    expected = np.clip(np.floor(exact + bias + 0.5), 0, 255)
    np.testing.assert_array_equal(conv(image, kernel=values, scale=0.5, bias=bias), expected)


def test_nan_spreads_no_further_than_the_kernel():
    image = np.zeros((11, 11), np.float32)
    image[5, 5] = np.nan
    for kernel in ("1 2 1; 2 4 2; 1 2 1", "1 0 2; 0 4 0; 3 0 1"):
        reached = np.isnan(conv(image, kernel=kernel))
        assert reached[4:7, 4:7].sum() == reached.sum() > 0
