"""PCX: read after ZSoft's PCX File Format Technical Reference Manual, revision 5."""

from __future__ import annotations

import struct

from ...filters.core.lazy_numpy import Array, np
from . import unpacker
from .codec import Codec, not_written
from .metadata import Metadata, plausible
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture, Samples, with_alpha

HEADER = 128
PALETTE = 769
"""Bytes of the palette after the pixels, with the 12 before it."""
GRAY = 2
"""In the header's byte 68."""


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture."""
    data, notes = begun.data, []
    if len(data) < HEADER:
        raise DecodeError("is damaged or truncated (its header is cut off)")
    _, _, packed, bits, left, top, right, bottom, x_dpi, y_dpi = struct.unpack_from("<BBBBHHHHHH", data)
    planes, row = struct.unpack_from("<BH", data, 65)
    width, height = right - left + 1, bottom - top + 1
    if width <= 0 or height <= 0 or row * 8 < width * bits:
        raise DecodeError(f"is damaged: it declares {width}×{height} pixels in rows of {row} bytes")
    if bits * planes not in (1, 2, 3, 4, 8, 24, 32) or (planes > 1 and bits not in (1, 8)):
        raise DecodeError(f"is a PCX of {planes} planes of {bits} bits, which is not supported; convert it to PNG")
    options.check_size(width, height, Samples(1 if bits * planes <= 8 else 3, decoding=5 * max(planes, 3)))
    shape = height, planes * row
    # In a truncated file, the byte that marks a palette may belong to a row.
    end = len(data) - PALETTE if bits == 8 and planes == 1 and _has_palette(data) else len(data)
    if packed:
        rows = unpacker.unpacked("pcx", shape, data[HEADER:end], options, notes, shape[1])
    else:
        rows = unpacker.plain(data[:end], HEADER, height * shape[1], options, notes, shape[1]).reshape(shape)
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    parts = rows.reshape(height, planes, row)
    if bits < 8:
        parts = (parts[..., None] >> shifts & np.uint8((1 << bits) - 1)).reshape(height, planes, -1)
    samples = np.moveaxis(parts[..., :width], 1, 2)
    picture = with_alpha(_colours(np.ascontiguousarray(samples), bits, data, options, notes))
    picture.bits = 1 if bits * planes == 1 else None
    picture.metadata, picture.notes = Metadata(dpi=plausible((x_dpi, y_dpi))), notes
    return picture


def _has_palette(data: bytes) -> bool:
    return len(data) >= HEADER + PALETTE and data[-PALETTE] == 12


def _colours(samples: Array, bits: int, data: bytes, options: DecodeOptions, notes: list[str]) -> Array:
    """Return the colours of samples, one from each plane."""
    if bits == 8 and samples.shape[2] > 1:
        return samples
    if bits == 8:
        if _has_palette(data):
            palette = np.frombuffer(data, np.uint8, PALETTE - 1, len(data) - PALETTE + 1).reshape(-1, 3)
            if (palette == np.arange(256)[:, None]).all():
                return samples
            return palette[samples[..., 0]]
        if data[68] != GRAY:
            if not options.lenient:
                raise DecodeError("is damaged or truncated (its palette is missing)")
            notes.append("is damaged or truncated (its palette is missing); its pixels were read as gray")
        return samples
    if samples.shape[2] == 1 and bits == 1:
        return samples * np.uint8(255)
    indices = samples[..., 0]
    for plane in range(1, samples.shape[2]):
        indices = indices | samples[..., plane] << np.uint8(plane)
    return np.frombuffer(data, np.uint8, 48, 16).reshape(16, 3)[indices]


CODEC = Codec(finish, not_written)
