"""Against scikit-image: the same responses, where it has them."""

import numpy as np
import pytest
from imfilter.filters.frequency import frequency

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def skimage(peer):
    return peer("skimage.filters")


@pytest.mark.parametrize("order", [1, 2, 5])
@pytest.mark.parametrize("cutoff", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("size", [(40, 50), (41, 51)])
def test_the_butterworth_is_scikit_images(skimage, order, cutoff, size):
    """Which lets the picture wrap round, and means by its order the same."""
    image = np.random.default_rng(1).random(size).astype(np.float32)
    for op, high in (("lowpass", False), ("highpass", True)):
        expected = skimage.butterworth(image.astype(float), cutoff, high, order)
        found = frequency(image, op=op, shape="butterworth", order=order, cutoff=cutoff, border="wrap").image
        np.testing.assert_allclose(found, expected, atol=1e-6)
