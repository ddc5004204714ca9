"""Reading TIFF: the strips and tiles in which the samples lie, and what packs them.

After TIFF Revision 6.0 (Adobe 1992) and its Technical Note 3 for the predictor of floats. What packs the bytes is zlib
here, and any other codec of libtiff's by way of a file of one strip of bytes, which is all that Pillow is told about
the picture.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from PIL import TiffImagePlugin

from ....filters.core.lazy_numpy import Array, np
from .. import pillow_private
from ..ifd import Directory
from ..picture import DecodeError
from ..silence import silenced
from ..tiff_tags import (
    BITS,
    CHANNELS,
    COMPRESSION,
    FILL_ORDER,
    FORMAT,
    HEIGHT,
    PHOTOMETRIC,
    PLANAR,
    PREDICTOR,
    STRIP_OFFSETS,
    STRIP_ROWS,
    STRIP_SIZES,
    TILE_HEIGHT,
    TILE_OFFSETS,
    TILE_SIZES,
    TILE_WIDTH,
    WIDTH,
)

BLACK_IS_ZERO = 1
PLAIN, DEFLATE = 1, (8, 32946)
KINDS = {1: "u", 2: "i", 3: "f"}
"""The codes of NumPy for those of the tag FORMAT."""


class Layout(NamedTuple):
    """Where the samples are, and how they are packed."""

    data: bytes
    width: int
    height: int
    channels: int
    dtype: Any
    planes: int
    """One that holds all channels, or one for each."""
    block: tuple[int, int]
    """The width and height of a tile; of a strip, the picture's width and its rows."""
    tiled: bool
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]
    compression: int
    predictor: int
    fill_order: int

    def places(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield each block's number, plane, left, top and rows, as they are stored."""
        wide, high = self.block
        number = 0
        for plane in range(self.planes):
            for top in range(0, self.height, high):
                for left in range(0, self.width, wide):
                    yield number, plane, left, top, high if self.tiled else min(high, self.height - top)
                    number += 1


def layout(data: bytes, tags: Directory) -> Layout:
    """Return where the samples are that *tags* describe; raises `DecodeError`."""
    width, height, channels = (one(tags, tag, default) for tag, default in ((WIDTH, 0), (HEIGHT, 0), (CHANNELS, 1)))
    bits, formats = set(many(tags, BITS, 1)), set(many(tags, FORMAT, 1))
    if min(width, height, channels) < 1 or channels > 64:
        raise DecodeError(f"is damaged: {width}×{height} pixels of {channels} channels are no picture")
    if len(bits) > 1 or len(formats) > 1 or not formats <= KINDS.keys():
        raise DecodeError("has channels of different types, which cannot be kept")
    kind, size = KINDS[formats.pop()], bits.pop()
    if size == 24 or (kind == "f" and size == 8):
        raise DecodeError(f"has samples of {size} bits, which cannot be kept; save it with 16 or 32")
    tiled = TILE_OFFSETS in tags
    high = min(one(tags, TILE_HEIGHT if tiled else STRIP_ROWS, height), height if not tiled else 1 << 20)
    block = (one(tags, TILE_WIDTH, 0) if tiled else width, high)
    # A tile may be larger than its picture, but not by much.
    if min(block) < 1 or math.prod(block) > max(4 * width * height, 1 << 22):
        raise DecodeError(f"is damaged: a part of it has {block[0]}×{block[1]} pixels")
    return Layout(
        data,
        width,
        height,
        channels,
        np.dtype(f"{'<' if data[:2] == b'II' else '>'}{kind}{size // 8}"),
        channels if one(tags, PLANAR, 1) == 2 else 1,
        block,
        tiled,
        many(tags, TILE_OFFSETS if tiled else STRIP_OFFSETS),
        many(tags, TILE_SIZES if tiled else STRIP_SIZES),
        one(tags, COMPRESSION, 1),
        one(tags, PREDICTOR, 1),
        one(tags, FILL_ORDER, 1),
    )


def check_count(tags: Directory) -> None:
    """Raise `DecodeError` where there are fewer strips or tiles than the picture needs, which Pillow lets be."""
    tiled = TILE_OFFSETS in tags
    width, height, planar = (one(tags, tag, default) for tag, default in ((WIDTH, 0), (HEIGHT, 0), (PLANAR, 1)))
    wide, high = one(tags, TILE_WIDTH, 0) if tiled else width, one(tags, TILE_HEIGHT if tiled else STRIP_ROWS, height)
    needed = -(-width // max(wide, 1)) * -(-height // max(high, 1)) * (one(tags, CHANNELS, 1) if planar == 2 else 1)
    found = len(many(tags, TILE_OFFSETS if tiled else STRIP_OFFSETS))
    if found < needed:
        raise DecodeError(f"is damaged or truncated (it has {found} of {needed} parts)")


def assembled(layout: Layout, lenient: bool, notes: list[str]) -> Array:
    """Return the samples ``(height, width, channels)``; raises `DecodeError`."""
    out = np.zeros((layout.height, layout.width, layout.channels), layout.dtype.newbyteorder("="))
    lost = parts = 0
    for number, plane, left, top, rows in layout.places():
        parts += 1
        try:
            block = _block(layout, number, rows)
        except Exception as error:
            if not lenient or isinstance(error, MemoryError):
                raise
            lost += 1
            continue
        channels = slice(None) if layout.planes == 1 else slice(plane, plane + 1)
        to = out[top : top + rows, left : left + layout.block[0], channels]
        to[...] = block[: to.shape[0], : to.shape[1]]
    if lost:
        notes.append(f"is damaged: {lost} of its {parts} parts could not be read, and are black")
    return out


def _block(layout: Layout, number: int, rows: int) -> Array:
    """Return one strip or tile ``(rows, columns, channels)``."""
    wide, channels = layout.block[0], layout.channels if layout.planes == 1 else 1
    size = rows * wide * channels * layout.dtype.itemsize
    if number >= len(layout.offsets):
        raise DecodeError(f"is damaged or truncated (it has {len(layout.offsets)} parts, and needs more)")
    start = layout.offsets[number]
    stored = size if layout.compression == PLAIN else layout.sizes[number] if number < len(layout.sizes) else 0
    packed = memoryview(layout.data)[start : start + stored]
    if len(packed) < stored or not stored:
        raise DecodeError(f"is damaged or truncated (part {number + 1} lies outside of it)")
    samples = _unpacked(layout, packed, size, rows)
    if len(samples) < size:
        raise DecodeError(f"is damaged or truncated ({len(samples)} of {size} bytes in part {number + 1})")
    return _summed(layout, np.frombuffer(samples, np.uint8, size), rows, wide, channels)


def _unpacked(layout: Layout, packed: memoryview, size: int, rows: int) -> Any:
    if layout.compression == PLAIN and layout.fill_order == 1:
        return packed
    if layout.compression in DEFLATE and layout.fill_order == 1:
        return zlib.decompressobj().decompress(packed, size)
    head = struct.pack("<2sHIH", b"II", 42, 8, 10)
    end = len(head) + 10 * 12 + 4
    values = {
        WIDTH: size // rows,
        HEIGHT: rows,
        BITS: 8,
        COMPRESSION: layout.compression,
        PHOTOMETRIC: BLACK_IS_ZERO,
        FILL_ORDER: layout.fill_order,
        STRIP_OFFSETS: end,
        CHANNELS: 1,
        STRIP_ROWS: rows,
        STRIP_SIZES: len(packed),
    }
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in values.items())
    try:
        strip = pillow_private.opened(TiffImagePlugin.TiffImageFile, head + entries + bytes(4) + packed)
    except (SyntaxError, KeyError):
        name = TiffImagePlugin.COMPRESSION_INFO.get(layout.compression, str(layout.compression))
        raise DecodeError(f"is compressed by {name}, which is not read; save it with LZW or ZIP") from None
    with silenced():
        return strip.tobytes()


def _summed(layout: Layout, stored: Array, rows: int, wide: int, channels: int) -> Array:
    """Return samples from the differences that the predictor left."""
    dtype, shape = layout.dtype, (rows, wide, channels)
    if layout.predictor == 2:
        whole = np.dtype(f"u{dtype.itemsize}")
        differences = stored.view(whole.newbyteorder(dtype.byteorder)).reshape(shape)
        return differences.cumsum(axis=1, dtype=whole).view(dtype.newbyteorder("="))
    if layout.predictor == 3:
        # The bytes of a row are sorted by weight, the heaviest first, and then taken from each other.
        sums = stored.reshape(rows, wide * dtype.itemsize, channels).cumsum(axis=1, dtype=np.uint8)
        weights = sums.reshape(rows, dtype.itemsize, wide * channels)
        return np.ascontiguousarray(weights.swapaxes(1, 2)).view(f">f{dtype.itemsize}").reshape(shape)
    return stored.view(dtype).reshape(shape)


def many(tags: Directory, number: int, *default: int) -> tuple[int, ...]:
    """Return the values of a tag, or the *default*; raises `DecodeError` where they are no whole numbers."""
    if number not in tags:
        return default
    if not (values := tags[number].integers()):
        raise DecodeError(f"is damaged: its tag {number} holds no whole number")
    return values


def one(tags: Directory, number: int, default: int) -> int:
    """Return the first value of a tag."""
    return many(tags, number, default)[0]
