"""Reading ahead: the likely input is begun while the program is still being imported.

What reads is imported only with a file to read.
"""

from __future__ import annotations

import contextlib
import os
import stat
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from ..console.amounts import amount
from ..errors import UsageError

if TYPE_CHECKING:
    from .reader import Reader

MAX_PIXELS = 1 << 28
"""The greatest picture that is read, unless the caller says otherwise."""
MOST = 1e15
"""More pixels than any machine has room for."""
MAX_PIXELS_VARIABLE = "IMFILTER_MAX_PIXELS"
"""The variable by which an environment says otherwise."""
WORTH_A_THREAD = 1 << 18
"""Bytes of a file that is worth a thread: for less, two threads that import hinder each other, 114 ms against 96."""

_guessing: Reader | None = None


def guess(words: Sequence[str]) -> None:
    """Begin to read what is likely the input of the command line *words*, before anybody has understood it.

    A wrong guess costs nothing but a core's time: only a plain file is read, and only as a picture; never an output.
    """
    global _guessing
    word = next((word for word in _inputs(words) if _is_large(word) and not _is_step(words[0], word)), None)
    if word is not None:
        warnings.simplefilter("ignore")  # of libraries, in a thread that is ahead of those who speak for them
        with contextlib.suppress(UsageError):  # which will be said when the words are understood
            shows = words[0] == "show"  # which writes nothing, and has inks as colours
            _guessing = _reader(max_pixels(""), to_rgb=shows)
            _guessing.digests = not shows
            _guessing.begin(word)


def _inputs(words: Sequence[str]) -> list[str]:
    """Return the words that name no output: what follows an option may be its value, and is left out."""
    if not words or words[0].startswith("-") or words[0] in ("kernels", "dataset") or "--header" in words:
        return []
    return [word for before, word in pairwise(words) if not (before.startswith("-") or word.startswith("-"))]


def _is_step(command: str, word: str) -> bool:
    """Whether a word is a step of a chain, an augmentation or a sweep, and no file."""
    if command not in ("chain", "augment", "sweep"):
        return False
    from ...filters.core import catalog

    return any(name in catalog.names() for name in word.split(maxsplit=1)[:1])


def _is_large(name: str) -> bool:
    try:
        found = Path(name).stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size >= WORTH_A_THREAD


def reader(max_pixels: int, lenient: bool = False, to_rgb: bool = False, kind: str = "") -> Reader:
    """Return the reader of a call, which may have begun on its first picture already."""
    if _guessing is not None and _guessing.asked == (max_pixels, lenient, to_rgb, kind):
        return _guessing
    return _reader(max_pixels, lenient, to_rgb, kind)


def forget() -> None:
    """Forget what was begun and never asked for: the file may be another one by now."""
    global _guessing
    _guessing = None


def _reader(max_pixels: int, lenient: bool = False, to_rgb: bool = False, kind: str = "") -> Reader:
    from .reader import Reader  # 20 ms, for a call that reads pictures

    return Reader(max_pixels, lenient, to_rgb, kind)


def begin(reader: Reader, name: str) -> None:
    """Let *reader* begin to read *name*, if that is a file worth a thread."""
    if _is_large(name):
        reader.begin(name)


def max_pixels(text: str) -> int:
    """Read a number of pixels: ``250000000``, ``250M``, ``1.5G``; none is the environment's, or `MAX_PIXELS`."""
    source = "--max-pixels"
    if not text:
        source, text = MAX_PIXELS_VARIABLE, os.environ.get(MAX_PIXELS_VARIABLE, "")
    if not text:
        return MAX_PIXELS
    pixels = amount(text) or 0
    if not 1 <= pixels <= MOST:
        raise UsageError(f"{source}: {text!r} is not a number of pixels, such as 500M")
    return int(pixels)
