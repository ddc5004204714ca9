"""Beside OpenCV and scikit-image: the same numbers, up to the scale, sign and border that each has of its own."""

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.edges import edges
from imfilter.filters.sharpen import sharpen
from scipy import ndimage

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def cv2(peer):
    return peer("cv2")


@pytest.fixture(scope="module")
def skimage(peer):
    return peer("skimage.filters")


@pytest.fixture(scope="module")
def image():
    values = ndimage.gaussian_filter(np.random.default_rng(0).integers(0, 256, (120, 100)).astype(float), 1.2)
    return ((values - values.min()) / np.ptp(values) * 255).astype(np.uint8)


# scikit-image divides its smoothing weights by their sum: 4, 3 and 16 times smaller; Farid's sum to 1.
# Its magnitude is the root of the mean of the squares, √2 smaller again.
@pytest.mark.parametrize(("op", "scale"), [("sobel", 4), ("prewitt", 3), ("scharr", 16), ("farid", 1)])
def test_gradients_are_scikit_images(skimage, image, op, scale):
    answer, values = edges(image, op=op), image.astype(float)
    for name, other, factor in (("gx", f"{op}_v", 1), ("gy", f"{op}_h", 1), ("magnitude", op, 2**0.5)):
        expected = getattr(skimage, other)(values) * scale * factor
        np.testing.assert_allclose(getattr(answer, name), expected, atol=1e-3)


def test_roberts_is_scikit_images(skimage, image):
    """Divided by √2, and for each pixel of the square to the lower right, where ours is to the upper left."""
    expected = skimage.roberts(image.astype(float)) * 2**0.5
    np.testing.assert_allclose(edges(image, op="roberts").magnitude[1:, 1:], expected[:-1, :-1], rtol=1e-6)


@pytest.mark.parametrize("size", [3, 5, 7])
def test_sobel_is_opencvs(cv2, image, size):
    """OpenCV's default border, reflect 101, is `mirror`."""
    answer = edges(image, size=size, border="mirror")
    np.testing.assert_array_equal(answer.gx, cv2.Sobel(image, cv2.CV_64F, 1, 0, ksize=size))
    np.testing.assert_array_equal(answer.gy, cv2.Sobel(image, cv2.CV_64F, 0, 1, ksize=size))


def test_scharr_is_opencvs(cv2, image):
    answer = edges(image, op="scharr", border="mirror")
    np.testing.assert_array_equal(answer.gy, cv2.Scharr(image, cv2.CV_64F, 0, 1))


def test_the_angle_is_opencvs(cv2, image):
    """Which runs from 0° to 360°, and is good to 0.3°."""
    answer = edges(image)
    turn = (answer.angle - cv2.phase(answer.gx, answer.gy, angleInDegrees=True) + 180) % 360 - 180
    assert np.abs(turn[answer.magnitude > 0]).max() < 0.3


def test_the_laplacian_is_opencvs_and_scikit_images_with_its_sign_changed(cv2, skimage, image):
    values = image.astype(np.float32)
    mirrored, reflected = (edges(values, op="laplacian", border=border).image for border in ("mirror", "reflect"))
    np.testing.assert_array_equal(mirrored, cv2.Laplacian(image, cv2.CV_64F, ksize=1))
    np.testing.assert_allclose(reflected, -skimage.laplace(image.astype(float)), atol=1e-9)


@pytest.mark.parametrize("sigma", [0.8, 2, 5])
def test_the_gaussian_is_opencvs_and_scikit_images(cv2, skimage, image, sigma):
    """Of float images: OpenCV's 8-bit Gaussian has weights of 8 bits, and is off by more than a level."""
    values = image.astype(np.float32)
    answer = blur(values, sigma=sigma)
    size = 2 * int(4 * sigma + 0.5) + 1
    wide = cv2.GaussianBlur(values.astype(float), (size, size), sigma, borderType=cv2.BORDER_REFLECT)
    np.testing.assert_allclose(answer, wide, atol=255e-5)
    expected = skimage.gaussian(values.astype(float), sigma, mode="reflect", truncate=4, preserve_range=True)
    np.testing.assert_allclose(answer, expected, atol=255e-5)


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (1, 5)])
def test_conv_is_opencvs_filter2d(cv2, image, shape):
    kernel = np.random.default_rng(1).normal(size=shape)
    expected = cv2.filter2D(image.astype(float), cv2.CV_64F, kernel, borderType=cv2.BORDER_REPLICATE)
    np.testing.assert_allclose(conv(image.astype(float), kernel=kernel, border="nearest"), expected, atol=1e-9)


def test_unsharp_is_scikit_images(skimage, image):
    """Which clips to 0…1, and reflects likewise."""
    values = image.astype(np.float32) / 255
    expected = skimage.unsharp_mask(values.astype(float), radius=2, amount=1.5, preserve_range=True)
    np.testing.assert_allclose(sharpen(values, op="unsharp", sigma=2, amount=1.5), expected, atol=1e-5)


def test_canny_is_scikit_images(peer, image):
    """The same interpolated suppression; it leaves out a rim of one pixel, and keeps both of two equal maxima."""
    feature = peer("skimage.feature")
    ours = edges(image, op="canny", sigma=0, low=60, high=160).image > 0
    theirs = feature.canny(image.astype(float), sigma=0, low_threshold=60, high_threshold=160)
    assert (ours != theirs)[2:-2, 2:-2].mean() < 1e-3
    assert not theirs[0].any() and ours[0].any()


def test_canny_is_within_a_pixel_of_opencvs(cv2, image):
    """OpenCV rounds the gradient's direction to 45° before it looks for maxima."""
    ours = edges(image, op="canny", sigma=0, low=60, high=160).image > 0
    slopes = (cv2.Sobel(image, cv2.CV_16S, *axis, borderType=cv2.BORDER_REFLECT) for axis in ((1, 0), (0, 1)))
    theirs = cv2.Canny(*slopes, 60, 160, L2gradient=True) > 0
    near = [ndimage.binary_dilation(edge, np.ones((3, 3))) for edge in (ours, theirs)]
    assert (theirs & ~near[0]).sum() < 0.02 * theirs.sum()
    assert (ours & ~near[1]).sum() < 0.02 * ours.sum()
