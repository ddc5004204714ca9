"""What Pillow leaves out of reading PNG: checksums, and the end of the file.

After Portable Network Graphics (PNG) Specification, third edition, W3C 2025.
"""

from __future__ import annotations

import itertools
import zlib
from typing import Any

from ..picture import DecodeError
from . import chunks

MOST_CHUNKS = 1 << 20
NEEDFUL = (b"IHDR", b"PLTE", b"IDAT", b"tRNS")
"""Chunks without which no picture can be decoded."""
DEFLATED = 1032
"""Bytes that one byte of deflated data can stand for, at most."""
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Where the passes of an interlaced image begin, and their steps."""
PIECE = 1 << 20


def before(data: bytes, width: int, height: int) -> None:
    """Raise `DecodeError` where the file is too small for its picture, cut off, or a checksum is wrong."""
    header = chunks.header(data)
    if width * height * header.pixel_bits // 8 > DEFLATED * len(data):
        raise DecodeError(f"is damaged or truncated (it promises {width}×{height} pixels in {len(data)} bytes)")
    if header.compression != 0:
        raise DecodeError(f"is damaged (PNG has no compression of number {header.compression})")
    _check_chunks(data)


def _check_chunks(data: bytes) -> None:
    for number, chunk in enumerate(chunks.read(data)):
        if number == MOST_CHUNKS:
            raise DecodeError(f"is damaged (it has more than {MOST_CHUNKS} chunks)")
        if not chunk.whole:
            raise DecodeError(f"is damaged or truncated (its chunk {_shown(chunk.name)} is cut off)")
        if not chunk.sound:
            raise DecodeError(f"is damaged (the checksum of its chunk {_shown(chunk.name)} is wrong)")
        if chunk.name == b"IEND":
            return
    raise DecodeError("is damaged or truncated (it has no IEND chunk)")


def after(data: bytes, image: Any) -> None:
    """Raise `DecodeError` where the compressed data are whole, but fewer than the picture's.

    Pillow leaves the rows black then; only where the last one is black are the data counted.
    """
    width, height = image.size
    if not image.info.get("interlace") and image.crop((0, height - 1, width, height)).getbbox(alpha_only=False):
        return
    header = chunks.header(data)
    needed = 0
    for left, top, across, down in ADAM7 if header.interlace else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        needed += rows * (1 + -(-columns * header.pixel_bits // 8)) if columns > 0 and rows > 0 else 0
    unpacker, found = zlib.decompressobj(), 0
    for body in (chunk.body for chunk in chunks.read(data) if chunk.name == b"IDAT"):
        for start in range(0, len(body), PIECE):
            packed: bytes | memoryview = body[start : start + PIECE]
            while packed:
                found += len(unpacker.decompress(packed, PIECE))
                packed = unpacker.unconsumed_tail
                if found >= needed:
                    return
    raise DecodeError(f"is damaged or truncated ({found} of {needed} bytes of rows)")


def mended(data: bytes) -> bytes:
    """Return what is left of a damaged file as one that is whole: needful chunks as they are, no broken others."""
    kept = (chunk for chunk in chunks.read(data) if chunk.name in NEEDFUL or (chunk.sound and chunk.name != b"IEND"))
    parts = [chunks.chunk(chunk.name, chunk.body) for chunk in itertools.islice(kept, MOST_CHUNKS)]
    return b"".join([chunks.SIGNATURE, *parts, chunks.chunk(b"IEND")])


def _shown(name: bytes) -> str:
    return repr(name)[2:-1]
