"""SGI: images of 8 and 16 bits, plain or packed, read after The SGI Image File Format, version 1.00."""

from __future__ import annotations

import struct

from ...filters.core.lazy_numpy import Array, np
from . import unpacker
from .codec import Codec, not_written
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture, Samples, with_alpha

HEADER = 512
FILL = 16
"""Bytes that may follow the samples of a packed row."""
TIMES = 3
"""The limit for the bytes of all packed rows, as a multiple of those of the file and its picture."""


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture."""
    data, notes = begun.data, []
    if len(data) < HEADER:
        raise DecodeError("is damaged or truncated (its header is cut off)")
    packed, size, dimensions, width, height, channels = struct.unpack_from(">BBHHHH", data, 2)
    (colour_map,) = struct.unpack_from(">I", data, 104)
    height, channels = height if dimensions > 1 else 1, channels if dimensions > 2 else 1
    if not width or not height or not channels:
        raise DecodeError(f"is damaged: it declares {width}×{height} pixels of {channels} channels")
    if colour_map:
        raise DecodeError("is an SGI colour-map image, which is not supported; convert it to PNG")
    options.check_size(width, height, Samples(channels, size, decoding=(4 if packed else 2) * size * channels))
    dtype = np.dtype(f">u{size}")
    if packed:
        planes = _unpacked(data, (channels, height, width), dtype, options, notes)
    else:
        count = width * height * channels * size
        plain = unpacker.plain(data, HEADER, count, options, notes, width * size)
        planes = plain.view(dtype).reshape(channels, height, width)
    upright = np.moveaxis(planes[:, ::-1], 0, 2).astype(dtype.newbyteorder("="))
    picture = with_alpha(np.ascontiguousarray(upright))
    picture.notes = notes
    return picture


def _unpacked(
    data: bytes, shape: tuple[int, int, int], dtype: np.dtype, options: DecodeOptions, notes: list[str]
) -> Array:
    """Return the planes from runs; two tables give the place and length of each row of each plane."""
    channels, height, width = shape
    count = channels * height
    if len(data) < HEADER + 8 * count:
        raise DecodeError("is damaged or truncated (its table of rows is cut off)")
    starts, lengths = np.frombuffer(data, ">u4", 2 * count, HEADER).reshape(2, count).tolist()
    if sum(lengths) > TIMES * (len(data) + count * width * dtype.itemsize):
        raise DecodeError(f"is damaged (its rows of {sum(lengths)} bytes together overlap in a file of {len(data)})")
    view = memoryview(data)  # rows may share parts of it
    planes, damaged = np.zeros((count, width), dtype), 0
    for number, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        row, whole = _row(view[start : start + length], width, dtype.itemsize)
        planes[number, : len(row) // dtype.itemsize] = np.frombuffer(row, dtype)
        damaged += not whole or start + length > len(data)
    if damaged:
        if not options.lenient or damaged == count:
            raise DecodeError(f"is damaged or truncated ({damaged} of its {count} rows)")
        notes.append(f"is damaged: {damaged} of its {count} rows could not be read completely, and are black there")
    return planes.reshape(shape)


def _row(packed: memoryview, width: int, size: int) -> tuple[bytes, bool]:
    """Return the samples of a row, and whether they are all there."""
    row, at, wanted = bytearray(), 0, width * size
    while len(row) < wanted and at + size <= len(packed):
        code = packed[at + size - 1]
        at += size
        count = code & 127
        if not count:
            break
        if code & 128:
            row += packed[at : at + count * size]
            at += count * size
        else:
            row += bytes(packed[at : at + size]) * count
            at += size
    cut = min(len(row), wanted) // size * size
    # An empty run may end it, and a few zeros may pad it.
    return bytes(row[:cut]), len(row) == wanted and len(packed) - at <= FILL and not any(packed[at:])


CODEC = Codec(finish, not_written)
