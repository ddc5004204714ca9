"""Reading a PNG piece by piece: its other chunks as a small file, and the pixels as a stream."""

from __future__ import annotations

from collections.abc import Iterator

from ..file_bytes import FileBytes
from ..picture import DecodeError
from . import chunks, integrity
from .chunks import Place
from .deflate import crc32

MOST_BESIDE = 1 << 26
"""Most bytes of chunks other than pixels; a file with more is decoded completely."""
TOGETHER = 1 << 18
"""Bytes of compressed pixels that are unpacked together if their chunks are smaller."""


def apart(data: FileBytes) -> tuple[bytes, list[Place]] | None:
    """Return a file without its pixels, with one empty chunk in their place, and the places of the pixels.

    None if there are too many other chunks.
    """
    bare, pixels = [chunks.SIGNATURE], list[Place]()
    beside = last = 0
    for number, place in enumerate(chunks.places(data)):
        integrity.check_count(number, len(data))
        if place.name == b"IDAT":
            if not pixels or last != number - 1:
                bare.append(chunks.chunk(b"IDAT"))
            pixels.append(place)
            last = number
            if place.end > len(data):
                raise DecodeError("is damaged or truncated (its chunk IDAT is cut off)")
        elif (beside := beside + place.length) > MOST_BESIDE:
            return None
        else:
            bare.append(data[place.at : place.end])
    return b"".join(bare), pixels


def compressed(data: FileBytes, pixels: list[Place]) -> Iterator[bytes]:
    """Yield the compressed pixels; raises `DecodeError` at the end of a chunk that does not match its checksum."""
    gathered, held = list[bytes](), 0
    for place in pixels:
        checksum, at, end = crc32(b"IDAT"), place.start, place.start + place.length
        while at < end:
            piece = data[at : min(at + integrity.PIECE, end)]
            checksum = crc32(piece, checksum)
            at += len(piece)
            gathered.append(piece)
            held += len(piece)
            if held >= TOGETHER:
                yield b"".join(gathered)
                gathered, held = [], 0
        if data[end : place.end] != checksum.to_bytes(4):
            raise DecodeError("is damaged (the checksum of its chunk IDAT is wrong)")
    yield b"".join(gathered)
