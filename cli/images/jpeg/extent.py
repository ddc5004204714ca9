"""Finding the end of the first of several consecutive JPEGs, as cameras and FFmpeg write them to pipes."""

from __future__ import annotations

import re

from ..codec import Peek
from .segments import END_OF_IMAGE, MARKER, START_OF_IMAGE

PIECE = 1 << 16
"""Further bytes to request if those at hand contain no marker."""
APPLICATION_1, APPLICATION_2 = 0xE1, 0xE2
BEGIN = b"\xff\xd8\xff"
LIST, HIDDEN = b"MPF\0", bytes(4)
"""The beginning of an MPO's list of pictures, and its replacement in a picture extracted from one."""
MAKER_NOTE = re.compile(rb"\x92\x7c|\x7c\x92")
"""The tag of maker notes, which may contain the place of a preview."""


def extent(peek: Peek) -> int:
    """Return the length of the first image of a stream, up to its EOI, or to where another begins instead.

    If the picture may own what follows it, everything belongs to it: cameras and phones append previews, depth maps,
    gain maps and videos, which lists, maker notes and XMP announce.
    """
    at = len(BEGIN) - 1
    while (found := _marker(peek, at)) is not None:
        marker, start, end = found
        if marker == END_OF_IMAGE:
            return end
        if marker == START_OF_IMAGE:
            return start
        head = bytes(peek(end + 2)[end : end + 2])
        at = end + max(int.from_bytes(head), 2)
        if marker in (APPLICATION_1, APPLICATION_2) and _owns(marker, bytes(peek(at)[end + 2 : at])):
            break
    return _all(peek)


def _marker(peek: Peek, at: int) -> tuple[int, int, int] | None:
    """Return the next marker from *at* on, its beginning, and its end."""
    data = peek(at + 2)
    while (found := MARKER.search(data, at)) is None:
        at, there = max(at, len(data) - 1), len(data)
        data = peek(there + 1)
        if len(data) == there:
            return None
    return found[1][0], found.start(), found.end()


def _owns(marker: int, body: bytes) -> bool:
    """Whether a segment declares the data after the picture to be part of it."""
    if marker == APPLICATION_2:
        return body.startswith((LIST, HIDDEN))
    return not body.startswith(b"Exif\0") or MAKER_NOTE.search(body) is not None


def _all(peek: Peek) -> int:
    there = len(peek(0))
    while (more := len(peek(there + PIECE))) > there:
        there = more
    return there


def is_followed(data: bytes, end: int) -> bool:
    """Whether another JPEG begins after a picture that ends at *end*, perhaps after some padding."""
    return data[end : end + PIECE].lstrip(b"\0").startswith(BEGIN)
