"""A picture over the limit is refused by its header: no more of its file is read than tells its size."""

import importlib.util
import re
import textwrap
from pathlib import Path

import pytest
from imfilter.cli.errors import FileError
from imfilter.cli.images import decode, image_files, input_bytes, size_limit
from imfilter.cli.images.file_bytes import FileBytes
from imfilter.cli.images.picture import DecodeError, DecodeOptions, Frames, size_guard
from imfilter.cli.images.source import state_of

SPEC = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
LIMIT = corpus.WIDTH * corpus.HEIGHT - 1
BEHIND = 1 << 24
"""Bytes of zeros behind a file, which nobody needs."""


class Counting(FileBytes):
    """Counts the bytes that are read."""

    read = 0

    def __getitem__(self, part):
        found = super().__getitem__(part)
        self.read += len(found)
        return found


def counting(path):
    with open(path, "rb", buffering=0) as file:
        return Counting(file.fileno(), state_of(file.fileno()))


def options(name, limit=LIMIT):
    return DecodeOptions(size_guard(limit), max_pixels=limit, name=name)


def long_file(kind):
    """A file that goes on behind its picture; returns its name."""
    name = f"long{'.tga' if kind.format == 'TGA' else ''}"
    Path(name).write_bytes(kind.data)
    with open(name, "r+b") as file:
        file.truncate(len(kind.data) + BEHIND)
    return name


@pytest.mark.each("kind", [kind for kind in corpus.kinds() if kind.pixels.shape[:2] == (corpus.HEIGHT, corpus.WIDTH)])
def test_every_format_is_refused_by_its_header(kind):
    name = long_file(kind)
    data = counting(name)
    with pytest.raises(DecodeError, match=f"= {LIMIT + 1} pixels; the limit is {LIMIT} ") as ours:
        size_limit.check(data, options(name))
    assert data.read < 3 * size_limit.BEGINNING
    with pytest.raises(DecodeError) as theirs:
        decoded = decode.decode(kind.data, options(name))
        next(decoded.each() if isinstance(decoded, Frames) else iter(()))
    assert str(ours.value) == str(theirs.value)
    size_limit.check(data, options(name, LIMIT + 1))


def test_no_more_is_read_of_a_file_that_is_too_large(run, monkeypatch):
    monkeypatch.setattr(size_limit, "LARGE", 1)
    read = []
    whole = input_bytes.whole
    monkeypatch.setattr(input_bytes, "whole", lambda *words: read.append(words) or whole(*words))
    for name in ("a.pgm", "b.pgm"):
        Path(name).write_bytes(b"P5 30 20 255\n" + bytes(600))
    line = "has 30×20 = 600 pixels; the limit is 599 (--max-pixels raises it)"
    for words in (("a.pgm", "-o", "b.png"), ("a.pgm", "b.pgm", "-o", "out/")):
        ended = run("blur", *words, "--max-pixels", "599", "-j", "1")
        assert (ended.code, ended.lines[0]) == (1, f"imfilter: a.pgm: {line}")
    with pytest.raises(FileError, match=re.escape(line)):
        image_files.imread("a.pgm", max_pixels=599)
    assert not read
    assert image_files.imread("a.pgm", max_pixels=600).shape == (20, 30)


def test_a_large_file_on_standard_input_is_refused_by_its_header(measured):
    with open("a.pgm", "wb") as file:
        file.write(b"P5 60000 6000 255\n")
        file.truncate(360_000_000 + file.tell())
    code = """
        import os, sys
        from imfilter.cli import main
        os.dup2(os.open("a.pgm", os.O_RDONLY), 0)
        sys.argv[1:] = ["blur", "-", "-o", "b.png"]
        main.main()
    """
    ended = measured("-c", textwrap.dedent(code))
    assert (ended.code, "the limit is" in ended.err) == (1, True), ended.err
    assert ended.peak < 150 << 20
