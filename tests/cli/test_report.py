"""The page of `--report`: what is on it is what was computed, within its size, and nothing of whose machine it was."""

import base64
import html
import io
import os
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
from imfilter.cli.page import details, exhibit
from PIL import Image

RNG = np.random.default_rng(17)


def noise(height, width, channels=3):
    return RNG.integers(0, 256, (height, width, channels)).astype(np.uint8)


def pictures(page):
    """The pictures of a page as arrays, by what is said of them."""
    found = re.findall(r'<img src="data:image/(?:png|jpeg);base64,([^"]*)"[^>]* alt="([^"]*)"', page)
    return {html.unescape(alt): np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data, alt in found}


@pytest.fixture
def page(folder):
    """``page("page.html")`` reads one."""
    return lambda name="page.html": (folder / name).read_text(encoding="utf-8")


def test_before_and_after_are_shown_without_loss(ok, page, png, load, rgb):
    ok("blur", "a.png", "-o", "b.png", "--report", "page.html")
    shown = pictures(page())
    assert np.array_equal(shown["Before: a.png"], rgb)
    assert np.array_equal(shown["After: a.png"], load("b.png"))
    assert len(shown) == 2


def test_a_large_picture_is_reduced_and_shown_pixel_by_pixel_where_it_changed_most(ok, page, load):
    large = np.full((1500, 1700, 3), 90, np.uint8)
    large[1000:1100, 600:800] = noise(100, 200)
    Image.fromarray(large).save("a.png", compress_level=1)
    ok("blur", "a.png", "-o", "b.png", "--report", "page.html")
    shown = pictures(page())
    assert shown["Before: a.png"].shape == (1412, 1600, 3)
    [(alt, found)] = [(alt, found) for alt, found in shown.items() if alt.startswith("After: a.png, 400×400")]
    left, top = map(int, re.search(r"at (\d+), (\d+)", alt).groups())
    assert 400 < left <= 600
    assert 700 < top <= 1000
    assert np.array_equal(found, load("b.png")[top : top + 400, left : left + 400])


def test_the_reduction_is_the_mean_of_areas():
    from imfilter.cli.images.on_screen import reduced

    image = noise(36, 60)
    means = image.reshape(12, 3, 20, 3, 3).mean(axis=(1, 3))
    assert np.abs(reduced(image, 20, 12) - means).max() <= 0.5 + 1e-4


@pytest.mark.each("side, height, width", [(16, 64, 96), (40, 64, 96), (64, 64, 96), (100, 64, 96), (48, 70, 51)])
def test_details_lie_inside_and_apart(side, height, width):
    one, other = noise(height, width), noise(height, width)
    found = details.places(one, other, side, 3)
    assert bool(found) == (side <= min(height, width))
    for left, top in found:
        assert 0 <= left <= width - side
        assert 0 <= top <= height - side
    for number, (left, top) in enumerate(found):
        for x, y in found[:number]:
            assert abs(left - x) >= side - details.STEP or abs(top - y) >= side - details.STEP
    assert details.places(one, one, side, 3) == []


@pytest.mark.parametrize("count, size", [(3, 100_000), (12, 300_000), (2, 2_000_000)])
def test_no_page_is_larger_than_it_may_be(ok, page, folder, count, size):
    for number in range(count):
        Image.fromarray(noise(400, 500)).save(f"{number}.png", compress_level=0)
    ok("blur", *(f"{n}.png" for n in range(count)), "-o", "out/", "--report", "page.html", "--report-size", size, "-q")
    assert (folder / "page.html").stat().st_size <= size
    shown = len(re.findall("<article", page()))
    assert shown
    missing = re.search(r"(\d+) images? more", page())
    assert shown + int(missing[1] if missing else 0) == count


