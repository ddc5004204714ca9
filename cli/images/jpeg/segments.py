"""The segments of JPEG files, read as ITU-T T.81, section B.1.1, defines them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....filters.core.named_tuple import NamedTuple
from ..picture import DecodeError

TABLES, HUFFMAN_TABLES, APPLICATION_14, COMMENT = 0xDB, 0xC4, 0xEE, 0xFE
RESTART_INTERVAL = 0xDD
START_OF_FRAME, RESTART, START_OF_IMAGE, END_OF_IMAGE, START_OF_SCAN = 0xC0, 0xD0, 0xD8, 0xD9, 0xDA
END = bytes((0xFF, END_OF_IMAGE))
"""The marker after a picture."""
FRAMES = frozenset({*range(START_OF_FRAME, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""The markers that begin a frame header, one for each coding process."""
ARITHMETIC_FRAMES = frozenset({0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
RESTARTS = re.compile(rb"\xff[\xd0-\xd7]")
"""A restart marker, in the compressed data of a scan."""
MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])", re.DOTALL)
"""A marker. In compressed data a byte 255 is followed by 0, and restart markers, which are passed over, may occur."""
MOST_SEGMENTS, MOST_FILL = 1 << 16, 1 << 20
"""Most segments of a file, four times as many as the longest profile and Extended XMP of 500 MB need; and most bytes
255 before them."""


class Segment(NamedTuple):
    """A marker and its parameters; those of a scan are its header, without the compressed data."""

    marker: int
    start: int
    body: memoryview
    """Shorter than the segment's length if the file is truncated."""
    end: int


def header(data: bytes) -> Iterator[Segment]:
    """Yield the segments up to the first scan; raises `DecodeError`."""
    for segment in read(data):
        yield segment
        if segment.marker == START_OF_SCAN:
            return


def read(data: bytes) -> Iterator[Segment]:
    """Yield the segments of the first image, up to its end; each byte is examined once, and none is copied.

    Raises `DecodeError` if they are too many, or too many bytes are between them, as reading them takes time.
    """
    view, at, count, fill = memoryview(data), 2, 0, 0
    while (found := MARKER.search(data, at)) is not None:
        marker, start, body = found[1][0], found.start(), found.end() + 2
        while start > at and data[start - 1] == 0xFF:  # any number of bytes 255 may precede a marker
            start -= 1
            fill += 1
            if fill > MOST_FILL:
                raise DecodeError("is damaged (more than 1 MiB of bytes 255 stand between its segments)")
        count += 1
        if count > MOST_SEGMENTS:
            raise DecodeError(f"is damaged (it has more than {MOST_SEGMENTS} segments)")
        if marker == END_OF_IMAGE:
            yield Segment(marker, start, view[:0], found.end())
            return
        at = found.end() + max(int.from_bytes(view[found.end() : body]), 2)
        yield Segment(marker, start, view[body:at], at)
