"""Reading TIFF: the strips and tiles of the samples, and their layout in bits.

After TIFF Revision 6.0 (Adobe 1992) and its Technical Note 3 for the predictor of floats.
"""

from __future__ import annotations

from typing import Any

from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from ...console.messages import reason_of
from .. import sample_depth
from ..file_bytes import FileBytes
from ..ifd import Directory
from ..picture import DecodeError, check_lack
from ..tiff_tags import (
    BITS,
    CHANNELS,
    COMPRESSION,
    FILL_ORDER,
    FORMAT,
    IMAGE_DEPTH,
    PREDICTOR,
)
from . import compression
from .grid import Grid, Part, grid
from .tag_values import many, one

KINDS = {1: "u", 2: "i", 3: "f", 4: "u"}
"""NumPy's codes for the values of the tag FORMAT; 4 means unknown."""
COMPLEX = (5, 6)
WHOLE_BYTES = (8, 16, 32, 64)
MOST_CHANNELS = 1 << 16
UNPACKED_AT_ONCE = 1 << 17
"""Bytes whose bits are unpacked at a time: each becomes eight numbers of eight bytes."""


class Layout(NamedTuple):
    """The places and packing of the samples."""

    data: memoryview | FileBytes
    """All of the file."""
    grid: Grid
    channels: int
    kind: str
    """The kind of the samples: u, i or f."""
    bits: int
    """The bits of a sample."""
    order: str
    """The byte order of a sample."""
    compression: int
    predictor: int
    fill_order: int

    @property
    def dtype(self) -> Any:
        """The type of the samples in memory, in the file's byte order."""
        size = next(size for size in WHOLE_BYTES if size >= self.bits)
        return np.dtype(f"{self.order}{self.kind}{size // 8}")

    @property
    def bytes_in_memory(self) -> int:
        """The bytes of a pixel in memory."""
        return self.channels * next(size for size in WHOLE_BYTES if size >= self.bits) // 8

    @property
    def channels_in_block(self) -> int:
        """The number of interleaved channels."""
        return self.channels if self.grid.planes == 1 else 1

    @property
    def part_bytes(self) -> int:
        """The bytes of a part in memory."""
        return self.grid.wide * self.grid.high * self.channels_in_block * self.dtype.itemsize

    @property
    def row_bytes(self) -> int:
        """The bytes of a row of a strip or tile."""
        return (self.grid.wide * self.channels_in_block * self.bits + 7) // 8


def layout(data: Any, tags: Directory) -> Layout:
    """Return the layout of the samples that *tags* describe; raises `DecodeError`."""
    cut, channels = grid(tags), one(tags, CHANNELS, 1)
    if channels > MOST_CHANNELS:
        raise DecodeError(f"is damaged: {channels} channels are not a valid number")
    kind, size = sample_type(tags)
    if one(tags, IMAGE_DEPTH, 1) > 1:
        raise DecodeError("is a TIFF of a volume (tag ImageDepth), which is not supported; save its slices as pages")
    predictor = one(tags, PREDICTOR, 1)
    if predictor not in (1, 2, 3) or (predictor == 2 and size not in WHOLE_BYTES) or (predictor == 3 and kind != "f"):
        raise DecodeError(f"has samples of {size} bits with the predictor {predictor}, which is not supported")
    return Layout(
        memoryview(data) if isinstance(data, bytes) else data,
        cut,
        channels,
        kind,
        size,
        "<" if data[:2] == b"II" else ">",
        one(tags, COMPRESSION, 1),
        predictor,
        one(tags, FILL_ORDER, 1),
    )


def sample_type(tags: Directory) -> tuple[str, int]:
    """Return the kind of the samples and their bits; raises `DecodeError` for unsupported ones."""
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


def unpacked(layout: Layout) -> list[Any]:
    """Return the bytes of all strips or tiles, unpacked; raises `DecodeError`."""
    return [stored(layout, part) for part in layout.grid.parts()]


def assembled(layout: Layout, lenient: bool, notes: list[str], parts: list[Any] | None = None) -> Array:
    """Return the samples ``(height, width, channels)``, from *parts* if they are unpacked; raises `DecodeError`.

    Each part is released after use: together they are as large as the samples.
    """
    cut = layout.grid
    out = np.zeros((cut.height, cut.width, layout.channels), layout.dtype.newbyteorder("="))
    read = partly = 0
    damage = ""
    for part in cut.parts():
        try:
            found = stored(layout, part) if parts is None else parts[part.number]
            if parts is not None:
                parts[part.number] = None
        except compression.DamagedPartError as error:
            if not lenient:
                raise
            damage = damage or str(error)
            if len(error.there) < layout.row_bytes:
                continue
            found = error.there.ljust(part.rows * layout.row_bytes, b"\0")
            partly += 1
        except Exception as error:
            check_lack(error)
            if not lenient:
                raise
            damage = damage or reason_of(error)
            if part.number >= len(cut.offsets):
                break
            continue
        put(layout, out, part, block(layout, found, part.rows))
        read += 1
    if not read:
        raise DecodeError(damage)
    if partly:
        notes.append(f"is damaged: the readable part of {partly} of its {cut.needed} parts was used")
    if lost := cut.needed - read:
        notes.append(f"is damaged: {lost} of its {cut.needed} parts could not be read, and are black")
    return out


