"""The bilateral and the guided filter against OpenCV and scikit-image, where their definitions agree."""

import numpy as np
import pytest
from imfilter.filters.blur import blur
from scipy import ndimage

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def cv2(peer):
    return peer("cv2")


@pytest.fixture(scope="module")
def restoration(peer):
    return peer("skimage.restoration")


@pytest.fixture(scope="module")
def image():
    values = ndimage.gaussian_filter(np.random.default_rng(0).integers(0, 256, (80, 90, 3)).astype(float), (1, 1, 0))
    return ((values - values.min()) / np.ptp(values) * 255).astype(np.uint8)


@pytest.mark.parametrize(("size", "sigma", "unit"), [(5, 2, 25), (9, 2, 60), (7, 5, 12)])
def test_gray_is_opencvs_bilateral(cv2, image, size, sigma, unit):
    gray = np.ascontiguousarray(image[..., 0])
    expected = cv2.bilateralFilter(gray, size, unit, sigma, borderType=cv2.BORDER_REFLECT)
    off = np.abs(blur(gray, op="bilateral", size=size, sigma=sigma, range_sigma=unit).astype(int) - expected)
    assert off.max() <= 1 and (off > 0).mean() < 0.01


def test_colour_is_opencvs_bilateral_where_one_channel_varies(cv2, image):
    """Its distance is the sum of the channels' differences, which is then the Euclidean one."""
    one = np.where(np.arange(3) == 1, image, 90).astype(np.uint8)
    expected = cv2.bilateralFilter(one, 5, 30, 2, borderType=cv2.BORDER_REFLECT)
    off = np.abs(blur(one, op="bilateral", size=5, sigma=2, range_sigma=30).astype(int) - expected)
    assert off.max() <= 1 and (off > 0).mean() < 0.01


@pytest.mark.parametrize("channels", [1, 3])
def test_a_row_is_scikit_images_bilateral(restoration, image, channels):
    """Which divides the distance of colours by the number of channels, and takes a square.

    All rows of the square are equal here. The weights by distance are even, because 0.26 makes its table
    of them for one row and column more than it reads.
    """
    row = np.repeat(image[:1, :, :channels], 9, axis=0)  # of a single one it would squeeze the axis away
    expected = restoration.denoise_bilateral(
        row if channels == 3 else row[..., 0],
        win_size=7,
        sigma_color=40 / 255 / channels,
        sigma_spatial=1000,
        bins=1000000,
        mode="symmetric",
        channel_axis=2 if channels == 3 else None,
    )
    answer = blur(row, op="bilateral", radius=(3, 0), sigma=1000, range_sigma=40, depth="float")
    np.testing.assert_allclose(answer * 255, expected.reshape(row.shape) * 255, atol=0.1)


def test_it_is_the_guided_filter_of_opencvs_boxes(cv2, image):
    """In float64. With a border that its two steps and our single one continue alike."""

    def box(values):
        return cv2.boxFilter(values, -1, (9, 9), borderType=cv2.BORDER_REFLECT)

    values = image / 255.0
    mean = box(values)
    slope = 1 - 0.01 / (box(values * values) - mean * mean + 0.01)
    expected = 255 * (box(slope) * values + box(mean - slope * mean))
    answer = blur(image, op="guided", radius=4, epsilon=0.01, guide="channel", depth="float")
    np.testing.assert_allclose(answer, expected / 255, atol=1e-3 / 255)
