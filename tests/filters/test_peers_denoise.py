"""Total variation and wavelets against scikit-image and PyWavelets, BM3D against its authors' package."""

from pathlib import Path

import numpy as np
import pytest
from imfilter.filters.core.denoise import total_variation, wavelet
from imfilter.filters.denoise import denoise
from PIL import Image
from scipy import ndimage

pytestmark = pytest.mark.peers

SAMPLES = Path(__file__).parents[2] / "sample_images"


@pytest.fixture(scope="module")
def pictures():
    """A picture with soft and hard edges, and the same with noise of 25 levels, of values from 0 to 1."""
    rng = np.random.default_rng(0)
    clean = ndimage.gaussian_filter(rng.random((96, 112)), 4)
    clean = 0.2 + 0.4 * (clean - clean.min()) / np.ptp(clean)
    clean[30:60, 20:50] += 0.2
    return clean, clean + rng.normal(0, 25 / 255, clean.shape)


@pytest.mark.parametrize(("weight", "steps"), [(0.1, 1), (0.1, 7), (0.02, 40), (0.5, 200)])
def test_total_variation_is_scikit_images(peer, pictures, weight, steps):
    restoration = peer("skimage.restoration")
    expected = restoration.denoise_tv_chambolle(pictures[1], weight, eps=0, max_num_iter=steps)
    found = total_variation.total_variation(pictures[1][..., None], weight, steps)[..., 0]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    same = denoise(pictures[1], op="tv", weight=weight, iterations=steps)
    np.testing.assert_allclose(same, expected, atol=1e-12)


def test_the_bands_are_those_of_pywavelets(peer, pictures):
    """Of a torus; its transform begins a band's coefficient at the later of two samples, ours at the earlier."""
    pywt = peer("pywt")
    image = pictures[1]
    coarse, details = pywt.swt2(image, "haar", 1, norm=False)[0]
    padded = np.pad(image, ((0, 1), (0, 1)), mode="wrap")[..., None]
    means, along_x, along_y, both = (band[..., 0] for band in wavelet.bands(padded, 1))
    horizontal, vertical, diagonal = details
    for ours, theirs in ((means, coarse), (along_x, vertical), (along_y, horizontal), (both, diagonal)):
        assert (
            min(
                np.abs(np.abs(ours) - np.abs(np.roll(theirs, shift, (0, 1)))).max()
                for shift in ((0, 0), (-1, -1), (1, 1))
            )
            < 1e-12
        )


def test_shrinkage_is_better_than_scikit_images(peer, pictures):
    restoration = peer("skimage.restoration")
    clean, noisy = pictures
    sigma = 25 / 255
    ours = np.mean((denoise(noisy, op="wavelet") - clean) ** 2)
    for name in ("haar", "db2", "sym4"):
        theirs = restoration.denoise_wavelet(noisy, sigma, name, "soft", method="BayesShrink", rescale_sigma=False)
        assert ours < 0.8 * np.mean((theirs - clean) ** 2), name


@pytest.mark.each("name, sigma", [("cat", 15), ("cat", 50), ("coffee", 25)])
def test_bm3d_is_as_good_as_its_authors(peer, name, sigma):
    """On a part of a photograph, to a tenth of a decibel."""
    package = peer("bm3d")
    with Image.open(SAMPLES / f"{name}.jpg") as picture:
        clean = np.asarray(picture.convert("L"))[60:188, 60:188] / 255
    noisy = clean + np.random.default_rng(2).normal(0, sigma / 255, clean.shape)
    found, expected = denoise(noisy, op="bm3d", noise_sigma=sigma / 255), package.bm3d(noisy, sigma / 255)
    ours, theirs = (-10 * np.log10(np.mean((answer - clean) ** 2)) for answer in (found, expected))
    assert ours > theirs - 0.1
