"""BM3D: against the paper's definition block by block, and its effect on noise."""

import math

import numpy as np
import pytest
from imfilter.filters.core import native
from imfilter.filters.core.denoise import bm3d
from imfilter.filters.core.engine.executor import run as run_stages
from imfilter.filters.core.engine.quantize import Encoding
from imfilter.filters.denoise import denoise
from scipy import fft


def drawn(height=60, width=70, channels=1):
    """Return a picture with flat areas, a ramp, a round edge, and stripes."""
    y, x = np.mgrid[:height, :width]
    planes = []
    for channel in range(channels):
        plane = 60.0 + x + 10 * channel
        plane[(y - height / 2) ** 2 + (x - width / 3) ** 2 < (height / 3) ** 2] = 200 - 50 * channel
        stripes = 120 + 60 * np.sin((x + (1 + channel) * y) / 2)
        planes.append(np.where(x > 2 * width / 3, stripes, plane))
    return planes[0] if channels == 1 else np.stack(planes, axis=2)


def noisy(clean, sigma, seed=0):
    return clean + np.random.default_rng(seed).normal(0, sigma, clean.shape)


def psnr(found, clean):
    return 10 * math.log10(255**2 / np.mean((np.asarray(found, float) - clean) ** 2))


def planes_of(picture):
    return np.ascontiguousarray(np.atleast_3d(picture).transpose(2, 0, 1), dtype=np.float32)


def slow_matches(guide, y, x, most, limit):
    """The most similar blocks of the search window, found in the order that decides ties."""
    height, width = (size - 7 for size in guide.shape)
    own = guide[y : y + 8, x : x + 8]
    found = []
    for dy in sorted(range(-19, 20), key=lambda dy: (abs(dy), -dy)):
        for dx in range(-19, 20):
            v, u = y + dy, x + dx
            if 0 <= v < height and 0 <= u < width:
                distance = float(((guide[v : v + 8, u : u + 8] - own) ** 2).sum())
                if distance <= limit or (dy, dx) == (0, 0):
                    found.append(((dy, dx) != (0, 0), distance, v, u))
    found.sort(key=lambda one: one[:2])
    count = min(len(found), most)
    return [one[2:] for one in found[: 2 ** int(math.log2(count))]]


def slow_haar(stack):
    """Haar's transform by its recursion."""
    if len(stack) == 1:
        return stack
    means, differences = (stack[::2] + stack[1::2]) / 2**0.5, (stack[::2] - stack[1::2]) / 2**0.5
    return np.concatenate([slow_haar(means), differences])


def slow_inverse_haar(stack):
    if len(stack) == 1:
        return stack
    half = len(stack) // 2
    means, answer = slow_inverse_haar(stack[:half]), np.empty_like(stack)
    answer[::2], answer[1::2] = (means + stack[half:]) / 2**0.5, (means - stack[half:]) / 2**0.5
    return answer


def slow_step(step, plane, basic, levels):
    """One step as the paper has it, in double."""
    guide, scale = bm3d.whole_numbers((plane if basic is None else basic).astype(np.float32), levels)
    height, width = plane.shape
    sums, weights = np.zeros(plane.shape), np.zeros(plane.shape)
    forward, back = step.forward, np.linalg.inv(step.forward)
    places = [[*range(0, size - 8, step.stride), size - 8] for size in (height, width)]
    for y in places[0]:
        for x in places[1]:
            stack = slow_matches(guide, y, x, step.most, step.limit * 64 * scale**2)
            blocks = np.array([plane[v : v + 8, u : u + 8] for v, u in stack], float)
            if basic is None:
                spectrum = slow_haar(np.array([forward @ block @ forward.T for block in blocks]))
                kept = np.abs(spectrum) > step.strength
                kept[0, 0, 0] = True
                weight, spectrum = 1 / kept.sum(), spectrum * kept
            else:
                estimates = [basic[v : v + 8, u : u + 8] for v, u in stack]
                power = slow_haar(np.array([forward @ block @ forward.T for block in estimates])) ** 2
                wiener = power / (power + step.strength)
                spectrum = slow_haar(np.array([forward @ block @ forward.T for block in blocks])) * wiener
                weight = 1 / (wiener**2).sum()
            blocks = [back @ block @ back.T for block in slow_inverse_haar(spectrum)]
            for (v, u), block in zip(stack, blocks, strict=True):
                sums[v : v + 8, u : u + 8] += weight * step.window * block
                weights[v : v + 8, u : u + 8] += weight * step.window
    return sums / weights


SINGLE = 32 + 7
"""A height at which the last row of reference blocks, which is moved up to the edge, is a band of its own."""


