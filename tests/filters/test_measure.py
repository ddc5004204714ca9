"""PSNR and SSIM against loops in float64 and known answers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imfilter.filters.core.measure import ms_ssim, psnr, rmse, ssim
from imfilter.filters.core.measure.difference import difference, together
from imfilter.filters.core.parameters import ImageError, ParameterError

RNG = np.random.default_rng(0)
FULL = {"uint8": 255, "uint16": 65535, "float32": 1.0, "float64": 1.0}


def picture(shape, kind, rng):
    """A soft picture with some structure."""
    smooth = np.cumsum(rng.normal(0, 0.03, shape), axis=1) + 0.5
    values = np.clip(smooth, 0, 1) * FULL[kind]
    return values.astype(kind) if kind.startswith("f") else np.floor(values + 0.5).astype(kind)


def noisy(image, sigma, rng):
    full = FULL[image.dtype.name]
    values = np.clip(image + rng.normal(0, sigma * full, image.shape), 0, full)
    return values.astype(image.dtype)


def slow_maps(a, b, peak):
    """SSIM and its part of contrast and structure at every place, place by place."""
    x = np.arange(-5, 6)
    row = np.exp(-(x**2) / (2 * 1.5**2))
    weights = np.outer(row, row) / row.sum() ** 2
    light, dark = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    a, b = a.astype(np.float64), b.astype(np.float64)
    wholes, structures = [], []
    for y in range(a.shape[0] - 10):
        for x in range(a.shape[1] - 10):
            one, other = a[y : y + 11, x : x + 11], b[y : y + 11, x : x + 11]
            mean_a, mean_b = (weights * one).sum(), (weights * other).sum()
            var_a, var_b = (weights * (one - mean_a) ** 2).sum(), (weights * (other - mean_b) ** 2).sum()
            both = (weights * (one - mean_a) * (other - mean_b)).sum()
            structures.append((2 * both + dark) / (var_a + var_b + dark))
            wholes.append(structures[-1] * (2 * mean_a * mean_b + light) / (mean_a**2 + mean_b**2 + light))
    return np.array(wholes), np.array(structures)


@pytest.mark.parametrize("kind", FULL)
def test_ssim_is_the_mean_of_its_definition(kind):
    rng = np.random.default_rng(3)
    for shape in ((11, 11), (12, 40), (31, 17)):
        a = picture(shape, kind, rng)
        b = noisy(a, 0.05, rng)
        peak = FULL[kind]
        assert ssim(a, b, peak=peak) == pytest.approx(slow_maps(a, b, peak)[0].mean(), abs=1e-9)


def test_ssim_of_what_is_flat_and_bright_keeps_its_digits():
    a = np.full((40, 40), 254, np.uint8)
    b = a + (RNG.random(a.shape) < 0.1)
    assert ssim(a, b.astype(np.uint8)) == pytest.approx(slow_maps(a, b, 255)[0].mean(), abs=1e-9)


def test_ssim_of_colours_is_that_of_the_luma_or_the_mean_of_each():
    a = RNG.integers(0, 256, (20, 20, 3), np.uint8)
    b = RNG.integers(0, 256, (20, 20, 3), np.uint8)
    lumas = [image @ np.array([0.299, 0.587, 0.114]) for image in (a, b)]
    assert ssim(a, b) == pytest.approx(slow_maps(*lumas, 255)[0].mean(), abs=1e-9)
    each = [slow_maps(a[..., channel], b[..., channel], 255)[0].mean() for channel in range(3)]
    assert ssim(a, b, channels="each") == pytest.approx(np.mean(each), abs=1e-9)


def test_ms_ssim_is_the_product_of_its_definition():
    a = picture((177, 179), "uint8", np.random.default_rng(5))
    b = noisy(a, 0.08, np.random.default_rng(6))
    product, planes = 1.0, [a.astype(np.float64), b.astype(np.float64)]
    for number, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        wholes, structures = slow_maps(*planes, 255)
        product *= (wholes if number == 4 else structures).mean() ** weight
        planes = [plane[: len(plane) // 2 * 2, : plane.shape[1] // 2 * 2] for plane in planes]
        planes = [sum(plane[y::2, x::2] for y in (0, 1) for x in (0, 1)) / 4 for plane in planes]
    assert ms_ssim(a, b) == pytest.approx(product, abs=1e-9)


def test_what_is_smaller_than_the_window_has_no_similarity():
    small = np.zeros((10, 200), np.uint8)
    assert math.isnan(ssim(small, small))
    assert ssim(np.zeros((11, 11), np.uint8), np.zeros((11, 11), np.uint8)) == 1
    assert math.isnan(ms_ssim(np.zeros((175, 300), np.uint8), np.zeros((175, 300), np.uint8)))


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([*FULL]), st.integers(11, 40), st.integers(11, 40), st.integers(0, 2**32 - 1))
def test_ssim_is_symmetric_one_for_equals_and_falls_with_noise(kind, height, width, seed):
    rng = np.random.default_rng(seed)
    a, peak = picture((height, width), kind, rng), FULL[kind]
    weak, strong = noisy(a, 0.02, rng), noisy(a, 0.3, rng)
    assert ssim(a, a, peak=peak) == 1
    assert ssim(a, weak, peak=peak) == pytest.approx(ssim(weak, a, peak=peak), abs=1e-12)
    assert ssim(a, strong, peak=peak) < ssim(a, weak, peak=peak) <= 1


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_psnr_of_one_sample_that_is_off_by_one(kind):
    a = np.zeros((50, 40, 3), kind)
    b = a.copy()
    b[3, 4, 1] = 1
    assert psnr(a, b) == pytest.approx(10 * math.log10(FULL[kind] ** 2 * 6000))
    assert rmse(a, b) == pytest.approx(6000**-0.5)
    assert psnr(a, a) == math.inf


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([*FULL]),
    st.integers(1, 30),
    st.integers(1, 30),
    st.sampled_from([1, 2, 3, 5]),
    st.integers(0, 9999),
)
def test_differences_are_those_of_a_loop(kind, height, width, channels, seed):
    rng = np.random.default_rng(seed)
    a = picture((height, width, channels), kind, rng)
    b = np.where(rng.random(a.shape) < 0.5, a, noisy(a, 0.1, rng))
    tolerance = 0.02 * FULL[kind]
    where = rng.random((height, width)) < 0.7
    found = difference(a, b, tolerance, where)
    apart = [
        [abs(float(x) - float(y)) for x, y in zip(one, other, strict=True)]
        for one, other in zip(a[where], b[where], strict=True)
    ]
    assert found.greatest == pytest.approx(max((x for pixel in apart for x in pixel), default=0.0), rel=1e-12)
    assert found.differing == sum(max(pixel) > tolerance for pixel in apart)
    assert found.squares == pytest.approx(sum(x * x for pixel in apart for x in pixel), rel=1e-12)
    assert found.pixels == where.sum()


def test_squares_of_integers_are_exact_and_strips_change_nothing(monkeypatch):
    a = RNG.integers(0, 65536, (70, 90, 3), np.uint16)
    b = RNG.integers(0, 65536, (70, 90, 3), np.uint16)
    exact = int(((a.astype(int) - b) ** 2).sum())
    whole = difference(a, b)
    assert whole.squares == exact
    monkeypatch.setattr("imfilter.filters.core.measure.difference.STRIP", 300)
    assert difference(a, b) == whole
    halves = [difference(a[:33], b[:33]), difference(a[33:], b[33:])]
    assert together(halves) == whole


def test_strips_of_ssim_change_no_more_than_the_last_digits(monkeypatch):
    a, b = RNG.integers(0, 256, (2, 90, 60), np.uint8)
    whole = ssim(a, b)
    monkeypatch.setattr("imfilter.filters.core.measure.similarity.STRIP", 120)
    assert ssim(a, b) == pytest.approx(whole, abs=1e-14)


def test_jobs_is_the_number_of_threads_and_changes_no_figure(monkeypatch):
    import imfilter.filters.core.engine.threads as engine_threads
    from imfilter.filters.core.measure import difference as of_difference
    from imfilter.filters.core.measure import similarity as of_similarity

    begun = []
    monkeypatch.setattr(engine_threads, "available", lambda: 4)
    original = engine_threads.beside
    monkeypatch.setattr(engine_threads, "beside", lambda task, **how: begun.append(task) or original(task, **how))
    for module in (of_difference, of_similarity):
        monkeypatch.setattr(module, "STRIP", 400)
    rng = np.random.default_rng(5)
    a = picture((200, 190), "uint8", rng)
    b = noisy(a, 0.1, rng)
    for measure in (psnr, rmse, ssim, ms_ssim):
        figures, threads = set(), []
        for jobs in (1, 3, None):
            begun.clear()
            figures.add(measure(a, b, jobs=jobs))
            threads.append(len(begun))
        assert threads == [0, 2, 3] if measure is not ms_ssim else 0 == threads[0] < threads[1] < threads[2]
        assert len(figures) == 1, measure
        for wrong in (0, -1, 1.5, True):
            with pytest.raises(ParameterError, match="jobs"):
                measure(a, b, jobs=wrong)


def test_nan_equals_nan_and_differs_infinitely_from_numbers():
    a = np.array([[[np.nan], [1.0], [np.inf]]])
    same = difference(a, a.copy())
    assert (same.greatest, same.differing, same.squares) == (0, 0, 0)
    other = difference(a, np.array([[[0.0], [1.0], [np.inf]]]))
    assert (other.greatest, other.differing) == (math.inf, 1)
    assert other.psnr(1.0) == -math.inf
    assert math.isnan(ssim(np.full((11, 11), np.nan), np.zeros((11, 11)), peak=1))


def test_floats_need_a_peak_and_images_one_shape():
    a = np.zeros((12, 12), np.float32)
    for measure in (psnr, ssim, ms_ssim):
        with pytest.raises(ParameterError, match="peak"):
            measure(a, a)
        with pytest.raises(ImageError, match="the same shape"):
            measure(a, a[:11], peak=1)
    with pytest.raises(ImageError, match="the same shape"):
        rmse(a, a.astype(np.float64))
    with pytest.raises(ParameterError, match="channels"):
        ssim(a, a, peak=1, channels="all")


@pytest.mark.peers
def test_ssim_and_psnr_are_those_of_scikit_image():
    metrics = pytest.importorskip("skimage.metrics")
    rng = np.random.default_rng(11)
    for number in range(40):
        kind = ["uint8", "uint16", "float64"][number % 3]
        height, width = rng.integers(11, 120, 2)
        a, peak = picture((height, width), kind, rng), FULL[kind]
        b = noisy(a, rng.choice([0.002, 0.02, 0.2]), rng)
        _, full = metrics.structural_similarity(
            a, b, full=True, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=peak
        )
        assert ssim(a, b, peak=peak) == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-6)
        assert psnr(a, b, peak=peak) == pytest.approx(metrics.peak_signal_noise_ratio(a, b, data_range=peak), abs=1e-6)
