"""The structure tensor and the Hough transform against scikit-image."""

import numpy as np
import pytest
from imfilter.filters.core.gradient import hough as transform
from imfilter.filters.edges import edges

pytestmark = pytest.mark.peers


@pytest.mark.parametrize("rho", [1.0, 2.5])
def test_the_structure_is_scikit_images_but_for_its_derivatives(peer, rho, noise):
    """It takes Sobel's: coarse waves have the same tensor, up to the small error of their direction."""
    feature = peer("skimage.feature")
    y, x = np.mgrid[:60, :70]
    image = (128 + 60 * np.sin(0.2 * x + 0.1 * y) + 40 * np.cos(0.02 * x * y / 7)).astype(np.float32)
    rr, rc, cc = feature.structure_tensor(image.astype(float), sigma=rho, mode="reflect", order="rc")
    most, least = feature.structure_tensor_eigenvalues([rr, rc, cc])
    found = edges(image, op="structure", rho=rho)
    inner = slice(16, -16), slice(16, -16)  # it cuts its Gaussian elsewhere, and mixes borders
    np.testing.assert_allclose(found.strength[inner], np.sqrt(most + least)[inner], rtol=0.02)
    np.testing.assert_allclose(found.coherence[inner], ((most - least) / (most + least))[inner], atol=0.02)
    axis = np.degrees(np.arctan2(2 * rc, cc - rr)) / 2
    off = np.abs((found.orientation - axis + 90) % 180 - 90) * found.coherence
    assert off[inner].max() < 2


def test_the_votes_are_those_of_scikit_image(peer, noise):
    picture = noise((90, 120)) > 220
    turns = transform.angles(1.0)
    expected, _, distances = peer("skimage.transform").hough_line(picture, turns)
    found = transform.votes(np.nonzero(picture), picture.shape, turns, 1.0)
    assert len(distances) == len(found)
    np.testing.assert_array_equal(found, expected)