@pytest.mark.parametrize("shape", [(8, 8), (9, 30), (SINGLE, 10)])
@pytest.mark.parametrize("sigma", [10, 60])
def test_it_is_the_definition(shape, sigma, each_core):
    plane = noisy(drawn(*shape), sigma).astype(np.float32)
    first, *others = bm3d.steps(sigma, 2)
    basic = bm3d._step(first, plane[None], None, sigma, 1)
    np.testing.assert_allclose(basic[0], slow_step(first, plane, None, sigma), rtol=0, atol=1e-3)
    expected = [slow_step(step, plane, basic[0], sigma) for step in others]
    np.testing.assert_allclose(bm3d.filtered(plane[None], sigma, 1, 2)[0], np.mean(expected, axis=0), rtol=0, atol=1e-3)


@pytest.mark.parametrize("most", [1, 5, 16])
def test_matches(most):
    rng = np.random.default_rng(most)
    guide = rng.integers(0, 2, (30, 47)).astype(np.float32)  # of which many are equally similar
    patches = np.lib.stride_tricks.sliding_window_view(guide, (8, 8)).reshape(23, 40, 64)
    for y, x in ((0, 0), (11, 20), (22, 39), (22, 3)):
        for limit in (0.0, 24.0, 64.0):
            found = bm3d.matches(patches, y, x, most, limit)
            assert [*zip(*(axis.tolist() for axis in found), strict=True)] == slow_matches(guide, y, x, most, limit)


def test_transforms():
    np.testing.assert_allclose(bm3d.cosine(), fft.dct(np.eye(8), axis=0, norm="ortho"), atol=1e-12)
    wavelet = bm3d.wavelet()
    np.testing.assert_allclose(np.linalg.norm(wavelet, axis=1), 1)
    np.testing.assert_allclose(wavelet[1:].sum(axis=1), 0, atol=1e-12)
    # The finest level's differences are of two neighbours (Cohen, Daubechies and Feauveau 1992, table 6.1).
    np.testing.assert_allclose(wavelet[4:, ::2], np.eye(4) / 2**0.5, atol=1e-12)
    np.testing.assert_allclose(wavelet[4:, 1::2], -np.eye(4) / 2**0.5, atol=1e-12)


@pytest.mark.parametrize("shape", [(8, 8, 1), (SINGLE, 12, 1), (70, 41, 1), (24, 61, 3), (50, 9, 2)])
def test_every_core_and_any_jobs_give_the_same_bytes(shape, each_core, monkeypatch):
    planes = planes_of(noisy(drawn(*shape), 20))
    found = [bm3d.filtered(planes, 20.0, jobs, 2).tobytes() for jobs in (1, 4)]
    with monkeypatch.context() as patch:
        patch.setattr(native, "core", None)
        found.append(bm3d.filtered(planes, 20.0, stride=2).tobytes())
    assert len({*found}) == 1


def test_bands_are_added_up(monkeypatch):
    """Several of them need the same rows."""
    planes = planes_of(noisy(drawn(90, 30), 20))
    step = bm3d.steps(20.0, 2)[0]
    expected = bm3d._step(step, planes, None, 20.0, 1)
    for rows in (1, 5, 1000):
        monkeypatch.setattr(bm3d, "BAND", rows)
        np.testing.assert_allclose(bm3d._step(step, planes, None, 20.0, 3), expected, rtol=0, atol=1e-3)


def test_flat_pictures_stay_flat(each_core):
    for shape in ((1, 1), (3, 20), (8, 8), (30, 13), (9, 9, 3), (20, 11, 5)):
        for value in (0, 77, 255):
            image = np.full(shape, value, np.uint8)
            np.testing.assert_array_equal(denoise(image, op="bm3d", noise_sigma=20, stride=4), image)
        image = np.full(shape, 1e6 / 3, np.float32)
        np.testing.assert_array_equal(denoise(image, op="bm3d", noise_sigma=0.1, stride=4), image)


@pytest.mark.parametrize(("sigma", "gain"), [(10, 5), (25, 6), (60, 6)])
def test_it_removes_noise(sigma, gain):
    clean = drawn(120, 130)
    image = noisy(clean, sigma).astype(np.float32)
    found = denoise(image, op="bm3d", noise_sigma=sigma, white=255)
    assert psnr(found, clean) > psnr(image, clean) + gain
    assert psnr(found, clean) > psnr(denoise(image, op="nlm", noise_sigma=sigma, white=255), clean) + 0.3


def test_near_reference_blocks_win_and_are_for_small_pictures(monkeypatch):
    clean = drawn(120, 130)
    image = noisy(clean, 25).astype(np.float32)
    found = [denoise(image, op="bm3d", noise_sigma=25, white=255, stride=stride) for stride in (1, 2, 4, 8)]
    quality = [psnr(one, clean) for one in found]
    assert quality == sorted(quality, reverse=True)
    assert quality[0] > quality[2] + 0.05
    for limits, expected in [((120 * 130, 16_000), found[0]), ((15_599, 15_600), found[1]), ((10, 15_599), found[2])]:
        monkeypatch.setattr(bm3d, "STRIDES", tuple(zip(limits, (1, 2), strict=True)))
        np.testing.assert_array_equal(denoise(image, op="bm3d", noise_sigma=25, white=255), expected)


