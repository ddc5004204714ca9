"""Medians beside OpenCV's, whose border is `nearest`: the same bits."""

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