def test_every_grade_takes_less_than_the_one_before():
    image = exhibit.OnScreen(noise(1200, 1800))
    both = [exhibit.Subject(name, image) for name in ("before", "after")]
    sizes = [exhibit.exhibit(both, share).size for share in (10**8, 2_000_000, 500_000, 100_000, 20_000, 1)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[1] <= 2_000_000
    assert sizes[2] <= 500_000
    assert sizes[3] <= 100_000


def test_the_same_pictures_give_the_same_page_whatever_the_machine(ok, page, folder, monkeypatch):
    pages = []
    for place, jobs in (("here", 1), ("there", 2)):
        (folder / place).mkdir()
        monkeypatch.chdir(folder / place)
        for number in range(4):
            Image.fromarray(np.full((20, 30, 3), 40 * number, np.uint8)).save(f"{number}.png")
        os.environ["IMFILTER_JOBS"] = str(jobs)
        try:
            ok("blur", *(folder / place / f"{n}.png" for n in range(4)), "-o", "out/", "--report", "page.html", "-q")
        finally:
            del os.environ["IMFILTER_JOBS"]
        pages.append(page(f"{place}/page.html"))
    assert pages[0] == pages[1]
    assert str(folder) not in pages[0]
    assert "<pre>imfilter blur 0.png 1.png 2.png 3.png -o out/ --report page.html -q</pre>" in pages[0]


def test_the_command_is_the_call_without_the_folders_of_a_machine(run, page, png, folder):
    (folder / "k.txt").write_text("1 2 1\n")
    odd = folder / "odd\n'name.png"
    odd.write_bytes(png.read_bytes())
    run("chain", odd, "-o", f"{folder}/out/", "--report", "page.html", f"conv --kernel {folder}/k.txt", "blur")
    told = html.unescape(re.search(r"<pre>(.*?)</pre>", page(), re.DOTALL)[1])
    words = ["imfilter", "chain", odd.name, "-o", "out/", "--report", "page.html", "conv --kernel k.txt", "blur"]
    assert shlex.split(told) == words
    assert str(folder) not in page()
    run("blur", "-", "-o", "b.png", "--report", "page.html", stdin=png.read_bytes())
    assert "<pre>imfilter blur - -o b.png --report page.html</pre>" in page()


def test_a_report_changes_no_output(ok, folder):
    Image.fromarray(noise(700, 200)).save("a.jpg")  # several bands, which are encoded as they come
    for suffix in ("jpg", "png", "tif", "webp"):
        ok("blur", "a.jpg", "-o", f"plain.{suffix}", "-q")
        ok("blur", "a.jpg", "-o", f"told.{suffix}", "-q", "--report", "page.html")
        assert (folder / f"plain.{suffix}").read_bytes() == (folder / f"told.{suffix}").read_bytes()


def test_what_failed_is_listed_and_the_rest_is_shown(run, page, png, folder):
    (folder / "bad.png").write_bytes(png.read_bytes()[:60])
    ended = run("blur", "a.png", folder / "bad.png", "gone.png", "-o", "out/", "--report", "page.html")
    assert ended.code == 1
    failed = re.search(r'id="failed".*?<ul>(.*?)</ul>', page(), re.DOTALL)[1]
    assert [line.partition(":")[0] for line in re.findall("<li>(.*?)</li>", failed)] == ["bad.png", "gone.png"]
    assert "3 images, 1 done, 2 failed" in page()
    assert list(pictures(page())) == ["Before: a.png", "After: a.png"]


def test_samples_that_a_screen_cannot_show_are_said_to_be_shown_by_a_range(ok, page, rgba):
    np.save("float.npy", np.linspace(-2, 6, 600).reshape(20, 30))
    Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 100).save("deep.png")
    Image.fromarray(rgba).save("alpha.png")
    ok("morph", "float.npy", "deep.png", "alpha.png", "-o", "out/", "--report", "page.html", "-q")
    assert "Before: black is -2, white is 6." in html.unescape(page())
    shown = pictures(page())
    assert shown["Before: float.npy"][[0, -1], [0, -1]].tolist() == [0, 255]
    deep = np.arange(600).reshape(20, 30) * 100 / 257
    assert np.abs(shown["Before: deep.png"] - deep).max() <= 0.51
    alpha = shown["Before: alpha.png"]
    assert np.array_equal(alpha[rgba[..., 3] == 255], rgba[..., :3][rgba[..., 3] == 255])
    assert set(np.unique(alpha[rgba[..., 3] == 0])) == {204, 255}


