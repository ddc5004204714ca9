"""`imfilter info`: what it says of files and pixels, in lines and in JSON, and its exit codes."""

import json
import os
import pty
import re
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from imfilter import imwrite
from imfilter.cli.images import input_bytes
from imfilter.cli.info import bars
from imfilter.filters.core.measure import statistics
from PIL import Image

LUMA = np.array([299, 587, 114])


def objects(ended):
    return [json.loads(line) for line in ended.out.splitlines()]


def test_what_is_said_of_a_photograph(ok, rgb):
    exif = Image.Exif()
    exif[274] = 6
    exif.get_ifd(0x8825)[1] = "N"
    Image.fromarray(rgb).save("a.jpg", quality=92, exif=exif, dpi=(300, 300))
    lines = ok("info", "a.jpg").decode().splitlines()
    size = Path("a.jpg").stat().st_size
    shown = f"{size} bytes" if size < 1024 else f"{size / 1024:.0f} KiB"
    assert lines[0] == f"a.jpg: JPEG, 40×24, RGB, 8 bits, {shown}"
    assert lines[1] == "  quality 92, chroma 4:2:0, orientation 6 (shown upright: 24×40), 300 dpi"
    assert re.fullmatch(r"  EXIF \d+ bytes with place; 1 frame", lines[2])
    assert lines[3].split() == ["min", "1", "%", "median", "99", "%", "max", "mean", "std", "black", "white"]
    assert [line.split()[0] for line in lines[4:]] == ["R", "G", "B"]


def test_figures_are_those_of_the_samples(run, rgb):
    imwrite("a.png", rgb)
    (found, total) = objects(run("info", "a.png", "--json", "--percentiles", "0,12.5,50,100"))
    assert (found["status"], found["width"], found["height"], found["colours"]) == ("done", 40, 24, "rgb")
    channels = found["pictures"][0]["channels"]
    for number, name in enumerate("RGB"):
        plane, own = rgb[..., number], channels[name]
        assert own["percentiles"] == {
            f"{p:g}": np.percentile(plane, p, method="inverted_cdf") for p in (0, 12.5, 50, 100)
        }
        assert (own["min"], own["max"], own["samples"]) == (plane.min(), plane.max(), plane.size)
        assert own["mean"] == pytest.approx(plane.mean()) and own["std"] == pytest.approx(plane.std())
    assert (total["files"], total["failed"], total["exit"]) == (1, 0, 0)
    table = run("info", "a.png").out.decode().splitlines()
    red = next(line for line in table if line.startswith("  R"))
    assert f"{rgb[..., 0].mean():.2f}" in red


def test_floats_are_told_with_a_tilde_and_what_they_leave_out(ok, run):
    image = np.linspace(-1, 3, 1000, dtype=np.float32).reshape(20, 50)
    image[0, :3] = np.nan
    image[1, 0] = np.inf
    imwrite("a.npy", image)
    text = ok("info", "a.npy").decode()
    assert "float" in text and "~" in text and "left out: 3 NaN, 1 infinite of 1000 samples" in text
    figures = objects(run("info", "a.npy", "--json"))[0]["pictures"][0]["channels"]["gray"]
    known = image[np.isfinite(image)].astype(float)
    assert (figures["nan"], figures["infinite"], figures["samples"], figures["exact"]) == (3, 1, 996, False)
    assert figures["percentiles"]["50"] == pytest.approx(np.percentile(known, 50, method="inverted_cdf"), abs=5 / 65535)
    imwrite("nan.npy", np.full((3, 3), np.nan, np.float32))
    assert objects(run("info", "nan.npy", "--json"))[0]["pictures"][0]["channels"]["gray"]["mean"] is None
    assert "–" in ok("info", "nan.npy").decode()


def test_hidden_colours_are_left_out_and_that_is_said(ok, run, rgba):
    imwrite("a.png", rgba)
    hidden = int((rgba[..., 3] == 0).sum())
    text = ok("info", "a.png").decode()
    assert "RGB with alpha" in text
    assert f"colours at alpha 0 are left out: {100 * hidden / rgba[..., 3].size:.1f} % of the pixels" in text
    picture = objects(run("info", "a.png", "--json"))[0]["pictures"][0]
    assert picture["transparent"] == hidden
    assert picture["channels"]["R"]["samples"] == rgba[..., 3].size - hidden
    assert picture["alpha"] == {"min": 0, "mean": pytest.approx(rgba[..., 3].mean()), "max": 255}


