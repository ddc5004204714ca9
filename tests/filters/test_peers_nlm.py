"""Non-local means against scikit-image and OpenCV: near the one with equal parameters, no worse than either."""

import numpy as np
import pytest
from imfilter.filters.blur import blur
from scipy import ndimage

pytestmark = pytest.mark.peers

SIGMA = 20


@pytest.fixture(scope="module", params=[(90, 80), (90, 80, 3)], ids=["gray", "colour"])
def pictures(request):
    """A picture with soft and hard edges, and the same with noise."""
    shape = request.param
    rng = np.random.default_rng(0)
    clean = ndimage.gaussian_filter(rng.random(shape), (4, 4, 0)[: len(shape)])
    clean = 60 + 100 * (clean - clean.min()) / np.ptp(clean)
    clean[30:60, 20:50] += 50
    return clean, np.clip(clean + rng.normal(0, SIGMA, shape) + 0.5, 0, 255).astype(np.uint8)


def error(answer, clean):
    return np.sqrt(np.mean((answer - clean) ** 2))


def test_it_is_near_scikit_images(peer, pictures):
    """In its fast mode a patch of s pixels is one of s - 1, whose sum is divided by s²; and the pixel counts twice."""
    restoration = peer("skimage.restoration")
    clean, noisy = pictures
    expected = restoration.denoise_nl_means(
        noisy.astype(float), 5, 6, 0.8 * SIGMA, True, SIGMA, channel_axis=2 if clean.ndim == 3 else None
    )
    answer = blur(noisy, op="nlm", patch=5, radius=6, strength=SIGMA, noise_sigma=SIGMA, border="mirror")
    assert error(answer, expected) < 0.1 * SIGMA
    assert error(blur(noisy, op="nlm"), clean) < 1.02 * error(expected, clean)


def test_it_is_no_worse_than_opencvs(peer, pictures):
    """With the best of several strengths that OpenCV is given and ours is not."""
    cv2 = peer("cv2")
    clean, noisy = pictures
    denoise = cv2.fastNlMeansDenoising if clean.ndim == 2 else cv2.fastNlMeansDenoisingColored
    strengths = [(part * SIGMA,) * (clean.ndim - 1) for part in (0.5, 0.7, 0.9, 1.1)]
    best = min(error(denoise(noisy, None, *strength, 7, 21), clean) for strength in strengths)
    assert error(blur(noisy, op="nlm"), clean) < 1.02 * best
