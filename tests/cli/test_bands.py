"""Pictures of any number of bands: arrays that banks wrote, and those of others."""

import json

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.edges import edges
from imfilter.filters.pool import pool
from PIL import Image

RNG = np.random.default_rng(5)


@pytest.fixture
def five():
    """The array five.npy, of five bands."""
    image = RNG.integers(0, 256, (12, 15, 5), np.uint8)
    np.save("five.npy", image)
    return image


@pytest.mark.parametrize("maps", [2, 4, 8])
def test_what_conv_writes_pool_reads(ok, load, png, rgb, maps):
    """Also where two or four maps could be taken for gray or colours and alpha."""
    weights = RNG.uniform(-0.3, 0.3, (maps, 3, 3, 3))
    np.save("bank.npy", weights)
    ok("conv", png, "-o", "layer.npy", "--kernel", "bank.npy", "--activation", "relu")
    layer = conv(rgb, kernel=weights, activation="relu")
    ok("pool", "layer.npy", "-o", "pooled.npy")
    expected = np.dstack([pool(layer[..., number]) for number in range(maps)])
    np.testing.assert_allclose(load("pooled.npy"), expected, rtol=1e-6)
    ok("pool", "pooled.npy", "-o", "again.npy")
    assert load("again.npy").shape == (6, 10, maps)
    ok("edges", "layer.npy", "-o", "edges.npy")
    np.testing.assert_allclose(load("edges.npy"), edges(layer, channels="each", bands=True).image, atol=1e-3)


def test_three_maps_are_a_picture_in_colour(ok, load, png, rgb):
    swapped = np.zeros((3, 3, 1, 1))
    swapped[range(3), [2, 1, 0]] = 1
    np.save("swap.npy", swapped)
    ok("conv", png, "-o", "a.npy", "--kernel", "swap.npy")
    ok("blur", "a.npy", "-o", "b.png")
    np.testing.assert_array_equal(load("b.png"), blur(np.ascontiguousarray(rgb[..., ::-1])))


@pytest.mark.parametrize("channels", [2, 4])
def test_arrays_of_others_have_alpha_there(ok, load, channels):
    image = RNG.integers(0, 256, (9, 11, channels), np.uint8)
    image[..., -1] = 255
    np.save("a.npy", image)
    ok("blur", "a.npy", "-o", "b.png")
    found = load("b.png")
    assert found.shape == image.shape and (found[..., -1] == 255).all()


def test_one_pass_or_two_are_the_same(ok, load, png):
    ok("conv", png, "-o", "maps.npy", "--kernel", "gabor:4x1")
    ok("edges", "maps.npy", "-o", "two.npy")
    ok("chain", png, "-o", "one.npy", "conv --kernel gabor:4x1", "edges")
    np.testing.assert_allclose(load("one.npy"), load("two.npy"), atol=2e-3)


def test_masks_and_regions(ok, load, five):
    mask = np.zeros(five.shape[:2], np.uint8)
    mask[2:7, 3:9] = 255
    mask[4, 4] = 128
    Image.fromarray(mask).save("mask.png")
    ok("blur", "five.npy", "-o", "a.npy", "--mask", "mask.png")
    np.testing.assert_allclose(load("a.npy"), blur(five.astype(np.float32), mask=mask, white=255), atol=1e-3)
    ok("blur", "five.npy", "-o", "b.npy", "--roi", "3,2,6,5")
    found = load("b.npy")
    np.testing.assert_array_equal(found[7:], five[7:])
    assert (found[2:7, 3:9] != five[2:7, 3:9]).any()


def test_a_mask_has_no_bands(refused, ok, png, five):
    assert refused(2, "blur", png, "-o", "b.png", "--mask", "five.npy") == (
        "imfilter: --mask five.npy: has 5 bands; a mask is gray or in colour"
    )


def test_edges_are_found_in_each(ok, load, five):
    ok("edges", "five.npy", "-o", "a.npy", "--gx", "gx.npy")
    assert load("a.npy").shape == load("gx.npy").shape == (12, 15, 5)
    ok("edges", "five.npy", "-o", "a.npy", "--channels", "max")
    np.testing.assert_allclose(load("a.npy"), edges(five, channels="max").magnitude, rtol=1e-6)
    ok("chain", "five.npy", "-o", "b.npy", "blur --sigma 1", "edges")
    assert load("b.npy").shape == (12, 15, 5)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("edges", "--channels", "luma"), "has 5 bands without colour, which have no luma; use --channels each"),
        (("blur", "--linear"), "has 5 bands without colour, which --linear cannot convert; omit --linear"),
        (("conv", "--kernel", "haar"), "has 5 channels, which have no luma; use a bank with 5 inputs"),
    ],
    ids=lambda call: " ".join(call) if isinstance(call, tuple) else "",
)
def test_what_only_colours_have_is_refused(refused, five, call, said):
    assert refused(1, call[0], "five.npy", "-o", "a.npy", *call[1:]) == f"imfilter: five.npy: {said}"


def test_a_later_step_cannot_ask_for_luma_either(refused, five):
    line = refused(1, "chain", "five.npy", "-o", "a.npy", "blur", "edges --channels luma")
    assert line == "imfilter: five.npy: has 5 bands without colour, which have no luma; use --channels each"


def test_a_later_step_may_where_one_channel_is_left(ok, load, five):
    ok("chain", "five.npy", "-o", "a.npy", "edges --channels max", "blur --channels luma")
    assert load("a.npy").shape == (12, 15)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".gif", ".ppm", ".pgm"])
def test_a_format_of_pictures_refuses_bands(refused, five, suffix):
    name = {".jpg": "JPEG"}.get(suffix, suffix[1:].upper())
    assert refused(1, "blur", "five.npy", "-o", f"a{suffix}") == (
        f"imfilter: a{suffix}: {name} cannot hold 5 bands; use .tif or .npy"
    )


def test_inks_have_neither_luma_nor_light_in_any_step(refused, rgb):
    Image.fromarray(rgb).convert("CMYK").save("a.tif")
    for steps, what in [(("blur", "edges"), "no luma"), (("blur", "blur --linear"), "which --linear cannot convert")]:
        line = refused(1, "chain", "a.tif", "-o", "b.tif", *steps)
        assert "has CMYK colours, which" in line and what in line and "--to-rgb" in line


def test_reports_count_them(ok, five, run):
    line = json.loads(ok("blur", "five.npy", "-o", "a.npy", "--json").splitlines()[0])
    assert line["channels"] == 5
    assert "image: 15×12×5 float32" in run("blur", "five.npy", "-o", "a.npy", "-v").err


def test_a_shape_with_the_bands_first_is_told(run):
    np.save("a.npy", np.zeros((3, 20, 30), np.uint8))
    said = run("blur", "a.npy", "-o", "b.npy").err
    assert said == (
        "imfilter: a.npy: its shape (3, 20, 30) is read as 20×3 pixels of 30 bands; if bands come first, "
        "move that axis to the end\n"
    )


def test_no_other_shape_is_an_image(refused):
    np.save("a.npy", np.zeros((2, 3, 4, 5, 1)))
    assert refused(1, "blur", "a.npy", "-o", "b.npy") == (
        "imfilter: a.npy: has the shape (2, 3, 4, 5, 1); an image is (height, width), (height, width, bands) or "
        "(width,), and many are (count, height, width, bands)"
    )
