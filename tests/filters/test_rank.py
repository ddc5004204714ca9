"""Median and percentile: exactly SciPy's, by every core and algorithm, for every window, border and type."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imfilter.filters.blur import blur
from imfilter.filters.core import native
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.engine.stage import ImageContext
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.core.rank import rank_filter
from scipy import ndimage

DTYPES = ["uint8", "uint16", "float32"]
ALGORITHMS = rank_filter.ALGORITHMS


def scipys(image, size, percentile=50, border="reflect", fill=0.0):
    """SciPy's answer in the type of the image."""
    width, height = size if isinstance(size, tuple) else (size, size)
    window = (height, width, 1)[: image.ndim]
    return ndimage.percentile_filter(image, percentile, window, mode=border, cval=fill)


def slow(image, size, percentile=50):
    """Sorts each window of a gray image, without NaN, with the border `nearest`."""
    width, height = size
    around = np.pad(image, ((height // 2, (height - 1) // 2), (width // 2, (width - 1) // 2)), mode="edge")
    answer = np.empty_like(image)
    for y, x in np.ndindex(*image.shape):
        window = around[y : y + height, x : x + width].ravel()
        window = np.sort(window[~np.isnan(window)])
        place = min(int(len(window) * percentile / 100), len(window) - 1)
        answer[y, x] = window[place] if len(window) else np.nan
    return answer


def sorted_rank(strip, height, width, rank):
    """The samples of a rank in windows of a padded strip, each window sorted."""
    windows = np.lib.stride_tricks.sliding_window_view(strip, (height, width), (0, 1))
    return np.sort(windows.reshape(*windows.shape[:3], -1), axis=3)[..., rank]


@pytest.mark.each("dtype", DTYPES)
@pytest.mark.each("size", [*range(1, 16), (1, 7), (7, 1), (2, 9), (15, 4), (40, 50), (61, 1)])
def test_the_median_is_scipys(size, dtype, noise, each_core):
    image = noise((23, 31, 3), dtype)
    np.testing.assert_array_equal(blur(image, op="median", size=size), scipys(image, size))


@pytest.mark.each("dtype", DTYPES)
@pytest.mark.each("border", BORDERS)
@pytest.mark.each("size", [3, (4, 6), (21, 30)])
def test_every_border_is_scipys(size, border, dtype, noise, each_core):
    image = noise((17, 12), dtype)
    answer = blur(image, op="median", size=size, border=border, fill=0.25 if dtype == "float32" else 40)
    np.testing.assert_array_equal(answer, scipys(image, size, 50, border, 0.25 if dtype == "float32" else 40))


@pytest.mark.each("percentile", [0, 3, 25, 49.9, 50, 62.5, 97, 100])
@pytest.mark.each("size", [3, (5, 2), 8, (1, 4)])
def test_the_percentile_is_scipys(size, percentile, noise, each_core):
    for dtype in DTYPES:
        image = noise((20, 33), dtype)
        answer = blur(image, op="percentile", percentile=percentile, size=size)
        np.testing.assert_array_equal(answer, scipys(image, size, percentile))


def test_the_percentile_is_the_median_unless_it_is_said(noise):
    image = noise((20, 33, 3))
    np.testing.assert_array_equal(blur(image, op="percentile", radius=2), blur(image, op="median", size=5))


LAYOUTS = {
    "interleaved": lambda strip: np.ascontiguousarray(strip),
    "planes": lambda strip: np.ascontiguousarray(strip.transpose(2, 0, 1)).transpose(1, 2, 0),
    "every second sample": lambda strip: strip.repeat(2, axis=1)[:, ::2],
    "part of another": lambda strip: np.pad(strip, ((1, 1), (3, 2), (0, 0)))[1:-1, 3:-2],
    "upside down": lambda strip: strip[::-1].copy()[::-1],
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    window=st.tuples(st.integers(1, 9), st.integers(1, 9)) | st.sampled_from([(3, 3), (5, 5)]),
    size=st.tuples(st.integers(1, 12), st.integers(1, 150), st.integers(1, 4)),
    part=st.floats(0, 1, exclude_max=True),
    dtype=st.sampled_from(["uint8", "uint16", "float32", "float64"]),
    values=st.sampled_from([1, 2, 30, 256, 60000]),
    layout=st.sampled_from(sorted(LAYOUTS)),
    seed=st.integers(0, 99),
)
def test_any_rank_of_any_window_is_that_of_the_sorted_window(
    window, size, part, dtype, values, layout, seed, each_core
):
    height, width = window
    shape = size[0] + height - 1, size[1] + width - 1, size[2]
    strip = LAYOUTS[layout](np.random.default_rng(seed).integers(0, values, shape).astype(dtype))
    strip.flags.writeable = False
    count = height * width
    for rank in (int(part * count), count // 2):
        expected = sorted_rank(strip, height, width, rank)
        for networks in (False, True):
            answer = rank_filter.of_rank(strip, width, height, rank, networks)
            assert answer.dtype == strip.dtype
            np.testing.assert_array_equal(answer, expected)


@pytest.mark.each("columns", [1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 2100])
@pytest.mark.each("dtype", [*DTYPES, "float64"])
def test_rows_of_any_length_are_whole(columns, dtype, noise, each_core):
    """A row of few samples, of some vectors and a part, and of several blocks; one row of results and several."""
    for rows, side, channels in ((1, 3, 1), (2, 3, 3), (3, 5, 1), (1, 5, 3)):
        strip = noise((rows + side - 1, columns + side - 1, channels)).astype(dtype)
        answer = rank_filter.of_rank(strip, side, side, side * side // 2, networks=True)
        np.testing.assert_array_equal(answer, sorted_rank(strip, side, side, side * side // 2))


@pytest.mark.each("channels", [1, 3, 40])
def test_tiles_and_stripes_leave_no_seams(channels, noise, each_core):
    for dtype in (*DTYPES, "float64"):
        strip = noise((8, 1100 // channels, channels) if dtype == "uint8" else (133, 280 // channels, channels))
        strip = strip.astype(dtype)
        for width, height in ((4, 3), (3, 5), (3, 3)):
            rank = width * height // 3
            answer = rank_filter.of_rank(strip, width, height, rank)
            np.testing.assert_array_equal(answer, sorted_rank(strip, height, width, rank))


@pytest.mark.each("window", [(300, 3), (2, 260), (256, 255), (257, 255), (255, 258), (1, 700)])
def test_counts_hold_for_large_windows(window, noise, each_core):
    """More samples in a column than a byte counts, and in a window than 16 bits do."""
    height, width = window
    for dtype in ("uint8", "uint16"):
        strip = noise((height + 2, width + 4, 1)).astype(dtype) // 128 * 255
        for rank in (0, height * width // 2, height * width - 1):
            answer = rank_filter.of_rank(strip, width, height, rank)
            np.testing.assert_array_equal(answer, sorted_rank(strip, height, width, rank))
        assert not rank_filter.of_rank(0 * strip, width, height, height).any()


def test_a_last_block_narrower_than_a_vector_stays_in_its_row(noise, each_core):
    """Of 244 results at most, evenly divided: so it takes a row as long as this."""
    strip = noise((5, 58807 + 4, 1), "float32").astype(np.float64)
    answer = np.full((1, 1, 58807 + 16), -1.0)
    if native.core is not None:
        native.core.rank(strip[None, ..., 0], answer[..., :58807], 5, 5, 1, np.array([12.0]), True)
        np.testing.assert_array_equal(answer[0, 0, 58807:], -1)
        np.testing.assert_array_equal(answer[0, 0, :58807], sorted_rank(strip, 5, 5, 12)[0, :, 0])


def test_a_rank_is_found_however_far_it_is_from_the_last(noise, each_core):
    """Stripes of black and white noise, between which the medians jump."""
    strip = (np.add.outer(np.arange(90) // 7, np.arange(80) // 7) % 2 * 60000).astype(np.uint16)[..., None]
    strip += noise(strip.shape).astype(np.uint16)
    np.testing.assert_array_equal(rank_filter.of_rank(strip, 4, 3, 5), sorted_rank(strip, 3, 4, 5))


@pytest.mark.parametrize("dtype", DTYPES)
def test_strips_change_nothing(dtype, run, noise, each_core):
    image = noise((150, 41, 3), dtype)
    for size in ((5, 4), 3, 5):
        whole = run(blur, image, strip_rows=150, op="median", size=size)["image"].samples
        np.testing.assert_array_equal(whole, scipys(image, size))
        for rows in (1, 7, 64):
            strips = run(blur, image, strip_rows=rows, op="median", size=size)
            np.testing.assert_array_equal(strips["image"].samples, whole)


def test_the_algorithms_give_the_same(noise):
    image = noise((20, 33, 3))
    for size in (3, 5):
        answers = [blur(image, op="median", size=size, algorithm=name) for name in ("auto", *ALGORITHMS)]
        np.testing.assert_array_equal(answers[1], answers[0])
        np.testing.assert_array_equal(answers[2], answers[0])


# ---- floats, and what is missing in them -------------------------------------------------------------


@pytest.mark.parametrize("size", [3, (4, 5), 9])
def test_a_nan_makes_the_windows_that_hold_it_nan_and_no_other(size, noise, each_core):
    image = noise((30, 40), "float32")
    image[4, 5], image[20, 39] = np.nan, -np.float32(np.nan)
    answer = blur(image, op="median", size=size, border="nearest")
    width, height = size if isinstance(size, tuple) else (size, size)
    holds = ndimage.maximum_filter(np.isnan(image), (height, width), mode="nearest")
    np.testing.assert_array_equal(np.isnan(answer), holds)
    np.testing.assert_array_equal(answer[~holds], scipys(image, size, border="nearest")[~holds])


@pytest.mark.parametrize("percentile", [0, 30, 50, 100])
@pytest.mark.parametrize("size", [(3, 3), (4, 5), (11, 9)])
def test_missing_samples_may_count_nothing(size, percentile, noise, each_core):
    image = noise((25, 30), "float32")
    image[noise((25, 30)) < 90] = np.nan
    image[5:17, 8:22] = np.nan
    image[6, 9] = -np.float32(np.nan)
    answer = blur(image, op="percentile", percentile=percentile, size=size, border="nearest", nan="ignore")
    np.testing.assert_array_equal(answer, slow(image, size, percentile))


def test_missing_samples_are_told_from_infinite_ones(each_core):
    image = np.array([[-np.inf, 1, np.nan, np.inf, np.inf]], np.float32)
    assert blur(image, op="median", size=(3, 1), nan="ignore").tolist() == [[-np.inf, 1, np.inf, np.inf, np.inf]]
    answer = blur(image, op="percentile", percentile=0, size=(3, 1))
    np.testing.assert_array_equal(answer, [[-np.inf, np.nan, np.nan, np.nan, np.inf]])


@pytest.mark.each("few, many", [(0.0, -0.0), (-0.0, 0.0)])
@pytest.mark.each("dtype", ["float32", "float64"])
def test_zeros_have_no_sign_whatever_the_strips(few, many, dtype, run, each_core):
    image = np.where(np.arange(60) % 3, many, few).astype(dtype).reshape(20, 3, 1)
    for size in (3, 4, 5):
        answer = run(blur, image, strip_rows=3, op="median", size=size)["image"].samples
        assert not np.signbit(answer).any()
        assert not np.signbit(rank_filter.of_rank(image, 2, 3, 3)).any()
    for size in (3, 5):
        assert not np.signbit(rank_filter.of_rank(np.tile(image, (1, 9, 1)), size, size, size**2 // 2, True)).any()


def test_a_sample_that_is_no_float32_is_given_back_as_it_is(noise):
    """In linear light, and behind another filter."""
    image = noise((20, 20), "float32")
    answer = blur(image, op="median", linear=True)
    np.testing.assert_allclose(answer, scipys(image, 3), atol=1e-6)


def test_values_that_only_float64_holds_are_told_apart(each_core):
    """In the lower half of their bits, and by their sign."""
    low = (1 + np.random.default_rng(0).integers(-50, 50, (20, 20, 1)) * 2.0**-50).astype(np.float64)
    for strip in (low, low * np.where(np.arange(20) % 3, 1, -1e9)[:, None]):
        for networks in (False, True):
            answer = rank_filter.of_rank(strip, 3, 3, 4, networks)
            np.testing.assert_array_equal(answer, sorted_rank(strip, 3, 3, 4))


# ---- beside an alpha ---------------------------------------------------------------------------------


@pytest.mark.parametrize("percentile", [20, 50])
def test_transparent_pixels_are_not_ranked_and_the_alpha_stays(percentile, run, noise, each_core):
    image, alpha = noise((30, 25, 3)), np.full((30, 25), 255, np.uint8)
    alpha[8:20, 5:], alpha[25, 25 // 2] = 0, 0
    options = {"op": "percentile", "percentile": percentile, "size": (4, 5), "border": "nearest"}
    outputs = [run(blur, image, alpha=alpha, strip_rows=rows, **options)["image"] for rows in (30, 4)]
    for output in outputs:
        np.testing.assert_array_equal(output.alpha, alpha)
        for channel in range(3):
            visible = np.where(alpha > 0, image[..., channel], np.nan)
            expected = slow(visible, (4, 5), percentile)
            np.testing.assert_array_equal(output.samples[..., channel][alpha > 0], expected[alpha > 0])


@pytest.mark.parametrize("nan", ["propagate", "ignore"])
def test_what_is_missing_under_an_alpha(nan, run, noise, each_core):
    image, alpha = noise((20, 20, 1), "float32"), np.ones((20, 20), np.float32)
    alpha[:4], image[10, 10], image[2, 2] = 0, np.nan, np.nan
    answer = run(blur, image, alpha=alpha, op="median", nan=nan)["image"].samples[..., 0]
    missing = np.argwhere(np.isnan(answer[4:])) + np.array([4, 0])
    assert {tuple(at) for at in missing.tolist()} == (
        {(y, x) for y in (9, 10, 11) for x in (9, 10, 11)} if nan == "propagate" else set()
    )


def test_where_all_is_opaque_an_alpha_changes_nothing(run, noise):
    image, alpha = noise((20, 20, 3)), np.full((20, 20), 255, np.uint8)
    answer = run(blur, image, alpha=alpha, op="median", size=5)["image"].samples
    np.testing.assert_array_equal(answer, scipys(image, 5))


# ---- the plan, and wrong calls ----------------------------------------------------------------------


def context(dtype="uint8", **properties):
    full = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}[dtype]
    work = np.float64 if dtype == "float32" else np.float32
    return ImageContext(full, work, whole=dtype != "float32", height=3000, width=4000, **properties)


NEEDS_CORE = pytest.mark.skipif(native.core is None, reason="needs the compiled core")


@NEEDS_CORE
@pytest.mark.each(
    "size, rank, algorithm", [(3, 4, "networks"), (5, 12, "networks"), (3, 3, "counting"), (7, 24, "counting")]
)
def test_the_plan(size, rank, algorithm):
    assert rank_filter.plan(size, size, rank, context()).algorithm == algorithm


@NEEDS_CORE
def test_what_is_missing_is_counted():
    assert rank_filter.plan(3, 3, 4, context("float32", ignoring=True))[:2] == (
        "counting",
        "missing samples are ignored",
    )


def test_without_the_core_windows_are_sorted(monkeypatch):
    monkeypatch.setattr(native, "core", None)
    assert rank_filter.plan(3, 3, 4, context()) == ("sorting", "without the compiled core")


@NEEDS_CORE
@pytest.mark.each(
    "height, width, step, ranks, network, message",
    [
        (4, 3, 1, [4], False, "do not follow"),
        (3, 3, 2, [4], False, "do not follow|not of 2 channels"),
        (3, 3, 0, [4], False, "step: 0"),
        (0, 3, 1, [4], False, "height: 0"),
        (3, 70000, 1, [4], False, "width: 70000"),
        (3, 3, 1, [9], False, "rank for 9 samples is none"),
        (3, 3, 1, [-1], False, "rank for 9 samples is none"),
        (3, 3, 1, [np.nan], False, "rank for 9 samples is none"),
        (3, 3, 1, [], False, "0 are given"),
        (3, 3, 1, [0] * 10, False, "rank for 0 samples is none"),
        (3, 3, 1, [-1, 0, 2, 0, 0, 0, 0, 0, 0, 0], False, "rank for 2 samples is none"),
        (3, 3, 1, [3], True, "have a network"),
    ],
)
def test_the_core_refuses_what_does_not_fit(height, width, step, ranks, network, message):
    given, out = np.zeros((1, 9, 11), np.uint16), np.zeros((1, 7, 9), np.uint16)
    with pytest.raises(ValueError, match=message):
        native.core.rank(given, out, height, width, step, np.array(ranks, float), network)


@NEEDS_CORE
def test_the_core_gives_the_type_that_it_takes():
    with pytest.raises(TypeError, match="out"):
        native.core.rank(np.zeros((1, 3, 3), "u1"), np.zeros((1, 1, 1), "u2"), 3, 3, 1, np.array([4.0]), False)


@NEEDS_CORE
def test_the_facts_name_the_rank_and_the_algorithm():
    facts = blur.checked(op="percentile", percentile=25, size=(3, 4)).stages()[0].facts(context())
    assert facts[0].text == "percentile 25: 3×4, the sample of rank 3 of 0 … 11"
    assert facts[1][:2] == ("algorithm", "counting") and facts[1].text.startswith("algorithm: counting (")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"op": "median", "percentile": 30}, "percentile: does not apply to op median"),
        ({"op": "percentile", "percentile": 101}, "percentile: 101 is above the greatest value, 100 %"),
        (
            {"op": "median", "algorithm": "fourier"},
            "algorithm: fourier does not compute op median; these do: auto, networks",
        ),
        (
            {"op": "mean", "algorithm": "counting"},
            "algorithm: counting does not compute op mean; these do: auto, direct",
        ),
        ({"op": "median", "size": 17, "algorithm": "networks"}, "networks compute only medians of 3×3 and 5×5"),
        ({"op": "median", "size": 10001}, "size: 10001,10001 is too large for a median"),
        ({"op": "median", "size": 4, "radius": 1}, "radius: 1,1 means size 3,3, which contradicts size 4"),
        ({"op": "median", "sigma": 1}, "sigma: does not apply to op median"),
    ],
)
def test_wrong_calls(values, message):
    with pytest.raises(ParameterError, match=message):
        blur(np.zeros((4, 4), np.uint8), **values)
