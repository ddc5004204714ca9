"""Adaptive sharpening: noise is not amplified, halos are bounded, edges are sharpened."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.core.denoise import adaptive_sharpening
from imfilter.filters.core.linear.kernels import gaussian_weights
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.sharpen import sharpen
from scipy import ndimage


def slow(image, sigma, amount, noise, overshoot, alpha=1.0):
    """The formula of the docstring with scipy.ndimage in float64, and loops for the parts that vary by pixel."""
    values = image.astype(float)

    def smooth(values):
        return ndimage.gaussian_filter(values, (sigma, sigma, 0), mode="reflect")

    # The border is that of the image, not of the detail.
    wide = np.pad(values, ((40, 40), (40, 40), (0, 0)), "symmetric")
    weights = np.pad(np.broadcast_to(alpha, values.shape), ((40, 40), (40, 40), (0, 0)), "symmetric") * ~np.isnan(wide)
    soft = smooth(np.where(weights == 0, 0, wide * weights)) / smooth(weights)
    padded, soft, weights = (part[38:-38, 38:-38] for part in (wide, soft, weights))
    padded = np.where(weights > 0, padded, np.nan)
    squares = (padded - soft) ** 2 * weights
    taps = np.outer(gaussian_weights(sigma), gaussian_weights(sigma))
    taps[len(taps) // 2, len(taps) // 2] -= 1
    least = 2 * noise**2 * (taps**2).sum()
    answer = np.empty_like(values)
    for y, x in np.ndindex(values.shape[:2]):
        window = squares[y : y + 5, x : x + 5]
        variance = np.nansum(window) / (np.sum(weights[y : y + 5, x : x + 5]) or 1)
        gain = max(variance - least, 0) / variance if variance > 0 else 0
        around = padded[y + 1 : y + 4, x + 1 : x + 4].reshape(9, -1)
        low, high = np.fmin.reduce(around), np.fmax.reduce(around)
        beyond, at, own = overshoot * (high - low), values[y, x], soft[y + 2, x + 2]
        sharp = np.where(np.isnan(at), own, at + amount * gain * (at - own))
        answer[y, x] = np.fmin(np.fmax(sharp, low - beyond), high + beyond)
    return answer


@given(
    seed=st.integers(0, 9999),
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from([1, 3])),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
    sigma=st.sampled_from([0.7, 2.0]),
    amount=st.sampled_from([0.5, 3.0]),
    noise=st.sampled_from([0.0, 0.03, 0.2]),
    overshoot=st.sampled_from([0.0, 0.1, 5.0]),
)
def test_it_is_the_formula(seed, shape, dtype, sigma, amount, noise, overshoot, to_samples):
    rng = np.random.default_rng(seed)
    white = 1 if dtype == "float32" else np.iinfo(dtype).max
    image = to_samples(white * np.clip(rng.normal(0.5, 0.15, shape), 0, 1), dtype)
    values = {"sigma": sigma, "amount": amount, "threshold": noise * white, "overshoot": overshoot}
    answer = sharpen(image, op="adaptive", **values)
    exact = slow(image, sigma, amount, noise * white, overshoot)
    if dtype == "float32":
        np.testing.assert_allclose(answer, exact, atol=1e-5)
    else:
        assert np.abs(answer - np.clip(exact, 0, white)).max() <= 0.51


@given(st.integers(0, 999), st.sampled_from([0.0, 0.1, 0.5]), st.sampled_from([1.0, 8.0]))
def test_no_pixel_goes_further_than_it_may(seed, overshoot, amount):
    image = ndimage.gaussian_filter(np.random.default_rng(seed).random((20, 20)), 1).astype(np.float32)
    answer = sharpen(image, op="adaptive", amount=amount, threshold=0, overshoot=overshoot)
    low, high = ndimage.minimum_filter(image, 3), ndimage.maximum_filter(image, 3)
    beyond = overshoot * (high - low) + 1e-6
    assert (answer >= low - beyond).all() and (answer <= high + beyond).all()


@pytest.mark.parametrize(("overshoot", "most"), [(0, 0), (0.1, 16), (0.5, 80)])
def test_a_step_overshoots_by_the_part_that_is_allowed(overshoot, most):
    """At a step of 160 an unsharp mask of 3 overshoots by more than 80, and is visible 5 pixels away."""
    step = np.where(np.arange(40) < 20, 50, 210).astype(np.float32)[None].repeat(9, 0)
    answer = sharpen(step, op="adaptive", amount=3, threshold=0, overshoot=overshoot)[4]
    assert answer.max() - 210 == pytest.approx(most, abs=1e-3) and 50 - answer.min() == pytest.approx(most, abs=1e-3)
    np.testing.assert_allclose(np.delete(answer, [19, 20]), np.delete(step[4], [19, 20]), atol=1e-3)
    assert np.abs(sharpen(step, op="unsharp", amount=3)[4] - step[4])[24] > 5


def test_a_soft_edge_becomes_steeper():
    edge = ndimage.gaussian_filter1d(np.where(np.arange(60) < 30, 50.0, 210.0), 2).astype(np.float32)[None]
    answer = sharpen(edge.repeat(9, 0), op="adaptive", amount=2)[4]
    assert np.diff(answer).max() > 1.5 * np.diff(edge[0]).max()


def test_noise_is_spared():
    noisy = np.random.default_rng(0).normal(120, 8, (90, 90, 3)).astype(np.float32)
    adaptive, unsharp = (sharpen(noisy, op=op, amount=2) for op in ("adaptive", "unsharp"))
    assert adaptive.std() < 1.01 * noisy.std() and unsharp.std() > 2.5 * noisy.std()
    assert sharpen(noisy, op="adaptive", amount=2, threshold=0, overshoot=9).std() > 2.5 * noisy.std()


def test_a_blurred_and_noisy_picture_becomes_better_where_an_unsharp_mask_makes_it_worse():
    y, x = np.mgrid[:120, :120]
    clean = 60 + 130.0 * (np.hypot(x - 60, y - 60) < 40) + 40 * ((x // 12 + y // 12) % 2)
    rng = np.random.default_rng(1)
    image = np.clip(ndimage.gaussian_filter(clean, 1.2) + rng.normal(0, 5, clean.shape) + 0.5, 0, 255).astype(np.uint8)

    def error(answer):
        return np.sqrt(np.mean((answer - clean) ** 2))

    for amount in (1, 2):
        adaptive, unsharp = (error(sharpen(image, op=op, amount=amount)) for op in ("adaptive", "unsharp"))
        assert adaptive < 0.95 * error(image) < 0.95 * unsharp


def test_all_channels_have_one_gain():
    """Red noise below the threshold is sharpened as well where green has an edge, and gray stays gray."""
    image = np.zeros((15, 15, 3), np.float32)
    image[..., 0] = np.random.default_rng(2).normal(0, 1, (15, 15))
    alone = sharpen(image[..., 0], op="adaptive", threshold=3, overshoot=9)
    np.testing.assert_array_equal(alone, image[..., 0])
    image[:, 8:, 1] = 200
    assert np.abs(sharpen(image, op="adaptive", threshold=3, overshoot=9) - image)[:, 5:11, 0].mean() > 0.5
    gray = np.repeat(np.random.default_rng(3).integers(0, 255, (15, 15, 1), np.uint8), 3, axis=2)
    assert (np.ptp(sharpen(gray, op="adaptive"), axis=2) == 0).all()


def test_amount_0_gives_the_image_back(noise):
    np.testing.assert_array_equal(sharpen(noise((9, 8, 3)), op="adaptive", amount=0), noise((9, 8, 3)))
    np.testing.assert_array_equal(sharpen(noise((9, 8, 3)), op="adaptive", sigma=0), noise((9, 8, 3)))


def test_missing_samples_have_no_detail():
    image = np.random.default_rng(6).normal(100, 20, (14, 12, 3)).astype(np.float32)
    image[np.random.default_rng(7).random(image.shape) < 0.3] = np.nan
    answer = sharpen(image, op="adaptive", sigma=1.0, threshold=9, overshoot=0.2, nan="ignore")
    np.testing.assert_allclose(answer, slow(image, 1.0, 1, 9, 0.2), rtol=1e-6)


def test_missing_samples_count_nothing():
    """A hole is filled from its surroundings, and changes no bit beyond its reach."""
    image = np.random.default_rng(4).normal(100, 20, (40, 40)).astype(np.float32)
    holed = image.copy()
    holed[10:12, 10] = np.nan
    values = {"op": "adaptive", "sigma": 1.0, "threshold": 3, "nan": "ignore"}
    answer = sharpen(holed, **values)
    assert np.isfinite(answer).all() and holed[8:14, 8:13][~np.isnan(holed[8:14, 8:13])].min() <= answer[10, 10]
    np.testing.assert_array_equal(answer[18:], sharpen(image, **values)[18:])
    flat = np.full((20, 20, 3), 0.3, np.float32)
    flat[5:8, 5:9, 1] = np.nan
    np.testing.assert_allclose(sharpen(flat, **values), 0.3, atol=1e-7)
    assert np.isnan(sharpen(holed, op="adaptive", sigma=1.0)).any()


def test_samples_count_by_their_alpha_which_stays(run):
    """Results are the same next to transparent and missing samples; a fully opaque alpha has no effect."""
    rng = np.random.default_rng(8)
    image = rng.integers(0, 256, (30, 26, 3), np.uint8)
    alpha = np.where(rng.random((30, 26)) < 0.3, 0, rng.integers(1, 256, (30, 26))).astype(np.uint8)
    values = {"op": "adaptive", "sigma": 1.0, "threshold": 9, "overshoot": 0.2}
    output = run(sharpen, image, alpha=alpha, **values)["image"]
    np.testing.assert_array_equal(output.alpha, alpha)
    exact = slow(image, 1.0, 1, 9, 0.2, alpha[..., None] / 255)
    shown = alpha > 0
    assert np.abs(output.samples[shown] - np.clip(exact[shown], 0, 255)).max() <= 0.51
    opaque = run(sharpen, image, alpha=np.full_like(alpha, 255), **values)["image"]
    np.testing.assert_array_equal(opaque.samples, sharpen(image, **values))
    strips = run(sharpen, image, alpha=alpha, strip_rows=4, **values)["image"]
    np.testing.assert_array_equal(strips.samples, output.samples)


def test_a_shape_of_one_colour_keeps_it(run):
    image = np.full((30, 30, 3), (200, 90, 40), np.uint8)
    alpha = np.clip(60 * (9 - np.hypot(*(np.mgrid[:30, :30] - 15))), 0, 255).astype(np.uint8)
    for values in ({}, {"sigma": 9, "amount": 5}):
        output = run(sharpen, image, alpha=alpha, op="adaptive", **values)["image"]
        assert (output.samples[alpha > 0] == (200, 90, 40)).all()


def test_the_noise_that_a_blur_leaves_to_the_detail():
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 1, (400, 400))
    for sigma in (0.6, 2.0):
        left = (noise - ndimage.gaussian_filter(noise, sigma)).std()
        assert adaptive_sharpening._noise_left((sigma, sigma)) == pytest.approx(left, rel=0.01)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"overshoot": -0.1}, "overshoot: -0.1 is below"),
        ({"op": "unsharp", "overshoot": 0.1}, "overshoot: does not apply to op unsharp"),
        ({"op": "laplacian", "threshold": 1}, "threshold: does not apply to op laplacian"),
    ],
)
def test_wrong_values_are_refused(values, words):
    with pytest.raises(ParameterError, match=words):
        sharpen(np.zeros((5, 5), np.uint8), **({"op": "adaptive"} | values))
