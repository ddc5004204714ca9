"""Kernels of ImageMagick: ``WxH+X+Y:`` before the values."""

from __future__ import annotations

import re

from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import Text

HEAD = re.compile(r"\s*(\d{1,9})(?:x(\d{1,9}))?(?:\+(\d{1,9})\+(\d{1,9}))?([@<>]*)\s*:", re.IGNORECASE)
MISSING = ("nan", "-")
TURNING = "applied as written, like -morphology Correlate; --mode convolve is its Convolve"


def recognise(text: Text) -> bool:
    """Whether the text begins with a size and a colon."""
    return re.match(r"\d+(x\d+)?([-+]\d+[-+]\d+)?[@<>]*\s*:", text.first, re.IGNORECASE) is not None


def read(text: Text) -> Reading:
    """Read the size, the anchor and the values; ``nan`` and ``-`` do not belong to the kernel.

    >>> read(Text("k.txt", "3x1+0+0: 1,-,3")).kernel.weights.tolist()
    [[1.0, 0.0, 3.0]]
    """
    first, *rest = text.lines
    head = HEAD.match(first.text)
    if head is None:
        raise text.error(f"{first.text.partition(':')[0]!r} is not WxH+X+Y with X and Y of 0 or more", first.number)
    if head[5]:
        raise text.error(f"{head[5]!r} asks for rotated copies too, a list of kernels; name one", first.number)
    width, height = int(head[1]), int(head[2] or head[1])
    text.check_size(width, height)
    lines = [first._replace(text=first.text[head.end() :]), *rest]
    for line, number in [(line.text, line.number) for line in lines if ";" in line.text]:
        if line.partition(";")[2].strip() or number != lines[-1].number:
            raise text.error("';' separates several kernels; name one", number)
    words = text.words(line._replace(text=line.text.replace(";", " ")) for line in lines)
    taps, missing = text.partial(words, width, height, MISSING)
    # Without X and Y the anchor is the middle; for an even size the tap before it.
    x, y = ((width - 1) // 2, (height - 1) // 2) if head[3] is None else (int(head[3]), int(head[4]))
    anchor = text.anchor(x, y, width, height, first.number)
    return Reading(Kernel.of(taps, anchor=anchor), (TURNING,), anchor_from_file=head[3] is not None, remarks=missing)
