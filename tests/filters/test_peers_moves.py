"""Filters that move samples against NumPy, OpenCV and Pillow: the same bits."""

import numpy as np
import pytest
from imfilter.filters.crop import crop
from imfilter.filters.flip import flip
from imfilter.filters.pad import pad
from imfilter.filters.rotate import rotate
from PIL import Image, ImageOps

pytestmark = pytest.mark.peers

FLIPS = {
    "left-right": (Image.Transpose.FLIP_LEFT_RIGHT, np.fliplr),
    "top-bottom": (Image.Transpose.FLIP_TOP_BOTTOM, np.flipud),
    "both": (Image.Transpose.ROTATE_180, lambda image: image[::-1, ::-1]),
    "transpose": (Image.Transpose.TRANSPOSE, lambda image: np.swapaxes(image, 0, 1)),
    "transverse": (Image.Transpose.TRANSVERSE, lambda image: np.swapaxes(image[::-1, ::-1], 0, 1)),
}
BORDERS = {
    "constant": ("BORDER_CONSTANT", "constant"),
    "nearest": ("BORDER_REPLICATE", "edge"),
    "reflect": ("BORDER_REFLECT", "symmetric"),
    "mirror": ("BORDER_REFLECT_101", "reflect"),
    "wrap": ("BORDER_WRAP", "wrap"),
}


@pytest.mark.parametrize("op", FLIPS)
@pytest.mark.each("shape", [(23, 70), (23, 70, 3), (130, 67, 4), (1, 9, 3)])
@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
def test_flips_are_pillows_and_numpys(noise, op, shape, dtype):
    image = noise(shape, dtype)
    theirs, by_numpy = FLIPS[op]
    found = flip(image, op=op)
    np.testing.assert_array_equal(found, by_numpy(image))
    if dtype == "uint8":
        np.testing.assert_array_equal(found, np.asarray(Image.fromarray(image).transpose(theirs)))


@pytest.mark.each("quarters", [1, 2, 3, 4, 5])
@pytest.mark.each("shape", [(23, 70, 3), (40, 40), (130, 67, 4)])
def test_quarter_turns_are_numpys_the_other_way(noise, quarters, shape):
    image = noise(shape)
    np.testing.assert_array_equal(rotate(image, angle=90 * quarters, expand=True), np.rot90(image, -quarters))


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.each("size", [(3, 5, 2, 7), (0, 0, 4, 0), (22, 9, 1, 16)])
@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
def test_pads_are_numpys_and_opencvs(peer, noise, border, size, dtype):
    cv2 = peer("cv2")
    image = noise((19, 24, 3), dtype)
    left, top, right, bottom = size
    rule, mode = BORDERS[border]
    value = {"constant_values": 0} if mode == "constant" else {}
    found = pad(image, size=size, border=border)
    np.testing.assert_array_equal(found, np.pad(image, ((top, bottom), (left, right), (0, 0)), mode, **value))
    np.testing.assert_array_equal(found, cv2.copyMakeBorder(image, top, bottom, left, right, getattr(cv2, rule)))


@pytest.mark.each("fill", [(0, 0, 0), (255, 255, 255), (255, 165, 0)])
def test_a_size_to_pad_to_is_pillows(noise, fill):
    """It rounds a half to the even number, so the sides grow by even ones here."""
    image = noise((19, 24, 3))
    expected = ImageOps.pad(Image.fromarray(image), (24, 31), color=fill)
    np.testing.assert_array_equal(pad(image, to=(24, 31), fill=fill), np.asarray(expected))


@pytest.mark.each("box", [(0, 0, 24, 19), (3, 4, 10, 5), (-2, 5, 9, 30), (20, -3, 8, 8)])
def test_crops_are_pillows(noise, box):
    """Black beyond the edge."""
    image = noise((19, 24, 3))
    x, y, width, height = box
    expected = np.asarray(Image.fromarray(image).crop((x, y, x + width, y + height)))
    np.testing.assert_array_equal(crop(image, at=(x, y), size=(width, height), pad=True), expected)
