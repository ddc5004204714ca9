"""Samples of one bit: which files hold them, how they are packed, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SHAPE = 21, 19
"""No row is a whole number of bytes."""


@pytest.fixture
def page():
    image = np.random.default_rng(4).integers(0, 256, SHAPE, np.uint8)
    Image.fromarray(image).save("page.png")
    return image > 100


@pytest.mark.parametrize("name", ["out.png", "out.tif", "out.pbm"])
def test_another_program_reads_a_bit_a_sample(ok, page, name):
    ok("threshold", "page.png", "-o", name, "--op", "fixed", "--value", "100", "--depth", "1")
    with Image.open(name) as image:
        assert image.mode == "1" and (np.asarray(image) == page).all()


def test_tiff_is_group_4_unless_told_otherwise(ok, page):
    for method, found in (((), "group4"), (("--compression", "lzw"), "tiff_lzw"), (("--compression", "none"), "raw")):
        ok("threshold", "page.png", "-o", "out.tif", "--op", "fixed", "--value", "100", "--depth", "1", *method)
        with Image.open("out.tif") as image:
            assert image.info["compression"] == found and (np.asarray(image) == page).all()
            assert image.tag_v2[258] == (1,) and image.tag_v2[262] == 0


def test_several_pages_are_bits_too(ok, page):
    pages = [Image.fromarray(np.uint8(255) * found) for found in (page, ~page)]
    pages[0].save("pages.tif", save_all=True, append_images=pages[1:])
    ok("threshold", "pages.tif", "-o", "out.tif", "--depth", "1")
    with Image.open("out.tif") as image:
        for number, expected in enumerate((page, ~page)):
            image.seek(number)
            assert image.mode == "1" and (np.asarray(image) == expected).all()


def test_any_gray_result_is_rounded_to_a_bit(ok, load):
    Image.fromarray(np.array([[0, 127, 128, 255]], np.uint8)).save("in.png")
    ok("conv", "--kernel", "1", "in.png", "-o", "out.png", "--depth", "1")
    assert load("out.png").tolist() == [[False, False, True, True]]


@pytest.mark.parametrize(
    ("output", "options", "words"),
    [
        ("out.jpg", (), "JPEG cannot hold 1-bit samples; use --depth 8, or .png or .tif"),
        ("out.npy", (), "cannot hold 1-bit samples"),
        ("out.png", ("--channels", "each"), "1-bit samples have no colours; use threshold, or --channels luma"),
    ],
)
def test_what_cannot_hold_bits_says_so(refused, output, options, words):
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save("colour.png")
    assert words in refused(1, "threshold", "colour.png", "-o", output, "--depth", "1", *options)
    assert not Path(output).exists()
