"""--nodata and --keep-holes on files: the value that a TIFF tells is missing, and is told again."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.filters.edges import edges
from PIL import Image

NODATA = 42113
SPREAD = "of the samples are missing, but"


def write(path, pixels, value=None, *extra, **given):
    extra = list(extra)
    if value is not None:
        extra.append((NODATA, "s", 0, value, True))
    tifffile.imwrite(path, pixels, extratags=extra, metadata=None, **({"photometric": "minisblack"} | given))


def told(path, page=0):
    with tifffile.TiffFile(path) as file:
        tag = file.pages[page].tags.get(NODATA)
        return tag and tag.value


def dem(dtype="float32", value=-9999, seed=3):
    """A smooth field with a hole, and one missing sample."""
    y, x = np.mgrid[:40, :60]
    field = 100 + x + y + np.random.default_rng(seed).uniform(0, 3, x.shape)
    field[10:14, 20:25] = field[30, 50] = value
    return field.astype(dtype)


DTYPES = {"uint8": 0, "int16": -9999, "uint16": 65535, "float32": -9999, "float64": -9999}


@pytest.mark.each("dtype", DTYPES)
@pytest.mark.parametrize("words", [("blur", "--sigma", "2"), ("pool", "--op", "avg"), ("morph", "--op", "erode")])
def test_what_is_missing_is_not_mixed_in(dtype, words, run):
    value = DTYPES[dtype]
    pixels = dem(dtype, value)
    write("a.tif", pixels, str(value))
    there = pixels[pixels != value]
    ended = run(*words, "a.tif", "-o", "b.tif")
    assert ended.code == 0 and all(SPREAD in line for line in ended.lines), ended.err
    assert run(*words, "a.tif", "-o", "c.tif", "--nan", "ignore").code == 0
    for name in ("b.tif", "c.tif"):
        assert float(told(name)) == value
        result = tifffile.imread(name)
        found = result[result != value]
        assert there.min() - 1 <= found.min() and found.max() <= there.max() + 1
        assert (result == value).any() or name == "c.tif"


def test_holes_stay_or_are_filled(ok):
    pixels = dem()
    write("a.tif", pixels, "-9999")
    ok("blur", "a.tif", "-o", "filled.tif", "--nan", "ignore", "--sigma", "3")
    ok("blur", "a.tif", "-o", "kept.tif", "--nan", "ignore", "--sigma", "3", "--keep-holes")
    filled, kept = tifffile.imread("filled.tif"), tifffile.imread("kept.tif")
    assert (filled != -9999).all()
    np.testing.assert_array_equal(kept, np.where(pixels == -9999, -9999, filled))


def test_the_user_says_otherwise(run, ok):
    write("a.tif", dem(), "-9999")
    run("blur", "a.tif", "-o", "none.tif", "--nodata", "none")
    assert told("none.tif") is None and -9999 < tifffile.imread("none.tif").min() < 0
    write("b.tif", dem("uint8", 7))
    run("blur", "b.tif", "-o", "seven.tif", "--nodata", "7")
    result = tifffile.imread("seven.tif")
    assert told("seven.tif") == "7" and result[result != 7].min() > 90
    np.save("c.npy", dem())
    ok("blur", "c.npy", "-o", "d.npy", "--nodata", "-9999", "--nan", "ignore", "--keep-holes")
    np.testing.assert_array_equal(np.load("d.npy") == -9999, dem() == -9999)
    write("e.tif", dem("float32", np.nan))
    ok("blur", "e.tif", "-o", "f.tif", "--nodata", "nan", "--nan", "ignore", "--keep-holes")
    assert told("f.tif") == "nan" and np.isnan(tifffile.imread("f.tif")).sum() == 21


@pytest.mark.parametrize("word", ["", "skip", "-", "0x7", "1,5"])
def test_a_word_that_is_no_value_is_refused(word, refused, png):
    line = refused(2, "blur", png, "-o", "b.png", "--nodata", word)
    assert line == f"imfilter: --nodata: {word!r} is not auto, none, nan or a number, such as -9999"


def test_every_file_tells_its_own(run):
    Path("out").mkdir()
    for name, value in (("a", -9999), ("b", -1), ("c", None)):
        write(f"{name}.tif", dem(value=-9999 if value is None else value), None if value is None else str(value))
    assert run("blur", "a.tif", "b.tif", "c.tif", "-o", "out/").code == 0
    assert [told(f"out/{name}.tif") for name in "abc"] == ["-9999", "-1", None]
    lowest = [tifffile.imread(f"out/{name}.tif") for name in "abc"]
    assert lowest[0][lowest[0] != -9999].min() > 90 and lowest[1][lowest[1] != -1].min() > 90
    assert lowest[2].min() < -1000


def test_every_page_tells_its_own(run):
    with tifffile.TiffWriter("a.tif") as file:
        for value in (0, 255):
            extra = [(NODATA, "s", 0, str(value), True)]
            file.write(dem("uint8", value), metadata=None, extratags=extra, contiguous=False)
    assert run("blur", "a.tif", "-o", "b.tif").code == 0
    for page, value in enumerate((0, 255)):
        result = tifffile.imread("b.tif", key=page)
        assert told("b.tif", page) == str(value)
        assert (
            (result == value).sum() > 21 and result[result != value].min() > 90 and result[result != value].max() < 210
        )


def test_maps_tell_it_too(run):
    write("a.tif", dem(), "-9999")
    names = [word for name in ("magnitude", "angle", "gx", "gy") for word in (f"--{name}", f"{name}.tif")]
    assert run("edges", "a.tif", "-o", "e.tif", *names).code == 0
    expected = edges(np.where(dem() == -9999, np.float32("nan"), dem()))
    for name, map in zip(("e", "magnitude", "angle", "gx", "gy"), (expected.image, *expected[1:]), strict=False):
        result = tifffile.imread(f"{name}.tif")
        assert told(f"{name}.tif") == "-9999"
        np.testing.assert_array_equal(np.where(result == -9999, np.nan, result), map)
    assert run("conv", "--kernel", "haar", "a.tif", "-o", "maps.tif").code == 0
    for page in range(4):
        assert told("maps.tif", page) == "-9999" and (tifffile.imread("maps.tif", key=page) == -9999).sum() == 5 * 6 + 4


def test_edges_that_are_there_or_not_are_never_missing(ok):
    write("a.tif", dem("uint8", 0), "0")
    ok("edges", "--op", "canny", "a.tif", "-o", "b.tif", "--low", "5", "--high", "9")
    assert told("b.tif") is None and set(np.unique(tifffile.imread("b.tif"))) <= {0, 255}


def test_a_value_that_does_not_fit_is_another(run):
    write("a.tif", dem(), "-9999")
    ended = run("blur", "a.tif", "-o", "b.tif", "--depth", "8", "--nan", "ignore", "--keep-holes")
    assert "imfilter: a.tif: nodata -9999 does not fit 8-bit samples; it became 0" in ended.lines
    assert told("b.tif") == "0" and (tifffile.imread("b.tif") == 0).sum() == 21


def test_formats_that_cannot_tell_it_say_so(run):
    write("a.tif", dem("uint8", 0), "0")
    ended = run("blur", "a.tif", "-o", "b.png", "--nan", "ignore", "--keep-holes")
    assert ended.lines == ["imfilter: a.tif: PNG cannot mark missing samples; they became 0; use .tif"]
    assert (np.asarray(Image.open("b.png")) == 0).sum() == 21
    ended = run("blur", "a.tif", "-o", "b.npy", "--nan", "ignore", "--keep-holes")
    assert ended.lines == [] and np.isnan(np.load("b.npy")).sum() == 21
    with_none = np.full((5, 5), 9, "uint8")
    write("c.tif", with_none, "0")
    assert run("blur", "c.tif", "-o", "d.png").lines == []


def test_results_that_would_pass_for_missing_are_counted(run):
    write("a.tif", np.full((4, 5), 9, "uint8"), "0")
    ended = run("conv", "--kernel", "0", "a.tif", "-o", "b.tif")
    moved = [line for line in ended.lines if "nodata" in line]
    assert moved == ["imfilter: a.tif: 20 samples came out as the nodata value, 0, and were moved to the next value"]
    assert (tifffile.imread("b.tif") == 1).all()


def test_measured_ranges_leave_out_what_is_missing(run):
    write("a.tif", dem(), "-9999")
    ended = run("blur", "a.tif", "-o", "b.tif", "--sigma", "0", "--json")
    (low, high) = json.loads(ended.out.splitlines()[0])["range"]["image"]
    assert 100 <= low < high < 210


@pytest.mark.each("stored", [0, 7, 255])
def test_the_value_is_one_of_the_samples_as_they_were_stored(stored, run):
    pixels = np.full((16, 16), 100, "uint8")
    pixels[2:4, 2:4] = stored
    write("a.tif", pixels, str(stored), photometric="miniswhite")
    assert run("blur", "--op", "mean", "a.tif", "-o", "b.tif").code == 0
    result = tifffile.imread("b.tif")
    assert float(told("b.tif")) == 255 - stored
    assert (result == 255 - stored).sum() == 16 and (result == 155).sum() == 256 - 16


def test_a_value_of_few_bits_is_that_of_as_many_levels(run):
    low = np.full((16, 16), 3, "uint8")
    low[2:4, 2:4] = 9
    Path("a.tif").write_bytes(four_bits((low[:, ::2] << 4 | low[:, 1::2]).tobytes(), 16, 16, "9"))
    assert run("blur", "--op", "mean", "a.tif", "-o", "b.tif").code == 0
    result = tifffile.imread("b.tif")
    assert told("b.tif") == "153" and (result == 153).sum() == 16 and (result == 51).sum() == 256 - 16


def four_bits(packed, width, height, nodata):
    """A TIFF of 4-bit gray."""
    tags = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 1, 4), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 512)]
    tags += [(277, 3, 1, 1), (278, 3, 1, height), (279, 4, 1, len(packed))]
    text = (nodata + "\0").encode()
    data = struct.pack("<2sHIH", b"II", 42, 8, len(tags) + 1)
    for tag, kind, count, value in tags:
        data += struct.pack("<HHII", tag, kind, count, value)
    data += struct.pack("<HHI", NODATA, 2, len(text)) + text.ljust(4, b"\0") + struct.pack("<I", 0)
    return data.ljust(512, b"\0") + packed


def test_words_that_are_no_number_are_said(run):
    write("a.tif", np.full((5, 5), 9, "uint8"), "n/a")
    ended = run("blur", "a.tif", "-o", "b.tif")
    assert ended.lines == ["imfilter: a.tif: its nodata value, 'n/a', is not a number and was ignored"]
    assert told("b.tif") is None


@pytest.mark.each("item", ["NODATA_VALUES", "band#_FillValue", "missing_value", "BlankValue"])
def test_other_programs_words_are_understood(item, run):
    xml = f'<GDALMetadata><Item name="{item}">-9999</Item></GDALMetadata>'
    write("a.tif", dem(), None, (42112, "s", 0, xml, True))
    assert run("blur", "a.tif", "-o", "b.tif").code == 0
    result = tifffile.imread("b.tif")
    assert told("b.tif") == "-9999" and result[result != -9999].min() > 90


def test_a_picture_in_colour_and_its_alpha(run):
    pixels = np.dstack([dem("uint8", 0)] * 3)
    write("a.tif", pixels, "0", photometric="rgb")
    assert run("blur", "a.tif", "-o", "b.tif", "--nan", "ignore", "--keep-holes").code == 0
    np.testing.assert_array_equal(tifffile.imread("b.tif") == 0, pixels == 0)


def test_a_chain_keeps_holes_where_they_come_to_lie(run):
    pixels = dem()
    write("a.tif", pixels, "-9999")
    steps = ("pool --op avg --nan ignore", "blur --sigma 1 --nan ignore")
    assert run("chain", "a.tif", "-o", "b.tif", "--keep-holes", *steps).code == 0
    missing = (pixels == -9999).reshape(20, 2, 30, 2).all(axis=(1, 3))
    np.testing.assert_array_equal(tifffile.imread("b.tif") == -9999, missing)


def test_what_is_missing_stays_so_without_metadata(run):
    with tifffile.TiffWriter("a.tif") as file:
        for _ in range(2):
            extra = [(NODATA, "s", 0, "-9999", True), (33550, "d", 3, (1, 1, 0), True)]
            file.write(dem(), metadata=None, extratags=extra, contiguous=False)
    for words in ((), ("--frame", "1")):
        assert run("blur", "a.tif", "-o", "b.tif", "--strip", *words).code == 0
        with tifffile.TiffFile("b.tif") as file:
            assert all(page.tags[NODATA].value == "-9999" and 33550 not in page.tags for page in file.pages)


def test_frames_of_several_values_are_counted_each(run):
    with tifffile.TiffWriter("a.tif") as file:
        for value in (0, 9):
            extra = [(NODATA, "s", 0, str(value), True)]
            file.write(np.full((4, 4), 9, "uint8"), metadata=None, extratags=extra, contiguous=False)
    assert run("blur", "a.tif", "-o", "b.png", "--frame", "0").lines == []
    assert run("blur", "a.tif", "-o", "b.png", "--frame", "1").lines == [
        "imfilter: a.tif: PNG cannot mark missing samples; they became 9; use .tif"
    ]
