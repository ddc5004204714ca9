"""flip, crop and pad: permutations and copies, known from NumPy's slices and `numpy.pad`."""

import itertools

import numpy as np
import pytest
from imfilter import chain
from imfilter.filters.blur import blur
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.crop import crop
from imfilter.filters.flip import flip
from imfilter.filters.pad import pad

FLIPS = {
    "left-right": lambda image: image[:, ::-1],
    "top-bottom": lambda image: image[::-1],
    "both": lambda image: image[::-1, ::-1],
    "transpose": lambda image: image.swapaxes(0, 1),
    "transverse": lambda image: image[::-1, ::-1].swapaxes(0, 1),
}
NUMPY = {"reflect": "symmetric", "mirror": "reflect", "nearest": "edge", "wrap": "wrap"}


@pytest.mark.each("op", FLIPS)
def test_flips_are_numpys_views(op, noise, each_core):
    for dtype, channels in itertools.product(("uint8", "uint16", "float32"), (1, 2, 3, 4, 6)):
        for height, width in ((1, 1), (3, 17), (133, 70)):
            image = noise((height, width, channels), dtype)
            np.testing.assert_array_equal(flip(image, op=op), FLIPS[op](image))


def test_other_names_of_flips(noise):
    image = noise((5, 7))
    for name in ("horizontal", "hflip"):
        np.testing.assert_array_equal(flip(image, op=name), image[:, ::-1])
    for name in ("vertical", "vflip"):
        np.testing.assert_array_equal(flip(image, op=name), image[::-1])


def test_a_flip_inside_a_chain(noise):
    image = noise((40, 31, 3))
    turned = chain(blur.step(sigma=2), flip.step(op="transpose"), blur.step(sigma=1))(image)
    np.testing.assert_array_equal(turned, chain(blur.step(sigma=2), blur.step(sigma=1))(image).swapaxes(0, 1))


def test_crops_are_slices(noise):
    image = noise((20, 30, 3))
    np.testing.assert_array_equal(crop(image, size=(10, 6), at=(3, 4)), image[4:10, 3:13])
    np.testing.assert_array_equal(crop(image, size=(10, 6), place=(1, 0)), image[:6, 20:])
    np.testing.assert_array_equal(crop(image, size=7), image[6:13, 11:18])  # half of 13 and of 23, towards the edge
    np.testing.assert_array_equal(crop(image, size=(30, 20)), image)
    np.testing.assert_array_equal(crop(image, ratio=1), image[:, 5:25])
    assert crop(image, area=0.25).shape == (10, 15, 3)
    assert crop(image, area=0.5, ratio=0.75).shape == (20, 15, 3)
    assert crop(image, area=1e-6).shape == (1, 1, 3)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "size: is required unless --area or --ratio is given"),
        ({"size": 3, "ratio": 1}, "ratio: cannot be used with --size"),
        ({"size": 3, "at": (1, 1), "place": 0}, "at: cannot be used with --place"),
        ({"area": 0}, "area: 0 must be above 0"),
    ],
)
def test_crops_that_say_nothing(values, words):
    with pytest.raises(ParameterError, match=words):
        crop(np.zeros((9, 9), np.uint8), **values)


def test_a_part_beyond_the_image_needs_pad(noise):
    image = noise((8, 9))
    for values in ({"size": (10, 3)}, {"size": 3, "at": (-1, 0)}, {"size": 3, "at": (7, 0)}, {"area": 0.9, "ratio": 3}):
        with pytest.raises(ImageError, match="use --pad to allow that"):
            crop(image, **values)
        assert crop(image, **values, pad=True).size
    with pytest.raises(ImageError, match=r"step 1 \(crop\): the part of 10×3 is larger than the image of 9×8"):
        chain(crop.step(size=(10, 3)), blur)(image)
    far = crop(image, size=(4, 3), at=(100, -50), pad=True, fill=7)
    assert far.shape == (3, 4) and (far == 7).all()


@pytest.mark.each("border", NUMPY)
def test_pads_are_numpys(border, noise):
    for dtype, sides in itertools.product(("uint8", "float32"), [(1, 2, 3, 4), (0, 0, 0, 5), (30, 0, 25, 17)]):
        left, top, right, bottom = sides
        image = noise((9, 8, 3), dtype)
        expected = np.pad(image, [(top, bottom), (left, right), (0, 0)], NUMPY[border])
        np.testing.assert_array_equal(pad(image, size=sides, border=border), expected)
        np.testing.assert_array_equal(
            crop(image, size=expected.shape[1::-1], at=(-left, -top), pad=True, border=border), expected
        )


def test_a_fill_has_a_value_or_one_for_each_channel(noise):
    image = noise((4, 5, 3))
    np.testing.assert_array_equal(pad(image, size=1, fill=9)[0, 0], (9, 9, 9))
    np.testing.assert_array_equal(pad(image, size=1, fill=(1, 2, 3))[0, 0], (1, 2, 3))
    np.testing.assert_array_equal(pad(image, size=1, fill=(0.5, -1, 300))[0, 0], (1, 0, 255))
    np.testing.assert_array_equal(
        blur(image, sigma=9, border="constant", fill=(9, 9, 9)), blur(image, sigma=9, border="constant", fill=9)
    )
    with pytest.raises(ImageError, match="fill has 2 values; use one, or 3: one per channel"):
        pad(image, size=1, fill=(1, 2))
    with pytest.raises(ImageError, match="fill has 2 values; gray takes one, or the three of a colour"):
        pad(image[..., 0], size=1, fill=(1, 2))


def test_the_ground_of_a_picture_with_an_alpha(noise):
    image = noise((4, 5, 4))
    assert not pad(image, size=2)[0].any()
    assert (pad(image, size=2, fill=0)[0] == (0, 0, 0, 255)).all()
    soft = chain(pad.step(size=4), blur.step(sigma=1))(image)
    assert soft[0, 0, 3] == 0 and 0 < soft[4, 4, 3] < 255


def test_pads_that_say_nothing():
    image = np.zeros((9, 9), np.uint8)
    for values, words in (
        ({}, "size: is required unless --to is given"),
        ({"size": 1, "to": 20}, "to: cannot be used with --size"),
        ({"size": 1, "place": 0}, "place: requires --to"),
        ({"size": (1, 2, 3)}, "P, PX,PY or LEFT,TOP,RIGHT,BOTTOM"),
    ):
        with pytest.raises(ParameterError, match=words):
            pad(image, **values)
    with pytest.raises(ImageError, match="the image of 9×9 is larger than 8×20"):
        pad(image, to=(8, 20))
