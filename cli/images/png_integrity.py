"""What Pillow leaves out of reading PNG: checksums, the end of the file, and the low bytes of 16-bit samples.

After Portable Network Graphics (PNG) Specification, third edition, W3C 2025.
"""

from __future__ import annotations

import itertools
import zlib
from typing import Any

from PIL import Image

from ...filters.core.lazy_numpy import Array, np
from . import pillow_buffer, png_chunks
from .picture import UnreadableError

MOST_CHUNKS = 1 << 20
NEEDFUL = (b"IHDR", b"PLTE", b"IDAT", b"tRNS")
"""Chunks without which no picture can be decoded."""
DEFLATED = 1032
"""Bytes that one byte of deflated data can stand for, at most."""
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Where the passes of an interlaced image begin, and their steps."""
PIECE = 1 << 20
LOW = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}
"""What makes Pillow take the second byte of each sample in place of the first."""


def before(data: bytes, width: int, height: int) -> None:
    """Raise `UnreadableError` where the file is too small for its picture, cut off, or a checksum is wrong."""
    header = png_chunks.header(data)
    if width * height * header.pixel_bits // 8 > DEFLATED * len(data):
        raise UnreadableError(f"is damaged or truncated (it promises {width}×{height} pixels in {len(data)} bytes)")
    if header.compression != 0:
        raise UnreadableError(f"is damaged (PNG has no compression of number {header.compression})")
    _check_chunks(data)


def _check_chunks(data: bytes) -> None:
    for number, chunk in enumerate(png_chunks.read(data)):
        if number == MOST_CHUNKS:
            raise UnreadableError(f"is damaged (it has more than {MOST_CHUNKS} chunks)")
        if not chunk.whole:
            raise UnreadableError(f"is damaged or truncated (its chunk {_shown(chunk.name)} is cut off)")
        if not chunk.sound:
            raise UnreadableError(f"is damaged (the checksum of its chunk {_shown(chunk.name)} is wrong)")
        if chunk.name == b"IEND":
            return
    raise UnreadableError("is damaged or truncated (it has no IEND chunk)")


def after(data: bytes, image: Any, decode: Any) -> None:
    """Raise `UnreadableError` where the compressed data are whole, but fewer than the picture's.

    Pillow leaves the rows black then; only where the last one is black are the data counted.
    """
    width, height = image.size
    if not image.info.get("interlace") and image.crop((0, height - 1, width, height)).getbbox(alpha_only=False):
        return
    header = png_chunks.header(data)
    needed = 0
    for left, top, across, down in ADAM7 if header.interlace else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        needed += rows * (1 + -(-columns * header.pixel_bits // 8)) if columns > 0 and rows > 0 else 0
    unpacker, found = zlib.decompressobj(), 0
    for body in (chunk.body for chunk in png_chunks.read(data) if chunk.name == b"IDAT"):
        for start in range(0, len(body), PIECE):
            packed: bytes | memoryview = body[start : start + PIECE]
            while packed:
                found += len(unpacker.decompress(packed, PIECE))
                packed = unpacker.unconsumed_tail
                if found >= needed:
                    return
    raise UnreadableError(f"is damaged or truncated ({found} of {needed} bytes of rows)")


def mended(data: bytes) -> bytes:
    """Return what is left of a damaged file as one that is whole: needful chunks as they are, no broken others."""
    kept = (
        chunk for chunk in png_chunks.read(data) if chunk.name in NEEDFUL or (chunk.sound and chunk.name != b"IEND")
    )
    parts = [png_chunks.chunk(chunk.name, chunk.body) for chunk in itertools.islice(kept, MOST_CHUNKS)]
    return b"".join([png_chunks.SIGNATURE, *parts, png_chunks.chunk(b"IEND")])


def _shown(name: bytes) -> str:
    return repr(name)[2:-1]


def deepen(image: Any, again: Any) -> Any:
    """Make Pillow decode 16-bit samples of several channels whole; return what holds their low bytes, or None.

    It keeps one byte of each: *again*, the same image opened a second time, is decoded for the other. Gray with
    alpha has as many bytes as 8-bit RGBA, and needs no second time.
    """
    tile = image.tile[0]
    if tile.args == "LA;16B":
        image._mode = "RGBA"
        image.tile = [tile._replace(args="RGBA")]
        return None
    again.tile = [tile._replace(args=LOW[tile.args])]
    return again


def is_deep(data: bytes, image: Image.Image) -> bool:
    """Whether Pillow would read the samples as 8 bits without a word."""
    return png_chunks.header(data).depth == 16 and image.mode in ("RGB", "RGBA", "LA")


def deep_samples(image: Image.Image, low: Image.Image | None) -> Array:
    """Return the 16-bit samples ``(height, width, channels)`` of what `deepen` left."""
    high = pillow_buffer.samples(image)
    if low is None:
        return np.ascontiguousarray(high).view(">u2").astype(np.uint16)
    samples = np.empty((*high.shape, 2), np.uint8)
    samples[..., 0], samples[..., 1] = high, pillow_buffer.samples(low)
    return samples.view(">u2")[..., 0].astype(np.uint16)


def key(image: Image.Image, bits: int) -> tuple[int, ...] | None:
    """Return the one colour that is transparent, in the units of the samples that Pillow makes of *bits* each."""
    value = image.info.get("transparency")
    if value is None or image.mode not in ("1", "L", "I;16", "RGB"):
        return None
    full = (1 << bits) - 1
    values = value if isinstance(value, tuple) else (value,)
    return tuple((each & full) * 255 // full if bits < 8 else each & full for each in values)
