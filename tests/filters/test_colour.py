"""Luma, linear light, premultiplied alpha."""

import itertools

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.engine import colour
from imfilter.filters.core.engine.transfer import DEFAULT
from scipy import ndimage


def test_luma_is_that_of_bt_601():
    assert colour.luma(np.eye(3)[None] * 1000).ravel().tolist() == [299, 587, 114]


def test_luma_of_gray_is_gray(noise):
    for dtype, work in (("uint8", np.float32), ("uint16", np.float64)):
        gray = np.repeat(noise((200, 20, 1), dtype).astype(work), 3, axis=2)
        np.testing.assert_array_equal(colour.luma(gray), gray[..., :1])


def test_srgb_middle_gray_is_a_fifth_of_the_light():
    """IEC 61966-2-1: 188 is close to half the light, 119 to 18 %."""
    light = DEFAULT.decode(np.array([0.0, 119, 188, 255]), 255) / 255
    np.testing.assert_allclose(light, [0, 0.1845, 0.5029, 1], atol=1e-4)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_decoding_and_encoding_gives_every_level_back(dtype):
    levels = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(-1, 64)
    np.testing.assert_array_equal(blur(levels, sigma=0, linear=True), levels)


def test_values_below_0_mirror_those_above():
    values = np.array([-300.0, -5, 0, 5, 300])
    np.testing.assert_allclose(DEFAULT.encode(DEFAULT.decode(values, 255), 255), values)
    assert DEFAULT.decode(values, 255)[0] == -DEFAULT.decode(values, 255)[4]


def test_the_seam_of_red_and_green_is_bright_in_linear_light():
    """Half of each: 188, where filtering the sRGB values gives a dark 128."""
    image = np.zeros((1, 2, 3), np.uint8)
    image[0, 0, 0] = image[0, 1, 1] = 255
    seam = {linear: conv(image, kernel="0.5 0.5", linear=linear)[0, 1] for linear in (False, True)}
    assert seam[False].tolist() == [128, 128, 0]
    assert seam[True].tolist() == [188, 188, 0]


def test_a_blur_in_linear_light_is_as_exact_as_any(noise):
    """Also in the shadows, where sRGB magnifies errors 13 times."""
    image = noise((200, 200)) // np.array([[16], [1]], np.uint8).repeat(100, axis=0)
    light = ndimage.gaussian_filter(DEFAULT.decode(image.astype(np.float64), 255), 1.5, mode="reflect")
    expected = np.floor(DEFAULT.encode(light, 255) + 0.5)
    assert (blur(image, sigma=1.5, linear=True) != expected).mean() <= 1e-3


def test_fill_too_is_linear_light():
    image = np.full((1, 1), 255, np.uint8)
    assert conv(image, kernel="0.5 0.5", border="constant", fill=0, linear=True) == 188
    assert conv(np.full((1, 1), 90, np.uint8), kernel="mean3", border="constant", fill=90, linear=True) == 90


def test_strongest_keeps_the_sign():
    assert colour.strongest(np.array([[[1.0, -3.0, 2.0]]])).tolist() == [[[-3]]]


def test_where_alpha_rounds_to_nothing_colour_is_0():
    colours = colour.unpremultiply(np.full((1, 3, 1), 0.3), np.array([[[0.0], [0.4], [0.6]]]), 255, 0.5)
    assert colours[0, :2].ravel().tolist() == [0, 0] and colours[0, 2, 0] == pytest.approx(127.5)


def test_what_a_transform_leaves_of_no_alpha_shows_no_colour(noise, each_core):
    image = np.dstack([noise((60, 60, 3), "float32"), np.ones((60, 60), np.float32)])
    image[10:50, 10:50, 3] = 0
    answer = blur(image, sigma=3, algorithm="fourier")
    assert np.abs(answer[..., :3]).max() <= 2
    np.testing.assert_array_equal(answer[28:32, 28:32, :3], 0)


@pytest.mark.parametrize("work", ["float32", "float64"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_colours_by_alpha_have_the_bits_of_numpy(dtype, work, each_core):
    """Multiplied and divided: pixels side by side and planes, of any number, with values that are none."""
    rng = np.random.default_rng(5)
    full = {"uint8": 255.0, "uint16": 65535.0}.get(dtype, 1.0)
    for channels, columns in itertools.product((1, 2, 3, 4, 5), (1, 7, 300)):
        colours = (rng.random((3, columns, channels)) * full).astype(dtype)
        alpha = (rng.random((3, columns, 1)) * full).astype(dtype)
        alpha[:, ::3] = 0
        alpha[:, 1::5] = full
        if colours.dtype.kind == "f":
            colours[0, :: columns // 2 + 1] = np.nan
            colours[1, :: columns // 2 + 1] = np.inf
        planes = np.ascontiguousarray(colours.transpose(2, 0, 1)).transpose(1, 2, 0)
        for given in (colours, planes, colours[::-1]):
            with np.errstate(invalid="ignore"):
                expected = given.astype(work) * (alpha.astype(work) / np.asarray(full, work))
                multiplied = colour.premultiply(given, alpha, full, np.dtype(work))
            assert multiplied.dtype == work and np.array_equal(multiplied, expected, equal_nan=True)
            own, least = alpha.astype(work), 0.1 * full
            visible = own > least
            divided = np.where(visible, expected * full / np.where(visible, own, 1), 0)
            found = colour.unpremultiply(expected, own, full, least)
            assert found.dtype == work and np.array_equal(found, divided, equal_nan=True)
