"""Resizing against Pillow, OpenCV and PyTorch."""

import numpy as np
import pytest
from imfilter.filters.resize import resize
from PIL import Image

pytestmark = pytest.mark.peers

SIZES = [(20, 10), (106, 74), (53, 10), (1, 1), (31, 90), (4, 4), (200, 37)]
KERNELS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "nearest": Image.Resampling.NEAREST,
}


@pytest.fixture
def plane():
    """Of float32, 53 by 37, from 0 to 1."""
    return np.random.default_rng(0).random((37, 53)).astype(np.float32)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.each("size", SIZES)
def test_float_planes_are_pillows(plane, name, size):
    """Which sums up in double precision, and rounds to float32 between the axes."""
    expected = np.asarray(Image.fromarray(plane).resize(size, KERNELS[name]))
    np.testing.assert_allclose(resize(plane, size=size, interpolation=name), expected, rtol=0, atol=1.5e-6)


@pytest.mark.parametrize("name", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.each("size", SIZES)
def test_8_bits_are_nearly_pillows(noise, name, size):
    """It rounds between the axes, and clips below black and above white, which does not occur here."""
    image = noise((37, 53, 3)) // 2 + 64
    expected = np.asarray(Image.fromarray(image).resize(size, KERNELS[name]))
    off = resize(image, size=size, interpolation=name).astype(int) - expected
    assert np.abs(off).max() <= (1 if name == "bilinear" else 2)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("size", [(20, 10), (26, 18), (53, 10), (1, 1), (31, 20), (4, 4), (53, 36)])
def test_area_is_opencvs(peer, noise, dtype, size):
    """Whole numbers but for ties, which go to the even one there."""
    cv2 = peer("cv2")
    image = noise((37, 53, 3), dtype)
    expected = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    found = resize(image, size=size, interpolation="area")
    if dtype == "float32":
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.ptp(image))
        return
    off = found.astype(int) - expected
    assert np.abs(off).max() <= 1 and (off != 0).mean() <= 0.006


@pytest.mark.each("size", [(106, 74), (131, 91), (54, 38), (300, 400)])
def test_enlargements_are_opencvs(peer, plane, size):
    """Its bilinear interpolation, whose places are in float32; its bicubic one has a = -3/4."""
    cv2 = peer("cv2")
    expected = cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(resize(plane, size=size), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("name", "antialias"), [("bilinear", "on"), ("bilinear", "off"), ("bicubic", "on")])
@pytest.mark.each("size", SIZES)
def test_planes_are_pytorchs(peer, plane, name, antialias, size):
    """In double precision. Its bicubic interpolation has a = -3/4 unless it averages."""
    torch = peer("torch")
    given = torch.from_numpy(plane.astype(float))[None, None]
    expected = torch.nn.functional.interpolate(
        given, size[::-1], mode=name, align_corners=False, antialias=antialias == "on"
    )[0, 0].numpy()
    found = resize(plane.astype(float), size=size, interpolation=name, antialias=antialias)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.each("size", [*SIZES, (52, 36), (79, 55), (159, 111)])
def test_nearest_is_pytorchs_exact_one(peer, plane, size):
    torch = peer("torch")
    expected = torch.nn.functional.interpolate(torch.from_numpy(plane)[None, None], size[::-1], mode="nearest-exact")
    np.testing.assert_array_equal(resize(plane, size=size, interpolation="nearest"), expected[0, 0].numpy())
