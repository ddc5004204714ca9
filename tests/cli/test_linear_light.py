"""Formats that say what their colours are: linear light, code points, and what becomes of them."""

import importlib.util
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.cli.images import jxl
from imfilter.filters.core.engine import transfer
from PIL import Image

KEEP = ("conv", "--kernel", "1")
SPEC = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
CONVERTED = "its linear light was converted to sRGB for {} samples (--keep-values leaves the values unchanged)"


def srgb(light, white=255):
    """IEC 61966-2-1."""
    light = np.clip(np.asarray(light, np.float64), 0, 1)
    return np.floor(np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055) * white + 0.5)


def hdr(light, header=""):
    """A Radiance file of values that are multiples of 1/256."""
    height, width, _ = light.shape
    mantissas = np.concatenate([light * 256, np.full((height, width, 1), 128)], axis=2).astype(np.uint8)
    return f"#?RADIANCE\n{header}FORMAT=32-bit_rle_rgbe\n\n-Y {height} +X {width}\n".encode() + mantissas.tobytes()


@pytest.fixture
def light():
    """A picture of linear light, as `in.hdr`."""
    found = np.random.default_rng(0).integers(0, 256, (6, 7, 3)) / 256
    Path("in.hdr").write_bytes(hdr(found))
    return found


@pytest.fixture
def told(run):
    """Run the command, which shall say one thing of its input; return that."""

    def told(*words):
        ended = run(*words)
        assert ended.code == 0, ended.err
        assert len(ended.lines) == 1, ended.err
        return ended.lines[0].partition(": ")[2].partition(": ")[2]

    return told


def chunk_names(path):
    data, at, names = Path(path).read_bytes(), 8, []
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        names.append(name.decode())
        at += 12 + length
    return names


@pytest.mark.parametrize("name", ["out.png", "out.bmp", "out.ppm", "out.gif"])
def test_linear_light_goes_into_8_bits_by_the_curve_of_srgb(told, light, name):
    said = told(*KEEP, "in.hdr", "-o", name)
    assert said == CONVERTED.format("8-bit")
    if name != "out.gif":  # which has fewer colours
        found = np.asarray(Image.open(name).convert("RGB"))
        assert np.array_equal(found, srgb(light))
    if name == "out.png":
        assert not {"cICP", "iCCP", "gAMA", "cHRM"} & {*chunk_names(name)}


def test_it_goes_into_16_bits_too(told, light, load):
    assert told(*KEEP, "in.hdr", "-o", "out.tif", "--depth", "16") == CONVERTED.format("16-bit")
    assert np.array_equal(load("out.tif"), srgb(light, 65535))


