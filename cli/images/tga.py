"""TGA: read after Truevision TGA File Format Specification, version 2.0.

The attribute bits are alpha if the header counts them, unless the extension area calls them something else or they are
0 everywhere.
"""

from __future__ import annotations

import struct

from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from . import bit_fields, unpacker
from .codec import Codec, not_written
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture, Samples, premultiplied

HEADER = 18
FOOTER = b"TRUEVISION-XFILE.\0"
PACKED = 8
PALETTE, COLOUR, GRAY = 1, 2, 3
FROM_RIGHT, FROM_TOP = 16, 32
NO_ALPHA, PREMULTIPLIED = (0, 1, 2), 4
"""Types of attributes in the extension area, section 24."""
FIVE_BITS = (0x7C00, 0x3E0, 0x1F)
MODES = {1: "L", 2: "I;16", 3: "RGB", 4: "RGBA"}
"""Pillow's modes that keep this many bytes per pixel unchanged."""


class Header(NamedTuple):
    """The first 18 bytes."""

    name_length: int
    has_palette: int
    kind: int
    first: int
    entries: int
    entry_bits: int
    left: int
    top: int
    width: int
    height: int
    bits: int
    flags: int


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture."""
    data, notes = begun.data, []
    if len(data) < HEADER:
        raise DecodeError("is damaged or truncated (its header is cut off)")
    header = Header(*struct.unpack_from("<BBBHHBHHHHBB", data))
    kind, bits, size = header.kind & ~PACKED, header.bits, (header.bits + 7) // 8
    known = {PALETTE: (8, 16), COLOUR: (15, 16, 24, 32), GRAY: (8, 16)}
    if bits not in known.get(kind, ()):
        raise DecodeError(
            f"is a TGA of type {header.kind} with {bits} bits per pixel, which is not supported; convert it to PNG"
        )
    decoding = (4 if header.kind & PACKED else 2) * max(size, 3)
    options.check_size(
        header.width, header.height, Samples(1 if kind == GRAY else 4 if bits == 32 else 3, decoding=decoding)
    )
    at = HEADER + header.name_length
    entry = (header.entry_bits + 7) // 8 if header.has_palette else 0
    palette = np.frombuffer(data[at : at + header.entries * entry].ljust(header.entries * entry, b"\0"), np.uint8)
    at += header.entries * entry
    rows = _rows(data, at, header, size, options, notes)
    attributes = header.flags & 15
    if kind == PALETTE:
        indices = rows.view("<u2")[..., 0] if size == 2 else rows[..., 0]
        indices = indices.astype(np.int64) - header.first
        if indices.min() < 0 or indices.max() >= header.entries:
            if not options.lenient:
                raise DecodeError(f"is damaged (a pixel has a colour outside its palette of {header.entries})")
            notes.append("is damaged (a pixel has a colour outside its palette); the nearest entry was used")
        rows = palette.reshape(-1, entry)[indices.clip(0, header.entries - 1)]
        bits, attributes = header.entry_bits, 8 if header.entry_bits == 32 else 0
    return _picture(rows, kind, bits, attributes, _attribute_type(data), notes)


def _rows(data: bytes, at: int, header: Header, size: int, options: DecodeOptions, notes: list[str]) -> Array:
    """Return the bytes of each pixel, ``(height, width, size)``, from the top row down."""
    shape = header.height, header.width
    if header.kind & PACKED:
        found = unpacker.unpacked("tga_rle", shape, data[at:], options, notes, 1, 8 * size, mode=MODES[size])
        rows = np.ascontiguousarray(found).view(np.uint8).reshape(*shape, size)
    else:
        count = header.height * header.width * size
        rows = unpacker.plain(data, at, count, options, notes, header.width * size).reshape(*shape, size)
    if not header.flags & FROM_TOP:
        rows = rows[::-1]
    if header.flags & FROM_RIGHT:
        rows = rows[:, ::-1]
    return np.ascontiguousarray(rows)


def _picture(rows: Array, kind: int, bits: int, attributes: int, type: int | None, notes: list[str]) -> Picture:
    alpha = None
    if kind == GRAY:
        pixels, alpha = rows[..., :1].copy(), rows[..., 1].copy() if bits == 16 else None
    elif bits in (15, 16):
        words = rows.view("<u2")[..., 0]
        pixels = bit_fields.channels(words, FIVE_BITS)
        if bits == 16 and attributes == 1:
            alpha = bit_fields.channels(words, (0x8000,))[..., 0]
    else:
        pixels = np.ascontiguousarray(rows[..., 2::-1])
        if bits == 32 and attributes == 8:
            alpha = rows[..., 3].copy()
    if alpha is None or type in NO_ALPHA:
        return Picture(pixels, notes=notes)
    if not alpha.any():
        notes.append("its alpha is 0 everywhere and was not used")
        return Picture(pixels, notes=notes)
    if type == PREMULTIPLIED:
        pixels = premultiplied(pixels, alpha)
    return Picture(pixels, alpha, notes=notes)


def _attribute_type(data: bytes) -> int | None:
    """Return the type of the attribute bits in the extension area, None if there is none."""
    if data[-len(FOOTER) :] != FOOTER:
        return None
    (extension,) = struct.unpack_from("<I", data, len(data) - len(FOOTER) - 8)
    return data[extension + 494] if extension and extension + 495 <= len(data) else None


CODEC = Codec(finish, not_written)
