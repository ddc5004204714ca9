"""Denoise: slow references, known answers, remaining noise, and no effect without noise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.blur import blur
from imfilter.filters.core.denoise import defaults, noise_estimate, speckle, total_variation, wavelet
from imfilter.filters.core.denoise.by_noise import Noise
from imfilter.filters.core.engine import executor, image_rows
from imfilter.filters.core.engine.quantize import Encoding
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.denoise import denoise
from scipy import ndimage

OPS = ["bm3d", "nlm", "bilateral", "guided", "median", "tv", "wavelet", "lee", "frost"]
BY_NOISE = [op for op in OPS if op not in ("lee", "frost")]
every_op = pytest.mark.parametrize("op", OPS)


def scene(shape=(96, 100), seed=0):
    """Soft and hard edges, of values from 30 to 220."""
    soft = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), (5, 5, 0)[: len(shape)])
    soft = 50 + 110 * (soft - soft.min()) / np.ptp(soft)
    soft[30:60, 20:50] += 60
    soft[70:, 60:] -= 20
    return soft


def with_noise(clean, sigma, seed=1):
    return (clean + np.random.default_rng(seed).normal(0, sigma, clean.shape)) / 255


def error(found, clean):
    return math.sqrt(np.mean((255 * found - clean) ** 2))


# ---- what it leaves of noise ------------------------------------------------------------------------

LEFT = {"bm3d": 0.4, "nlm": 0.5, "bilateral": 0.55, "guided": 0.6, "median": 0.65, "tv": 0.5, "wavelet": 0.45}
"""The fraction of noise that may remain in a soft picture: one and a half times the measured one."""


@pytest.mark.parametrize("op", BY_NOISE)
@pytest.mark.each("shape", [(96, 100), (96, 100, 3)])
def test_with_its_defaults_each_removes_most_of_any_noise(op, shape):
    clean = scene(shape)
    for sigma in (5, 15, 25, 50):
        assert error(denoise(with_noise(clean, sigma), op=op), clean) < LEFT[op] * sigma + 0.4, sigma


@pytest.mark.parametrize("op", ["lee", "frost"])
def test_speckle_becomes_a_third(op):
    clean = scene()
    for looks in (1, 4, 16):
        speckled = clean * np.random.default_rng(2).gamma(looks, 1 / looks, clean.shape) / 255
        answer = denoise(speckled, op=op)
        assert error(answer, clean) < 0.45 * error(speckled, clean), looks
        assert error(denoise(speckled, op=op, looks=looks), clean) < 0.45 * error(speckled, clean)


@every_op
def test_no_strength_gives_the_image_back(op, noise, each_core):
    for dtype, shape in (("uint8", (20, 21, 3)), ("uint16", (9, 8)), ("float32", (12, 9, 3))):
        image = noise(shape, dtype)
        np.testing.assert_array_equal(denoise(image, op=op, strength=0), image)
        if op in BY_NOISE:
            np.testing.assert_array_equal(denoise(image, op=op, noise_sigma=0), image)


@every_op
def test_more_strength_leaves_less(op):
    noisy = with_noise(np.full((90, 90), 128.0), 20)
    left = [float(np.std(denoise(noisy, op=op, strength=strength))) for strength in (0.25, 1, 2)]
    assert left[0] > left[1] or op in ("median", "frost")
    assert left[2] < 1.2 * left[1]


@pytest.mark.parametrize("op", BY_NOISE)
def test_strength_multiplies_the_noise_that_is_given(op):
    noisy = with_noise(scene(), 10)
    one, other = denoise(noisy, op=op, noise_sigma=0.06), denoise(noisy, op=op, noise_sigma=0.03, strength=2)
    np.testing.assert_allclose(one, other, atol=1e-12)


# ---- the same as blur -------------------------------------------------------------------------------


@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
def test_blur_has_the_same_for_the_same_parameters(dtype, noise):
    image = noise((30, 26, 3), dtype)
    white = 1 if dtype == "float32" else np.iinfo(dtype).max
    for op, given_, same in [
        ("bilateral", {"sigma": 1.5, "range_sigma": 0.2 * white}, {}),
        ("bilateral", {"size": 7, "range_sigma": 0.2 * white}, {}),
        ("guided", {"radius": 2, "epsilon": 0.02, "guide": "channel"}, {}),
        ("median", {"size": 5}, {}),
        ("nlm", {"size": 7, "patch": 3, "noise_sigma": 0.1 * white}, {}),
        ("nlm", {"size": 7, "patch": 3}, {"strength": "tolerance"}),
        ("nlm", {}, {}),
        ("lee", {"size": 5, "looks": 3}, {}),
        ("frost", {"size": 5, "damping": 2}, {}),
    ]:
        extra = dict.fromkeys(same, 0.1 * white)
        answer = denoise(image, op=op, **given_, **{same[name]: value for name, value in extra.items()})
        np.testing.assert_array_equal(answer, blur(image, op=op, **given_, **extra), err_msg=f"{op} {given_}")


# ---- the estimate -----------------------------------------------------------------------------------


def estimate(image, full=None, relative=False):
    return noise_estimate.estimate(image_rows.Source(image, lambda start, stop: image[start:stop]), full, relative)


@pytest.mark.parametrize("sigma", [2, 5, 10, 25, 50, 75])
def test_the_noise_is_told_beside_texture_and_clipping(sigma):
    """A part of the picture is calm; noise is cut off at black and white, of 75 levels nearly everywhere."""
    rng = np.random.default_rng(3)
    clean = np.repeat(np.linspace(20, 235, 481)[None], 321, axis=0)
    clean[:, 200:400] += 25 * np.sign(np.sin(np.arange(200) * 1.3)) * np.sign(np.sin(np.arange(321) * 1.1))[:, None]
    noisy = np.clip(np.rint(clean + rng.normal(0, sigma, clean.shape)), 0, 255).astype(np.uint8)[..., None]
    assert estimate(noisy, 255) == pytest.approx(sigma, rel=0.1)


@pytest.mark.parametrize("looks", [1, 4, 16])
def test_the_speckle_is_told(looks):
    speckled = scene((150, 160)) * np.random.default_rng(4).gamma(looks, 1 / looks, (150, 160))
    assert estimate(speckled[..., None], relative=True) == pytest.approx(looks**-0.5, rel=0.07)


def test_the_facts_tell_the_noise_and_what_follows_from_it():
    image = (255 * np.clip(with_noise(scene(), 12), 0, 1)).astype(np.uint8)[..., None]
    for op, words in [("wavelet", "window of"), ("tv", "weight"), ("median", "median: 3×3"), ("nlm", "tolerance")]:
        call = denoise.checked(op=op)
        found = executor.run(call.stages(), image, {"image": Encoding("uint8")}, call.settings(), measure=True).facts
        texts = [fact.text for fact in found]
        assert sum(text.startswith("noise of") for text in texts) == 1 and any(words in text for text in texts), op
        assert next(fact.value for fact in found if fact.kind == "noise") == pytest.approx(12, rel=0.1)


def test_the_parameters_grow_with_the_noise():
    for channels in (1, 3):
        several = [Noise(levels, 255.0, channels) for levels in (2, 5, 10, 20, 35, 50, 75, 200)]
        for parameter in (
            lambda noise: defaults.bilateral_parameters(noise)[0],
            lambda noise: defaults.bilateral_parameters(noise)[1],
            lambda noise: defaults.guided_parameters(noise)[1],
            defaults.median_size,
            defaults.variation_weight,
            defaults.wavelet_window,
        ):
            found = [parameter(noise) for noise in several]
            assert found == sorted(found)
        widest = several[-1]
        assert defaults.bilateral_parameters(widest)[0] <= defaults.WIDEST_SIGMA
        assert defaults.guided_parameters(widest)[0] <= defaults.WIDEST_RADIUS
        assert defaults.median_size(widest) <= defaults.WIDEST_MEDIAN


# ---- total variation --------------------------------------------------------------------------------


def test_total_variation_of_a_step_is_known():
    """Two halves of n samples, d apart: each moves towards the other by weight / n, until they meet."""
    step = np.array([0.0] * 4 + [10.0] * 4)
    found = total_variation.total_variation(step[:, None, None], 2.0, 20_000)[:, 0, 0]
    np.testing.assert_allclose(found, [0.5] * 4 + [9.5] * 4, atol=1e-3)
    found = total_variation.total_variation(step[:, None, None], 40.0, 20_000)[:, 0, 0]
    np.testing.assert_allclose(found, 5, atol=1e-3)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 5, 1), (5, 1, 3), (70, 41, 1), (41, 70, 3)])
def test_total_variation_in_bands_is_that_of_whole_planes(monkeypatch, shape):
    image = np.random.default_rng(0).normal(size=shape)
    planes = np.moveaxis(image, 2, 0)
    dual, expected = np.zeros((2, *planes.shape)), planes
    for _ in range(7):
        divergence = -dual.sum(axis=0)
        divergence[:, 1:] += dual[0, :, :-1]
        divergence[:, :, 1:] += dual[1, :, :, :-1]
        expected = planes + divergence
        gradient = np.zeros_like(dual)
        gradient[0, :, :-1] = np.diff(expected, axis=1)
        gradient[1, :, :, :-1] = np.diff(expected, axis=2)
        length = np.sqrt((gradient**2).sum(axis=(0, 1)))
        dual = (dual - 0.25 * gradient) / (1 + 0.25 / 0.3 * length)
    for band in (1, 500, 1 << 16):
        monkeypatch.setattr(total_variation, "BAND", band)
        found = [total_variation.total_variation(image, 0.3, 7, jobs) for jobs in (1, 3)]
        np.testing.assert_allclose(found[0], np.moveaxis(expected, 0, 2), rtol=0, atol=1e-14)
        np.testing.assert_array_equal(found[0], found[1])


def test_total_variation_falls_and_the_mean_stays():
    noisy = with_noise(scene(), 20)[..., None]
    found = total_variation.total_variation(noisy, 0.1)
    assert found.mean() == pytest.approx(noisy.mean(), abs=1e-12)

    def energy(image):
        x, y = np.diff(image, axis=1, append=image[:, -1:]), np.diff(image, axis=0, append=image[-1:])
        return np.hypot(x, y).sum() + ((image - noisy) ** 2).sum() / 0.2

    assert energy(found) < energy(noisy)
    rng = np.random.default_rng(5)
    longer = total_variation.total_variation(noisy, 0.1, 3000)
    for _ in range(5):  # no neighbour is better than the solution
        assert energy(longer) < energy(longer + 0.003 * rng.standard_normal(noisy.shape))


# ---- wavelets ---------------------------------------------------------------------------------------


def slow_shrinkage(image, levels, window, noise):
    """The transform by explicit sums; the image is a torus."""

    def at(array, i, j):
        return np.roll(array, (-i, -j), (0, 1))

    def split(array, apart):
        pairs = [array, at(array, 0, apart), at(array, apart, 0), at(array, apart, apart)]
        signs = [(1, 1, 1, 1), (1, -1, 1, -1), (1, 1, -1, -1), (1, -1, -1, 1)]
        return [sum(s * p for s, p in zip(sign, pairs, strict=True)) / 2 for sign in signs]

    def joined(parts, apart):
        signs = [(1, 1, 1, 1), (1, -1, 1, -1), (1, 1, -1, -1), (1, -1, -1, 1)]
        total = np.zeros_like(image)
        for part, sign in zip(parts, signs, strict=True):
            pairs = [part, at(part, 0, -apart), at(part, -apart, 0), at(part, -apart, -apart)]
            total += sum(s * p for s, p in zip(sign, pairs, strict=True)) / 8
        return total

    def shrunk(part):
        energy = sum(
            at(part, i, j) ** 2
            for i in range(-(window // 2), window // 2 + 1)
            for j in range(-(window // 2), window // 2 + 1)
        )
        signal = np.sqrt(np.maximum(energy / window**2 - noise**2, 0))
        with np.errstate(divide="ignore"):
            return np.sign(part) * np.maximum(np.abs(part) - noise**2 / signal, 0)

    def level(array, number):
        if number > levels:
            return array
        apart = 2 ** (number - 1)
        means, *details = split(array, apart)
        return joined([level(means, number + 1), *map(shrunk, details)], apart)

    return level(image, 1)


@given(st.integers(0, 999), st.integers(1, 4), st.sampled_from([1, 3, 5]))
def test_shrinkage_is_the_definition(seed, levels, window):
    image = np.random.default_rng(seed).normal(0.5, 0.2, (34, 36))
    image[5:20, 8:25] += 1
    found = denoise(image, op="wavelet", levels=levels, size=window, noise_sigma=0.2, border="wrap")
    np.testing.assert_allclose(found, slow_shrinkage(image, levels, window, 0.2), atol=1e-12)


def test_without_noise_the_transform_gives_the_picture_back():
    image = np.random.default_rng(6).random((60, 50, 3))
    halo = wavelet.halo_of(3, 5)
    found = wavelet._shrunk(image, 1, 3, 5, 0.0)
    np.testing.assert_allclose(found, image[halo:-halo, halo:-halo], atol=1e-14)


# ---- speckle ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", ["lee", "frost"])
@pytest.mark.each("nan", ["propagate", "ignore"])
def test_speckle_filters_are_their_formulas(op, nan, source):
    image = np.random.default_rng(7).gamma(4, 0.1, (9, 11))
    image[3, 4] = np.nan
    square, window = 1 / 3, (5, 3)
    found = denoise(image, op=op, looks=3, size=window, nan=nan)
    for y, x in np.ndindex(image.shape):
        near = [
            (math.hypot(i, j), image[source(y + i, 9, "reflect"), source(x + j, 11, "reflect")])
            for i in (-1, 0, 1)
            for j in (-2, -1, 0, 1, 2)
        ]
        kept = [(distance, value) for distance, value in near if nan == "propagate" or not math.isnan(value)]
        values = np.array([value for _, value in kept])
        mean, variance = values.mean(), values.var()
        if op == "lee":
            signal = max((variance + mean**2) / (1 + square) - mean**2, 0)
            own = mean if math.isnan(image[y, x]) and nan == "ignore" else image[y, x]
            expected = mean + signal / (mean**2 * square + signal) * (own - mean)
        else:
            fall = speckle.DAMPING / square * variance / mean**2
            weights = np.exp(-fall * np.array([distance for distance, _ in kept]))
            expected = (weights * values).sum() / weights.sum()
            if math.isnan(image[y, x]) and nan == "ignore":
                expected = mean
        if math.isnan(expected):
            assert math.isnan(found[y, x])
        else:
            assert found[y, x] == pytest.approx(expected, rel=1e-9)


def test_lee_gives_the_mean_where_only_speckle_varies():
    """Of 1 and 3 the mean is 2 and the variance 1: a coefficient of variation of 1/2, that of 4 looks."""
    image = np.array([[1.0, 3.0] * 8] * 2)
    np.testing.assert_allclose(denoise(image, op="lee", looks=4, size=(1, 1)), image)
    found = denoise(np.tile([[1.0, 3.0], [3.0, 1.0]], (4, 4)), op="lee", looks=3, size=7)[3:5, 3:5]
    assert np.abs(found - 2).max() < 0.05


# ---- missing samples, alpha, sizes, refusals --------------------------------------------------------


@pytest.mark.parametrize("op", ["tv", "wavelet"])
def test_what_is_missing_stays_and_spoils_nothing(op):
    image = with_noise(scene(), 10)
    holed = image.copy()
    holed[40:44, 40:44], holed[10, 10] = np.nan, np.inf
    answer = denoise(holed, op=op)
    np.testing.assert_array_equal(np.isfinite(answer), np.isfinite(holed))
    assert np.isinf(answer[10, 10])
    known = np.isfinite(holed)
    assert np.abs(answer - denoise(image, op=op))[known].max() < 0.15
    assert np.isfinite(denoise(holed, op=op, nan="ignore")[40:44, 40:44]).all()


@every_op
def test_hidden_colours_count_nothing_and_the_alpha_stays(op, run, noise):
    image, alpha = noise((40, 44, 3)), np.full((40, 44), 255, np.uint8)
    alpha[10:25, 12:30], alpha[30:] = 0, 128
    other = image.copy()
    other[10:25, 12:30] = 255 - other[10:25, 12:30]
    values = {"op": op} | ({"noise_sigma": 20} if op in BY_NOISE else {"looks": 4})
    first, second = (run(denoise, one, alpha=alpha, **values)["image"] for one in (image, other))
    np.testing.assert_array_equal(first.samples, second.samples)
    np.testing.assert_array_equal(first.alpha, alpha)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"op": "lee", "noise_sigma": 3}, "noise_sigma: does not apply to op lee"),
        ({"op": "nlm", "looks": 3}, "looks: does not apply to op nlm"),
        ({"op": "tv", "size": 3}, "size: does not apply to op tv"),
        ({"op": "bm3d", "radius": 3}, "radius: does not apply to op bm3d"),
        ({"op": "bilateral", "sigma": 2, "range_sigma": 3, "strength": 2}, "strength: has no effect"),
        ({"op": "median", "size": 3, "noise_sigma": 2}, "noise_sigma: has no effect"),
        ({"op": "tv", "weight": 3, "noise_sigma": 2}, "noise_sigma: has no effect"),
        ({"op": "nlm", "tolerance": 3, "strength": 2}, "strength: has no effect"),
        ({"op": "frost", "damping": 3, "looks": 2}, "looks: has no effect with a given damping"),
        ({"op": "lee", "size": 4}, "size: 4,4: the window of a speckle filter must be odd"),
        ({"op": "lee", "size": 103}, "size: 103,103: the window of a speckle filter must be at most 101,101"),
        ({"op": "wavelet", "size": (3, 5)}, "size: 3,5: the window of wavelet coefficients must be square"),
        ({"op": "wavelet", "levels": 7}, "levels: 7 is above"),
        ({"strength": -1}, "strength: -1 is below"),
    ],
)
def test_wrong_values_are_refused(values, message):
    with pytest.raises(ParameterError, match=message):
        denoise(np.zeros((9, 9), np.uint8), **values)
