"""Image files in and out: what can be kept is kept whole, the rest is refused in one line."""

import itertools
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.filters.blur import blur
from PIL import Image, ImageCms

FORMATS = {
    "jpeg": ("jpg", "JPEG"),
    "png": ("png", "PNG"),
    "tiff": ("tif", "TIFF"),
    "webp": ("webp", "WEBP"),
    "bmp": ("bmp", "BMP"),
    "gif": ("gif", "GIF"),
    "ppm": ("ppm", "PPM"),
    "pgm": ("pgm", "PPM"),
    "npy": ("npy", None),
}
KEEP = ("conv", "--kernel", "1")


@pytest.fixture
def pictures(rgb, gray, rgba):
    """Images in every mode that can be kept, by name, with the samples that they mean."""
    few = rgb // 64 * 64
    transparent = Image.fromarray(few).quantize(16)
    transparent.info["transparency"] = 3
    key = np.asarray(transparent) == 3
    return {
        "L": (Image.fromarray(gray), gray),
        "RGB": (Image.fromarray(rgb), rgb),
        "RGBA": (Image.fromarray(rgba), rgba),
        "LA": (Image.fromarray(rgba[..., 2:]), rgba[..., 2:]),
        "1": (Image.fromarray(gray > 99), (gray > 99) * np.uint8(255)),
        "P": (Image.fromarray(few).quantize(64), np.asarray(Image.fromarray(few).quantize(64).convert("RGB"))),
        "P transparent": (
            transparent,
            np.dstack([np.asarray(transparent.convert("RGB")), np.where(key, 0, 255).astype(np.uint8)]),
        ),
        "I;16": (Image.fromarray(gray.astype(np.uint16) * 250), gray.astype(np.uint16) * 250),
        "F": (Image.fromarray(gray / np.float32(7) - 9), gray / np.float32(7) - 9),
    }


HOLDS = {
    "jpeg": ["L", "RGB"],
    "png": ["L", "RGB", "RGBA", "LA", "1", "P", "P transparent", "I;16"],
    "tiff": ["L", "RGB", "RGBA", "LA", "1", "P", "I;16", "F"],
    "webp": ["RGB", "RGBA"],
    "bmp": ["L", "RGB", "1", "P"],
    "gif": ["L", "1", "P", "P transparent"],
    "ppm": ["RGB"],
    "pgm": ["L", "I;16"],
}


def save(image, path, format):
    image.save(path, FORMATS[format][1], **({"lossless": True, "exact": True} if format == "webp" else {}))


def visible(samples):
    """The samples, with nothing where alpha is 0: colours nobody sees need not survive."""
    if samples.ndim == 3 and samples.shape[2] in (2, 4):
        return np.where(samples[..., -1:] == 0, 0, samples)
    return samples


@pytest.mark.each("format, mode", [(format, mode) for format, modes in HOLDS.items() for mode in modes])
def test_identity_gives_every_sample_back(ok, load, pictures, format, mode):
    image, samples = pictures[mode]
    save(image, "in.image", format)
    if format == "jpeg":
        samples = load("in.image")
    ok(*KEEP, "in.image", "-o", "raw.npy", "--depth", {"I;16": "16", "F": "float"}.get(mode, "8"))
    found = load("raw.npy")
    if found.ndim > samples.ndim:  # a palette of grays is a palette
        samples = np.dstack([samples] * 3)
    assert np.array_equal(visible(found), visible(samples))


@pytest.mark.each(
    "format, mode",
    [(f, m) for f in ("png", "tiff", "webp") for m in HOLDS[f]] + [("ppm", "RGB"), ("pgm", "L"), ("bmp", "RGB")],
)
def test_lossless_formats_give_back_what_they_were_given(ok, load, pictures, format, mode):
    image, samples = pictures[mode]
    suffix = FORMATS[format][0]
    save(image, f"in.{suffix}", format)
    ok(*KEEP, f"in.{suffix}", "-o", f"out.{suffix}")
    found = load(f"out.{suffix}")
    assert found.dtype == samples.dtype
    assert np.array_equal(visible(found), visible(samples))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64", "bool", "int64", ">u2", "float16"])
def test_npy_of_every_real_type(ok, load, gray, dtype):
    array = (gray > 99) if dtype == "bool" else gray.astype(dtype)
    np.save("in.npy", array)
    ok(*KEEP, "in.npy", "-o", "out.npy")
    expected = array * 255.0 if dtype == "bool" else array
    assert load("out.npy").dtype == (np.float64 if dtype in ("float64", "int64") else np.float32)
    assert np.array_equal(load("out.npy"), expected)


@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
def test_npy_of_every_shape(ok, load, rgba, channels):
    array = rgba[..., 3] if channels is None else rgba[..., -channels:]
    np.save("in.npy", array)
    ok(*KEEP, "in.npy", "-o", "out.npy", "--depth", "8")
    assert np.array_equal(visible(load("out.npy")), visible(array.squeeze()))


