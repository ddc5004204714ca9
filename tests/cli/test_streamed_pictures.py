"""A picture that is too large for memory goes from file to file strip by strip, and nothing else is different.

The threshold is 0 here, and strips are low, so that small pictures are streamed too.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
from imfilter import imread, imwrite
from imfilter.cli.digest import SourceDigest
from imfilter.cli.images import input_bytes, reader
from imfilter.filters.core import native
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.streamed import StreamedImage

from ..conftest import thorough
from .test_python_equals_cli import cases, words

WAYS = [("ppm", "ppm"), ("png", "png"), ("tif", "tif"), ("npy", "npy"), ("png", "jpg"), ("tif", "npy"), ("npy", "png")]
NEVER, ALWAYS = 1 << 60, 0


@pytest.fixture
def streaming(monkeypatch):
    """Let pictures of so many bytes be streamed, whatever their file's length, in strips of 4 KiB."""
    monkeypatch.setattr(executor, "STRIP_BYTES", 1 << 12)
    monkeypatch.setattr(executor, "IN_PLACE_BYTES", 1 << 12)
    monkeypatch.setattr(executor, "TALL_BYTES", 1 << 13)
    monkeypatch.setattr(input_bytes, "LARGE", 0)

    def least(size):
        monkeypatch.setattr(reader, "STREAMED_BYTES", size)

    return least


@pytest.fixture
def tall(rgb):
    """A picture of many strips."""
    return np.concatenate([rgb, rgb[::-1], rgb[:, ::-1]] * 2)


def both(run, streaming, name, given, written, *options):
    """The ends of a call in memory and streamed, and the bytes of their output."""
    ends = []
    for least in (NEVER, ALWAYS):
        streaming(least)
        end = run(name, given, "-o", written, *options)
        output = Path(written)
        ends.append(((end.code, end.lines), output.read_bytes() if output.exists() else b""))
        output.unlink(missing_ok=True)
    return ends


def check(ends, written):
    """Compare the ends of both calls, and return whether they wrote something."""
    (told, bytes_), (streamed_told, streamed) = ends
    assert streamed_told == told
    if told[0] != 0:
        assert not bytes_ and not streamed
        return False
    if bytes_ != streamed and written != "jpg":  # the samples tell more of a fault than the bytes
        Path(f"a.{written}").write_bytes(bytes_)
        Path(f"b.{written}").write_bytes(streamed)
        np.testing.assert_array_equal(imread(f"b.{written}"), imread(f"a.{written}"))
    assert streamed == bytes_ or written == "tif"
    return True


@pytest.mark.more
@pytest.mark.parametrize(("number", "case"), list(enumerate(cases())), ids=lambda value: str(value)[:9])
@pytest.mark.each("mode", ["rgb", "gray", "rgba"])
def test_a_streamed_picture_is_that_which_is_computed_in_memory(run, streaming, tall, request, number, case, mode):
    name, call = case
    picture = {"rgb": tall, "gray": tall[..., 1], "rgba": np.dstack([tall, tall[::-1, :, 0]])}[mode]
    ways = WAYS if thorough(request.config) else [WAYS[(number + len(mode)) % len(WAYS)]]
    for given, written in ways:
        if mode == "rgba" and given == "ppm":
            given, written = "pam", "pam"
        if mode == "gray" and given == "ppm":
            given, written = "pgm", "pgm"
        imwrite(f"in.{given}", picture)
        if not check(both(run, streaming, name, f"in.{given}", f"out.{written}", *words(call)), written):
            # Some formats hold no floats, or no colours; and a part may be wider than the picture.
            ends = both(run, streaming, name, f"in.{given}", "out.npy", *words(call))
            assert check(ends, "npy") or (name, call.get("ratio")) == ("crop", 2)


def test_a_file_on_standard_input_is_streamed_too(streaming, tall, monkeypatch):
    """Whoever opened it."""
    imwrite("in.ppm", tall)
    streaming(ALWAYS)
    reading = reader.Reader(1 << 28)
    reading.streams = lambda expected: True
    with open("in.ppm") as file:
        monkeypatch.setattr(sys, "stdin", file)
        picture, source = reading.read("-")
        assert isinstance(picture.pixels, StreamedImage)
        np.testing.assert_array_equal(picture.pixels[:], tall)
    assert source.state is None
    assert source.digest.hexadecimal() == SourceDigest.of_file("in.ppm")


@pytest.mark.each("name", ["in.ppm", "in.npy", "in.tif", *([] if native.core is None else ["in.png"])])
def test_what_is_read_in_pieces_is_no_more_in_memory(streaming, tall, name):
    """So these tests compare what they say they do."""
    imwrite(name, tall)
    streaming(ALWAYS)
    reading = reader.Reader(1 << 28)
    reading.streams = lambda expected: True
    picture, _ = reading.read(name)
    assert isinstance(picture.pixels, StreamedImage)
