"""Files that are cut off, damaged or lie: one line, soon; or, on request, what is left of them, with a word."""

import importlib.util
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.cli.images import memory_budget
from PIL import Image

SPEC = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
KEEP = ("conv", "--kernel", "1")


def saved(rgb, format, **options):
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, format, **options)
    return file.getvalue()


# ---- PNG --------------------------------------------------------------------------------------------


def png_of(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def header(width, height, compression=0):
    return corpus.chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, compression, 0, 0))


ROWS = zlib.compress(bytes(9 * 10))
END = corpus.chunk(b"IEND")
PNGS = {
    "no end": (png_of(header(8, 10), corpus.chunk(b"IDAT", ROWS)), "no IEND"),
    "bad checksum of the header": (png_of(header(8, 10)[:-1] + b"x", corpus.chunk(b"IDAT", ROWS), END), "damaged"),
    "bad checksum of the data": (png_of(header(8, 10), corpus.chunk(b"IDAT", ROWS)[:-1] + b"x", END), "IDAT is wrong"),
    "bad checksum behind the data": (
        png_of(header(8, 10), corpus.chunk(b"IDAT", ROWS), corpus.chunk(b"tEXt", b"a\0b")[:-1] + b"x", END),
        "tEXt is wrong",
    ),
    "data cut off": (png_of(header(8, 10), corpus.chunk(b"IDAT", ROWS[:-9]), END), "damaged"),
    "too few rows": (png_of(header(8, 10), corpus.chunk(b"IDAT", zlib.compress(bytes(45))), END), "truncated"),
    "no data": (png_of(header(8, 10), END), "damaged"),
    "an unknown compression": (png_of(header(8, 10, 1), corpus.chunk(b"IDAT", ROWS), END), "PNG has no compression 1"),
    "no size": (png_of(header(0, 10), corpus.chunk(b"IDAT", ROWS), END), "damaged"),
    "a size that is a lie": (png_of(header(9000, 9000), corpus.chunk(b"IDAT", ROWS), END), "declares 9000×9000 pixels"),
}


@pytest.mark.parametrize("case", PNGS)
def test_a_broken_png_is_refused(refused, folder, case):
    data, said = PNGS[case]
    (folder / "in.png").write_bytes(data)
    assert said in refused(1, *KEEP, "in.png", "-o", "out.png")


@pytest.mark.parametrize("case", ["no end", "bad checksum of the data", "bad checksum behind the data"])
def test_a_lenient_call_takes_what_is_left_of_a_png(run, load, folder, case):
    (folder / "in.png").write_bytes(PNGS[case][0])
    ended = run(*KEEP, "in.png", "-o", "out.png", "--lenient")
    assert ended.code == 0
    assert len(ended.lines) == 1
    assert "the readable part was used" in ended.err
    assert load("out.png").shape == (10, 8)


# ---- JPEG -------------------------------------------------------------------------------------------


JPEGS = [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 1}]


