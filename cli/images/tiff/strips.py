"""Reading TIFF: the strips and tiles in which the samples lie, and how those are laid out in bits.

After TIFF Revision 6.0 (Adobe 1992) and its Technical Note 3 for the predictor of floats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from ....filters.core.lazy_numpy import Array, np
from .. import sample_depth
from ..ifd import Directory
from ..picture import DecodeError
from ..tiff_tags import (
    BITS,
    CHANNELS,
    COMPRESSION,
    FILL_ORDER,
    FORMAT,
    HEIGHT,
    IMAGE_DEPTH,
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
from . import compression

KINDS = {1: "u", 2: "i", 3: "f", 4: "u"}
"""The codes of NumPy for those of the tag FORMAT; 4 means that nobody knows."""
COMPLEX = (5, 6)
WHOLE_BYTES = (8, 16, 32, 64)
MOST_CHANNELS = 1 << 16
UNPACKED_AT_ONCE = 1 << 17
"""Bytes whose bits are taken apart at a time: each becomes eight numbers of eight bytes."""


class Layout(NamedTuple):
    """Where the samples are, and how they are packed."""

    data: bytes
    width: int
    height: int
    channels: int
    kind: str
    """Of the samples: u, i or f."""
    bits: int
    """Of a sample."""
    order: str
    """Of the bytes of a sample."""
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

    @property
    def dtype(self) -> Any:
        """The type of the samples in memory, in the file's order of bytes."""
        size = next(size for size in WHOLE_BYTES if size >= self.bits)
        return np.dtype(f"{self.order}{self.kind}{size // 8}")

    @property
    def bytes_in_memory(self) -> int:
        """What a pixel takes."""
        return self.channels * next(size for size in WHOLE_BYTES if size >= self.bits) // 8

    @property
    def channels_in_block(self) -> int:
        """How many channels lie side by side."""
        return self.channels if self.planes == 1 else 1

    @property
    def row_bytes(self) -> int:
        """What a row of a strip or tile takes."""
        return (self.block[0] * self.channels_in_block * self.bits + 7) // 8

    @property
    def needed(self) -> int:
        """How many strips or tiles there have to be."""
        return self.planes * -(-self.width // self.block[0]) * -(-self.height // self.block[1])

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
    if min(width, height, channels) < 1 or channels > MOST_CHANNELS:
        raise DecodeError(f"is damaged: {width}×{height} pixels of {channels} channels is not a valid size")
    kind, size = sample_type(tags)
    if one(tags, IMAGE_DEPTH, 1) > 1:
        raise DecodeError("is a TIFF of a volume (tag ImageDepth), which is not supported; save its slices as pages")
    tiled = TILE_OFFSETS in tags
    high = min(one(tags, TILE_HEIGHT if tiled else STRIP_ROWS, height), height if not tiled else 1 << 20)
    block = (one(tags, TILE_WIDTH, 0) if tiled else width, high)
    # A tile may be larger than its picture, but not by much.
    if min(block) < 1 or math.prod(block) > max(4 * width * height, 1 << 22):
        raise DecodeError(f"is damaged: a part of it has {block[0]}×{block[1]} pixels")
    predictor = one(tags, PREDICTOR, 1)
    if predictor not in (1, 2, 3) or (predictor == 2 and size not in WHOLE_BYTES) or (predictor == 3 and kind != "f"):
        raise DecodeError(f"has samples of {size} bits with the predictor {predictor}, which is not supported")
    return Layout(
        data,
        width,
        height,
        channels,
        kind,
        size,
        "<" if data[:2] == b"II" else ">",
        channels if one(tags, PLANAR, 1) == 2 else 1,
        block,
        tiled,
        many(tags, TILE_OFFSETS if tiled else STRIP_OFFSETS),
        many(tags, TILE_SIZES if tiled else STRIP_SIZES),
        one(tags, COMPRESSION, 1),
        predictor,
        one(tags, FILL_ORDER, 1),
    )


def sample_type(tags: Directory) -> tuple[str, int]:
    """Return the kind of the samples and their bits; raises `DecodeError` where they are none that is read."""
    bits, formats = set(many(tags, BITS, 1)), set(many(tags, FORMAT, 1))
    if formats & {*COMPLEX}:
        raise DecodeError("has complex samples, which are not supported; save their magnitude or real part first")
    if len(bits) > 1 or len(formats) > 1 or not formats <= KINDS.keys():
        raise DecodeError("has channels of different types, which cannot be kept; save them with the same depth")
    kind, size = KINDS[formats.pop()], bits.pop()
    if not 1 <= size <= 64 or (kind == "f" and size not in (16, 32, 64)) or (size > 32 and size != 64):
        what = {"f": "floats", "i": "signed samples", "u": "samples"}[kind]
        raise DecodeError(f"has {what} of {size} bits, which are not supported; save it with 16 or 32")
    return kind, size


def check_count(tags: Directory) -> None:
    """Raise `DecodeError` where there are fewer strips or tiles than the picture needs, which Pillow lets be."""
    tiled = TILE_OFFSETS in tags
    width, height, planar = (one(tags, tag, default) for tag, default in ((WIDTH, 0), (HEIGHT, 0), (PLANAR, 1)))
    wide, high = one(tags, TILE_WIDTH, 0) if tiled else width, one(tags, TILE_HEIGHT if tiled else STRIP_ROWS, height)
    needed = -(-width // max(wide, 1)) * -(-height // max(high, 1)) * (one(tags, CHANNELS, 1) if planar == 2 else 1)
    found = len(many(tags, TILE_OFFSETS if tiled else STRIP_OFFSETS))
    if found < needed:
        raise DecodeError(f"is damaged or truncated (it has {found} of {needed} parts)")


def unpacked(layout: Layout) -> list[Any]:
    """Return the bytes of all strips or tiles, unpacked; raises `DecodeError`."""
    return [_bytes(layout, number, rows) for number, _, _, _, rows in layout.places()]


def assembled(layout: Layout, lenient: bool, notes: list[str], parts: list[Any] | None = None) -> Array:
    """Return the samples ``(height, width, channels)``, from *parts* if they are unpacked; raises `DecodeError`.

    Each part is let go when it is used: together they are as large as the samples.
    """
    out = np.zeros((layout.height, layout.width, layout.channels), layout.dtype.newbyteorder("="))
    read = partly = 0
    for number, plane, left, top, rows in layout.places():
        try:
            stored = _bytes(layout, number, rows) if parts is None else parts[number]
            if parts is not None:
                parts[number] = None
        except compression.DamagedPartError as error:
            if not lenient:
                raise
            if not error.there:
                continue
            stored = error.there.ljust(rows * layout.row_bytes, b"\0")
            partly += 1
        except Exception as error:
            if not lenient or isinstance(error, MemoryError):
                raise
            if number >= len(layout.offsets):
                break
            continue
        block = _block(layout, stored, rows)
        channels = slice(None) if layout.planes == 1 else slice(plane, plane + 1)
        to = out[top : top + rows, left : left + layout.block[0], channels]
        to[...] = block[: to.shape[0], : to.shape[1]]
        read += 1
    if partly:
        notes.append(f"is damaged: what could be read of {partly} of its {layout.needed} parts was taken")
    if lost := layout.needed - read:
        notes.append(f"is damaged: {lost} of its {layout.needed} parts could not be read, and are black")
    return out


def _bytes(layout: Layout, number: int, rows: int) -> Any:
    """Return the bytes of one strip or tile, as many as it has to have; raises `DecodeError`."""
    size = rows * layout.row_bytes
    if number >= len(layout.offsets):
        raise DecodeError(f"is damaged or truncated (it has {len(layout.offsets)} of {layout.needed} parts)")
    start = layout.offsets[number]
    plain = layout.compression == compression.NONE
    stored = size if plain else layout.sizes[number] if number < len(layout.sizes) else 0
    packed = memoryview(layout.data)[start : start + stored]
    if len(packed) < stored or not stored:
        raise DecodeError(f"is damaged or truncated (part {number + 1} lies outside of it)")
    found = compression.unpacked(layout.compression, layout.fill_order, packed, size, rows)
    if len(found) < size:
        why = f"is damaged or truncated ({len(found)} of {size} bytes in part {number + 1})"
        raise compression.DamagedPartError(why, bytes(found))
    return found


def _block(layout: Layout, found: Any, rows: int) -> Array:
    """Return the samples ``(rows, columns, channels)`` of one strip or tile."""
    wide, channels = layout.block[0], layout.channels_in_block
    stored = np.frombuffer(found, np.uint8, rows * layout.row_bytes)
    if layout.bits in WHOLE_BYTES:
        return _summed(layout, stored, rows, wide, channels)
    lines = stored.reshape(rows, layout.row_bytes)
    out = np.empty((rows, wide * channels), layout.dtype.newbyteorder("="))
    step = max(UNPACKED_AT_ONCE // layout.row_bytes, 1)
    for top in range(0, rows, step):
        out[top : top + step] = _numbers(layout, lines[top : top + step], wide * channels)
    return out.reshape(rows, wide, channels)


def _numbers(layout: Layout, lines: Array, count: int) -> Array:
    """Return the first *count* numbers of each row, which follow one another bit by bit, the highest first."""
    bits = layout.bits
    if bits % 8 == 0 and layout.order == "<":
        lines = lines[:, : count * bits // 8].reshape(len(lines), count, bits // 8)[..., ::-1].reshape(len(lines), -1)
    each = np.unpackbits(lines, axis=1, count=count * bits).reshape(len(lines), count, bits)
    numbers = np.zeros((len(lines), count), np.int64)
    for bit in range(bits):
        numbers = numbers << 1 | each[..., bit]
    return np.where(each[..., 0] == 1, numbers - (1 << bits), numbers) if layout.kind == "i" else numbers


def to_white(samples: Array, bits: int) -> Array:
    """Return samples of *bits* bits in 8 or 16 whole bits, rounded: the highest number becomes the highest there."""
    if samples.dtype.kind != "u" or bits > 16 or bits in (8, 16):
        return samples
    white = (1 << bits) - 1
    return sample_depth.scaled(samples, white, sample_depth.full_range(white))


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