def test_frames(ok, run, rgb):
    pages = [Image.fromarray(np.roll(rgb, number * 50, 2) // (number + 1)) for number in range(3)]
    pages[0].save("a.gif", save_all=True, append_images=pages[1:], duration=[100, 200, 400], loop=2)
    pages[0].save("a.tif", save_all=True, append_images=pages[1:])
    assert "3 frames, 0.7 s, played 3 times" in ok("info", "a.gif").decode()
    assert "3 frames" in ok("info", "a.tif", "--header").decode()
    every = objects(run("info", "a.tif", "--json", "--frame", "all"))[0]
    assert [each["frame"] for each in every["pictures"]] == [0, 1, 2]
    for number, each in enumerate(every["pictures"]):
        (one,) = objects(run("info", "a.tif", "--json", "--frame", number))[0]["pictures"]
        assert one == each
        assert each["channels"]["R"]["max"] == np.asarray(pages[number])[..., 0].max()
    assert "  frame 2" in ok("info", "a.tif", "--frame", "all").decode()
    assert run("info", "a.tif", "--frame", "3").code == 1


def test_the_histogram_counts_every_sample(ok, run, rgb):
    imwrite("a.png", rgb)

    def counts(*words):
        return objects(run("info", "a.png", "--json", *words))[0]["pictures"][0]["histogram"]

    found = counts("--histogram", "each", "--bins", "16")
    for number, name in enumerate("RGB"):
        assert found[name]["counts"] == np.histogram(rgb[..., number], 16, (0, 256))[0].tolist()
    luma = counts("--histogram", "luma", "--bins", "256")
    exact = np.floor((rgb.astype(int) @ LUMA + 500) / 1000).astype(int)
    assert luma["luma"]["counts"] == np.bincount(exact.ravel(), minlength=256).tolist()
    assert counts() is None
    lines = ok("info", "a.png", "--histogram", "each", "--bins", "32").decode().splitlines()
    assert [line for line in lines if line in ("  R", "  G", "  B")] == ["  R", "  G", "  B"]
    assert all(len(line) <= 34 for line in lines[lines.index("  R") :])
    assert lines[-1] == f"  0{'255':>31}"


def test_the_end_bins_never_set_the_scale():
    image = np.zeros((100, 100), np.uint8)
    image[:10, :10] = 128
    image[10:13, :10] = 160
    found = statistics(image)[0].histogram(8)
    rows = bars.lines(found, False, bars.BARS)[:-1]
    heights = ["".join(column).strip() for column in zip(*(row.ljust(8) for row in rows), strict=True)]
    assert [len(height) for height in heights] == [4, 0, 0, 0, 4, 2, 0, 0]
    logarithmic = bars.lines(found, True, bars.BARS)[:-1]
    assert sum(row.count("█") for row in logarithmic) > sum(row.count("█") for row in rows)
    flat = bars.lines(statistics(np.zeros((4, 4), np.uint8))[0].histogram(8), False, bars.PLAIN)
    assert flat[:4] == ["#", "#", "#", "#"]


@pytest.mark.each("bins, axis", [(2, "0 255"), (4, "0 255"), (5, "0 255"), (6, "0  255"), (9, "0     255")])
def test_the_ends_of_few_bins_stand_apart(bins, axis):
    image = np.arange(256, dtype=np.uint8)[None]
    assert bars.lines(statistics(image)[0].histogram(bins), False, bars.BARS)[-1] == axis


def test_bins_that_take_unlike_numbers_of_levels_are_no_comb():
    image = np.arange(256, dtype=np.uint8)[None].repeat(4, 0)
    rows = bars.lines(statistics(image)[0].histogram(60), False, bars.BARS)
    assert rows[:4] == ["█" * 60] * 4


def test_a_terminal_shows_a_histogram_of_few_pictures(command, png, parts_of, needs):
    def on_terminal(*words):
        master, slave = pty.openpty()
        with subprocess.Popen(
            [*command, "info", *words], stdout=slave, env=os.environ | {"PYTHONUTF8": "1"}
        ) as process:
            os.close(slave)
            text = b"".join(parts_of(master)).decode()
        assert process.returncode == 0
        return text

    assert "█" in on_terminal("a.png")
    assert "█" not in on_terminal("a.png", "--histogram", "none")
    assert "█" not in on_terminal(*["a.png"] * 4)
    piped = subprocess.run([*command, "info", "a.png"], capture_output=True, check=True)
    assert "█".encode() not in piped.stdout


def test_headers_of_folders_and_lists(run, ok, rgb):
    Path("p/in").mkdir(parents=True)
    for name in ("p/a.png", "p/b.jpg", "p/in/c.png"):
        Image.fromarray(rgb).save(name)
    Path("list.txt").write_bytes(b"p/b.jpg\0p/in/c.png\0")
    names = [found["input"] for found in objects(run("info", "p", "--header", "--json", "-r"))[:-1]]
    assert names == ["p/a.png", "p/b.jpg", "p/in/c.png"]
    found = objects(run("info", "p", "-r", "--include", "*.png", "--exclude", "in", "--json"))
    assert [each["input"] for each in found[:-1]] == ["p/a.png"]
    listed = objects(run("info", "--files-from", "list.txt", "-0", "--json", "--header"))
    assert [each["input"] for each in listed[:-1]] == ["p/b.jpg", "p/in/c.png"]
    assert listed[0]["pictures"] == [] and listed[0]["quality"] == 75
    assert len(ok("info", "p/a.png", "p/in/c.png", "--header").decode().splitlines()) == 2


@pytest.mark.each("name", ["a.pgm", "a.npy", "a.tif"])
def test_the_pixels_of_a_large_file_are_not_read_for_its_header(run, monkeypatch, name):
    samples = np.zeros((3000, 2000), np.uint8)
    np.save(name, samples) if name == "a.npy" else Image.fromarray(samples).save(name)
    read, whole = [], input_bytes.whole
    monkeypatch.setattr(input_bytes, "whole", lambda *words: read.append(words) or whole(*words))
    header = run("info", name, "--header").out.decode()
    assert ", 2000×3000, gray, 8 bits, 5.7 MiB" in header
    assert not read
    assert run("info", name).out.decode().startswith(header)
    assert read


def test_header_and_pixels_say_the_same_of_a_file(run, rgb, rgba):
    Image.fromarray(rgb).save("a.jpg")
    Image.fromarray(rgba).save("b.png", dpi=(72, 72))
    Image.fromarray(rgb).quantize(7).save("c.png")
    Image.fromarray(rgb).save("d.webp")
    for name in ("a.jpg", "b.png", "c.png", "d.webp"):
        full, header = (objects(run("info", name, "--json", *more))[0] for more in ((), ("--header",)))
        assert full.pop("pictures") and header.pop("pictures") == []
        assert full.pop("palette") == header.pop("palette") or name == "c.png"
        assert full == header, name


def test_any_number_of_cores_says_the_same(run, rgb):
    for number in range(9):
        imwrite(f"{number}.png", np.roll(rgb, number, 1))
    assert run("info", ".", "-j", "1", "--json") == run("info", ".", "-j", "3", "--json")


def test_a_file_that_cannot_be_read_fails_and_stops_no_other(run, png):
    Path("bad.png").write_bytes(png.read_bytes()[:-30])
    ended = run("info", "bad.png", "none.png", "a.png")
    assert ended.code == 1
    assert [line.partition(": ")[2].partition(":")[0] for line in ended.err.splitlines()] == ["bad.png", "none.png"]
    assert ended.out.decode().startswith("a.png: PNG")
    *records, total = objects(run("info", "bad.png", "none.png", "a.png", "--json"))
    assert [each["status"] for each in records] == ["failed", "failed", "done"]
    assert (total["failed"], total["exit"]) == (2, 1)
    lenient = run("info", "bad.png", "--lenient")
    assert lenient.code == 0 and "the readable part was used" in lenient.err


def test_check_names_the_damaged_files_alone(run, png, rgb):
    pages = [Image.fromarray(rgb), Image.fromarray(255 - rgb)]
    pages[0].save("a.gif", save_all=True, append_images=pages[1:])
    whole = run("info", ".", "--check")
    assert (whole.code, whole.out) == (0, b"")
    assert whole.err == "imfilter: 2 files checked: all of them can be decoded\n"
    data = bytearray(Path("a.gif").read_bytes())
    Path("b.gif").write_bytes(data[: len(data) * 3 // 4])
    ended = run("info", ".", "--check", "-q")
    assert ended.code == 1 and ended.err == ""
    (line,) = ended.out.decode().splitlines()
    assert line.startswith("./b.gif: is damaged or truncated")


def test_standard_input(run, png):
    ended = run("info", "-", stdin=png.read_bytes())
    assert ended.code == 0 and ended.out.decode().startswith("standard input: PNG, 40×24, RGB, 8 bits\n")
    assert run("info", "-", "--header", stdin=png.read_bytes()).code == 0


def few_bits(depth):
    """A gray PNG of 8×2 pixels of so many bits."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 2, depth, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(2 * (1 + depth)))) + chunk(b"IEND", b"")


def test_depth_and_palette_are_those_of_the_file(run, rgb, folder):
    image = Image.fromarray(rgb)
    bits, numbers = image.convert("1"), image.quantize(16)
    for name in ("1.png", "1.tif", "1.pbm", "1.bmp", "1.pcx"):
        bits.save(name)
    bits.save("1.g4.tif", compression="group4")
    np.save("1.npy", np.asarray(bits))
    for depth in (2, 4):
        (folder / f"{depth}.png").write_bytes(few_bits(depth))
    for name in ("8p16.png", "8p16.gif", "8p16.bmp"):
        numbers.save(name)
        if not name.endswith("bmp"):
            numbers.save(f"clear-{name}", transparency=3)
    numbers.save("film-8p16.gif", save_all=True, append_images=[numbers.rotate(180)], duration=40)
    image.convert("L").save("8p256.gif")
    image.convert("L").save("8.png")
    for header in ([], ["--header"]):
        for found in objects(run("info", ".", "--json", *header))[:-1]:
            depth, palette = re.search(r"(\d)(?:p(\d+))?\.(?:g4\.)?\w+$", found["input"]).groups()
            assert (found["depth"], found["palette"]) == (int(depth), palette and int(palette)), found["input"]
    assert "gray, 1 bit," in run("info", "1.png").out.decode()
    assert "from a palette of 16 colours, 8 bits" in run("info", "film-8p16.gif").out.decode()


def test_the_page_on_json_names_all_keys(run, documented, rgba):
    imwrite("a.png", rgba)
    named = documented("`imfilter info --json`")
    for found in objects(run("info", "a.png", "--json", "--histogram", "luma")):
        assert found.keys() <= named
        for picture in found.get("pictures", ()):
            assert picture.keys() | picture["channels"]["R"].keys() | picture["histogram"]["luma"].keys() <= named


@pytest.mark.each(
    "words, said",
    [
        ([], "no input"),
        (["a.png", "--frame", "-1"], "--frame: '-1'"),
        (["a.png", "--frame", "two"], "--frame: 'two'"),
        (["a.png", "--percentiles", "1,x"], "--percentiles: '1,x'"),
        (["a.png", "--percentiles", "101"], "--percentiles: '101'"),
        (["a.png", "--percentiles", ""], "--percentiles: ''"),
        (["a.png", "--percentiles", "nan"], "--percentiles: 'nan'"),
        (["a.png", "--bins", "1"], "--bins: 1"),
        (["a.png", "--histogram", "rgb"], "--histogram: 'rgb'"),
        (["a.png", "--header", "--histogram", "luma"], "--header reads no pixels; omit --histogram"),
        (["a.png", "--check", "--header"], "--check prints no figures; omit --header"),
        (["a.png", "--check", "--lenient"], "omit one of them"),
        (["a.png", "-0"], "-0 requires --files-from"),
        (["a.png", "-j", "0"], "--jobs"),
        (["a.png", "-"], "standard input"),
        (["a.png", "--max-pixels", "x"], "--max-pixels"),
    ],
)
def test_wrong_calls(refused, png, words, said):
    assert said in refused(2, "info", *words)


def test_a_picture_that_is_too_large_is_refused_unless_its_header_is_read(run, png):
    assert run("info", "a.png", "--max-pixels", "100").code == 1
    assert run("info", "a.png", "--max-pixels", "100", "--header").code == 0


def test_an_interruption_ends_with_130(needs, start, command, folder):
    os.mkfifo("pipe.png")
    process = start([*command, "info", "pipe.png"])
    with open("pipe.png", "wb"):  # it reads now
        process.send_signal(2)
        assert process.wait(30) == 130