@pytest.mark.parametrize(("dtype", "channels"), list(itertools.product(["uint16", "float32"], [2, 3, 4])))
def test_deep_tiff_of_several_channels_survives(ok, rgba, dtype, channels):
    array = rgba[..., -channels:].astype(dtype) * np.dtype(dtype).type(1.5 if dtype == "float32" else 257)
    array[..., -1] = {"uint16": 65535, "float32": 1}[dtype] if channels != 3 else array[..., -1]
    np.save("in.npy", array)
    ok(*KEEP, "in.npy", "-o", "one.tif", "--depth", "keep" if dtype == "float32" else "16")
    ok(*KEEP, "one.tif", "-o", "two.tif")
    found = tifffile.imread("two.tif")
    assert found.dtype == dtype
    assert np.array_equal(found, array)


def test_16_bit_pgm_is_read_and_written(ok, load, gray):
    array = gray.astype(np.uint16) * 257
    Path("in.pgm").write_bytes(b"P5\n# a comment\n40 24\n65535\n" + array.astype(">u2").tobytes())
    ok(*KEEP, "in.pgm", "-o", "out.pgm")
    assert np.array_equal(load("out.pgm"), array)


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "npy"])
def test_the_content_tells_the_format_not_the_suffix(ok, load, gray, format):
    save(Image.fromarray(gray).convert("RGB" if format in ("ppm", "webp") else "L"), "in.txt", format)
    ok(*KEEP, "in.txt", "-o", "out.npy", "--depth", "8")
    assert np.abs(load("out.npy").astype(int).reshape(*gray.shape, -1) - gray[..., None]).max() <= (
        60 if format == "jpeg" else 0
    )


@pytest.mark.parametrize("format", FORMATS)
def test_written_by_suffix_and_by_name(run, png, format):
    luma = ("--channels", "luma") if format == "pgm" else ()
    suffix, known = FORMATS[format]
    run(*KEEP, "a.png", *luma, "-o", f"by_suffix.{suffix.upper()}")
    run(*KEEP, "a.png", *luma, "-o", "by_name.dat", "--to", format)
    by_suffix, by_name = (Path(name).read_bytes() for name in (f"by_suffix.{suffix.upper()}", "by_name.dat"))
    assert by_suffix == by_name
    if known:
        with Image.open("by_name.dat") as image:
            assert image.format == known


@pytest.mark.parametrize(("name", "format"), [("jpg", "JPEG"), (".TIF", "TIFF"), ("pnm", "PPM"), ("PNG", "PNG")])
def test_other_names_of_formats(ok, png, name, format):
    ok(*KEEP, "a.png", "-o", "out", "-t", name)
    with Image.open("out") as image:
        assert image.format == format


# ---- refused, in one line ---------------------------------------------------------------------------


def deep_png(array, colour_type):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width = array.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_deep_colour_keeps_every_bit_through_ppm(ok, load, rgb, folder):
    deep = rgb.astype(np.uint16) * 256 + rgb[::-1]
    np.save("in.npy", deep)
    ok(*KEEP, "in.npy", "-o", "out.ppm", "--depth", "16")
    ok(*KEEP, "out.ppm", "-o", "again.tif")
    assert np.array_equal(load("again.tif"), deep)
    assert (folder / "out.ppm").read_bytes().endswith(deep.astype(">u2").tobytes())


def test_colour_is_not_made_gray_by_pgm(refused, png):
    assert "--channels luma" in refused(1, *KEEP, "a.png", "-o", "out.pgm")


def test_16_bit_gray_with_a_transparent_level_keeps_it(ok, load, gray, folder):
    data = deep_png(gray[..., None].astype(np.uint16) * 257, 0)
    key = b"tRNS" + (int(gray[0, 0]) * 257).to_bytes(2, "big")
    (folder / "in.png").write_bytes(
        data[:33] + struct.pack(">I", 2) + key + struct.pack(">I", zlib.crc32(key)) + data[33:]
    )
    ok(*KEEP, "in.png", "-o", "out.npy")
    assert np.array_equal(load("out.npy")[..., 1] == 0, gray == gray[0, 0])


def test_a_negative_16_bit_tiff_is_read_as_it_is_seen(ok, load, gray):
    tifffile.imwrite("in.tif", gray.astype(np.uint16), photometric="miniswhite")
    ok(*KEEP, "in.tif", "-o", "out.npy")
    assert np.array_equal(load("out.npy"), 65535.0 - gray)


# ---- what travels with the pixels -------------------------------------------------------------------

TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.each("orientation", TURNS)
@pytest.mark.parametrize("name", ["in.jpg", "in.png", "in.webp", "in.tif"])
def test_orientation_is_applied_and_cleared(ok, load, rgb, name, orientation):
    exif = Image.Exif()
    exif[274], exif[271] = orientation, "Maker"
    options = {"lossless": True} if name.endswith("webp") else {}
    Image.fromarray(rgb).save(name, exif=exif, **options)
    out = name.replace("in", "out")
    ok(*KEEP, name, "-o", out)
    ok(*KEEP, name, "-o", "out.npy", "--depth", "8")
    stored = load(name) if name == "in.jpg" else rgb
    assert np.array_equal(load("out.npy"), TURNS[orientation](stored))
    with Image.open(out) as image:
        assert image.getexif().get(274, 1) == 1
        assert image.getexif()[271] == "Maker"
        assert image.size == load("out.npy").shape[1::-1]


