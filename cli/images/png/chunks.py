"""The chunks of PNG files, read and written.

After Portable Network Graphics (PNG) Specification, third edition, W3C 2025, section 5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

from ....filters.core.named_tuple import NamedTuple
from ..codec import Peek
from ..formats import PNG_SIGNATURE as SIGNATURE
from .deflate import crc32

HEADER = struct.Struct(">IIBBBBB")
OVERHEAD = 12
"""Bytes of a chunk without its contents: its length, name and checksum."""
CHANNELS = {2: 3, 4: 2, 6: 4}
"""The number of channels of each colour type that has several."""


class Header(NamedTuple):
    """The contents of IHDR, section 11.2.1."""

    width: int
    height: int
    depth: int
    """Bits of a sample."""
    colour_type: int
    compression: int = 0
    filter: int = 0
    interlace: int = 0

    @property
    def pixel_bits(self) -> int:
        """Bits of a pixel."""
        return self.depth * self.channels

    @property
    def channels(self) -> int:
        """How many samples a pixel has."""
        return CHANNELS.get(self.colour_type, 1)

    def encoded(self) -> bytes:
        """Return the contents as bytes."""
        return HEADER.pack(*self)


class Chunk(NamedTuple):
    """A chunk of a file."""

    name: bytes
    body: memoryview
    """Shorter than the chunk's length if the file is truncated."""
    checksum: bytes

    @property
    def whole(self) -> bool:
        """Whether the file holds all of it."""
        return len(self.checksum) == 4

    @property
    def sound(self) -> bool:
        """Whether its checksum is correct."""
        return self.checksum == crc32(self.body, crc32(self.name)).to_bytes(4)


class Place(NamedTuple):
    """The place of a chunk in a file, which may be truncated."""

    name: bytes
    start: int
    """The offset of its contents."""
    length: int
    """The length of its contents."""

    @property
    def at(self) -> int:
        """The offset of the chunk."""
        return self.start - 8

    @property
    def end(self) -> int:
        """The offset of its end."""
        return self.start + self.length + 4


def header(data: bytes | memoryview, at: int = len(SIGNATURE) + 8) -> Header:
    """Return the header whose contents begin *at* an offset, by default that of a file; raises struct.error."""
    return Header(*HEADER.unpack_from(data, at))


def places(data: Any) -> Iterator[Place]:
    """Yield the places of the chunks of a file, up to IEND or the end of a truncated file.

    *data* are bytes, or an object whose slices read from a file.
    """
    at = len(SIGNATURE)
    while at + OVERHEAD <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        yield Place(name, at + 8, length)
        if name == b"IEND":
            return
        at += OVERHEAD + length


def read(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks of a file, up to IEND or the end of a truncated file; nothing is copied."""
    view = memoryview(data)
    for place in places(data):
        end = place.start + place.length
        yield Chunk(place.name, view[place.start : end], bytes(view[end : end + 4]))


def extent(peek: Peek) -> int:
    """Return the length of the first image of a stream, up to its IEND; that of all the data if it is missing.

    Anything that is not a chunk ends it too, so that an endless pipe is not read further.
    """
    at = len(SIGNATURE)
    while len(data := peek(at + 8)) >= at + 8:
        length, name = struct.unpack(">I4s", data[at : at + 8])
        at += length + OVERHEAD
        if name == b"IEND":
            return min(at, len(peek(at)))
        if not name.isalpha():
            break
    return len(data)


def chunk(name: bytes, *parts: bytes | memoryview) -> bytes:
    """Return a chunk whose contents are *parts*."""
    return b"".join(framed(name, *parts))


def write(file: BinaryIO, name: bytes, *parts: bytes | memoryview) -> None:
    """Write a chunk whose contents are *parts*."""
    file.writelines(framed(name, *parts))


def framed(name: bytes, *parts: bytes | memoryview) -> tuple[bytes | memoryview, ...]:
    """Return the parts of a chunk: its length, name, contents and CRC; section 5.3."""
    checksum = crc32(name)
    for part in parts:
        checksum = crc32(part, checksum)
    return sum(map(len, parts)).to_bytes(4), name, *parts, checksum.to_bytes(4)
