"""Pooling layers: the cases that ONNX publishes, a slow reference, and what no border rule may change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.core import native
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.engine.quantize import Encoding
from imfilter.filters.core.engine.working_space import Settings
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.pool import pool

FIVE = np.arange(1, 26, dtype=np.float32).reshape(5, 5)
FOUR = np.arange(1, 17, dtype=np.float32).reshape(4, 4)
WINDOW_OF_3 = {"size": 3, "stride": 2}
ON_PAD = np.array(
    [
        [[0.8580, 0.0786], [0.2692, 0.1537]],
        [[0.8816, 0.4353], [0.5772, 0.6623]],
        [[0.9067, 0.9483], [0.5970, 0.7630]],
    ],
    np.float32,
).transpose(1, 2, 0)

# The cases of ONNX's backend tests whose arrays are written out there (onnx 1.23, onnx/backend/test/case/node,
# maxpool.py, averagepool.py and lppool.py).
PUBLISHED = {
    "maxpool_2d_precomputed_pads": (
        FIVE,
        {"size": 5, "stride": 1, "padding": 2},
        [
            [13, 14, 15, 15, 15],
            [18, 19, 20, 20, 20],
            [23, 24, 25, 25, 25],
            [23, 24, 25, 25, 25],
            [23, 24, 25, 25, 25],
        ],
    ),
    "maxpool_2d_uint8": (
        FIVE.astype(np.uint8),
        {"size": 5, "stride": 1, "padding": 2},
        [
            [13, 14, 15, 15, 15],
            [18, 19, 20, 20, 20],
            [23, 24, 25, 25, 25],
            [23, 24, 25, 25, 25],
            [23, 24, 25, 25, 25],
        ],
    ),
    "maxpool_2d_precomputed_strides": (FIVE, {"size": 2, "stride": 2}, [[7, 9], [17, 19]]),
    "maxpool_2d_precomputed_same_upper": (
        FIVE,
        WINDOW_OF_3 | {"padding": "same"},
        [[7, 9, 10], [17, 19, 20], [22, 24, 25]],
    ),
    "maxpool_2d_ceil": (FOUR, WINDOW_OF_3 | {"ceil": True}, [[11, 12], [15, 16]]),
    "maxpool_2d_ceil_output_size_reduce_by_one": (FOUR[:1, :2], {"size": 1, "stride": 2, "ceil": True}, [[1]]),
    "maxpool_2d_dilations": (FOUR, {"size": 2, "stride": 1, "dilation": 2}, [[11, 12], [15, 16]]),
    "averagepool_2d_precomputed_pads": (
        FIVE,
        {"op": "avg", "size": 5, "stride": 1, "padding": 2},
        [
            [7, 7.5, 8, 8.5, 9],
            [9.5, 10, 10.5, 11, 11.5],
            [12, 12.5, 13, 13.5, 14],
            [14.5, 15, 15.5, 16, 16.5],
            [17, 17.5, 18, 18.5, 19],
        ],
    ),
    "averagepool_2d_precomputed_pads_count_include_pad": (
        FIVE,
        {"op": "avg", "size": 5, "stride": 1, "padding": 2, "include_pad": True},
        [
            [2.5200, 3.6000, 4.8000, 4.0800, 3.2400],
            [4.5600, 6.4000, 8.4000, 7.0400, 5.5200],
            [7.2000, 10.0000, 13.0000, 10.8000, 8.4000],
            [6.9600, 9.6000, 12.4000, 10.2400, 7.9200],
            [6.1200, 8.4000, 10.8000, 8.8800, 6.8400],
        ],
    ),
    "averagepool_2d_precomputed_strides": (FIVE, {"op": "avg", "size": 2}, [[4, 6], [14, 16]]),
    "averagepool_2d_precomputed_same_upper": (
        FIVE,
        WINDOW_OF_3 | {"op": "avg", "padding": "same"},
        [[4, 5.5, 7], [11.5, 13, 14.5], [19, 20.5, 22]],
    ),
    "averagepool_2d_ceil": (FOUR, WINDOW_OF_3 | {"op": "avg", "ceil": True}, [[6, 7.5], [12, 13.5]]),
    "averagepool_2d_ceil_last_window_starts_on_pad": (
        ON_PAD,
        {"op": "avg", "size": 3, "padding": 1, "ceil": True, "include_pad": True},
        [[[0.1511, 0.2841, 0.3572]]],
    ),
    "averagepool_2d_dilations": (
        FOUR,
        {"op": "avg", "size": 2, "stride": 1, "dilation": 2, "ceil": True},
        [[6, 7], [10, 11]],
    ),
    "lppool_2d_dilations": (
        FOUR,
        {"op": "l2", "size": 2, "stride": 1, "dilation": 2},
        [[14.560219778561036, 16.24807680927192], [21.633307652783937, 23.49468024894146]],
    ),
}


@pytest.mark.each("image, layer, expected", PUBLISHED.values())
def test_the_published_cases_of_onnx(image, layer, expected):
    answer = pool(image, **layer)
    # The mean over the padding is published in four digits.
    np.testing.assert_allclose(answer, expected, rtol=1e-6, atol=1e-4 if layer.get("include_pad") else 0)


def test_a_minimum_is_a_maximum_upside_down():
    assert pool(FIVE, op="min", size=3, stride=2, padding=1).tolist() == [[1, 2, 4], [6, 7, 9], [16, 17, 19]]


# ---- against a loop ---------------------------------------------------------------------------------


def slow(image, op, size, stride, dilation, padding, ceil, include_pad):
    """Pool window by window; None if nothing is left, NaN for a window without samples of the image."""
    height, width, channels = image.shape
    axes = []
    for axis, samples in ((0, width), (1, height)):
        taps, step, apart = size[axis], stride[axis], dilation[axis]
        reach = (taps - 1) * apart
        if padding == "same":
            count = -(-samples // step)
            total = max((count - 1) * step + reach + 1 - samples, 0)
            before, behind = total // 2, total - total // 2
        else:
            before, behind = padding[axis], padding[axis + 2]
            room = samples + before + behind - reach - 1
            count = (-(-room // step) if ceil else room // step) + 1
            if ceil and (count - 1) * step >= samples + before:  # PyTorch's rule: no window begins behind the image
                count -= 1
            if reach >= samples + before + behind:
                return None
        axes.append((count, before, behind, samples))
    (columns, left, right, _), (rows, top, bottom, _) = axes
    answer = np.empty((rows, columns, channels))
    for j, i, c in np.ndindex(answer.shape):
        values, counted = [], 0
        for dy in range(size[1]):
            for dx in range(size[0]):
                y, x = j * stride[1] - top + dy * dilation[1], i * stride[0] - left + dx * dilation[0]
                if 0 <= y < height and 0 <= x < width:
                    values.append(float(image[y, x, c]))
                    counted += 1
                elif include_pad and -top <= y < height + bottom and -left <= x < width + right:
                    counted += 1
        if op == "l2":
            answer[j, i, c] = sum(value**2 for value in values) ** 0.5
        elif op == "avg":
            answer[j, i, c] = sum(values) / counted if counted else np.nan
        else:
            answer[j, i, c] = {"max": max, "min": min}[op](values, default=np.nan)
    return answer


pairs = st.tuples(st.integers(1, 5), st.integers(1, 5))


@given(
    op=st.sampled_from(["max", "min", "avg", "l2"]),
    shape=st.tuples(st.integers(1, 13), st.integers(1, 13), st.sampled_from([1, 3])),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    stride=st.one_of(st.none(), pairs),
    dilation=st.one_of(st.just((1, 1)), st.tuples(st.integers(1, 3), st.integers(1, 3))),
    padding=st.one_of(st.just("same"), st.tuples(*[st.integers(0, 3)] * 4)),
    ceil=st.booleans(),
    include_pad=st.booleans(),
    border=st.sampled_from(BORDERS),
    strip_rows=st.integers(1, 5),
)
def test_any_layer_is_the_slow_ones(
    op, shape, dtype, size, stride, dilation, padding, ceil, include_pad, border, strip_rows, noise, to_samples, run
):
    image = noise(shape, dtype)
    ceil, include_pad = ceil and padding != "same", include_pad and op == "avg"
    layer = {"op": op, "size": size, "stride": stride, "dilation": dilation, "padding": padding, "ceil": ceil}
    layer |= {"include_pad": True} if include_pad else {}
    expected = slow(image, op, size, stride or size, dilation, padding, ceil, include_pad)
    choosy = padding != "same" and op != "l2" and not include_pad
    if choosy and any(padding[n] > (size[n % 2] - 1) * dilation[n % 2] for n in range(4)):
        with pytest.raises(ParameterError, match="wholly in the padding"):
            pool(image, **layer)
        return
    if expected is None or np.isnan(expected).any():
        with pytest.raises(ImageError, match=r"smaller than the filter's window|has no sample in the image"):
            pool(image, **layer)
        return
    answer = pool(image, **layer, range="clip", border=border, fill=99)
    if dtype == "float32":
        np.testing.assert_allclose(answer, expected, rtol=1e-6, atol=1e-6)
    elif op == "l2":
        assert np.abs(answer - to_samples(expected, dtype).astype(int)).max() <= 1
    else:
        np.testing.assert_array_equal(answer, to_samples(expected, dtype))
    strips = run(pool, image, strip_rows=strip_rows, **layer, range="clip")["image"].samples
    np.testing.assert_array_equal(strips, answer)


LAYERS = [
    ((2, 2), (2, 2), (1, 1), (0, 0, 0, 0)),
    ((3, 5), (1, 2), (1, 1), (1, 2, 0, 3)),
    ((3, 2), (4, 7), (3, 2), (0, 0, 2, 1)),
    ((17, 9), (1, 1), (1, 1), (16, 8, 11, 5)),  # windows that overlap much: in blocks of rows, by doubling in a row
    ((18, 20), (2, 2), (1, 1), (3, 0, 17, 19)),
    ((9, 12), (1, 1), (2, 1), (8, 4, 2, 0)),
]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("op", ["max", "min", "avg", "l2"])
def test_every_core_pools_windows_of_any_size(each_core, op, dtype, noise, to_samples):
    for channels in (1, 3):
        image = noise((23, 37, channels), dtype.replace("64", "32")).astype(dtype)
        for size, stride, dilation, padding in LAYERS:
            layer = {"size": size, "stride": stride, "dilation": dilation, "padding": padding}
            answer = pool(image, op=op, range="clip", **layer)
            expected = slow(image, op, size, stride, dilation, padding, ceil=False, include_pad=False)
            if dtype.startswith("float"):
                np.testing.assert_allclose(answer, expected, rtol=1e-6)
            else:
                np.testing.assert_allclose(answer, to_samples(expected, dtype), rtol=0, atol=op == "l2")


def test_nan_is_an_extremum_or_counts_nothing(each_core, noise):
    image = noise((40, 50), "float32")
    image[20, 25] = np.nan
    for size, stride in ((3, 1), (2, 2), (19, 1)):
        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))[::stride, ::stride]
        for op, join in (("max", np.fmax), ("min", np.fmin)):
            there = join.reduce(join.reduce(windows, axis=3), axis=2)
            wanted = np.where(np.isnan(windows).any(axis=(2, 3)), np.nan, there)
            np.testing.assert_array_equal(pool(image, op=op, size=size, stride=stride), wanted)
            np.testing.assert_array_equal(pool(image, op=op, size=size, stride=stride, nan="ignore"), there)


def test_infinity_reaches_no_further_than_its_windows(each_core, noise):
    image = noise((40, 50), "float32")
    clean = pool(image, op="avg", size=19, stride=1)
    image[20, 25] = np.inf
    answer = pool(image, op="avg", size=19, stride=1)
    assert np.isinf(answer[2:21, 7:26]).all()
    answer[2:21, 7:26] = clean[2:21, 7:26]
    np.testing.assert_allclose(answer, clean, rtol=1e-6)


@pytest.mark.skipif(native.core is None, reason="the core is not compiled")
def test_wrong_sizes_are_refused_by_the_core():
    """Nothing outside of an array can be read or written, whatever a caller passes."""
    given, out = np.zeros((2, 9, 21), np.uint8), np.zeros((2, 4, 9), np.uint8)
    right = [given, out, 1, False, False, 3, 3, 2, 2, 1, 1, 0, 9, 0, 7, 3]
    native.core.pool(*right)
    native.core.pool(*right[:11], -5, 1 << 40, -(1 << 40), 99, 3)  # more than there is cannot count
    wrong = {
        0: [given[:1], given[:, :8], given[:, :, :15].copy(), given.astype(np.uint16), given[0]],
        1: [np.zeros((2, 5, 9), np.uint8), np.zeros((2, 4, 12), np.uint8), np.zeros((2, 4, 8), np.uint8)],
        2: [-1, 4],
        5: [0, 4, 1 << 40],
        6: [0, 4, -1],
        7: [0, 3, 1 << 62],
        8: [0, 3],
        9: [0, 2],
        10: [0, 2, -1],
        15: [0, -1, 2],
    }
    for place, values in wrong.items():
        for value in values:
            with pytest.raises((ValueError, TypeError)):
                native.core.pool(*right[:place], value, *right[place + 1 :])


def test_a_mean_of_whole_numbers_is_rounded_half_up():
    image = np.array([[0, 1, 2, 3, 254, 255], [0, 1, 3, 2, 255, 254]], np.uint8)
    assert pool(image, op="avg").tolist() == [[1, 3, 255]]
    np.testing.assert_allclose(pool(image, op="avg", depth="float") * 255, [[0.5, 2.5, 254.5]], rtol=1e-6)
    assert pool(image, op="avg", depth="16").tolist() == [[129, 643, 65407]]


def test_a_norm_past_white_is_there_in_a_float_file():
    white = np.full((4, 4), 255, np.uint8)
    assert pool(white, op="l2").tolist() == [[255, 255], [255, 255]]
    assert pool(white, op="l2", depth="float").tolist() == [[2, 2], [2, 2]]


# ---- sides and words --------------------------------------------------------------------------------


def test_one_as_size_gives_the_image_back(noise):
    for dtype in ("uint8", "float32"):
        for op in ("max", "min", "avg"):
            np.testing.assert_array_equal(pool(noise((7, 5, 3), dtype), op=op, size=1), noise((7, 5, 3), dtype))


def test_pairs_are_x_first(noise):
    image = noise((24, 30))
    assert pool(image, size=(3, 2)).shape == (12, 10)
    assert pool(image, size=2, stride=(3, 4)).shape == (6, 10)
    assert pool(image, size=2, stride=1, dilation=(4, 1)).shape == (23, 26)
    assert pool(image, size=5, padding=(1, 4)).shape == (6, 6)
    assert pool(image, size=4, stride=1, padding=(3, 2, 1, 0)).shape == (23, 31)
    np.testing.assert_array_equal(pool(image, padding="valid"), pool(image))


@pytest.mark.each("stride", [1, 2, 3, 5])
@pytest.mark.each("size", [1, 2, 3, 4, 7])
def test_same_gives_a_result_for_every_sth_pixel(size, stride, noise):
    assert pool(noise((11, 13)), size=size, stride=stride, padding="same").shape == (-(-11 // stride), -(-13 // stride))


def test_same_of_stride_1_takes_a_mask(noise):
    image, mask = noise((9, 9)), np.zeros((9, 9), np.uint8)
    mask[2:5, 3:6] = 255
    answer = pool(image, size=3, stride=1, padding="same", mask=mask)
    np.testing.assert_array_equal(answer[mask == 0], image[mask == 0])


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"padding": 2}, r"padding: 2 px: a window 2 px wide .* at most 1"),
        ({"size": (9, 3), "padding": (0, 0, 0, 3)}, r"padding: 3 px: a window 3 px high .* at most 2"),
        ({"op": "avg", "size": 1, "padding": 1}, r"padding: 1 px: a window 1 px wide .* at most 0"),
        ({"padding": "full"}, r"padding: 'full' is not same, valid, P, PX,PY"),
        ({"padding": (1, 2, 3)}, "padding: .*is not same"),
        ({"padding": -1}, "-1 is out of range; use 0 to 10000"),
        ({"padding": 0.5}, "padding: 0.5 is not same"),
        ({"padding": "same", "ceil": True}, "ceil: does not apply with --padding same"),
        ({"include_pad": True}, "include_pad: does not apply to op max"),
        ({"stride": 0}, "stride: 0 is below the least value, 1"),
        ({"size": 10002}, "size: 10002 is above"),
    ],
)
def test_wrong_values_are_refused(layer, message):
    with pytest.raises(ParameterError, match=message):
        pool(np.zeros((9, 9), np.uint8), **layer)


def test_a_window_between_whose_samples_the_image_lies_is_refused():
    with pytest.raises(ImageError, match="a window has no sample in the image; use a smaller dilation"):
        pool(np.zeros((9, 2), np.uint8), dilation=(5, 1), padding=(3, 0))


def test_a_sum_and_a_mean_that_counts_padding_stand_windows_of_nothing_else():
    image = np.ones((2, 2), np.float32)
    assert pool(image, op="l2", padding=2).tolist() == [[0, 0, 0], [0, 2, 0], [0, 0, 0]]
    assert pool(image, op="avg", padding=2, include_pad=True).tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


# ---- missing samples, infinities, alpha -------------------------------------------------------------


@pytest.mark.parametrize("op", ["max", "min", "avg", "l2"])
def test_nan_is_handed_on_as_far_as_its_windows_reach(op):
    image = np.ones((12, 12), np.float32)
    image[5, 6] = np.nan
    answer = pool(image, op=op, size=3, stride=2, padding=1)
    assert np.argwhere(np.isnan(answer)).tolist() == [[2, 3], [3, 3]]


@pytest.mark.parametrize(
    ("op", "expected"),
    # The third window has one sample, the fourth none.
    [("max", [4, 3, 7]), ("min", [1, 2, 7]), ("avg", [2.5, 2.5, 7]), ("l2", [30**0.5, 26**0.5, 14])],
)
def test_missing_samples_are_left_out(op, expected):
    nan = np.nan
    image = np.array([[1, 2, 3, nan, nan, nan, nan, nan], [3, 4, 2, nan, 7, nan, nan, nan]], np.float32)
    answer = pool(image, op=op, nan="ignore")[0]
    np.testing.assert_allclose(answer[:3], expected, rtol=1e-6)
    assert np.isnan(answer[3])


def test_padding_is_nothing_beside_missing_samples():
    image = np.array([[np.nan, 2], [3, 4]], np.float32)
    near = {"padding": 1, "nan": "ignore"}
    for op in ("max", "min", "avg"):
        answer = pool(image, op=op, **near)
        assert np.isnan(answer[0, 0]) and answer[0, 1] == 2
    assert pool(image, op="avg", size=3, stride=3, **near).tolist() == [[3]]
    assert pool(image, op="avg", size=3, stride=3, include_pad=True, **near).tolist() == [[9 / 8]]


def test_infinities_are_samples():
    image = np.array([[-np.inf, -np.inf, 1, np.inf]], np.float32)
    assert pool(image, size=(2, 1)).tolist() == [[-np.inf, np.inf]]
    assert pool(image, op="min", size=(2, 1), nan="ignore").tolist() == [[-np.inf, 1]]
    assert pool(image, size=3, stride=1, padding=1)[0, 0] == -np.inf


@pytest.mark.each("layer", [{}, {"padding": 1}, {"padding": "same", "stride": 1}, {"ceil": True, "size": 4}])
@pytest.mark.parametrize("op", ["max", "min", "avg", "l2"])
def test_an_opaque_image_is_pooled_as_if_it_had_no_alpha(op, layer, run, noise):
    image = noise((9, 10, 3)) // 3
    output = run(pool, image, alpha=np.full((9, 10), 255, np.uint8), op=op, **layer)["image"]
    np.testing.assert_array_equal(output.samples, pool(image, op=op, **layer))
    assert op == "l2" or (output.alpha == 255).all()


def test_padding_that_counts_is_opaque_black(run, noise):
    image = noise((9, 10, 3))
    layer = {"op": "avg", "size": 4, "stride": 3, "padding": 2, "ceil": True, "include_pad": True}
    output = run(pool, image, alpha=np.full((9, 10), 255, np.uint8), **layer)["image"]
    np.testing.assert_array_equal(output.samples, pool(image, **layer))
    assert (output.alpha == 255).all()


def test_a_mean_of_colours_counts_each_as_much_as_it_can_be_seen(run):
    colours = np.zeros((2, 2, 3), np.uint8)
    colours[0], colours[1] = (250, 0, 0), (0, 0, 200)
    alpha = np.array([[0, 0], [255, 51]], np.uint8)
    output = run(pool, colours, alpha=alpha, op="avg")["image"]
    assert output.samples.tolist() == [[[0, 0, 200]]] and output.alpha.tolist() == [[77]]


def test_missing_colours_beside_an_alpha_leave_a_flat_image_flat(run):
    image = np.full((4, 4, 3), 0.5, np.float32)
    image[0, 0] = np.nan
    alpha = np.ones((4, 4), np.float32)
    alpha[1] = 0.25
    output = run(pool, image, alpha=alpha, op="avg", nan="ignore")["image"]
    np.testing.assert_allclose(output.samples, 0.5, rtol=1e-6)


# ---- in a chain -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 3, 40])
def test_a_chain_of_layers_is_the_layers_one_after_the_other(rows, noise):
    image = noise((41, 37, 1))
    first, second = {"size": 3, "stride": 2, "padding": 1}, {"op": "min", "size": 4, "stride": 3, "padding": "same"}
    stages = [*pool.checked(**first).stages(), *pool.checked(**second).stages()]
    answer = executor.run(stages, image, {"image": Encoding("uint8")}, Settings(), strip_rows=rows).outputs["image"]
    np.testing.assert_array_equal(answer.samples, pool(pool(image, **first), **second))


def test_strips_of_a_large_stride_are_no_higher_than_the_cache(monkeypatch):
    asked = []
    monkeypatch.setattr(
        executor, "each_strip", lambda height, rows, jobs, task, *ends: asked.append(rows) or task(0, height)
    )
    for dtype in (np.float32, np.uint8):
        for size in (1, 4, 16):
            pool(np.zeros((640, 4000), dtype), size=size)
    for single, *others in (asked[:3], asked[3:]):
        assert others == [single // 4, single // 16]
