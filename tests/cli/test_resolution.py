"""Resolutions keep their unit and their exact value, and the shape of pixels that are not square stays."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

KEEP = ("conv", "--kernel", "1")
HALF = ("pool", "--op", "mean", "--size", "2,1", "--stride", "2,1")
GRAY = np.arange(24, dtype=np.uint8).reshape(4, 6)


def resolution(name):
    """The numbers of a TIFF's resolutions as they are stored, and their unit."""
    with tifffile.TiffFile(name) as file:
        tags = file.pages.first.tags
        return tags[282].value, tags[283].value, int(tags[296].value)


def density(name):
    """The unit and the density of a PNG or a JPEG."""
    data = Path(name).read_bytes()
    if data.startswith(b"\x89PNG"):
        x, y, unit = struct.unpack_from(">IIB", data, data.index(b"pHYs") + 4)
        return unit, (x, y)
    unit, x, y = struct.unpack_from(">BHH", data, data.index(b"JFIF\0") + 7)
    return unit, (x, y)


@pytest.mark.each("depth", ["8", "float"])
@pytest.mark.each("unit", [2, 3])
@pytest.mark.each("stored", [((1181, 10), (1181, 10)), ((254, 10), (300, 1)), ((100, 13), (7, 3))])
def test_a_tiff_keeps_the_unit_and_the_fraction(ok, stored, unit, depth):
    tifffile.imwrite("in.tif", GRAY, resolution=stored, resolutionunit=unit, metadata=None)
    ok(*KEEP, "in.tif", "-o", "out.tif", "--depth", depth)
    assert resolution("out.tif") == (*stored, unit)


def test_centimetres_become_the_same_length_elsewhere(ok):
    tifffile.imwrite("in.tif", GRAY, resolution=((1181, 10), (1181, 10)), resolutionunit=3, metadata=None)
    ok(*KEEP, "in.tif", "-o", "out.png")
    assert density("out.png") == (1, (11810, 11810))
    ok(*HALF, "in.tif", "-o", "half.tif")
    assert resolution("half.tif") == ((5905, 100), (1181, 10), 3)


def test_a_resolution_of_other_formats_is_a_simple_fraction(ok):
    Image.fromarray(GRAY).save("in.jpg", dpi=(300, 72))
    ok(*KEEP, "in.jpg", "-o", "out.tif")
    assert resolution("out.tif") == ((300, 1), (72, 1), 2)


@pytest.fixture(params=["jpg", "png", "tif"])
def flat(request):
    """A file whose pixels are twice as high as wide."""
    name = f"in.{request.param}"
    if request.param == "tif":
        tifffile.imwrite(name, GRAY, resolution=(2, 1), resolutionunit=1, metadata=None)
        return name
    Image.fromarray(GRAY).save(name, dpi=(25.4, 25.4))
    data = bytearray(Path(name).read_bytes())
    if request.param == "jpg":
        struct.pack_into(">BHH", data, 13, 0, 2, 1)
    else:
        at = data.index(b"pHYs")
        struct.pack_into(">IIB", data, at + 4, 2, 1, 0)
        struct.pack_into(">I", data, at + 13, zlib.crc32(data[at : at + 13]))
    Path(name).write_bytes(data)
    return name


def test_pixels_keep_their_shape(ok, flat):
    for name in ("out.jpg", "out.png"):
        ok(*KEEP, flat, "-o", name)
        assert density(name) == (0, (2, 1))
    ok(*KEEP, flat, "-o", "out.tif")
    assert resolution("out.tif") == ((2, 1), (1, 1), 1)
    ok("edges", flat, "-o", "edges.png", "--angle", "angle.tif")
    assert density("edges.png") == (0, (2, 1))
    assert resolution("angle.tif") == ((2, 1), (1, 1), 1)


def test_their_shape_follows_the_filter(ok, flat):
    ok("pool", "--op", "mean", "--size", "3,1", "--stride", "3,1", flat, "-o", "out.png")
    assert density("out.png") == (0, (2, 3))


def test_a_format_without_a_place_for_their_shape_says_so(run, flat):
    ended = run(*KEEP, flat, "-o", "out.ppm")
    assert ended.lines == [f"imfilter: {flat}: PPM cannot hold its pixel aspect ratio; use .png, .jpg or .tif"]
    assert run(*KEEP, flat, "-o", "out.ppm", "--strip").lines == []


def test_square_pixels_are_not_spoken_of(run):
    Image.fromarray(GRAY).save("in.jpg")
    assert run(*KEEP, "in.jpg", "-o", "out.ppm").lines == []
    assert run(*KEEP, "in.jpg", "-o", "out.png").lines == []
    assert b"pHYs" not in Path("out.png").read_bytes()


def test_inks_in_a_jpeg_have_no_place_for_it(run):
    tifffile.imwrite(
        "in.tif",
        np.zeros((4, 6, 4), np.uint8),
        photometric="separated",
        resolution=(2, 1),
        resolutionunit=1,
        metadata=None,
    )
    assert run(*KEEP, "in.tif", "-o", "out.jpg").lines == [
        "imfilter: in.tif: JPEG cannot hold its pixel aspect ratio in CMYK; use .tif"
    ]