@pytest.mark.parametrize("orientation", TURNS)
def test_orientation_of_a_float_colour_tiff(ok, load, rgb, orientation):
    tags = [(274, "H", 1, orientation, True)]
    tifffile.imwrite("in.tif", rgb.astype(np.float32), photometric="rgb", extratags=tags)
    ok(*KEEP, "in.tif", "-o", "out.npy")
    assert np.array_equal(load("out.npy"), TURNS[orientation](rgb))


ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def tagged(rgb, name):
    exif = Image.Exif()
    exif[271] = "Maker"
    Image.fromarray(rgb).save(name, exif=exif, icc_profile=ICC, dpi=(300, 300))


@pytest.mark.parametrize("name", ["in.jpg", "in.png", "in.tif"])
def test_a_picture_keeps_profile_exif_and_resolution(ok, rgb, name):
    tagged(rgb, name)
    out = name.replace("in", "out")
    ok("blur", name, "-o", out)
    with Image.open(out) as image:
        assert image.info["icc_profile"] == ICC
        assert image.getexif()[271] == "Maker"
        assert np.allclose([float(value) for value in image.info["dpi"]], 300, atol=0.1)


def test_a_map_keeps_neither_profile_nor_exif(ok, rgb):
    tagged(rgb, "in.png")
    ok("edges", "in.png", "--magnitude", "out.png")
    with Image.open("out.png") as image:
        assert "icc_profile" not in image.info
        assert not image.getexif()


@pytest.mark.parametrize("name", ["in.jpg", "in.png", "in.tif"])
def test_strip_leaves_all_of_it_out(ok, rgb, name):
    tagged(rgb, name)
    out = name.replace("in", "out")
    ok("blur", name, "-o", out, "--strip")
    with Image.open(out) as image:
        assert "icc_profile" not in image.info
        assert 271 not in image.getexif()
        assert image.info.get("dpi", (1, 1))[0] < 100


def test_jpeg_is_quality_95_with_full_chroma(ok, png, rgb):
    ok(*KEEP, "a.png", "-o", "out.jpg")
    Image.fromarray(rgb).save("peer.jpg", quality=95, subsampling="4:4:4")
    with Image.open("out.jpg") as image, Image.open("peer.jpg") as peer:
        assert image.quantization == peer.quantization
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3


def test_quality_is_what_was_asked_for(ok, png, rgb):
    ok(*KEEP, "a.png", "-o", "out.jpg", "--quality", "40")
    Image.fromarray(rgb).save("peer.jpg", quality=40)
    with Image.open("out.jpg") as image, Image.open("peer.jpg") as peer:
        assert image.quantization == peer.quantization


# ---- transparency -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "ground"), [((), 255), (("--background", "black"), 0), (("--background", "#808080"), 128)]
)
@pytest.mark.parametrize("name", ["out.jpg", "out.bmp", "out.ppm"])
def test_transparent_pixels_are_laid_on_the_background(ok, load, rgba, words, ground, name):
    Image.fromarray(rgba).save("in.png")
    ok(*KEEP, "in.png", "-o", name, *words, "--quality", "100")
    part = rgba[..., 3:] / 255
    expected = rgba[..., :3] * part + ground * (1 - part)
    difference = np.abs(load(name) - expected)
    assert difference[:, :5].max() <= (2 if name == "out.jpg" else 0.5)
    assert name == "out.jpg" or difference.max() <= 0.51


def test_a_white_shape_stays_white_under_blur(ok, load, rgba):
    shape = rgba.copy()
    shape[..., :3] = np.where(shape[..., 3:] > 0, 255, 0)
    Image.fromarray(shape).save("in.png")
    ok("blur", "in.png", "--sigma", "3", "-o", "out.png")
    found = load("out.png")
    assert (found[..., :3][found[..., 3] > 0] == 255).all()
    assert np.array_equal(found[..., 3], blur(shape[..., 3], sigma=3))


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_call_gives_the_same_bytes(run, png, format):
    luma = ("--channels", "luma") if format == "pgm" else ()
    first, second = (run("blur", "a.png", "-o", "-", "--to", format, *luma).out for _ in range(2))
    assert first == second != b""


def test_a_gif_of_more_than_256_colours_says_so(run, png):
    assert "256 colours" in run(*KEEP, "a.png", "-o", "out.gif").err


def test_a_gif_of_few_colours_is_exact(ok, load, rgb):
    few = rgb // 64 * 64
    Image.fromarray(few).save("in.png")
    ok(*KEEP, "in.png", "-o", "out.gif")
    with Image.open("out.gif") as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), few)
