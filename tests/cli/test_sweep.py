"""`imfilter sweep`: what braces stand for, what the cells show, and what is refused."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from imfilter import imread, imwrite
from imfilter.cli.drawing.cells import FAINT, PAD
from imfilter.cli.drawing.text import font
from imfilter.cli.errors import UsageError
from imfilter.cli.images.picture import Picture
from imfilter.cli.sweep.braces import template
from imfilter.cli.sweep.window import read
from PIL import Image, ImageDraw

GAP, LINE = 12, 17
"""Pixels between cells, and of a line of text."""
RNG = np.random.default_rng(5)


@pytest.fixture
def picture(rgb):
    """A picture of 40×24, which is too small for labels."""
    imwrite("a.png", rgb)
    return rgb


def cell(sheet, row, column, width, height, lines=1):
    """What stands in a cell of a sheet, whose labels are empty."""
    down = height + (4 + lines * LINE if lines else 0) + GAP
    top, left = GAP + row * down, GAP + column * (width + GAP)
    return np.asarray(Image.open(sheet).convert("RGB"))[top : top + height, left : left + width]


def colours(image):
    return image if image.ndim == 3 else np.dstack([image] * 3)


@pytest.mark.each(
    "text, values",
    [
        ("{a,b}", ["a", "b"]),
        ("{ a , b c }", ["a", "b c"]),
        ("{4}", ["4"]),
        ("{1..3}", ["1", "2", "3"]),
        ("{3..1}", ["3", "2", "1"]),
        ("{1..9..4}", ["1", "5", "9"]),
        ("{1..10..4}", ["1", "5", "9"]),
        ("{-1..1..0.5}", ["-1", "-0.5", "0", "0.5", "1"]),
        ("{0.1..0.3..0.1}", ["0.1", "0.2", "0.3"]),
        ("{1..64..x4}", ["1", "4", "16", "64"]),
        ("{64..1..x4}", ["64", "16", "4", "1"]),
        ("{64..1..x0.25}", ["64", "16", "4", "1"]),
        ("{8..8..x2}", ["8"]),
        ("{1..2..x1.25992105}", ["1", "1.25992", "1.5874", "2"]),
        ("{{x}}{1,2}", ["{x}1", "{x}2"]),
    ],
)
def test_what_braces_stand_for(text, values):
    found = template(f"blur --sigma {text}")
    assert [found.text([value]) for value in found.groups[0]] == [f"blur --sigma {value}" for value in values]


@pytest.mark.each(
    "text, why",
    [
        ("{", "has no matching }"),
        ("{1,{2}}", "has no matching }"),
        ("1}", "has no { before it"),
        ("{}", "empty value"),
        ("{1,,2}", "empty value"),
        ("{1..2..0}", "step of 0"),
        ("{0..4..x2}", "needs a factor"),
        ("{1..4..x1}", "needs a factor"),
        ("{-1..4..x2}", "needs a factor"),
        ("{1..9e9}", "more than 10000 values"),
        ("{1..2..x1.0000001}", "more than 10000 values"),
        ("{1e-99..1}", "too close to 0"),
        ("'{1,2}", "no closing quotation"),
    ],
)
def test_braces_that_cannot_be_read_are_refused(text, why):
    with pytest.raises(UsageError, match=re.escape(why)):
        template(f"blur --sigma {text}")


STEPS = [
    "blur --sigma {1,3}",
    "edges --op {sobel,canny}",
    "sharpen --amount {0.5,2}",
    "conv --kernel {emboss,laplacian8}",
    "blur --op median --size {3,5} | sharpen",
    "threshold --value {60,128}",
    "tone --gamma {0.5,2}",
    "noise --sigma {5,20}",
    "edges --range stretch --op {sobel,prewitt}",
]


@pytest.mark.each("step", STEPS)
def test_a_cell_shows_what_the_filter_writes(run, picture, step):
    assert run("sweep", "a.png", "-o", "s.png", step, "--crop", "0,0,40,24", "--label", "").code == 0
    assert (cell("s.png", 0, 0, 40, 24) == picture).all()
    found = template(step)
    for column, value in enumerate(found.groups[0], 1):
        run("chain", "a.png", "-o", "one.png", *found.text([value]).split(" | "))
        assert (cell("s.png", 0, column, 40, 24) == colours(imread("one.png"))).all(), value


@pytest.mark.each("step", STEPS)
@pytest.mark.each("box", [(3, 2, 9, 7), (30, 20, 10, 4)])
def test_a_part_is_that_of_the_whole_result(run, picture, step, box):
    x, y, width, height = box
    words = ["--crop", ",".join(map(str, box)), "--label", ""]
    assert run("sweep", "a.png", "-o", "s.png", step, *words).code == 0
    found = template(step)
    run("chain", "a.png", "-o", "one.png", *found.text([found.groups[0][1]]).split(" | "))
    whole = colours(imread("one.png"))[y : y + height, x : x + width]
    assert (cell("s.png", 0, 2, width, height) == whole).all()


def test_a_part_is_computed_alone(run, work, folder):
    imwrite("large.png", RNG.integers(0, 256, (1500, 400), np.uint8))
    part = work(lambda: run("sweep", "large.png", "-o", "s.png", "blur --sigma {1,2,3,4}", "--crop", "9,700,40,40"))
    whole = work(lambda: run("sweep", "large.png", "-o", "s.png", "blur --sigma {1,2,3,4}"))
    assert part < whole


def test_the_window_of_most_detail():
    image = np.full((200, 300, 3), 90, np.uint8)
    image[120:150, 200:230] = RNG.integers(0, 256, (30, 30, 3))
    x, y, width, height = read("detail:40,40").on(Picture(image))
    assert (width, height) == (40, 40)
    assert x <= 200 <= 230 <= x + 40 and y <= 120 <= 150 <= y + 40
    for size in ("1,1", "300,200", "999,7"):
        x, y, width, height = read(f"detail:{size}").on(Picture(image))
        assert 0 <= x <= 300 - width and 0 <= y <= 200 - height


def test_small_pictures_are_shown_by_squares_and_large_ones_by_means_of_areas(run, picture):
    assert run("sweep", "a.png", "-o", "s.png", "blur", "--size", "130", "--label", "").code == 0
    assert (cell("s.png", 0, 0, 120, 72) == picture.repeat(3, 0).repeat(3, 1)).all()
    assert run("sweep", "a.png", "-o", "s.png", "blur", "--size", "20", "--label", "").code == 0
    means = picture.reshape(12, 2, 20, 2, 3).mean((1, 3))
    assert np.abs(cell("s.png", 0, 0, 20, 12) - means).max() <= 0.5


def places(run, *words):
    """The rows of labels that a sweep of a gray picture draws, by their place on the sheet."""
    ended = run("sweep", "g.png", "-o", "s.png", "--label", "", "--json", *words)
    assert ended.code == 0, ended.err
    sheet = np.asarray(Image.open("s.png").convert("L"))
    rows, columns = (sheet.shape[0] - GAP) // (16 + 4 + LINE + GAP), (sheet.shape[1] - GAP) // (16 + GAP)
    return [
        "".join("x" if cell("s.png", row, column, 16, 16).min() < 255 else "." for column in range(columns))
        for row in range(rows)
    ]


@pytest.mark.each(
    "words, drawn",
    [
        (["blur --sigma {1,2}"], ["xxx"]),
        (["blur --sigma {1,2}", "--no-input"], ["xx"]),
        (["blur"], ["xx"]),
        (["blur", "edges"], ["xxx"]),
        (["blur --sigma {1,2,3},{1,2}"], ["x.", "xx", "xx", "xx"]),
        (["blur --sigma {1,2},{1,2} --border {wrap,reflect,mirror}"], ["x..", "xxx", "xxx", "xxx", "xxx"]),
        (["blur --sigma {1,2,3}", "edges"], ["x..", "xxx", "x.."]),
        (["blur --sigma {1,2,3}", "edges", "--no-input"], ["xxx", "x.."]),
        (["blur --sigma {1..8}"], ["xxxxxxxxx"]),
        (["blur --sigma {1..11}"], ["xxxx", "xxxx", "xxxx"]),
        (["blur --sigma {1,2},{1,2}", "--columns", "2"], ["xx", "xx", "x."]),
    ],
)
def test_where_results_stand(run, words, drawn):
    imwrite("g.png", np.full((16, 16), 77, np.uint8))
    assert places(run, *words, "--size", "16") == drawn


def labels_of(run, *words):
    ended = run("sweep", "a.png", "-o", "s.png", "--json", *words)
    return [json.loads(line).get("label") for line in ended.out.splitlines()][:-1]


def test_labels_say_what_varies(run, picture):
    assert labels_of(run, "blur --sigma {1,2}") == ["input", "sigma 1", "sigma 2"]
    assert labels_of(run, "blur --op bilateral --sigma {2,4} --range-sigma {9,25}", "--no-input")[1] == (
        "sigma 2, range-sigma 25"
    )
    steps = ["blur --op median --size {3,5}", "edges"]
    assert labels_of(run, *steps) == ["input", "blur median: size 3", "blur median: size 5", "edges"]
    assert labels_of(run, "{blur,sharpen}") == ["input", "blur", "sharpen"]
    chain = "blur --sigma {1,2} | sharpen --op log --sigma {3,4}"
    assert labels_of(run, chain)[1] == "blur sigma 1, sharpen sigma 3"
    assert labels_of(run, "blur --op median --size {3,5},{3,7}")[2] == "size 3,7"


@pytest.mark.each("name", ["a plain name that is far too long", "Фотография из отпуска", "写真のファイル名です"])
@pytest.mark.each("background", ["white", "black", "#4080ff"])
@pytest.mark.each("size", [48, 160])
def test_labels_lie_inside_their_cells_and_contrast_with_the_sheet(run, picture, name, background, size):
    words = ["--size", size, "--background", background, "--label", f"{name}\n{{sigma}}"]
    assert run("sweep", "a.png", "-o", "s.png", "blur --sigma {1,2}", "--no-input", *words).code == 0
    sheet = np.asarray(Image.open("s.png").convert("RGB")).astype(int)
    paper = sheet[0, 0]
    text = sheet[-GAP - 2 * LINE :]
    drawn = np.abs(text - paper).sum(2) > 0
    assert not drawn[-GAP:].any()
    across = (sheet.shape[1] - GAP) // 2
    for column in range(2):
        assert not drawn[:, column * across : column * across + GAP - 1].any()
        assert drawn[:LINE, column * across + GAP : (column + 1) * across].any()
    assert not drawn[:, -GAP + 1 :].any()
    luma = sheet @ [0.299, 0.587, 0.114]
    assert np.abs(luma[-GAP - 2 * LINE :] - luma[0, 0]).max() > 100


def test_against_a_reference_the_best_is_framed_and_ranked(run, folder):
    clean = np.add.outer(np.arange(60), np.arange(80)).astype(np.uint8)
    imwrite("clean.png", clean)
    imwrite("noisy.png", np.clip(clean + RNG.normal(0, 12, clean.shape), 0, 255).astype(np.uint8))
    words = ["noisy.png", "-o", "s.png", "blur --sigma {0.5,2,20}", "--against", "clean.png"]
    ended = run("sweep", *words)
    assert ended.code == 0 and ended.err == ""
    lines = ended.out.decode().splitlines()
    assert [line[: line.index("  ")] for line in lines] == ["sigma 2", "sigma 0.5", "sigma 20", "input"]
    run("blur", "noisy.png", "-o", "two.png", "--sigma", 2)
    compared = json.loads(run("compare", "two.png", "clean.png", "--json").out.splitlines()[0])
    found = [json.loads(line) for line in run("sweep", *words, "--json").out.splitlines()]
    assert [found[0][key] for key in ("label", "rank")] == ["sigma 2", 1]
    for key in ("psnr", "ssim", "max_diff"):
        assert found[0][key] == compared[key]
    assert found[-1] == {
        "schema": 1, "kind": "sweep", "type": "summary", "cells": 4, "best": "sigma 2", "sheet": "s.png",
        "status": "done",
    }  # fmt: skip
    sheet = np.asarray(Image.open("s.png"))
    orange = (sheet == (230, 90, 0)).all(2)
    columns = np.flatnonzero(orange.any(0))
    across = (sheet.shape[1] - GAP) // 4
    assert [(end - GAP // 2) // across for end in (columns.min(), columns.max())] == [2, 2]


@pytest.mark.each("size, lines", [(320, 1), (160, 2)])
def test_figures_stand_below_each_other_rather_than_being_cut(run, folder, size, lines):
    clean = np.add.outer(np.arange(120), np.arange(160)).astype(np.uint8)
    imwrite("clean.png", clean)
    imwrite("noisy.png", np.clip(clean + np.random.default_rng(1).normal(0, 5, clean.shape), 0, 255).astype(np.uint8))
    words = ["noisy.png", "-o", "s.png", "blur --sigma 0.01", "--no-input", "--against", "clean.png", "--size", size]
    said = run("sweep", *words).out.decode().strip().split("  ")[1]
    figures = said.split(", ", lines - 1)
    assert len(figures) == lines and said.startswith("PSNR 3")
    sheet = Image.open("s.png").convert("L")
    expected = Image.new("L", sheet.size, 255)
    top = GAP + 120 * (size // 160) + PAD + LINE
    for number, line in enumerate(figures):
        font(13).draw(ImageDraw.Draw(expected), (GAP, top + number * LINE), line, FAINT)
    assert sheet.height == top + len(figures) * LINE + GAP
    assert np.array_equal(np.asarray(sheet)[top:], np.asarray(expected)[top:])


def test_a_reference_of_another_size_is_said(run, picture):
    imwrite("small.png", picture[:9])
    found = [
        json.loads(line)
        for line in run("sweep", "a.png", "-o", "s.png", "blur", "--against", "small.png", "--json").out.splitlines()
    ]
    assert [one.get("why") for one in found] == ["40×24 and 40×9 pixels"] * 2 + [None]
    assert found[-1]["best"] is None


def test_results_have_files_of_their_own(run, picture):
    words = [
        "sweep",
        "a.png",
        "-o",
        "s.png",
        "blur --sigma {1,2}",
        "blur --op median --size {3,5},{3}",
        "--each",
        "out",
    ]
    assert run(*words, "--label", "{label} {kept}").code == 0
    names = ["blur-median-size-3-3.png", "blur-median-size-5-3.png", "blur-sigma-1.png", "blur-sigma-2.png"]
    assert sorted(path.name for path in Path("out").iterdir()) == names
    run("blur", "a.png", "-o", "one.png", "--sigma", 2)
    assert (imread("out/blur-sigma-2.png") == imread("one.png")).all()
    assert run("sweep", "a.png", "-o", "s.png", "{blur,blur}", "--each", "twice", "--to", "tif").code == 0
    assert sorted(path.name for path in Path("twice").iterdir()) == ["blur-2.tif", "blur.tif"]


def text(name):
    with Image.open(name) as image:
        return image.info


def test_a_current_sheet_is_not_made_again(run, picture):
    words = ["sweep", "a.png", "-o", "s.png", "blur --sigma {1,2}", "--each", "out", "-u", "-q"]

    def made(*more):
        before = Path("s.png").stat().st_ino if Path("s.png").exists() else 0
        assert run(*words, *more).code == 0
        return Path("s.png").stat().st_ino != before

    assert made()
    assert not made()
    assert not made("-j", "1")
    for more in (["--size", "99"], ["--label", "x"], ["--gap", "3"], ["--no-input"], ["--against", "a.png"], ["edges"]):
        assert made(*more), more
        assert not made(*more), more
    assert made()
    Path("out/sigma-1.png").unlink()
    assert made()
    imwrite("a.png", picture[::-1].copy())
    assert made()
    software = text("s.png")["Software"]
    assert re.match(r"imfilter \S+ [0-9a-f]{16} imfilter sweep a.png -o s.png 'blur --sigma \{1,2\}'$", software)
    assert made("--no-stamp") and made("--no-stamp")
    assert "Software" not in text("s.png")


def test_any_number_of_cores_makes_the_same_bytes(run, folder):
    imwrite("a.png", RNG.integers(0, 256, (700, 500, 3), np.uint8))
    found = set()
    for cores in (1, 2, 5):
        assert run("sweep", "a.png", "-o", "s.png", "blur --op {gaussian,median,bilateral}", "-j", cores).code == 0
        found.add((folder / "s.png").read_bytes())
    assert len(found) == 1


@pytest.mark.each(
    "words, why",
    [
        (["-o", "s.png", "blur --sigma {1,2}"], "no input"),
        (["a.png", "a.png", "-o", "s.png", "blur"], "2 inputs"),
        ([".", "-o", "s.png", "blur"], "is a folder"),
        (["a.png", "blur"], "no output"),
        (["a.png", "-o", "s.png"], "no step"),
        (["a.png", "-o", "s.png", "blur", "--sigma", "1", "2"], "quote each step"),
        (["a.png", "-o", "s.png", "pool", "2"], "quote each step"),
        (["a.png", "-o", "s.png", "blurr --sigma {1,2}"], "unknown filter 'blurr'"),
        (["a.png", "-o", "s.png", "blur --sigma {1,x}"], "step 1 (blur): --sigma"),
        (["a.png", "-o", "s.png", "blur --sigma {1,-2}"], "step 1 (blur): --sigma"),
        (["a.png", "-o", "s.png", "blur --sigma {1..401}"], "401 results; the limit is 400"),
        (["a.png", "-o", "s.png", "blur | "], "a filter is missing"),
        (["a.png", "-o", "s.png", "conv --kernel {gabor,emboss}"], "gives 24 maps"),
        (["a.png", "-o", "a.png", "blur"], "is an input, which is never overwritten"),
        (["a.png", "-o", "out/s.png", "blur"], "no such folder"),
        (["a.png", "-o", ".", "blur"], "is a folder"),
        (["a.png", "-o", "s.npz", "blur"], "a sheet needs a format for colours"),
        (["a.png", "-o", "s.xyz", "blur"], "is not a supported output format"),
        (["a.png", "-o", "s.png", "blur", "--crop", "1,2,3"], "--crop: '1,2,3' is not"),
        (["a.png", "-o", "s.png", "blur", "--crop", "center:0,9"], "has no pixels"),
        (["a.png", "-o", "s.png", "blur", "--size", "0"], "--size: 0 is not from 1"),
        (["a.png", "-o", "s.png", "blur", "--columns", "0"], "--columns: 0 is not from 1"),
        (["a.png", "-o", "s.png", "blur", "--gap", "-1"], "--gap: -1 is not from 0"),
        (["a.png", "-o", "s.png", "blur", "--background", "reddish"], "is not a colour"),
        (["a.png", "-o", "s.png", "blur", "--font", "a.png"], "is not a font"),
        (["a.png", "-o", "s.png", "blur", "--label", "{nix}"], "unknown field {nix}"),
        (["a.png", "-o", "s.png", "blur", "--label", "{"], "--label {"),
        (["a.png", "-o", "s.png", "blur", "--label", "{psnr}"], "{psnr} requires --against"),
        (["a.png", "-o", "s.png", "blur", "--label", "{kept}"], "{kept} requires --each"),
        (["a.png", "-o", "s.png", "blur", "--to", "png"], "--to requires --each"),
        (["a.png", "-o", "s.png", "blur", "--quality", "0"], "--quality: 0 is not"),
        (["a.png", "-o", "s.png", "blur", "--frame", "-1"], "--frame must be 0"),
        (["a.png", "-o", "s.png", "blur", "--against", "s.png"], "which is never overwritten"),
        (["a.png", "-o", "-", "blur", "--json"], "--json needs standard output"),
    ],
)
def test_wrong_calls_are_refused_before_any_work(refused, picture, folder, words, why):
    assert why in refused(2, "sweep", *words)
    assert [path.name for path in folder.iterdir()] == ["a.png"]


@pytest.mark.each(
    "words, why",
    [
        (["nix.png", "-o", "s.png", "blur"], "nix.png: no such file"),
        (["a.png", "-o", "s.png", "blur", "--against", "nix.png"], "nix.png: no such file"),
        (["a.png", "-o", "s.png", "blur", "--crop", "40,0,9,9"], "--crop 40,0,9,9 lies outside"),
        (["a.png", "-o", "s.png", "resize --longest {30,5}", "--each", "out", "--crop", "9,0,9,9"], "lies outside"),
        (["a.png", "-o", "s.png", "blur", "--frame", "1"], "frame 1 is out of range"),
    ],
)
def test_what_fails_leaves_nothing_behind(refused, picture, folder, words, why):
    assert why in refused(1, "sweep", *words)
    assert not (folder / "s.png").exists()
    assert not [*folder.glob("out/*")]


@pytest.mark.each("kind", ["gray", "alpha", "gray16", "float", "palette", "one bit", "gif"])
def test_every_kind_of_picture_has_a_sheet(run, rgb, folder, kind):
    name = {"float": "a.tif", "gif": "a.gif"}.get(kind, "a.png")
    if kind == "gray":
        imwrite(name, rgb[..., 0])
    elif kind == "alpha":
        imwrite(name, np.dstack([rgb, rgb[..., 0]]))
    elif kind == "gray16":
        imwrite(name, rgb[..., 0].astype(np.uint16) * 257)
    elif kind == "float":
        imwrite(name, (rgb / 255).astype(np.float32))
    elif kind == "gif":
        frames = [Image.fromarray(frame) for frame in (rgb, rgb[::-1])]
        frames[0].save(name, save_all=True, append_images=frames[1:])
    else:
        Image.fromarray(rgb).convert("P" if kind == "palette" else "1").save(name)
    ended = run("sweep", name, "-o", "s.png", "blur --sigma {1,2}", "edges", "--against", name, "--crop", "0,0,40,24")
    assert ended.code == 0 and b"identical" in ended.out
    shown = np.asarray(Image.open("s.png").convert("RGB"))[GAP : GAP + 24, GAP : GAP + 40].astype(int)
    if kind == "alpha":
        share = rgb[..., :1] / 255
        expected = rgb * share + 255 * (1 - share)
    elif kind in ("palette", "one bit", "gif"):
        with Image.open(name) as source:
            expected = np.asarray(source.convert("RGB"))
    else:
        expected = colours(rgb[..., 0]) if kind.startswith("gray") else rgb
    assert np.abs(shown - expected).max() <= 1


def test_a_sweep_of_standard_input_goes_to_standard_output(run, picture, folder):
    ended = run("sweep", "-", "-o", "-", "blur --sigma {1,2}", stdin=(folder / "a.png").read_bytes())
    assert ended.code == 0
    assert run("sweep", "a.png", "-o", "s.png", "blur --sigma {1,2}", "--no-stamp").code == 0
    (folder / "piped.png").write_bytes(ended.out)
    assert (imread("piped.png") == imread("s.png")).all()


def test_second_pictures_are_read_and_never_written(run, refused, picture, folder):
    imwrite("b.png", picture[::-1].copy())
    Path("others").mkdir()
    imwrite("others/a.png", picture[:, ::-1].copy())
    words = ["--crop", "0,0,40,24", "--label", ""]
    for other in ("b.png", "others"):
        assert run("sweep", "a.png", "-o", "s.png", f"blend --other {other} --op {{add,multiply}}", *words).code == 0
        run("blend", "a.png", "-o", "one.png", "--other", other, "--op", "multiply")
        assert (cell("s.png", 0, 2, 40, 24) == imread("one.png")).all()
    for output in ("b.png", "others/a.png"):
        assert "never overwritten" in refused(2, "sweep", "a.png", "-o", output, "blend --other {b.png,others}")


def test_a_plan_is_printed_and_nothing_written(run, picture, folder):
    ended = run("sweep", "a.png", "-o", "s.png", "blur --sigma {1,2}", "--each", "out", "-n")
    assert ended.out.decode().splitlines() == [
        "blur --sigma 1 -> out/sigma-1.png",
        "blur --sigma 2 -> out/sigma-2.png",
        "a.png, 2 results -> s.png",
    ]
    assert [path.name for path in folder.iterdir()] == ["a.png"]


@pytest.mark.each("kind, words", [("sweep", ["blur --sigma {1,2}", "--against", "a.png"]), ("sheet", [])])
def test_the_page_on_json_names_all_keys(run, documented, picture, kind, words):
    for line in run(kind, "a.png", "-o", "s.png", *words, "--json").out.splitlines():
        record = json.loads(line)
        assert record["kind"] == kind
        assert record.keys() <= documented(f"`imfilter {kind} --json`")
