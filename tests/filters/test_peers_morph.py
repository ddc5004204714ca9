"""Morphology against OpenCV and scikit-image: the same numbers, except for borders and rotated shapes."""

import numpy as np
import pytest
from imfilter.filters.core.rank import structuring_element
from imfilter.filters.morph import morph
from scipy import ndimage

pytestmark = pytest.mark.peers
OPS = {"erode": "erosion", "dilate": "dilation", "open": "opening", "close": "closing"}
HATS = {"tophat": "white_tophat", "blackhat": "black_tophat"}


@pytest.fixture(scope="module")
def cv2(peer):
    return peer("cv2")


@pytest.fixture(scope="module")
def skimage(peer):
    return peer("skimage.morphology")


@pytest.fixture(scope="module")
def image():
    return ndimage.gaussian_filter(np.random.default_rng(0).integers(0, 256, (90, 70, 3), np.uint8), (1, 1, 0))


def mask(name, size):
    shape = structuring_element.named(name, *size)
    return np.ones((shape.height, shape.width), np.uint8) if shape.mask is None else shape.mask.astype(np.uint8)


@pytest.mark.parametrize("name", structuring_element.NAMES)
@pytest.mark.parametrize("op", [*OPS, *HATS, "gradient"])
def test_odd_shapes_are_opencvs_where_nothing_past_the_edge_counts(cv2, image, op, name):
    for size, times in (((3, 3), 1), ((7, 5), 1), ((3, 5), 4), ((31, 31), 1)):
        expected = cv2.morphologyEx(image, getattr(cv2, f"MORPH_{op.upper()}"), mask(name, size), iterations=times)
        answer = morph(image, op=op, shape=name, size=size, iterations=times)
        np.testing.assert_array_equal(answer, expected)


def test_the_cross_is_opencvs(cv2):
    for size in ((3, 3), (5, 2), (4, 7)):
        np.testing.assert_array_equal(mask("cross", size), cv2.getStructuringElement(cv2.MORPH_CROSS, size))


def test_opencvs_dilation_does_not_turn_the_shape(cv2, image):
    lopsided = np.array([[1, 1, 0], [0, 1, 0]], np.uint8)
    expected = cv2.dilate(image, lopsided, anchor=(1, 1), borderType=cv2.BORDER_REFLECT)
    ours = morph(image, op="dilate", shape=lopsided)
    assert (ours != expected).any()
    turned = morph(image, op="dilate", shape=np.pad(lopsided, ((0, 1), (0, 0)))[::-1, ::-1])
    np.testing.assert_array_equal(turned, expected)


@pytest.mark.parametrize("pattern", ["0 1 0; -1 1 1; -1 -1 0", "-1 -1 -1; -1 1 -1; -1 -1 -1", "1 0 -1"])
def test_hit_or_miss_is_opencvs(cv2, image, pattern):
    binary = np.where(image[..., 0] > 127, 255, 0).astype(np.uint8)
    kernel = np.array([row.split() for row in pattern.split(";")], np.int32)
    expected = cv2.morphologyEx(binary, cv2.MORPH_HITMISS, kernel)
    np.testing.assert_array_equal(morph(binary, op="hitmiss", shape=pattern)[1:-1, 1:-1], expected[1:-1, 1:-1])


@pytest.mark.parametrize("radius", [1, 2, 7])
def test_the_disk_is_scikit_images(skimage, radius):
    size = 2 * radius + 1
    np.testing.assert_array_equal(mask("disk", (size, size)), skimage.disk(radius))


@pytest.mark.parametrize("op", [*OPS, *HATS])
def test_lopsided_shapes_are_scikit_images(skimage, image, op):
    """Its dilation does not turn the shape, so that its closing is by the turned one; its differences go round below 0.

    Even shapes lie otherwise there: odd windows hold these.
    """
    gray = image[..., 0]
    for rows in ([[1, 1, 0], [1, 0, 0], [0, 0, 0]], [[0, 1, 1], [0, 1, 0], [1, 0, 0]], [[1, 1, 0]]):
        footprint = np.array(rows, np.uint8)
        expected = getattr(skimage, (OPS | HATS)[op])(gray, footprint)
        answer = morph(gray, op=op, shape=footprint[::-1, ::-1] if op in ("dilate", "close", "blackhat") else footprint)
        edge = 2 if op in HATS else 0
        inner = slice(edge, -edge or None), slice(edge, -edge or None)
        np.testing.assert_array_equal(answer[inner], expected[inner])