def test_figures_of_a_bit_are_exact(ok, page, png):
    ok("threshold", "a.png", "-o", "b.png", "--depth", "1", "--report", "page.html")
    assert re.search(r'<th scope="row">After, gray</th><td>0</td><td>0</td><td>[01]</td><td>1</td><td>1</td>', page())


def test_figures_of_inks_are_named_as_inks(ok, page, folder):
    inks = np.zeros((60, 50, 4), np.uint8)
    inks[:, :, 3] = np.arange(3000).reshape(60, 50) > 0
    Image.fromarray(inks, "CMYK").save(folder / "inks.tif")
    ok("morph", "inks.tif", "-o", "b.tif", "--report", "page.html")
    assert '<th scope="col">no ink</th><th scope="col">full</th>' in page()
    [row] = re.findall(r"<tr><th[^>]*>Before, K</th>(.*?)</tr>", page())
    assert row.endswith("<td>&lt;0.1 %</td><td>0 %</td>")


def test_figures_are_those_of_the_samples(ok, page, png, rgb):
    ok("morph", "a.png", "-o", "b.png", "--report", "page.html")
    rows = re.findall(r'<tr><th scope="row">Before, (.)</th>(.*?)</tr>', page())
    assert [name for name, _ in rows] == ["R", "G", "B"]
    for channel, (_, cells) in enumerate(rows):
        values = rgb[..., channel]
        told = re.findall("<td>(.*?)</td>", cells)
        percentiles = np.percentile(values, (1, 50, 99), method="inverted_cdf")
        assert told[:5] == [str(value) for value in (values.min(), *percentiles, values.max())]
        assert float(told[5]) == pytest.approx(values.mean(), rel=1e-3)
        assert told[7] == f"{100 * np.mean(values == 0):.1f} %"


@pytest.mark.each(
    "words",
    [
        ("edges", "a.png", "-o", "out/", "--magnitude", "m.png", "--angle", "an.tif"),
        ("hough", "a.png", "-o", "out/", "--lines", "lines.csv"),
        ("conv", "a.png", "-o", "out.tif", "--kernel", "haar", "--sheet", "sheet.png"),
        ("threshold", "a.png", "-o", "out.png", "--depth", "1"),
        ("resize", "a.png", "-o", "out.png", "--size", "10,30"),
        ("blur", "film.gif", "-o", "out.gif"),
        ("blur", "film.gif", "-o", "out/", "--name", "{stem}-{frame}.png"),
        ("blur", "film.gif", "-o", "out.png", "--frame", "1"),
        ("blur", "palette.png", "-o", "out.png"),
        ("blur", "ink.jpg", "-o", "out.tif"),
        ("blur", "bands.npy", "-o", "out.npy"),
        ("blur", "nan.npy", "-o", "out.npy"),
        ("blur", "dot.png", "-o", "out.png"),
        ("blur", "a.png", "--in-place"),
        ("chain", "a.png", "-o", "out.png", "blur", "edges"),
    ],
)
def test_outputs_of_every_kind_are_shown(run, page, png, rgb, words):
    images = [Image.fromarray(np.roll(rgb, shift, axis=1)) for shift in (0, 7)]
    images[0].save("film.gif", save_all=True, append_images=images[1:])
    images[0].quantize(8).save("palette.png")
    images[0].convert("CMYK").save("ink.jpg")
    np.save("bands.npy", RNG.random((20, 30, 5)))
    np.save("nan.npy", np.where(RNG.random((20, 30)) < 0.2, np.nan, 0.5))
    Image.new("RGB", (1, 1)).save("dot.png")
    ended = run(*words, "--report", "page.html", "-q")
    assert ended.code == 0, ended.err
    assert len(re.findall("<article", page())) == 1
    assert len(pictures(page())) >= 2
    assert ">nan<" not in page()


