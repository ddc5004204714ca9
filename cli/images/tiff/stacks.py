"""Pages without their own directories: the slices of a stack, which follow the first page's samples.

ImageJ does this for stacks of more than 4 GB, tifffile with the option to truncate, MetaMorph in every .stk file:
https://imagej.net/ij/developer/source/ij/io/TiffDecoder.java.html, https://github.com/cgohlke/tifffile.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterator
from typing import Any

from ....filters.core.named_tuple import NamedTuple
from .. import ifd
from ..picture import DecodeError
from ..tiff_tags import (
    CHANNELS,
    COMPRESSION,
    DESCRIPTION,
    HEIGHT,
    STRIP_OFFSETS,
    TILE_OFFSETS,
    UIC_PLANES,
    WIDTH,
)
from . import compression, strips
from .tag_values import one

IMAGES = re.compile(rb"\AImageJ=.*^images=(\d{1,18})\s*$", re.DOTALL | re.MULTILINE)
MOST_SLICES, MOST_AXES = 1 << 24, 16


class Stack(NamedTuple):
    """Slices that lie one after the other."""

    tags: ifd.Directory
    """The tags of the first slice."""
    there: int
    size: int
    """Bytes from one slice to the next."""
    missing: int = 0
    """The number of declared slices that lie outside the file."""

    def slices(self) -> Iterator[ifd.Directory]:
        """Yield the tags of each slice."""
        offsets = self.tags[STRIP_OFFSETS].integers()
        for number in range(self.there):
            moved = [offset + number * self.size for offset in offsets]
            yield self.tags | {STRIP_OFFSETS: ifd.Value(ifd.WIDE, len(moved), struct.pack(f"<{len(moved)}Q", *moved))}


def found(data: Any, tags: ifd.Directory) -> Stack | None:
    """Return the stack in a file of one directory, None if there is none; raises `DecodeError`."""
    planes = _planes(tags)
    of_metamorph = planes > 1
    count = planes if of_metamorph else _described(tags)
    if not 1 < count <= MOST_SLICES:
        return None
    if one(tags, COMPRESSION, 1) != compression.NONE or TILE_OFFSETS in tags:
        if of_metamorph:
            raise DecodeError("is a MetaMorph stack with compressed planes, which is not supported; save it as pages")
        return None
    layout = strips.layout(data, tags)
    if not (offsets := layout.grid.offsets):
        raise DecodeError("is damaged (it has no samples)")
    whole = layout.row_bytes * layout.grid.height * layout.grid.planes
    size = whole
    if of_metamorph and len(layout.grid.sizes) == len(offsets):
        size = max(offsets[-1] + layout.grid.sizes[-1] - offsets[0], whole)
    elif tuple(offsets) != _contiguous(layout):
        return None
    there = max((len(data) - offsets[0] - whole) // size + 1, 0)
    return Stack(tags, min(count, there), size, max(count - there, 0))


def _planes(tags: ifd.Directory) -> int:
    """Return MetaMorph's number of planes: the tag counts them, or the six whole numbers of each."""
    if UIC_PLANES not in tags:
        return 0
    value = tags[UIC_PLANES]
    return value.many // 6 if value.type == ifd.LONG and not value.many % 6 else value.many


def _contiguous(layout: strips.Layout) -> tuple[int, ...]:
    """Return the offsets of the strips if they were contiguous."""
    at, places = layout.grid.offsets[0], list[int]()
    for part in layout.grid.parts():
        places.append(at)
        at += part.rows * layout.row_bytes
    return tuple(places)


def _described(tags: ifd.Directory) -> int:
    """Return the number of slices in the description, 0 if it states none."""
    text = tags[DESCRIPTION].text() if DESCRIPTION in tags else b""
    if (images := IMAGES.match(text)) is not None:
        return int(images[1])
    if not text.startswith(b'{"shape"'):
        return 0
    try:
        told = json.loads(text)
        shape = told["shape"] if told.get("truncated") else ()
        total = math.prod(int(side) for side in shape[:MOST_AXES])
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return 0
    width, height, channels = (one(tags, tag, 1) for tag in (WIDTH, HEIGHT, CHANNELS))
    return total // max(width * height * channels, 1) if shape else 0
