"""An input that changed while it was read or filtered: an output is of one content, and its stamp tells of which."""

import os
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.batch import dispatch
from imfilter.cli.images import input_bytes
from imfilter.cli.images.input_bytes import READINGS
from imfilter.cli.images.reader import Reader
from imfilter.filters.blur import blur
from PIL import Image


@pytest.fixture
def other(folder):
    Image.new("RGB", (9, 9), "red").save("other.png")
    return folder / "other.png"


@pytest.fixture
def while_read(monkeypatch):
    """``while_read(change, times)``: what happens to the input each time when it has been read, before that is seen."""
    monkeypatch.setattr(input_bytes, "PAUSE", 0)

    def while_read(change, times=1):
        state, seen = input_bytes.state_of_open, []

        def changing(file):
            if len(seen) % 2 and len(seen) // 2 < times:
                change()
            seen.append(file)
            return state(file)

        monkeypatch.setattr(input_bytes, "state_of_open", changing)
        return seen

    return while_read


@pytest.fixture
def while_filtered(monkeypatch):
    """``while_filtered(change)``: what happens to the input, once, when it has been read."""

    def while_filtered(change):
        read, changes = Reader.read, [change]

        def reading(self, name):
            found = read(self, name)
            while changes:
                changes.pop()()
            return found

        monkeypatch.setattr(dispatch.Reader, "read", reading)

    return while_filtered


def append(path, data=b"more"):
    with Path(path).open("ab") as file:
        file.write(data)


def later(path):
    """Let a file have changed by its time alone, as one that is written over with as many bytes."""
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))


CHANGES = {
    "grows": append,
    "shrinks": lambda path: os.truncate(path, path.stat().st_size - 4),
    "is written over": later,
}


@pytest.mark.each("kind", CHANGES)
def test_what_changes_while_it_is_read_is_read_again(ok, png, rgb, load, while_read, kind):
    whole = png.read_bytes()

    def change():
        png.write_bytes(whole)
        CHANGES[kind](png)
        if kind == "shrinks":
            png.write_bytes(whole)
            later(png)

    seen = while_read(change)
    ok("blur", "a.png", "-o", "out.png")
    assert len(seen) == 4
    assert np.array_equal(load("out.png"), blur(rgb))
    ok("blur", "a.png", "-o", "fresh.png")
    assert Path("out.png").read_bytes() == Path("fresh.png").read_bytes()


@pytest.mark.each("kind", CHANGES)
def test_what_goes_on_changing_is_refused(refused, folder, while_read, kind):
    """Uncompressed, so that the last bytes may be missing or too many in some reading."""
    Image.new("RGB", (90, 90)).save("a.bmp")
    seen = while_read(lambda: CHANGES[kind](folder / "a.bmp"), READINGS)
    said = refused(1, "blur", "a.bmp", "-o", "out.bmp")
    assert said == "imfilter: a.bmp: changed while it was read; try again when it is complete"
    assert len(seen) == 2 * READINGS
    assert not (folder / "out.bmp").exists()


def test_a_mask_that_goes_on_changing_is_refused(refused, png, folder, while_read):
    (folder / "mask.png").write_bytes(png.read_bytes())
    while_read(lambda: append("mask.png"), READINGS)
    assert "changed while it was read" in refused(2, "blur", "a.png", "-o", "out.png", "--mask", "mask.png")


def test_what_is_begun_ahead_is_of_one_moment_too(folder, png, while_read):
    seen = while_read(lambda: later(png))
    ahead = Reader(1 << 20)
    ahead.begin("a.png")
    _, source = ahead.read("a.png")
    assert len(seen) == 4
    assert not source.has_changed("a.png")
    append("a.png")
    assert source.has_changed("a.png")


def test_the_stamp_is_of_what_was_read(ok, png, other, rgb, load, while_filtered):
    while_filtered(lambda: png.write_bytes(other.read_bytes()))
    ok("blur", "a.png", "-o", "out.png")
    assert np.array_equal(load("out.png"), blur(rgb))
    ok("blur", "a.png", "-o", "out.png", "--update")
    assert load("out.png").shape == (9, 9, 3)


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("options", [(), ("--strip",), ("--strip", "--preserve-times"), ("--frame", "0")], ids=str)
def test_an_output_of_what_the_input_was_is_older_than_the_input(
    ok, png, other, rgb, load, while_filtered, options, replaced
):
    """So Make sees it, and --update without a stamp. A file that takes the input's place may be older still."""
    os.utime(other, (1, 1))
    before = png.stat().st_mtime_ns
    while_filtered(lambda: other.replace(png) if replaced else png.write_bytes(other.read_bytes()))
    words = ("blur", "-q", "a.png", "-o", "out.png", *options)
    ok(*words)
    assert np.array_equal(load("out.png"), blur(rgb))
    assert Path("out.png").stat().st_mtime_ns == before
    ok(*words, "--update")
    assert load("out.png").shape == (9, 9, 3)


@pytest.mark.parametrize("gone", [False, True])
def test_an_input_that_changed_is_not_replaced_in_place(refused, png, other, while_filtered, gone):
    """What somebody saved meanwhile would be lost."""
    while_filtered(png.unlink if gone else lambda: other.replace(png))
    said = refused(1, "blur", "a.png", "--in-place", "--backup", ".orig")
    assert said == "imfilter: a.png: changed while it was filtered, and was not replaced; run it again"
    assert sorted(path.name for path in png.parent.iterdir()) == (["other.png"] if gone else ["a.png"])


def test_frames_of_an_input_that_changed_are_not_replaced_in_place(refused, folder, other, while_filtered):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green")]
    frames[0].save("a.gif", save_all=True, append_images=frames[1:])
    while_filtered(lambda: append("a.gif"))
    assert "was not replaced" in refused(1, "blur", "a.gif", "--in-place")


def test_standard_input_that_is_a_file_may_change_afterwards(shell, png, folder):
    ended = shell("imfilter blur - -o out.png < a.png")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert (folder / "out.png").stat().st_mtime_ns > png.stat().st_mtime_ns