def test_nothing_is_written_by_a_dry_run_nor_where_all_is_up_to_date(ok, page, png, folder):
    out = ok("blur", "a.png", "-o", "b.png", "--report", "page.html", "--dry-run")
    assert out.decode().splitlines() == ["a.png -> b.png", "--report -> page.html"]
    assert not (folder / "page.html").exists()
    ok("blur", "a.png", "-o", "b.png", "--report", "page.html", "--update")
    first = page()
    ok("blur", "a.png", "-o", "b.png", "--report", "page.html", "--update")
    assert page() == first
    Image.open("a.png").save("c.png")
    ok("blur", "a.png", "c.png", "-o", "./out/", "-q")
    (folder / "out" / "c.png").unlink()
    ok("blur", "a.png", "c.png", "-o", "./out/", "--report", "page.html", "--update", "-q")
    assert "2 images, 1 done, 1 up to date" in page()
    assert list(pictures(page())) == ["Before: c.png", "After: c.png"]


@pytest.mark.parametrize(
    "words, reason",
    [
        (("--report-size", "1M"), "--report-size requires --report"),
        (("--report-title", "x"), "--report-title requires --report"),
        (
            ("--report", "page.html", "--report-size", "99k"),
            "--report-size: '99k' is not a number of bytes, 100k or more",
        ),
        (("--report", "page.html", "--report-size", "much"), "--report-size: 'much' is not a number of bytes"),
        (("--report", "a.png"), "is an input, which is never overwritten"),
        (("--report", "b.png"), "b.png: leads to the same file"),
        (("--report", "no/page.html"), "no such folder: no"),
        (("--report", "-"), "does not name a file"),
    ],
)
def test_wrong_calls_are_refused(refused, png, folder, words, reason):
    assert reason in refused(2, "blur", "a.png", "-o", "b.png", *words)
    assert [path.name for path in folder.iterdir()] == ["a.png"]


def test_augment_has_none(refused, png):
    assert "--report cannot be used with augment" in refused(
        2, "augment", "a.png", "-o", "out/", "--report", "page.html", "flip"
    )


def test_a_thousand_failures_leave_room_for_what_was_done(run, page, png, folder):
    names = [f"{'gone' * 30}{number}.png" for number in range(1000)]
    (folder / "list.txt").write_text("\n".join(["a.png", *names]))
    words = ("--files-from", "list.txt", "-o", "out/", "--report", "page.html", "--report-size", "100k", "-q")
    assert run("blur", *words).code == 1
    assert (folder / "page.html").stat().st_size <= 100_000
    listed = page().count("<li>gone")
    assert 100 < listed < 1000
    assert f"<li>and {1000 - listed} more</li>" in page()
    assert list(pictures(page())) == ["Before: a.png", "After: a.png"]


IMPORTED = """
import sys
from imfilter.cli.main import main
try:
    main()
finally:
    print(*(name for name in sys.modules if name.startswith("imfilter.cli.page")))
"""


@pytest.mark.each("words, pages", [(["-o", "b.png"], False), (["-o", "b.png", "--report", "page.html"], True)])
def test_a_call_without_a_page_imports_nothing_of_one(png, words, pages):
    call = [sys.executable, "-c", IMPORTED, "blur", "a.png", *words]
    assert bool(subprocess.run(call, capture_output=True, text=True, check=False).stdout.strip()) is pages


# ---- of a comparison --------------------------------------------------------------------------------


@pytest.fixture
def pairs(folder):
    """Two folders with pairs of every kind."""
    for name in ("a", "b"):
        (folder / name).mkdir()
    for name, one, other in (("same", 5, 5), ("little", 5, 6), ("much", 5, 200), ("odd", 0, 0)):
        for side, level in (("a", one), ("b", other)):
            size = (40, 30) if name != "odd" or side == "a" else (30, 40)
            Image.new("RGB", size, (level, 9, 9)).save(folder / side / f"{name}.png")
    Image.new("L", (9, 9)).save("a/only.png")
    for side in ("a", "b"):
        (folder / side / "bad.png").write_bytes(b"rubbish")


def test_pairs_are_told_of_the_worst_first(run, page, pairs):
    ended = run("compare", "a", "b", "--report", "page.html", "--report-title", "Golden")
    assert ended.code == 3
    assert "6 pairs, 1 identical, 1 within the limits, 1 not compared" in page()
    titles = re.findall(r"<h2 id=\"p\d+\">(.*?)</h2>", page())
    assert titles[2:] == ["a/much.png and b/much.png", "a/little.png and b/little.png"]
    assert {*titles[:2]} == {"a/only.png", "a/odd.png and b/odd.png"}
    shown = pictures(page())
    assert shown["A: a/much.png and b/much.png"][0, 0].tolist() == [5, 9, 9]
    assert shown["Difference × 200: a/little.png and b/little.png"][0, 0].tolist() == [200, 0, 0]
    assert len(shown) == 3 + 3 + 2
    assert "<title>Golden</title>" in page()