def test_colours_help_each_other():
    """Where they have the same edges, as in photographs."""
    clean = drawn(100, 110)[..., None] * np.array([1, 0.8, 0.6])
    image = np.clip(np.rint(noisy(clean, 25)), 0, 255).astype(np.uint8)
    together = denoise(image, op="bm3d", noise_sigma=25)
    apart = np.stack([denoise(image[..., i], op="bm3d", noise_sigma=25) for i in range(3)], axis=2)
    assert psnr(together, clean) > psnr(apart, clean) + 0.2


def test_bands_are_filtered_apart():
    image = np.stack([noisy(drawn(20, 30), 10, seed).clip(0, 255).astype(np.uint8) for seed in range(5)], axis=2)
    found = denoise(image, op="bm3d", noise_sigma=10)
    for band in range(5):
        np.testing.assert_array_equal(found[..., band], denoise(image[..., band], op="bm3d", noise_sigma=10))


def test_noise_is_estimated_and_multiplied():
    clean = drawn(120, 130)
    image = np.clip(np.rint(noisy(clean, 15)), 0, 255).astype(np.uint8)
    assert psnr(denoise(image, op="bm3d"), clean) > psnr(image, clean) + 5
    twice = denoise(image, op="bm3d", noise_sigma=5, strength=2)
    np.testing.assert_array_equal(twice, denoise(image, op="bm3d", noise_sigma=10))


def test_no_noise_gives_the_image_back(noise, each_core):
    for dtype in ("uint8", "float32"):
        image = noise((9, 12, 3), dtype)
        np.testing.assert_array_equal(denoise(image, op="bm3d", noise_sigma=0), image)
        np.testing.assert_array_equal(denoise(image, op="bm3d", strength=0), image)


def test_depths_give_the_same_picture():
    image = np.clip(np.rint(noisy(drawn(40, 40), 20)), 0, 255).astype(np.uint8)
    expected = denoise(image, op="bm3d", noise_sigma=20, depth="float")
    wide = denoise(image.astype(np.uint16) * 257, op="bm3d", noise_sigma=20 * 257, depth="float")
    real = denoise((image / 255).astype(np.float64), op="bm3d", noise_sigma=20 / 255)
    np.testing.assert_allclose(wide, expected, atol=0.002)
    np.testing.assert_allclose(real, expected, atol=0.002)


def test_a_hot_pixel_does_not_hide_the_others(each_core):
    clean = drawn(40, 40)
    image = noisy(clean, 2)
    expected = denoise(image, op="bm3d", noise_sigma=2, white=255, stride=4)
    image[20, 20] = 1e6
    found = denoise(image, op="bm3d", noise_sigma=2, white=255, stride=4)
    far = np.ones(image.shape, bool)
    far[5:36, 5:36] = False
    assert found[20, 20] > 1e5
    assert psnr(found[far], clean[far]) > psnr(expected[far], clean[far]) - 1


def test_what_is_not_finite(each_core):
    image = noisy(drawn(20, 30), 10).astype(np.float32)
    image[4, 5], image[10:13, 20], image[15, 2] = np.nan, np.nan, np.inf
    kept = denoise(image, op="bm3d", noise_sigma=10, white=255)
    np.testing.assert_array_equal(np.isfinite(kept), np.isfinite(image))
    assert kept[15, 2] == np.inf
    guessed = denoise(image, op="bm3d", noise_sigma=10, white=255, nan="ignore")
    assert not np.isnan(guessed).any()
    np.testing.assert_array_equal(guessed[~np.isnan(image)], kept[~np.isnan(image)])
    assert abs(guessed[4, 5] - guessed[4, 6]) < 20
    nothing = np.full((9, 9), np.nan, np.float32)
    assert np.isnan(denoise(nothing, op="bm3d", noise_sigma=10)).all()


def run(image, alpha):
    filter = denoise.checked(op="bm3d", noise_sigma=10)
    return run_stages(filter.stages(), image, {"image": Encoding("uint8")}, filter.settings(), alpha)


def test_transparent_colours_show_nowhere():
    image = np.clip(noisy(drawn(30, 40, 3), 10), 0, 255).astype(np.uint8)
    alpha = np.full((30, 40), 255, np.uint8)
    alpha[:, 12:20], alpha[5, 5] = 0, 128
    found = []
    for hidden in (0, 255):
        image[:, 12:20] = hidden
        output = run(image, alpha).outputs["image"]
        np.testing.assert_array_equal(output.alpha, alpha)
        found.append(output.samples[alpha > 0])
    np.testing.assert_array_equal(*found)
    opaque = run(image, np.full_like(alpha, 255)).outputs["image"].samples
    np.testing.assert_array_equal(opaque, denoise(image, op="bm3d", noise_sigma=10))