@pytest.mark.parametrize("options", JPEGS, ids=str)
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_that_ends_early_is_refused(run, folder, rgb, mode, options):
    """Libjpeg fills it with gray, or leaves it blurred, and says nothing."""
    large = np.tile(np.asarray(Image.fromarray(rgb).convert(mode)), (4, 4) + ((1,) if mode != "L" else ()))
    data = saved(large, "JPEG", **options) if mode != "CMYK" else cmyk(large, **options)
    start = data.rindex(b"\xff\xda") + 20
    refused = 0
    cuts = range(start, len(data) - 60, max((len(data) - 60 - start) // 12, 1))
    for cut in cuts:
        (folder / "in.jpg").write_bytes(data[:cut] + b"\xff\xd9")
        ended = run(*KEEP, "in.jpg", "-o", "out.npy", "--to-rgb")
        assert len(ended.lines) == ended.code
        refused += "truncated" in ended.err
    assert refused >= len(cuts) - 1


def cmyk(samples, **options):
    file = io.BytesIO()
    Image.fromarray(samples, "CMYK").save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("options", JPEGS[:2], ids=str)
def test_a_jpeg_with_a_size_that_is_a_lie_is_refused(refused, folder, rgb, options):
    data = bytearray(saved(rgb, "JPEG", **options))
    start = data.index(b"\xff\xc2" if options else b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", 16000, 16000)
    (folder / "in.jpg").write_bytes(data)
    assert "declares 16000×16000 pixels" in refused(1, *KEEP, "in.jpg", "-o", "out.png")


def test_a_jpeg_that_ends_in_gray_is_whole(ok, load, folder):
    (folder / "in.jpg").write_bytes(saved(np.full((40, 40, 3), 128, np.uint8), "JPEG"))
    ok(*KEEP, "in.jpg", "-o", "out.png")
    assert (load("out.png") == 128).all()


def test_a_lenient_call_takes_what_is_left_of_a_jpeg(run, load, folder, rgb):
    data = saved(np.tile(rgb, (4, 4, 1)), "JPEG")
    (folder / "in.jpg").write_bytes(data[: len(data) * 3 // 4])
    ended = run(*KEEP, "in.jpg", "-o", "out.png", "--lenient")
    assert ended.code == 0
    assert "truncated" in ended.err
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(load("out.png")[:8], np.asarray(image)[:8])


# ---- TIFF -------------------------------------------------------------------------------------------

GRAY = np.arange(80, dtype=np.uint8).reshape(10, 8, 1)
DEEP = GRAY.astype(np.uint16)
COUNT = corpus.tiff(GRAY, 1).replace(struct.pack("<HHI", 273, 4, 3), struct.pack("<HHI", 273, 4, 1 << 30))
TIFFS = {
    "pages in circles": (corpus.tiff(GRAY, 1, following="here"), "form a loop"),
    "a page outside": (corpus.tiff(GRAY, 1, following=99999), "page 2 lies outside"),
    "a count beyond all memory": (COUNT, "damaged"),
    "strips missing": (corpus.tiff(GRAY, 1, t273=8, t279=32), "1 of 3 parts"),
    "strips missing, 16-bit": (corpus.tiff(DEEP, 1, t273=8, t279=64), "1 of 3 parts"),
    "a size that is a lie": (corpus.tiff(GRAY, 1, t256=9000, t257=9000), "damaged"),
    "a size that is a lie, 16-bit": (corpus.tiff(DEEP, 1, t256=9000, t257=9000), "damaged"),
    "tiles that are a lie": (corpus.tiff(DEEP, 1, tile=(16, 16), t322=60000, t323=60000), "60000×60000"),
    "tags cut off": (corpus.tiff(DEEP, 1)[:-20], "list of tags is cut off"),
    "no rows": (corpus.tiff(DEEP, 1, t278=0), "damaged"),
    "many channels": (corpus.tiff(DEEP, 1, t277=60000), "damaged"),
    "a packing nobody knows": (corpus.tiff(DEEP, 1, t259=4711), "4711"),
}


@pytest.mark.parametrize("case", TIFFS)
def test_a_broken_tiff_is_refused(refused, folder, case):
    data, said = TIFFS[case]
    (folder / "in.tif").write_bytes(data)
    assert said in refused(1, *KEEP, "in.tif", "-o", "out.png")


def test_a_tag_of_no_pixels_that_is_a_lie_changes_none(run, folder):
    samples = np.linspace(-1, 2, 7 * 9, dtype=np.float32).reshape(7, 9)
    tifffile.imwrite("in.tif", samples, software="a program's name")
    data = Path("in.tif").read_bytes()
    lie = data.replace(struct.pack("<HHI", 305, 2, 17), struct.pack("<HHI", 305, 2, 1 << 30))
    assert lie != data
    (folder / "in.tif").write_bytes(lie)
    ended = run(*KEEP, "in.tif", "-o", "out.npy")
    assert ended.code == 0, ended.stderr
    assert np.array_equal(np.load("out.npy").squeeze(), samples)


@pytest.mark.parametrize("array", [GRAY, DEEP], ids=["8-bit", "16-bit"])
def test_a_lenient_call_takes_the_strips_that_are_there(run, load, folder, array):
    data = corpus.tiff(array, 1, compression=8)
    second = data.index(b"x\x9c", 12)
    (folder / "in.tif").write_bytes(data[:second] + b"rubbish" + data[second + 7 :])
    ended = run(*KEEP, "in.tif", "-o", "out.npy", "--lenient", "--depth", "keep")
    assert ended.code == 0
    assert "1 of its 3 parts could not be read, and are black" in ended.err
    expected = array[..., 0].copy()
    expected[4:8] = 0
    assert np.array_equal(load("out.npy"), expected)


# ---- the others -------------------------------------------------------------------------------------


def test_a_lenient_call_takes_the_rows_of_a_ppm_that_are_there(run, load, folder):
    (folder / "in.pgm").write_bytes(b"P5 4 4 255\n" + bytes(range(1, 11)))
    ended = run(*KEEP, "in.pgm", "-o", "out.png", "--lenient")
    assert "10 of 16 samples" in ended.err
    assert load("out.png").ravel().tolist() == [*range(1, 11), *[0] * 6]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("P2 2 1 9 1 10", "a sample is 10, but the maximum is 9"),
        ("P2 2 1 9 1 x", "not every sample is a number"),
        ("P2 2 1 9 1", "1 of 2 samples"),
        ("P1 2 1 12", "not every sample is 0 or 1"),
        ("P5 2 1 0 ab", "up to 0"),
        ("P5 2 1 70000 ab", "up to 70000"),
        ("P5 2 0 255 ab", "2×0"),
        ("P6 2 x", "no size"),
        ("P6 2 1 ", "no maximum"),
    ],
)
def test_a_broken_ppm_is_refused(refused, folder, text, said):
    (folder / "in.ppm").write_text(text)
    assert said in refused(1, *KEEP, "in.ppm", "-o", "out.png")


# ---- limits -----------------------------------------------------------------------------------------


def test_the_environment_moves_the_limit(refused, ok, png, monkeypatch):
    monkeypatch.setenv("IMFILTER_MAX_PIXELS", "900")
    assert "the limit is 900" in refused(1, "blur", "a.png", "-o", "out.png")
    ok("blur", "a.png", "-o", "out.png", "--max-pixels", "1M")
    monkeypatch.setenv("IMFILTER_MAX_PIXELS", "many")
    assert "IMFILTER_MAX_PIXELS: 'many' is not a number" in refused(2, "blur", "a.png", "-o", "out.png")


def test_memory_that_there_is_not_is_said_before_it_is_taken(refused, folder, monkeypatch):
    monkeypatch.setattr(memory_budget, "free", lambda: 10**9)
    (folder / "in.ppm").write_bytes(b"P6 20000 13000 255\n")
    line = refused(1, "denoise", "in.ppm", "-o", "out.png")  # which streams no picture
    assert "has 20000×13000 pixels and needs about " in line
    assert "GB of memory; 1 GB are free; more memory would help" in line
