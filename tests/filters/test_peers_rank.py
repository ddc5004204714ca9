"""Medians against OpenCV, whose border is `nearest`, and modes against scikit-image: the same bits."""

import numpy as np
import pytest
from imfilter.filters.blur import blur

pytestmark = pytest.mark.peers


@pytest.mark.parametrize(
    ("dtype", "sizes"), [("uint8", (3, 5, 7, 15, 31)), ("uint16", (3, 5)), ("float32", (3, 5))], ids=str
)
def test_the_median_is_opencvs(peer, dtype, sizes, noise):
    cv2 = peer("cv2")
    image = noise((160, 150, 3), dtype)
    for size in sizes:
        answer = blur(image, op="median", size=size, border="nearest")
        np.testing.assert_array_equal(answer, cv2.medianBlur(image, size))


@pytest.mark.each("size", [(3, 3), (7, 5)])
def test_the_mode_is_scikit_images(peer, size, noise):
    """Where one sample is more frequent than all others; it has no border, and of equal ones takes the least."""
    rank = peer("skimage.filters.rank")
    image = noise((60, 70)) // 50
    width, height = size
    windows = np.lib.stride_tricks.sliding_window_view(image, (height, width))
    counts = np.sort([(windows == value).sum(axis=(2, 3)) for value in range(6)], axis=0)
    sure = counts[-1] > counts[-2]
    assert sure.mean() > 0.4
    inside = np.s_[height // 2 : -(height // 2), width // 2 : -(width // 2)]
    expected = rank.modal(image, np.ones((height, width), np.uint8))
    np.testing.assert_array_equal(blur(image, op="mode", size=size)[inside][sure], expected[inside][sure])
