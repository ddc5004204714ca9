"""Median and percentile: exactly SciPy's, by either algorithm, for every window, border and type."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.blur import blur
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.engine.stage import ImageContext
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.core.rank import rank_by_counting, rank_filter, sorting_network
from scipy import ndimage

DTYPES = ["uint8", "uint16", "float32"]
ALGORITHMS = rank_filter.ALGORITHMS


def scipys(image, size, percentile=50, border="reflect", fill=0.0):
    """SciPy's answer in the type of the image."""
    width, height = size if isinstance(size, tuple) else (size, size)
    window = (height, width, 1)[: image.ndim]
    return ndimage.percentile_filter(image, percentile, window, mode=border, cval=fill)


def slow(image, size, percentile=50):
    """Sorts each window of a gray image, without what is NaN, with `nearest` around it."""
    width, height = size
    around = np.pad(image, ((height // 2, (height - 1) // 2), (width // 2, (width - 1) // 2)), mode="edge")
    answer = np.empty_like(image)
    for y, x in np.ndindex(*image.shape):
        window = around[y : y + height, x : x + width].ravel()
        window = np.sort(window[~np.isnan(window)])
        place = min(int(len(window) * percentile / 100), len(window) - 1)
        answer[y, x] = window[place] if len(window) else np.nan
    return answer


def ranked(kind, planes, height, width, wanted):
    return (sorting_network.Selector if kind == "networks" else rank_by_counting.Counter)(height, width, wanted)(planes)


@pytest.mark.each("dtype", DTYPES)
@pytest.mark.each("size", [*range(1, 16), (1, 7), (7, 1), (2, 9), (15, 4), (40, 50), (61, 1)])
def test_the_median_is_scipys(size, dtype, noise):
    image = noise((23, 31, 3), dtype)
    np.testing.assert_array_equal(blur(image, op="median", size=size), scipys(image, size))


@pytest.mark.each("dtype", DTYPES)
@pytest.mark.each("border", BORDERS)
@pytest.mark.each("size", [3, (4, 6), (21, 30)])
def test_every_border_is_scipys(size, border, dtype, noise):
    image = noise((17, 12), dtype)
    answer = blur(image, op="median", size=size, border=border, fill=0.25 if dtype == "float32" else 40)
    np.testing.assert_array_equal(answer, scipys(image, size, 50, border, 0.25 if dtype == "float32" else 40))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.each("percentile", [0, 3, 25, 49.9, 50, 62.5, 97, 100])
@pytest.mark.each("size", [3, (5, 2), 8, (1, 4)])
def test_the_percentile_is_scipys(size, percentile, algorithm, noise):
    image = noise((20, 33), "uint16")
    answer = blur(image, op="percentile", percentile=percentile, size=size, algorithm=algorithm)
    np.testing.assert_array_equal(answer, scipys(image, size, percentile))


def test_the_percentile_is_the_median_unless_it_is_said(noise):
    image = noise((20, 33, 3))
    np.testing.assert_array_equal(blur(image, op="percentile", radius=2), blur(image, op="median", size=5))


@pytest.mark.parametrize("kind", ALGORITHMS)
@given(
    window=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    part=st.floats(0, 1, exclude_max=True),
    dtype=st.sampled_from(["uint8", "uint16", "float32", "float64"]),
    values=st.integers(1, 300),
    seed=st.integers(0, 99),
)
def test_any_rank_of_any_window_is_scipys(kind, window, size, part, dtype, values, seed):
    height, width = window
    planes = np.random.default_rng(seed).integers(0, values, (2, size[0] + height - 1, size[1] + width - 1))
    planes = planes.astype(dtype)
    wanted = int(part * height * width)
    answer = ranked(kind, planes, height, width, wanted)
    for plane, found in zip(planes, answer, strict=True):
        expected = ndimage.rank_filter(plane, wanted, window)
        inner = expected[height // 2 :, width // 2 :][: size[0], : size[1]]
        np.testing.assert_array_equal(found, inner)


@pytest.mark.parametrize("dtype", DTYPES)
def test_blocks_and_tiles_leave_no_seams(dtype, monkeypatch, noise):
    monkeypatch.setattr(sorting_network, "BLOCK_RESULTS", 64)
    monkeypatch.setattr(sorting_network, "MAX_BLOCK_COLUMNS", 20)
    monkeypatch.setattr(rank_by_counting, "TILE_SIDE", 9)
    image = noise((50, 47, 3), dtype)
    for algorithm in ALGORITHMS:
        for size in (3, (6, 4), 7):
            answer = blur(image, op="median", size=size, algorithm=algorithm)
            np.testing.assert_array_equal(answer, scipys(image, size), err_msg=f"{algorithm} {size}")


@pytest.mark.parametrize(
    ("shape", "size"),
    [((130, 400), (300, 17)), ((300, 200), (9, 260)), ((700, 400), (200, 30))],
    ids=str,
)
def test_counting_holds_for_wide_sums_and_many_buckets(shape, size, monkeypatch, noise):
    """Sums past 255 along the rows, and more buckets than a byte has values."""
    for bucket in (64, 1024):
        monkeypatch.setattr(rank_by_counting, "BUCKET", bucket)
        monkeypatch.setattr(rank_by_counting, "LARGEST_BUCKET", bucket)
        image = noise(shape, "uint16")[::9, ::7].copy()
        width, height = size if isinstance(size, tuple) else (size, size)
        around = np.pad(image, ((height // 2, (height - 1) // 2), (width // 2, (width - 1) // 2)), mode="symmetric")
        windows = np.lib.stride_tricks.sliding_window_view(around, (height, width))[::5, ::11]
        expected = np.sort(windows.reshape(*windows.shape[:2], -1), axis=2)
        for wanted in (height * width // 2, height * width - 1):
            answer = rank_by_counting.Counter(height, width, wanted)(around[None])[0]
            np.testing.assert_array_equal(answer[::5, ::11], expected[..., wanted])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_strips_change_nothing(algorithm, dtype, run, noise):
    image = noise((150, 41, 3), dtype)
    whole = run(blur, image, strip_rows=150, op="median", size=(5, 4), algorithm=algorithm)["image"].samples
    np.testing.assert_array_equal(whole, scipys(image, (5, 4)))
    for rows in (1, 7, 64):
        strips = run(blur, image, strip_rows=rows, op="median", size=(5, 4), algorithm=algorithm)
        np.testing.assert_array_equal(strips["image"].samples, whole)


def test_the_most_of_a_networks_operations_are_shared():
    """Of 3×3 and 5×5: fewer than the 22 and 88 of a network for each window by itself."""
    for size, most in ((3, 17), (5, 57), (7, 126), (9, 227)):
        net = sorting_network.network(size, size, size * size // 2)
        assert sum(one.kind != "sample" for one in net.operations) <= most * net.tile


# ---- floats, and what is missing in them -------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [3, (4, 5), 9])
def test_a_nan_makes_the_windows_that_hold_it_nan_and_no_other(size, algorithm, noise):
    image = noise((30, 40), "float32")
    image[4, 5], image[20, 39] = np.nan, -np.float32(np.nan)
    answer = blur(image, op="median", size=size, border="nearest", algorithm=algorithm)
    width, height = size if isinstance(size, tuple) else (size, size)
    holds = ndimage.maximum_filter(np.isnan(image), (height, width), mode="nearest")
    np.testing.assert_array_equal(np.isnan(answer), holds)
    np.testing.assert_array_equal(answer[~holds], scipys(image, size, border="nearest")[~holds])


@pytest.mark.parametrize("percentile", [0, 30, 50, 100])
@pytest.mark.parametrize("size", [(3, 3), (4, 5), (11, 9)])
def test_missing_samples_may_count_nothing(size, percentile, noise):
    image = noise((25, 30), "float32")
    image[noise((25, 30)) < 90] = np.nan
    image[5:17, 8:22] = np.nan
    image[6, 9] = -np.float32(np.nan)
    answer = blur(image, op="percentile", percentile=percentile, size=size, border="nearest", nan="ignore")
    np.testing.assert_array_equal(answer, slow(image, size, percentile))


def test_missing_samples_are_told_from_infinite_ones():
    image = np.array([[-np.inf, 1, np.nan, np.inf, np.inf]], np.float32)
    assert blur(image, op="median", size=(3, 1), nan="ignore").tolist() == [[-np.inf, 1, np.inf, np.inf, np.inf]]
    answer = blur(image, op="percentile", percentile=0, size=(3, 1))
    np.testing.assert_array_equal(answer, [[-np.inf, np.nan, np.nan, np.nan, np.inf]])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_zeros_have_no_sign_whatever_the_strips(algorithm, run):
    image = np.where(np.arange(60) % 3, 0.0, -0.0).astype(np.float32).reshape(20, 3, 1)
    answer = run(blur, image, strip_rows=3, op="median", algorithm=algorithm)["image"].samples
    assert not np.signbit(answer).any()


def test_a_sample_that_is_no_float32_is_given_back_as_it_is(noise):
    """In linear light, and behind another filter."""
    image = noise((20, 20), "float32")
    answer = blur(image, op="median", linear=True)
    np.testing.assert_allclose(answer, scipys(image, 3), atol=1e-6)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_values_that_only_float64_holds_are_told_apart(algorithm):
    planes = (1 + np.random.default_rng(0).integers(0, 50, (1, 20, 20)) * 2.0**-50).astype(np.float64)
    answer = ranked(algorithm, planes, 3, 3, 4)[0]
    np.testing.assert_array_equal(answer, ndimage.median_filter(planes[0], 3)[1:-1, 1:-1])


# ---- beside an alpha ---------------------------------------------------------------------------------


@pytest.mark.parametrize("percentile", [20, 50])
def test_transparent_pixels_are_not_ranked_and_the_alpha_stays(percentile, run, noise):
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
def test_what_is_missing_under_an_alpha(nan, run, noise):
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


@pytest.mark.parametrize(
    ("size", "dtype", "algorithm"),
    [
        (3, "uint8", "networks"),
        (9, "uint16", "networks"),
        (15, "uint8", "networks"),
        (11, "float32", "networks"),
        (15, "float32", "counting"),
        (17, "uint8", "counting"),
        (101, "float32", "counting"),
    ],
)
def test_the_plan(size, dtype, algorithm):
    assert rank_filter.plan(size, size, context(dtype)).algorithm == algorithm


def test_a_network_is_not_written_for_a_small_image():
    assert rank_filter.plan(15, 15, context()._replace(height=64, width=64)).algorithm == "counting"


def test_what_is_missing_is_counted():
    assert rank_filter.plan(3, 3, context("float32", ignoring=True))[:2] == (
        "counting",
        "missing samples count nothing",
    )


def test_the_facts_name_the_rank_and_the_algorithm():
    facts = blur.checked(op="percentile", percentile=25, size=(3, 4)).stages()[0].facts(context())
    assert facts[0].text == "percentile 25: 3×4, the sample of rank 3 of 0 … 11"
    assert facts[1][:2] == ("algorithm", "networks") and facts[1].text.startswith("algorithm: networks (")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"op": "median", "percentile": 30}, "percentile: has no meaning with op median"),
        ({"op": "percentile", "percentile": 101}, "percentile: 101 is above the greatest value, 100 %"),
        (
            {"op": "median", "algorithm": "fourier"},
            "algorithm: fourier does not compute op median; these do: auto, networks",
        ),
        ({"op": "mean", "algorithm": "counting"}, "algorithm: counting does not compute op mean; these do: auto, taps"),
        ({"op": "median", "size": 17, "algorithm": "networks"}, "networks serve windows of up to 225 samples"),
        ({"op": "median", "size": 10001}, "size: 10001,10001 is too large for a median"),
        ({"op": "median", "size": 4, "radius": 1}, "radius: 1,1 means size 3,3, which contradicts size 4"),
        ({"op": "median", "sigma": 1}, "sigma: has no meaning with op median"),
    ],
)
def test_wrong_calls(values, message):
    with pytest.raises(ParameterError, match=message):
        blur(np.zeros((4, 4), np.uint8), **values)