def put(layout: Layout, out: Array, part: Part, samples: Array, start: int = 0) -> None:
    """Copy the samples of a part to their place in *out*, whose first row is row *start* of the picture."""
    first, cut = max(part.top, start), layout.grid
    channels = slice(None) if cut.planes == 1 else slice(part.plane, part.plane + 1)
    to = out[first - start : part.top + part.rows - start, part.left : part.left + cut.wide, channels]
    to[...] = samples[first - part.top :][: to.shape[0], : to.shape[1]]


def stored(layout: Layout, part: Part) -> Any:
    """Return the bytes of one strip or tile, as many as it must have; raises `DecodeError`."""
    extent = compression.Extent(layout.grid.wide, part.rows, layout.row_bytes, layout.grid.full_high)
    start, size = place(layout, part)
    packed = memoryview(layout.data[start : start + size])
    if not len(packed) == size > 0:
        why = f"is damaged or truncated (part {part.number + 1} lies outside of it)"
        there = compression.beginning(layout.compression, layout.fill_order, packed, extent)
        raise compression.DamagedPartError(why, there)
    found = compression.unpacked(layout.compression, layout.fill_order, packed, extent)
    if len(found) < extent.size:
        why = f"is damaged or truncated ({len(found)} of {extent.size} bytes in part {part.number + 1})"
        raise compression.DamagedPartError(why, bytes(found))
    return found


def place(layout: Layout, part: Part) -> tuple[int, int]:
    """Return the offset of a part in the file, and its number of bytes there; raises `DecodeError`."""
    if layout.compression != compression.NONE:
        return layout.grid.place(part.number)
    start, size = layout.grid.place(part.number, part.rows * layout.row_bytes)
    return start + part.skipped * layout.row_bytes, size


def block(layout: Layout, found: Any, rows: int) -> Array:
    """Return the samples ``(rows, columns, channels)`` of one strip or tile."""
    wide, channels = layout.grid.wide, layout.channels_in_block
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
    """Return the first *count* numbers of each row, which are packed bit by bit, the highest bit first."""
    bits = layout.bits
    if bits % 8 == 0 and layout.order == "<":
        lines = lines[:, : count * bits // 8].reshape(len(lines), count, bits // 8)[..., ::-1].reshape(len(lines), -1)
    each = np.unpackbits(lines, axis=1, count=count * bits).reshape(len(lines), count, bits)
    numbers = np.zeros((len(lines), count), np.int64)
    for bit in range(bits):
        numbers = numbers << 1 | each[..., bit]
    return np.where(each[..., 0] == 1, numbers - (1 << bits), numbers) if layout.kind == "i" else numbers


def to_white(samples: Array, bits: int) -> Array:
    """Return samples of *bits* bits scaled to 8 or 16 bits, rounded: the highest number becomes the highest."""
    if samples.dtype.kind != "u" or bits > 16 or bits in (8, 16):
        return samples
    white = (1 << bits) - 1
    return sample_depth.scaled(samples, white, sample_depth.full_range(white))


def _summed(layout: Layout, stored: Array, rows: int, wide: int, channels: int) -> Array:
    """Return samples from the differences of the predictor."""
    dtype, shape = layout.dtype, (rows, wide, channels)
    if layout.predictor == 2:
        whole = np.dtype(f"u{dtype.itemsize}")
        differences = stored.view(whole.newbyteorder(dtype.byteorder)).reshape(shape)
        return differences.cumsum(axis=1, dtype=whole).view(dtype.newbyteorder("="))
    if layout.predictor == 3:
        # The bytes of a row are sorted by significance, the most significant first, then differenced.
        sums = stored.reshape(rows, wide * dtype.itemsize, channels).cumsum(axis=1, dtype=np.uint8)
        weights = sums.reshape(rows, dtype.itemsize, wide * channels)
        return np.ascontiguousarray(weights.swapaxes(1, 2)).view(f">f{dtype.itemsize}").reshape(shape)
    return stored.view(dtype).reshape(shape)