def test_filters_see_the_light(told, light, load):
    told("conv", "--kernel", "1 1 1; 1 1 1; 1 1 1", "--normalize", "sum", "--border", "wrap", "in.hdr", "-o", "out.png")
    mean = sum(np.roll(light, (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)) / 9
    assert np.abs(load("out.png") - srgb(mean)).max() <= 1
    told("conv", "--kernel", "0 0 1", "--border", "constant", "--fill", "0.25", "in.hdr", "-o", "out.png")
    assert (load("out.png")[:, -1] == srgb(0.25)).all()


def test_what_keeps_values_leaves_them_and_says_so(ok, light, load):
    ok(*KEEP, "in.hdr", "-o", "out.png", "--keep-values")
    assert np.array_equal(load("out.png"), np.floor(light * 255 + 0.5))
    assert "cICP" in chunk_names("out.png")


def test_float_files_keep_the_light(ok, light, load):
    ok(*KEEP, "in.hdr", "-o", "out.tif")
    assert np.array_equal(load("out.tif"), light.astype(np.float32))
    with tifffile.TiffFile("out.tif") as file:
        assert b"cicp\0\0\0\0\1\x08\0\1" in file.pages.first.tags[34675].value
    for name in ("out.pfm", "out.npy"):
        ok(*KEEP, "in.hdr", "-o", name)
    assert np.array_equal(np.load("out.npy"), light.astype(np.float32))
    ok(*KEEP, "out.pfm", "-o", "again.npy")
    assert np.array_equal(np.load("again.npy"), light.astype(np.float32))


def test_edges_are_no_light(run, light, load):
    assert run("edges", "--op", "central", "in.hdr", "-o", "out.png", "-q").lines == []
    assert run("edges", "--op", "central", "in.hdr", "-o", "out.npy", "-q").lines == []
    assert np.abs(load("out.png") - np.clip(np.load("out.npy").squeeze() * 255, 0, 255)).max() <= 1


def test_values_far_above_white_are_told_in_the_files_own_units(run, light):
    Path("in.hdr").write_bytes(hdr(light).replace(b"\x80", b"\x84"))
    said = run(*KEEP, "in.hdr", "-o", "out.png").lines
    assert any("are far above white, 1," in line and "up to 15" in line for line in said)


def test_an_exr_is_linear_light_and_says_its_primaries(told, needs, load):
    needs("the extra formats")
    light = np.full((2, 2, 3), [0.2, 0.4, 0.1], np.float32)
    Path("in.exr").write_bytes(corpus.exr(light))
    assert told(*KEEP, "in.exr", "-o", "out.png") == CONVERTED.format("8-bit")
    assert np.array_equal(load("out.png"), srgb(light))
    Path("in.exr").write_bytes(corpus.exr(light[..., :1]))
    assert told(*KEEP, "in.exr", "-o", "out.png") == CONVERTED.format("8-bit")
    assert np.array_equal(load("out.png"), srgb(light[..., 0]))


def test_other_primaries_stay(told, light, run):
    Path("in.hdr").write_bytes(hdr(light, "PRIMARIES= .708 .292 .170 .797 .131 .046 .3127 .3290\n"))
    assert told(*KEEP, "in.hdr", "-o", "out.png") == CONVERTED.format("8-bit")
    assert np.array_equal(np.asarray(Image.open("out.png")), srgb(light))
    names = chunk_names("out.png")
    assert "cHRM" in names
    assert "gAMA" not in names
    lines = run(*KEEP, "in.hdr", "-o", "out.bmp").lines
    assert len(lines) == 2
    assert "BMP holds no colour profile: converted to sRGB" in lines[1]
    Path("in.hdr").write_bytes(hdr(light, "PRIMARIES= nonsense\n"))
    assert any("those of sRGB were assumed" in line for line in run(*KEEP, "in.hdr", "-o", "out.png").lines)


def with_code_points(data, primaries, transfer):
    assert data.count(b"nclx") == 1
    at = data.index(b"nclx") + 4
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def test_the_colours_of_an_avif_are_kept(ok, run, needs):
    needs("AVIF in Pillow")
    Image.new("RGB", (16, 16), (200, 90, 30)).save("plain.avif")
    data = Path("plain.avif").read_bytes()
    Path("in.avif").write_bytes(with_code_points(data, 9, 16))
    ok(*KEEP, "plain.avif", "-o", "out.png")
    assert "cICP" not in chunk_names("out.png")
    ok(*KEEP, "in.avif", "-o", "out.png")
    png = Path("out.png").read_bytes()
    assert png[png.index(b"cICP") + 4 :][:4] == bytes((9, 16, 0, 1))
    assert "converted to sRGB" in run(*KEEP, "in.avif", "-o", "out.bmp").err
    Path("in.avif").write_bytes(with_code_points(data, 9, 3))
    assert "code points 9 and 3 are not supported" in run(*KEEP, "in.avif", "-o", "out.png").err
    Path("in.avif").write_bytes(with_code_points(data, 2, 2))
    ok(*KEEP, "in.avif", "-o", "out.png")


def test_the_colours_of_a_heic_are_kept(ok, needs):
    needs("the extra formats")
    Path("in.heic").write_bytes(with_code_points(corpus.HEIC, 12, 13))
    ok(*KEEP, "in.heic", "-o", "out.png")
    png = Path("out.png").read_bytes()
    assert png[png.index(b"cICP") + 4 :][:4] == bytes((12, 13, 0, 1))


def jxl_header(*fields):
    """A codestream of 8×8 pixels that says its colours; (number, bits) each."""
    said = [(1, 1), (0, 5), (1, 3), (0, 1), (0, 1), (0, 1), (0, 2), (1, 1), (0, 2), *fields]
    value, at = 0, 0
    for number, bits in said:
        value |= number << at
        at += bits
    return b"\xff\x0a" + value.to_bytes(at // 8 + 9, "little")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # colour space RGB, white D65, primaries, no gamma, transfer
        ([(0, 2), (1, 2), (1, 2), (0, 1), (2, 2), (11, 4)], None),
        ([(0, 2), (1, 2), (2, 2), (9, 4), (0, 1), (2, 2), (6, 4)], (12, 8, 0, 1)),
        ([(0, 2), (1, 2), (2, 2), (7, 4), (0, 1), (2, 2), (14, 4)], (9, 16, 0, 1)),
        ([(1, 2), (1, 2), (0, 1), (2, 2), (6, 4)], (1, 8, 0, 1)),
    ],
    ids=["sRGB", "linear P3", "PQ", "linear gray"],
)
def test_the_colours_of_a_jpeg_xl_are_read(fields, expected):
    assert jxl.header(jxl_header((0, 1), (0, 1), (0, 1), *fields)).colour.code_points == expected


def test_the_gamma_of_a_jpeg_xl_is_read():
    found = jxl.header(jxl_header((0, 1), (0, 1), (0, 1), (0, 2), (1, 2), (1, 2), (1, 1), (4_545_455, 24))).colour
    assert found.gamma == 45455
    assert found.transfer() == transfer.of_curves(transfer.gamma(100_000 / 45455))


def test_the_profile_of_a_jpeg_xl_is_none_of_ours():
    assert jxl.header(jxl_header((0, 1), (0, 1), (1, 1))).colour is None


def test_a_jpeg_xl_of_float_is_linear_light(run, needs, load):
    needs("the extra formats")
    import imagecodecs

    light = np.full((16, 16, 3), [0.25, 0.5, 0.125], np.float32)
    Path("in.jxl").write_bytes(imagecodecs.jpegxl_encode(light, lossless=True))
    head = jxl.header(jxl.codestream(Path("in.jxl").read_bytes()))
    ended = run(*KEEP, "in.jxl", "-o", "out.png")
    expected = srgb(light) if head.colour.is_linear else np.floor(light * 255 + 0.5)
    assert ended.code == 0
    assert np.array_equal(load("out.png"), expected)
