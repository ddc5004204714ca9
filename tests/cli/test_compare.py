"""`imfilter compare`: its exit codes, what it says, and what counts as equal."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from imfilter import imwrite
from PIL import Image

RNG = np.random.default_rng(0)


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """A picture of noise, and one with two samples that differ by 3 and 1."""
    monkeypatch.chdir(tmp_path)
    a = RNG.integers(0, 250, (20, 30, 3), np.uint8)
    b = a.copy()
    b[4, 5, 0] += 3
    b[4, 6, 2] += 1
    imwrite("a.png", a)
    imwrite("b.png", b)
    return a, b


def test_identity_is_the_limit_where_none_is_given(run, pictures):
    assert run("compare", "a.png", "a.png").out == b"a.png a.png: identical\n"
    ended = run("compare", "a.png", "b.png")
    assert ended.code == 1
    assert ended.out.decode() == "a.png b.png: 0.33 % of pixels differ, by at most 3; PSNR 70.68 dB, SSIM 0.99999\n"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        pytest.param(
            "> /dev/full", b"imfilter: standard output: no space left on device\n", marks=pytest.mark.needs("/dev/full")
        ),
        (">&-", b"imfilter: standard output: is closed\n"),
        ("| { exec <&-; touch gone; }", b""),
    ],
)
@pytest.mark.each("words", ["a.png", "b.png", "a.png --json"])
def test_what_cannot_be_told_has_not_the_code_of_pictures_that_differ(shell, pictures, words, output, said):
    wait = "until test -e gone; do sleep 0.05; done;" if "gone" in output else ""
    Path("gone").unlink(missing_ok=True)
    ended = shell(f"({wait} imfilter compare a.png {words}; echo $? > code) {output}")
    assert (Path("code").read_text(), ended.stderr) == ("3\n", said)


@pytest.mark.each(
    "words, missed",
    [
        (["--max-diff", "3"], ""),
        (["--max-diff", "2"], "by at most 3 (limit 2)"),
        (["--max-differing", "2"], ""),
        (["--max-differing", "1"], "in 2 pixels (limit 1)"),
        (["--max-differing", "0.4%"], ""),
        (["--max-differing", "0.3%"], "in 2 pixels (limit 0.3%)"),
        (["--max-differing", "1", "--tolerance", "1"], ""),
        (["--min-psnr", "70"], ""),
        (["--min-psnr", "71"], "PSNR 70.68 (limit 71)"),
        (["--min-ssim", "0.9999"], ""),
        (["--min-ssim", "1"], "SSIM 0.99999 (limit 1)"),
        (["--min-ms-ssim", "0.5"], "MS-SSIM not defined (limit 0.5)"),
        (["--max-diff", "2", "--min-psnr", "71"], "by at most 3 (limit 2), PSNR 70.68 (limit 71)"),
    ],
)
def test_limits(run, pictures, words, missed):
    ended = run("compare", "a.png", "b.png", "-q", *words)
    assert ended.code == bool(missed)
    assert ended.out.decode() == (f"a.png b.png: differs: {missed}\n" if missed else "")
    assert ended.err == ""


def test_a_size_or_a_kind_of_colour_that_differs_is_said(run, pictures):
    imwrite("small.png", np.zeros((20, 29, 3), np.uint8))
    ended = run("compare", "a.png", "small.png", "--max-diff", "255")
    assert ended.code == 1
    assert ended.out.decode() == "a.png small.png: differs: 30×20 and 29×20 pixels\n"
    Image.fromarray(RNG.integers(0, 255, (20, 30, 4), np.uint8), "CMYK").save("cmyk.tif")
    assert run("compare", "a.png", "cmyk.tif").out.decode() == "a.png cmyk.tif: differs: RGB and CMYK\n"


def test_depth_gray_and_an_opaque_alpha_differ_only_strictly(run, pictures):
    gray = RNG.integers(0, 256, (9, 9), np.uint8)
    imwrite("gray.png", gray)
    imwrite("deep.png", gray.astype(np.uint16) * 257)
    imwrite("rgb.png", np.dstack([gray] * 3))
    imwrite("alpha.png", np.dstack([gray, np.full((9, 9), 255, np.uint8)]))
    for name in ("deep.png", "rgb.png", "alpha.png"):
        assert run("compare", "gray.png", name).code == 0, name
        assert run("compare", name, "gray.png").code == 0, name
        assert run("compare", "gray.png", name, "--strict").code == 1, name
    Path("8.png").write_bytes(Path("gray.png").read_bytes())
    for name in ("gray.png", "8.png"):
        said = f"imfilter: {name} deep.png: 8 bits are compared as 16\n"
        assert run("compare", name, "deep.png").err == said


def test_floats_are_compared_with_integers_as_parts_of_white(run, pictures):
    gray = RNG.integers(0, 256, (12, 12), np.uint8)
    imwrite("gray.png", gray)
    imwrite("float.tif", (gray / 255).astype(np.float64).astype(np.float32))
    ended = run("compare", "gray.png", "float.tif", "--max-diff", "1e-6")
    assert ended.code == 0 and "fractions of white" in ended.err


def test_float_pictures_need_a_peak_for_figures_of_white(run, pictures):
    imwrite("f.npy", np.linspace(0, 9, 400, dtype=np.float32).reshape(20, 20))
    imwrite("g.npy", np.linspace(0, 9, 400, dtype=np.float32).reshape(20, 20) + np.float32(0.5))
    ended = run("compare", "f.npy", "g.npy")
    assert ended.code == 1 and b"PSNR" not in ended.out and b"by at most 0.5" in ended.out
    refused = run("compare", "f.npy", "g.npy", "--min-ssim", "0.5")
    assert refused.code == 2 and "--peak 1" in refused.err
    assert b"PSNR 26.0" in run("compare", "f.npy", "g.npy", "--peak", "10").out


def test_colours_below_an_alpha_of_0_do_not_count(run, pictures):
    image = RNG.integers(0, 256, (15, 15, 4), np.uint8)
    image[3:6, :, 3] = 0
    other = image.copy()
    other[3:6, :, :3] = 7
    imwrite("one.png", image)
    imwrite("other.png", other)
    assert run("compare", "one.png", "other.png").code == 0
    other[4, 4, 3] = 1
    imwrite("other.png", other)
    assert run("compare", "one.png", "other.png").code == 1


def test_an_alpha_that_differs_is_a_difference(run, pictures):
    image = np.full((12, 12, 4), 200, np.uint8)
    imwrite("one.png", image)
    image[0, 0, 3] = 150
    imwrite("other.png", image)
    assert b"by at most 50, in the alpha alone" in run("compare", "one.png", "other.png").out


def test_nan_equals_nan_and_no_number(run, pictures):
    image = np.ones((12, 12), np.float32)
    image[2, 2] = np.nan
    imwrite("nan.npy", image)
    imwrite("one.npy", np.ones((12, 12), np.float32))
    assert run("compare", "nan.npy", "nan.npy").code == 0
    ended = run("compare", "nan.npy", "one.npy", "--json")
    assert ended.code == 1
    pair, _ = map(json.loads, ended.out.splitlines())
    assert pair["max_diff"] is None and pair["identical"] is False and pair["differing"] == 1
    for names, style, colour in (
        (["nan.npy", "one.npy"], "signed", [178, 24, 43]),
        (["one.npy", "nan.npy"], "signed", [178, 24, 43]),
        (["nan.npy", "one.npy"], "mark", [220, 0, 0]),
        (["nan.npy", "nan.npy"], "signed", [255, 255, 255]),
    ):
        run("compare", *names, "--diff", "d.png", "--diff-style", style)
        drawn = np.asarray(Image.open("d.png"))
        assert drawn[2, 2].tolist() == colour and drawn[0, 0].tolist() != [178, 24, 43]


def test_pictures_are_compared_upright(run, pictures):
    image = Image.fromarray(pictures[0])
    exif = Image.Exif()
    exif[274] = 6
    image.save("turned.png", exif=exif)
    assert run("compare", "a.png", "turned.png").code == 1
    image.rotate(90, expand=True).save("stored.png", exif=exif)
    assert run("compare", "a.png", "stored.png").code == 0


def test_images_in_subfolders_alone_are_told_of(refused, folder):
    for name in ("e/x", "f/x"):
        (folder / name).mkdir(parents=True)
        Image.fromarray(np.zeros((2, 2), np.uint8)).save(folder / name / "a.png")
    line = refused(2, "compare", "e", "f")
    assert line == "imfilter: e: no images found, nor in f; use -r to search subfolders"


def test_folders_pair_by_path_or_stem(run, pictures):
    for folder in ("g", "g/in", "o", "o/in"):
        Path(folder).mkdir()
    for name in ("g/x.png", "g/in/y.png", "o/in/y.png", "g/only.png", "o/other.png"):
        imwrite(name, pictures[0])
    imwrite("o/x.png", pictures[1])
    imwrite("o/only.tif", pictures[0])
    ended = run("compare", "g", "o", "-r", "-q")
    assert ended.code == 1
    assert ended.out.decode().splitlines() == [
        "g/only.png: only here",
        "o/only.tif: only there",
        "o/other.png: only there",
        "g/x.png o/x.png: 0.33 % of pixels differ, by at most 3; PSNR 70.68 dB, SSIM 0.99999",
    ]
    by_stem = run("compare", "g/", "o/", "-r", "--match", "stem", "--exclude", "other*", "--max-diff", "3")
    assert by_stem.code == 0
    assert by_stem.out.count(b"identical") == 2 and "3 pairs: 2 identical, 3 within the limits" in by_stem.err
    imwrite("g/x.tif", pictures[0])
    assert run("compare", "g", "o", "--match", "stem").code == 2


def test_what_cannot_be_compared_outranks_what_differs(run, pictures):
    Path("g").mkdir()
    Path("o").mkdir()
    for name in ("g/a.png", "g/b.png", "o/b.png"):
        imwrite(name, pictures[0])
    data = Path("g/a.png").read_bytes()
    Path("o/a.png").write_bytes(data[:300])
    ended = run("compare", "g", "o")
    assert ended.code == 3 and "imfilter: o/a.png: is damaged or truncated" in ended.err
    assert ended.out.decode() == "g/b.png o/b.png: identical\n"
    records = [json.loads(line) for line in run("compare", "g", "o", "--json").out.splitlines()]
    assert [record.get("status") for record in records] == ["failed", "within", None]
    assert records[-1] == {
        "schema": 1,
        "kind": "compare",
        "type": "summary",
        "pairs": 2,
        "within": 1,
        "identical": 1,
        "exit": 3,
    }


def test_what_could_not_be_measured_has_all_keys_too(run, pictures, folder):
    Image.new("L", (3, 4)).save(folder / "small.png")
    Image.new("L", (4, 3)).save(folder / "other.png")
    [pair, _] = map(json.loads, run("compare", "small.png", "other.png", "--json").out.splitlines())
    assert {pair[key] for key in ("identical", "max_diff", "differing", "pixels", "psnr", "ssim")} == {None}


def test_the_page_on_json_names_all_keys(run, documented, pictures):
    for line in run("compare", "a.png", "b.png", "--json").out.splitlines():
        assert json.loads(line).keys() <= documented("`imfilter compare --json`")


def test_any_number_of_cores_says_the_same(run, pictures):
    Path("g").mkdir()
    Path("o").mkdir()
    for number in range(12):
        imwrite(f"g/{number}.png", pictures[0])
        imwrite(f"o/{number}.png", pictures[number % 2])
    assert run("compare", "g", "o", "-j", "1") == run("compare", "g", "o", "-j", "3")


@pytest.mark.each(
    "words, said",
    [
        (["a.png"], "two pictures or two folders"),
        (["a.png", "none.png"], "none.png: no such file"),
        (["a.png", "."], ". is a folder, but a.png is not"),
        (["a.png", "b.png", "--max-differing", "x"], "--max-differing: 'x'"),
        (["a.png", "b.png", "--max-differing", "101%"], "--max-differing: 101%"),
        (["a.png", "b.png", "--max-diff", "-1"], "--max-diff: -1 is negative"),
        (["a.png", "b.png", "--min-ssim", "nan"], "--min-ssim: nan"),
        (["a.png", "b.png", "--min-ssim", "1.1"], "--min-ssim: 1.1 is above 1"),
        (["a.png", "b.png", "--min-ms-ssim", "2"], "--min-ms-ssim: 2 is above 1"),
        (["a.png", "b.png", "--metrics", "psnr,vmaf"], "--metrics: 'vmaf'"),
        (["a.png", "b.png", "--diff-style", "red"], "--diff-style: 'red'"),
        (["a.png", "b.png", "--diff", "d.jpg"], "d.jpg: differences need a lossless format"),
        (["a.png", "b.png", "--diff", "d/"], "--diff d/: files give one picture"),
        (["a.png", "b.png", "--diff", "d.txt"], "d.txt: '.txt' is not a supported output format; use one of .avif"),
        (["a.png", "b.png", "--diff", "none/d.png"], "--diff none/d.png: no such folder: none"),
        (["a.png", "b.png", "--diff", "d.png", "--report", "d.png"], "leads to the same file as --report d.png"),
        (["a.png", "b.png", "--gain", "inf"], "--gain: inf"),
        (["a.png", "b.png", "--gain", "2"], "--gain requires --diff or --report"),
        (["a.png", "b.png", "--diff-style", "mark"], "--diff-style requires --diff or --report"),
        (["a.png", "b.png", "--peak", "0"], "--peak: 0"),
        (["a.png", "b.png", "--mask", "a.png", "--min-ms-ssim", "1"], "MS-SSIM cannot be used with --mask"),
        (["-", "-"], "standard input is one picture"),
        (["a.png", "b.png", "--frame", "-1"], "--frame must be 0 or greater"),
    ],
)
def test_wrong_calls(run, pictures, words, said):
    ended = run("compare", *words)
    assert ended.code == 2 and said in ended.err and ended.out == b"" and ended.err.count("\n") == 1


def test_standard_input_is_one_of_the_pictures(run, pictures):
    data = Path("a.png").read_bytes()
    assert run("compare", "a.png", "-", stdin=data).out == b"a.png standard input: identical\n"


def test_regions_and_masks_say_where_to_look(run, pictures):
    assert run("compare", "a.png", "b.png", "--roi", "0,5,30,15").code == 0
    assert run("compare", "a.png", "b.png", "--roi", "0,5,30,15", "--roi", "5,4,1,1").code == 1
    mask = np.full((20, 30), 255, np.uint8)
    mask[4, 5:7] = 0
    imwrite("mask.png", mask)
    assert run("compare", "a.png", "b.png", "--mask", "mask.png").code == 0
    mask[4, 6] = 1
    imwrite("mask.png", mask)
    assert b"by at most 1" in run("compare", "a.png", "b.png", "--mask", "mask.png").out
    imwrite("mask.png", mask * 0)
    assert run("compare", "a.png", "b.png", "--mask", "mask.png").code == 3


def test_frames_are_compared_with_their_counterparts(run, pictures):
    pages = [Image.fromarray(image) for image in (pictures[0], pictures[1], pictures[0])]
    pages[0].save("one.tif", save_all=True, append_images=pages[1:])
    pages[0].save("two.tif", save_all=True, append_images=[pages[0], pages[0]])
    pages[0].save("short.tif", save_all=True, append_images=pages[1:2])
    assert run("compare", "one.tif", "one.tif").code == 0
    assert b"0.11 % of pixels differ, by at most 3" in run("compare", "one.tif", "two.tif").out
    assert run("compare", "one.tif", "two.tif", "--frame", "2").code == 0
    assert run("compare", "one.tif", "two.tif", "--frame", "1").code == 1
    assert run("compare", "one.tif", "short.tif").out.decode() == "one.tif short.tif: differs: 3 and 2 frames\n"
    assert run("compare", "one.tif", "short.tif", "--frame", "2").code == 3


def test_pictures_of_differences(run, pictures):
    assert run("compare", "a.png", "b.png", "--diff", "abs.png", "--gain", "50").code == 1
    drawn = np.asarray(Image.open("abs.png"))
    assert drawn[4, 5].tolist() == [150, 0, 0] and drawn[4, 6].tolist() == [0, 0, 50] and drawn.sum() == 200
    run("compare", "a.png", "b.png", "--diff", "mark.png", "--diff-style", "mark")
    marked = np.asarray(Image.open("mark.png")).astype(int)
    red = (marked == [220, 0, 0]).all(axis=2)
    assert np.argwhere(red).tolist() == [[4, 5], [4, 6]] and (np.ptp(marked[~red], axis=1) == 0).all()
    run("compare", "a.png", "b.png", "--diff", "signed.png", "--diff-style", "signed", "--gain", "1000")
    signed = np.asarray(Image.open("signed.png"))
    assert signed[4, 5].tolist() == [178, 24, 43] and signed[0, 0].tolist() == [255, 255, 255]
    run("compare", "b.png", "a.png", "--diff", "signed.png", "--diff-style", "signed", "--gain", "1000")
    assert np.asarray(Image.open("signed.png"))[4, 5].tolist() == [33, 102, 172]


def test_pixels_within_the_tolerance_are_not_marked(run, folder):
    one = np.full((4, 5, 3), 100, np.uint8)
    other = one.copy()
    other[1, 1, 0], other[2, 2, 1] = 103, 110
    for name, image in (("a.png", one), ("b.png", other)):
        Image.fromarray(image).save(folder / name)
    run("compare", "a.png", "b.png", "--diff", "m.png", "--diff-style", "mark", "--tolerance", "3")
    marked = (np.asarray(Image.open(folder / "m.png")) == (220, 0, 0)).all(axis=2)
    assert [*zip(*np.nonzero(marked), strict=True)] == [(2, 2)]


def test_what_is_left_of_a_damaged_picture_is_told_of(run, folder):
    image = np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8)
    Image.fromarray(image).save(folder / "a.jpg")
    (folder / "cut.jpg").write_bytes((folder / "a.jpg").read_bytes()[:-3000])
    ended = run("compare", "a.jpg", "cut.jpg", "--lenient")
    assert ended.code == 1 and "cut.jpg: is truncated" in ended.err and "the readable part was used" in ended.err


def test_differences_of_folders_go_to_a_folder(run, pictures):
    for folder in ("g", "g/in", "o", "o/in"):
        Path(folder).mkdir()
    for name in ("g/x.png", "o/x.png", "g/in/y.tif", "o/in/y.tif"):
        imwrite(name, pictures[0])
    assert run("compare", "g", "o", "-r", "--diff", "d/").code == 0
    assert sorted(os.listdir("d")) == ["in", "x.png"] and os.listdir("d/in") == ["y.png"]
    assert run("compare", "g", "o", "-r", "--diff", "d.png").code == 2


def test_what_cannot_be_written_is_not_a_difference(run, pictures):
    for folder in ("g/in", "o/in"):
        Path(folder).mkdir(parents=True)
        imwrite(f"{folder}/x.png", pictures[0])
    Path("d").mkdir()
    Path("d/in").touch()
    ended = run("compare", "g", "o", "-r", "--diff", "d/", "-q")
    assert (ended.code, ended.out) == (3, b"") and ended.err.startswith("imfilter: d/in: cannot be made: ")
    ended = run("compare", "g", "o", "-r", "-q", "--report", f"{'x' * 300}.html")
    assert (ended.code, ended.out) == (3, b"") and "x.html: cannot be written: " in ended.err
    assert ended.err.count("\n") == 1


def test_a_picture_that_is_compared_is_never_replaced(run, pictures):
    before = Path("b.png").read_bytes()
    for folder in ("g", "o"):
        Path(folder).mkdir()
        Path(folder, "b.png").write_bytes(before)
    for words in (["a.png", "b.png", "--diff", "b.png"], ["g", "o", "--diff", "o/"], ["g", "o", "--diff", "g"]):
        ended = run("compare", *words)
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, b"", 1)
        assert "b.png: is one of the pictures to compare, which is never overwritten" in ended.err
    assert {Path(name).read_bytes() for name in ("b.png", "g/b.png", "o/b.png")} == {before}


def test_the_differences_of_two_pairs_never_share_a_file(refused, run, pictures):
    for folder in ("g", "o"):
        Path(folder).mkdir()
        for name in ("x.png", "x.tif"):
            imwrite(f"{folder}/{name}", pictures[0])
    said = "imfilter: --diff d/x.png: would show two pairs, those of g/x.png and g/x.tif; leave one out with --exclude"
    assert refused(2, "compare", "g", "o", "--diff", "d/") == said
    assert not Path("d").exists()
    assert run("compare", "g", "o", "--diff", "d/", "--exclude", "*.tif").code == 0


def test_the_figures_of_what_is_identical(run, pictures):
    for name, size, figures in (
        ("a.png", None, (1.0, None)),
        ("big.png", 176, (1.0, 1.0)),
        ("small.png", 10, (None, None)),
    ):
        if size:
            imwrite(name, RNG.integers(0, 256, (size, 200), np.uint8))
        found = json.loads(run("compare", name, name, "--json", "--metrics", "all").out.splitlines()[0])
        assert (found["ssim"], found["ms_ssim"]) == figures
        assert (found["identical"], found["psnr"], found["rmse"]) == (True, None, 0)


def test_a_figure_reads_no_better_than_it_is():
    from imfilter.cli.compare.limits import rounded_down

    assert rounded_down(0.99999999, 5) == "0.99999"
    assert rounded_down(np.nextafter(1.0, 0), 5) == "0.99999"
    assert rounded_down(1.0, 5) == "1.00000"
    assert {level: rounded_down(level / 100, 2) for level in range(6000)} == {
        level: f"{level / 100:.2f}" for level in range(6000)
    }


def test_identical_pictures_without_a_figure_do_not_differ(run, pictures):
    ended = run("compare", "a.png", "a.png", "--min-ms-ssim", "0.5")
    assert ended.code == 1
    said = "a.png a.png: identical; outside the limits: MS-SSIM not defined (limit 0.5)\n"
    assert ended.out.decode() == said