def test_a_page_without_differences_says_so(ok, page, png):
    ok("compare", "a.png", "a.png", "--report", "page.html")
    assert "1 pair, 1 identical" in page()
    assert "<article" not in page()
    assert "must be identical" in page()
    ok("compare", "a.png", "a.png", "--min-psnr", "0", "--report", "page.html")
    assert "<td>--min-psnr</td><td>0.0</td>" in page()
    assert "must be identical" not in page()


def test_of_many_pairs_the_worst_are_shown_within_the_size(run, page, folder):
    for name in ("a", "b"):
        (folder / name).mkdir()
    for number in range(12):
        image = noise(200, 300)
        Image.fromarray(image).save(folder / "a" / f"{number:02}.png", compress_level=1)
        Image.fromarray(image // 12 * (12 - number)).save(folder / "b" / f"{number:02}.png", compress_level=1)
    run("compare", "a", "b", "--report", "page.html", "--report-size", "300k", "-q")
    assert (folder / "page.html").stat().st_size <= 300_000
    titles = re.findall(r"<h2 id=\"p\d+\">a/(\d+)", page())
    assert titles[:3] == ["11", "10", "09"]
    assert any("11.png" in name for name in pictures(page()))


@pytest.mark.parametrize(
    "words, reason",
    [
        (("--report", "a.png"), "is one of the pictures to compare, which is never overwritten"),
        (("--report", "m.png", "--mask", "m.png"), "is the mask, which is never overwritten"),
        (("--report", "d.png", "--diff", "d.png"), "leads to the same file"),
        (("--report-size", "1M"), "--report-size requires --report"),
        (("--report", "p.html", "--report-size", "1"), "is not a number of bytes, 100k or more"),
    ],
)
def test_wrong_comparisons_are_refused(refused, png, folder, words, reason):
    for name in ("b.png", "m.png"):
        Image.open("a.png").save(name)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert reason in refused(2, "compare", "a.png", "b.png", *words)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


# ---- of a sweep -------------------------------------------------------------------------------------


def test_cells_are_the_results_themselves(ok, page, png, load, rgb):
    words = ["sweep", "a.png", "blur --sigma {1,2}", "edges", "--size", "20", "--report", "page.html"]
    ok(*words, "--report-title", "Which <sigma>?", "-o", "s.png")
    shown = pictures(page())
    assert list(shown) == ["input", "blur: sigma 1", "blur: sigma 2", "edges"]
    assert np.array_equal(shown["input"], rgb)
    ok("blur", "a.png", "-o", "two.png", "--sigma", 2)
    assert np.array_equal(shown["blur: sigma 2"], load("two.png"))
    assert page().count("<article") == 1
    assert "<title>Which &lt;sigma&gt;?</title>" in page()
    assert len(re.findall('<li class="cell begins"', page())) == 3
    ok(*words[:-4], "--report", "alone.html", "--crop", "3,4,20,9", "--no-input")
    shown = pictures(page("alone.html"))
    assert list(shown) == ["blur: sigma 1", "blur: sigma 2", "edges"]
    assert np.array_equal(shown["blur: sigma 2"], load("two.png")[4:13, 3:23])


def test_cells_are_measured_and_the_best_is_compared_first(ok, page, png, folder):
    out = ok("sweep", "a.png", "blur --sigma {1,3,0.3}", "--report", "page.html", "--against", "a.png", "--no-input")
    rows = [html.unescape(re.sub("<.*?>", " ", row)).split() for row in re.findall("<tr><td>.*?</tr>", page())]
    assert [row[1] for row in rows] == ["0.3", "1", "3"]
    assert [line.split()[3] for line in out.decode().splitlines()] == [row[2] for row in rows]
    chosen = re.findall(r"<li [^>]*data-chosen>.*?<b>(.*?)</b>", page(), re.DOTALL)
    assert chosen == ["sigma 1", "sigma 0.3"]
    assert "the best" in re.search(r"<b>sigma 0.3</b><span class=\"verdict\">(.*?)</span>", page())[1]


@pytest.mark.each("kind", ["L", "RGBA", "1", "P", "I;16", "float"])
def test_cells_of_every_kind_of_picture(ok, page, rgb, rgba, kind):
    name = "a.tif" if kind == "float" else "a.png"
    if kind == "float":
        np.save("a.npy", (rgb / 128).astype(np.float32))
        name = "a.npy"
    elif kind == "I;16":
        Image.fromarray(rgb[..., 0].astype(np.uint16) * 257).save(name)
    else:
        Image.fromarray(rgba).convert(kind).save(name)
    ok("sweep", name, "blur --sigma {1,2}", "--report", "page.html")
    assert [one.shape[:2] for one in pictures(page()).values()] == [rgb.shape[:2]] * 3
    assert ("black is 0, white is 1.99" in html.unescape(page())) is (kind == "float")


@pytest.mark.each("size", [100_000, 400_000, 2_000_000])
def test_cells_keep_within_the_size(ok, page, folder, size):
    Image.fromarray(noise(400, 500)).save("a.png", compress_level=0)
    ok("sweep", "a.png", "tone --gamma {0.8..1.25..0.05}", "--report", "page.html", "--report-size", size, "-q")
    assert (folder / "page.html").stat().st_size <= size
    shown, missing = len(pictures(page())), re.search(r"(\d+) pictures? more", page())
    assert shown and shown + int(missing[1] if missing else 0) == 11


def test_the_same_sweep_gives_the_same_page_whatever_the_machine(ok, page, folder, monkeypatch):
    pages, image = [], noise(90, 70)
    for place, jobs in (("here", 1), ("there", 2)):
        (folder / place).mkdir()
        monkeypatch.chdir(folder / place)
        Image.fromarray(image).save("a.png")
        monkeypatch.setenv("IMFILTER_JOBS", str(jobs))
        step = f"blend --other {folder}/{place}/a.png --opacity {{0.2,0.5}}"
        ok("sweep", folder / place / "a.png", step, "--report", "page.html", "--against", folder / place / "a.png")
        pages.append(page(f"{place}/page.html"))
    assert pages[0] == pages[1]
    assert str(folder) not in pages[0]
    assert "blend --other a.png --opacity 0.2" in pages[0]


def test_a_sweep_with_a_page_is_planned_and_skipped(ok, refused, png, folder):
    words = ["sweep", "a.png", "blur --sigma {1,2}", "--report", "page.html"]
    assert ok(*words, "-n").decode().splitlines()[-2:] == ["a.png, 2 results", "--report -> page.html"]
    assert not (folder / "page.html").exists()
    ok(*words, "-o", "s.png", "-u")
    first = (folder / "page.html").stat().st_ino, (folder / "s.png").stat().st_ino
    ok(*words, "-o", "s.png", "-u", "-q")
    assert ((folder / "page.html").stat().st_ino, (folder / "s.png").stat().st_ino) == first
    (folder / "page.html").unlink()
    ok(*words, "-o", "s.png", "-u")
    assert (folder / "page.html").exists()
    assert "--update requires -o SHEET" in refused(2, *words, "-u")


@pytest.mark.each(
    "words, reason",
    [
        (("--report", "a.png"), "is an input, which is never overwritten"),
        (("--report", "s.png"), "leads to the same file"),
        (("--report", "b.png", "--against", "b.png"), "is the reference of this call, which is never overwritten"),
        (("--report", "-"), "does not name a file"),
        (("--report-size", "1M"), "--report-size requires --report"),
        (("--report-title", "x"), "--report-title requires --report"),
    ],
)
def test_wrong_sweeps_are_refused(refused, png, folder, words, reason):
    Image.open("a.png").save("b.png")
    assert reason in refused(2, "sweep", "a.png", "-o", "s.png", "blur", *words)
    assert {path.name for path in folder.iterdir()} == {"a.png", "b.png"}
