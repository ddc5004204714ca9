"""Kernels of Image-Pro Plus (`.3x3`, `.5x5`, …)."""

from __future__ import annotations

import re

from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import AS_WRITTEN, Line, Text, Word, separated, short


def recognise(text: Text) -> bool:
    """Whether the first line names the program."""
    return re.match(r"\s*#\s*Image[- ]?Pro\b", text.content, re.IGNORECASE) is not None


def read(text: Text) -> Reading:
    r"""Read ``Size W H``, ``Offset X Y`` (the anchor), ``Boost B`` (added to the result), and the rows under ``Data``.

    >>> read(Text("k.2x1", "# Image Pro Plus Kernel\nSize 2 1\nOffset 0 0\nData\n1 2")).kernel.anchor
    (0, 0)
    """
    head: dict[str, Line] = {}
    lines = list(text.lines)
    while lines:
        line = lines.pop(0)
        key, _, value = line.text.partition(" ")
        if key.lower() not in ("name", "size", "offset", "boost", "data"):
            raise text.error(f"{short(key)} is not one of Name, Size, Offset, Boost, Data", line.number)
        head[key.lower()] = line._replace(text=value)
        if key.lower() == "data":
            break
    if "size" not in head or "data" not in head:
        raise text.error(f"has no line {'Data' if 'size' in head else 'Size'}")
    width, height = _pair(text, head["size"], "Size")
    taps = text.matrix(text.words(lines), width, height)
    anchor, boost = (-1, -1), 0.0
    if "offset" in head:
        x, y = _pair(text, head["offset"], "Offset")
        anchor = text.anchor(x, y, width, height, head["offset"].number)
    if "boost" in head:
        boost = text.number(Word(head["boost"].number, head["boost"].text.strip()), "Boost")
    return Reading(Kernel.of(taps, anchor=anchor), (AS_WRITTEN,), boost, anchor_from_file="offset" in head)


def _pair(text: Text, line: Line, what: str) -> tuple[int, int]:
    words = separated(line.text)
    if len(words) != 2:
        raise text.error(f"{what} {short(line.text)} is not two whole numbers", line.number)
    x, y = (text.whole(Word(line.number, word), what) for word in words)
    return x, y
