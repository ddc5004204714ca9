"""Reading ahead: starting on the likely input while the program is still being imported.

The reader is imported only if there is a file to read.
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
"""Pixels of the largest picture that is read by default."""
MOST = 1e15
"""More pixels than any machine can hold."""
MAX_PIXELS_VARIABLE = "IMFILTER_MAX_PIXELS"
"""The environment variable that changes the default."""
WORTH_A_THREAD = 1 << 18
"""Bytes of a file that is worth a thread: with fewer, two importing threads slow each other down, 114 ms against 96."""

_guessing: Reader | None = None


def guess(words: Sequence[str]) -> None:
    """Begin to read the likely input of the command line *words* before it is parsed.

    A wrong guess costs only some time of a core: only a regular file is read, only as a picture, and never an output.
    """
    global _guessing
    word = next((word for word in _inputs(words) if _is_large(word) and not _is_step(words[0], word)), None)
    if word is not None:
        warnings.simplefilter("ignore")  # from libraries, in a thread that runs before the code that reports for them
        with contextlib.suppress(UsageError):  # reported when the words are parsed
            shows = words[0] == "show"  # it writes nothing, and shows CMYK as colours
            _guessing = _reader(max_pixels(""), to_rgb=shows)
            _guessing.digests = not shows
            _guessing.begin(word)


def _inputs(words: Sequence[str]) -> list[str]:
    """Return the words that may be inputs: a word after an option may be its value, and is left out."""
    if not words or words[0].startswith("-") or words[0] in ("kernels", "dataset") or "--header" in words:
        return []
    return [word for before, word in pairwise(words) if not (before.startswith("-") or word.startswith("-"))]


def _is_step(command: str, word: str) -> bool:
    """Whether a word is a step of a chain, an augmentation or a sweep, and not a file."""
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
    """Return the reader of a call, which may already be reading the first picture."""
    if _guessing is not None and _guessing.asked == (max_pixels, lenient, to_rgb, kind):
        return _guessing
    return _reader(max_pixels, lenient, to_rgb, kind)


def forget() -> None:
    """Forget a file that was begun and never requested: it may be another one by now."""
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
    """Read a number of pixels: ``250000000``, ``250M``, ``1.5G``; "" means the environment's limit, or `MAX_PIXELS`."""
    source = "--max-pixels"
    if not text:
        source, text = MAX_PIXELS_VARIABLE, os.environ.get(MAX_PIXELS_VARIABLE, "")
    if not text:
        return MAX_PIXELS
    pixels = amount(text) or 0
    if not 1 <= pixels <= MOST:
        raise UsageError(f"{source}: {text!r} is not a number of pixels, such as 500M")
    return int(pixels)
