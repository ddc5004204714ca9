"""ESRI ASCII grids: ``ncols``, ``nrows`` and the like, then the rows from the top."""

from __future__ import annotations

import math

from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import AS_WRITTEN, Text, Word, short

KEYS = ("ncols", "nrows", "xllcorner", "yllcorner", "xllcenter", "yllcenter", "cellsize", "dx", "dy", "nodata_value")
NODATA = -9999.0
"""The default value of cells without a value."""


def recognise(text: Text) -> bool:
    """Whether the first word is one of the header's."""
    return text.first.split(maxsplit=1)[:1] != [] and text.first.split(maxsplit=1)[0].lower() in KEYS


def read(text: Text) -> Reading:
    r"""Read the grid; NODATA cells do not belong to the kernel.

    >>> read(Text("k.asc", "ncols 3\nnrows 1\nNODATA_value -1\n5 -1 7")).kernel.weights.tolist()
    [[5.0, 0.0, 7.0]]
    """
    head: dict[str, Word] = {}
    lines = text.lines
    for start, line in enumerate(lines):
        key, *values = line.text.split()
        if key.lower() not in KEYS:
            if key[:1].isalpha() and key.lower() not in ("nan", "inf", "infinity"):
                raise text.error(f"{short(key)} is not a key of an ESRI grid", line.number)
            lines = lines[start:]
            break
        head[key.lower()] = Word(line.number, " ".join(values))
    else:
        lines = []
    if "ncols" not in head or "nrows" not in head:
        raise text.error(f"has no line {'nrows' if 'ncols' in head else 'ncols'}")
    width, height = (text.whole(head[key], key) for key in ("ncols", "nrows"))
    nodata = head.get("nodata_value", Word(0, str(NODATA)))
    missing = "nan" if nodata.text.lower() == "nan" else text.number(nodata, "NODATA_value")
    taps, note = text.partial(text.words(lines), width, height, (missing,))
    assert not any(math.isnan(value) for row in taps for value in row)
    return Reading(Kernel.of(taps), (AS_WRITTEN, *note))
