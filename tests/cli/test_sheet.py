"""`imfilter sheet`: which pictures it shows, how, and what it says of those that it cannot read."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from imfilter import imread, imwrite
from PIL import Image

RNG = np.random.default_rng(8)
GAP = 12
SIDES = {"one.png": (40, 24), "b/two.png": (16, 16), "three.tif": (30, 60)}
"""Width and height of the pictures."""


@pytest.fixture
def pictures(folder):
    """Pictures in a folder and one below it, each of one colour; and what is none."""
    (folder / "in/b").mkdir(parents=True)
    for number, (name, (width, height)) in enumerate(SIDES.items()):
        imwrite(f"in/{name}", np.full((height, width, 3), (200, 60 * number, 10), np.uint8))
    Path("in/notes.txt").write_text("words")


def sheet(name="s.png"):
    with Image.open(name) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def names_of(ended):
    return [json.loads(line)["input"] for line in ended.out.splitlines()[:-1]]


@pytest.mark.each(
    "words, names",
    [
        (["in"], ["in/one.png", "in/three.tif"]),
        (["in", "-r"], ["in/b/two.png", "in/one.png", "in/three.tif"]),
        (["in", "-r", "--include", "*.png"], ["in/b/two.png", "in/one.png"]),
        (["in", "-r", "--exclude", "b"], ["in/one.png", "in/three.tif"]),
        (["in/three.tif", "in/one.png"], ["in/three.tif", "in/one.png"]),
        (["--files-from", "list"], ["in/b/two.png", "in/one.png"]),
        (["--files-from", "nul", "-0"], ["in/one.png"]),
    ],
)
def test_which_pictures_are_shown(run, pictures, words, names):
    Path("list").write_text("in/b/two.png\nin/one.png\n")
    Path("nul").write_bytes(b"in/one.png\0")
    ended = run("sheet", *words, "-o", "s.png", "--json")
    assert ended.code == 0
    assert ended.lines == (["imfilter: 1 subfolder not searched (use -r)"] if words == ["in"] else [])
    assert names_of(ended) == names
    assert json.loads(ended.out.splitlines()[-1])["pictures"] == len(names)


def test_pictures_keep_their_shape_and_follow_each_other(run, pictures):
    assert run("sheet", "in", "-r", "-o", "s.png", "--size", 60, "--label", "", "--columns", 2).code == 0
    found = sheet()
    down = 60 + 4 + 17 + GAP
    assert found.shape[:2] == (2 * down + GAP, 2 * (48 + GAP) + GAP)
    shown = {}
    for colour in range(3):
        rows, columns = np.nonzero((found == (200, 60 * colour, 10)).all(2))
        shown[colour] = (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
    # 40×24 and 30×60 have no room for whole multiples, 16×16 has it for three.
    assert shown == {
        1: (GAP, GAP, 48, 48),
        0: (2 * GAP + 48, GAP, 40, 24),
        2: (GAP, GAP + down, 30, 60),
    }


def test_labels_have_their_fields(run, pictures):
    pattern = "{index} {stem}{suffix} {name} {path} {folder} {width}x{height} {format} {bytes}"
    for name, (width, height) in SIDES.items():
        single = Path(f"in/{name}")
        text = f"1 {single.name} {single.name} {single.name}  {width}x{height} "
        text += f"{'TIFF' if name.endswith('tif') else 'PNG'} {single.stat().st_size}"
        one = ["sheet", single, "--size", 400]
        assert run(*one, "-o", "a.png", "--label", pattern, "--no-stamp").code == 0
        assert run(*one, "-o", "b.png", "--label", text, "--no-stamp").code == 0
        assert (sheet("a.png") == sheet("b.png")).all()


def test_a_picture_that_cannot_be_read_is_said_and_left_out(run, pictures):
    Path("in/bad.png").write_bytes(Path("in/one.png").read_bytes()[:40])
    ended = run("sheet", "in", "-o", "s.png", "--json", "-q")
    assert ended.code == 1 and len(ended.lines) == 1 and "in/bad.png" in ended.lines[0]
    records = [json.loads(line) for line in ended.out.splitlines()]
    assert [one["status"] for one in records] == ["failed", "done", "done", "done"]
    assert (records[-1]["pictures"], records[-1]["failed"]) == (2, 1)
    first = Path("s.png").read_bytes()
    Path("in/bad.png").unlink()
    assert run("sheet", "in", "-o", "s.png", "-u").code == 0
    assert Path("s.png").read_bytes() != first  # by its stamp only: a sheet that lacks a picture has none


def test_nothing_is_written_where_no_picture_can_be_read(run, folder):
    Path("bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert run("sheet", "bad.png", "-o", "s.png").code == 1
    assert not Path("s.png").exists()


def test_inks_are_shown_as_colours_where_that_is_asked_for(run, folder):
    Image.new("CMYK", (30, 20), (0, 255, 0, 0)).save(folder / "inks.tif")
    ended = run("sheet", "inks.tif", "-o", "s.png")
    assert ended.code == 1 and "inks.tif: has CMYK colours; use --to-rgb" in ended.err
    assert run("sheet", "inks.tif", "-o", "s.png", "--to-rgb").code == 0


UNSEEN = {
    "far above white": [[0.2, 4000]],
    "all above white": [[1, 1.5]],
    "far below black": [[-3, 0.5]],
    "all below black": [[-0.5, -0.1]],
    "": [[0, 1.9, np.nan]],
    "-": [[-0.9, 1, np.inf]],
    "nan": [[np.nan]],
}


@pytest.mark.each("kind", UNSEEN)
def test_floats_that_are_all_white_or_black_are_said_to_be_so(run, folder, kind):
    np.save("a.npy", np.array(UNSEEN[kind], np.float32))
    ended = run("sheet", "a.npy", "-o", "s.png")
    assert ended.code == 0
    if " " not in kind:
        assert ended.err == ""
        return
    [line] = ended.lines
    assert f"are {kind}" in line and f"shown as {kind.split()[-1]}; imfilter tone --" in line
    words = re.search(r"imfilter (tone .*) changes that", line)[1].split()
    assert run(*words, "a.npy", "-o", "seen.png").code == 0
    assert len(np.unique(imread("seen.png"))) == 2
    assert run("sheet", "a.npy", "-o", "s.png", "-q").err == ""


def test_a_current_sheet_is_not_made_again(run, pictures):
    words = ["sheet", "in", "-r", "-o", "in/s.png", "-u"]

    def made(*more):
        path = Path("in/s.png")
        before = path.stat().st_ino if path.exists() else 0
        ended = run(*words, *more)
        assert ended.code == 0
        assert ended.err == ("" if path.stat().st_ino != before else "imfilter: in/s.png is up to date\n")
        return path.stat().st_ino != before

    assert made()
    assert not made() and not made("-j", 1)
    for more in (["--size", 99], ["--label", "{stem}"], ["--columns", 1], ["--background", "black"]):
        assert made(*more) and not made(*more)
    assert made()
    imwrite("in/one.png", np.zeros((9, 9), np.uint8))
    assert made() and not made()
    imwrite("in/more.png", np.zeros((9, 9), np.uint8))
    assert made() and not made()
    Path("in/more.png").rename("in/name.png")
    assert made() and not made()


def test_any_number_of_cores_makes_the_same_bytes(run, folder):
    Path("in").mkdir()
    for number in range(23):
        imwrite(f"in/{number:02}.png", RNG.integers(0, 256, (50 + number, 90 - number), np.uint8))
    found = set()
    for cores in (1, 2, 7):
        assert run("sheet", "in", "-o", "s.jpg", "--size", 40, "-j", cores).code == 0
        found.add(Path("s.jpg").read_bytes())
    assert len(found) == 1


def test_the_first_frame_is_shown_or_the_one_that_is_asked_for(run, folder):
    frames = [Image.new("RGB", (20, 20), (level, 0, 0)) for level in (50, 150, 250)]
    frames[0].save("a.gif", save_all=True, append_images=frames[1:])
    for words, level in ((), 50), (("--frame", 2), 250):
        assert run("sheet", "a.gif", "-o", "s.png", "--size", 20, *words).code == 0
        assert tuple(sheet()[GAP + 3, GAP + 3]) == (level, 0, 0)
    assert "out of range" in run("sheet", "a.gif", "-o", "s.png", "--frame", 3).err


def test_transparent_pictures_lie_on_the_background(run, folder):
    image = np.zeros((20, 20, 4), np.uint8)
    image[:, 10:] = (0, 0, 250, 255)
    imwrite("a.png", image)
    assert run("sheet", "a.png", "-o", "s.png", "--size", 20, "--background", "#102030", "--label", "").code == 0
    shown = sheet()[GAP : GAP + 20, GAP : GAP + 20]
    assert (shown[:, :10] == (16, 32, 48)).all() and (shown[:, 10:] == (0, 0, 250)).all()


@pytest.mark.each(
    "words, why",
    [
        (["-o", "s.png"], "no input"),
        (["in"], "no output"),
        (["in", "-o", "in/one.png"], "no images found but the sheet itself"),
        (["in/one.png", "-o", "in/one.png"], "which is never overwritten"),
        (["in", "-", "-o", "s.png"], "cannot be mixed"),
        (["in", "-o", "s.png", "-0"], "-0 requires --files-from"),
        (["in", "-o", "s.png", "--label", "{psnr}"], "unknown field {psnr}"),
        (["in", "-o", "s.png", "--label", "{"], "--label {: its braces do not match; {{ and }} stand for braces"),
        (["in", "-o", "s.png", "--label", "{stem:q}"], "{stem:q} is not a format; use digits, as in {stem:20}"),
        (["in", "-o", "s.png", "--label", "{width!r}"], "! and braces are not allowed in"),
        (["in", "-o", "s.png", "--label", "{width:{index}}"], "! and braces are not allowed in"),
        (["in", "-o", "s.png", "--label", "{width:9999999999}"], "at most 999 characters"),
        (["in", "-o", "s.png", "--label", "{width:.9999f}"], "at most 999 characters"),
        (["in", "-o", "s.png", "--size", "20000"], "--size: 20000 is not from 1 to 16384"),
        (["in", "-o", "s.png", "--max-pixels", "2000"], "the pictures are too large for a sheet"),
        (["in", "-o", "s.png", "--max-pixels", "2000", "--size", "40"], "the sheet would have"),
        (["in/b", "--include", "*.tif", "-o", "s.png"], "no images found"),
        (["in", "-o", "s.csv"], "is not a supported output format"),
    ],
)
def test_wrong_calls_are_refused(refused, pictures, words, why):
    Path("in/three.tif").unlink(missing_ok=True)
    assert why in refused(2, "sheet", *words)
    assert not Path("s.png").exists()


def test_a_sheet_is_compressed_as_asked(run, folder):
    imwrite("a.png", RNG.integers(0, 256, (200, 200, 3), np.uint8))
    sizes = []
    for quality in (30, 95):
        assert run("sheet", "a.png", "-o", "s.jpg", "--quality", quality).code == 0
        sizes.append(Path("s.jpg").stat().st_size)
    assert sizes[0] < sizes[1]
    assert imread("s.jpg").shape[2] == 3


def test_a_font_that_lacks_letters_is_said(run, pictures):
    assert run("sheet", "in", "-r", "-o", "s.png", "--label", "{stem} × σ é").err == ""
    ended = run("sheet", "in", "-r", "-o", "s.png", "--label", "写真")
    assert (ended.code, len(ended.lines)) == (0, 1) and "choose another with --font FILE.ttf" in ended.lines[0]
    assert run("sheet", "in", "-o", "s.png", "--label", "写真", "-q").err == ""


def test_a_name_with_a_line_break_stays_in_its_line(run, folder, needs):
    needs("names of any bytes")
    imwrite("a.png", np.zeros((20, 20), np.uint8))
    Path("a.png").rename("a\nb.png")
    assert run("sheet", "a\nb.png", "-o", "s.png", "--size", 20).code == 0
    assert len(sheet()) == 2 * GAP + 20 + 4 + 17
