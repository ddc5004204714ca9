"""Radiance HDR: read as float in linear light, after "File Formats" of the Radiance documentation.

A sample is ``m·2^(e−136)``, as in OpenCV, ImageMagick and stb_image; like them, it does not divide by `EXPOSURE`.
"""

from __future__ import annotations

import re

from ...filters.core.lazy_numpy import Array, np
from .codec import Codec, not_written
from .colour_description import LINEAR_LIGHT, ColourDescription, of_linear
from .metadata import Metadata
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture, Samples, bands_of_rows

SIZE = re.compile(rb"([-+])([XY]) +(\d{1,9}) +([-+])([XY]) +(\d{1,9})\n")
PRIMARIES = re.compile(rb"^PRIMARIES=(.*)$", re.MULTILINE)
RGBE = b"32-bit_rle_rgbe"
NARROWEST, WIDEST = 8, 0x7FFF
"""Widths of rows that may be packed by component."""
A_BYTE = 32
"""Most pixels per byte: 4 runs of 127 take 8 bytes."""


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture."""
    data, notes = begun.data, []
    end = data.find(b"\n\n")
    size = SIZE.match(data, end + 2) if end >= 0 else None
    if size is None:
        raise DecodeError("is damaged or truncated (no size in its header)")
    found = re.search(rb"^FORMAT=(\S+)", data[:end], re.MULTILINE)
    if found is not None and found[1] != RGBE:
        raise DecodeError(
            f"is a Radiance file of the format {found[1].decode('ascii', 'replace')}, which is not supported"
        )
    rows, columns = int(size[3]), int(size[6])
    if size[2] == size[5] or not rows or not columns:
        raise DecodeError(f"is damaged: it declares {columns}×{rows} pixels")
    upright = size[2] == b"Y"
    width, height = (columns, rows) if upright else (rows, columns)
    options.check_size(width, height, Samples(3, 4, decoding=16 if upright else 28))
    if rows * columns > A_BYTE * len(data):
        raise DecodeError(f"is damaged or truncated (it declares {columns}×{rows} pixels in {len(data)} bytes)")
    packed, whole = _rows(data, size.end(), rows, columns)
    if whole < rows:
        if not options.lenient or not whole:
            raise DecodeError(f"is damaged or truncated (only {whole} of its {rows} rows are complete)")
        notes.append(f"is damaged or truncated (only {whole} of its {rows} rows are complete); the others are black")
    pixels = np.empty((rows, columns, 3), np.float32)
    for band in bands_of_rows(pixels.shape):
        exponents = packed[band, :, 3:]
        scale = np.where(exponents > 0, np.ldexp(np.float32(1), exponents.astype(np.int32) - 136), 0)
        pixels[band] = packed[band, :, :3] * scale.astype(np.float32)
    # The first axis runs down if Y comes first with a minus, and X runs right with a plus.
    down, right = (size[1], size[4]) if upright else (size[4], size[1])
    if not upright:
        pixels = pixels.swapaxes(0, 1)
    if down == b"+":
        pixels = pixels[::-1]
    if right == b"-":
        pixels = pixels[:, ::-1]
    given = PRIMARIES.search(data, 0, end)
    colour = LINEAR_LIGHT if given is None else _colour(given[1], notes)
    return Picture(np.ascontiguousarray(pixels), metadata=Metadata(colour=colour), notes=notes)


def _colour(given: bytes, notes: list[str]) -> ColourDescription:
    try:
        found = [float(word) for word in given.split()]
    except ValueError:
        found = []
    return of_linear(found[:6], found[6:], notes)


def _rows(data: bytes, at: int, rows: int, columns: int) -> tuple[Array, int]:
    """Return the rows of mantissas and exponents, and how many of them are whole."""
    found = np.zeros((rows, columns, 4), np.uint8)
    for number in range(rows):
        head = data[at : at + 4]
        if NARROWEST <= columns <= WIDEST and head[:2] == b"\2\2" and head[2:] == columns.to_bytes(2):
            row, at = _by_component(data, at + 4, columns)
        else:
            row, at = _by_pixel(data, at, columns)
        if row is None:
            return found, number
        found[number] = row
    return found, rows


def _by_component(data: bytes, at: int, columns: int) -> tuple[Array | None, int]:
    parts = bytearray()
    for component in range(1, 5):
        while len(parts) < component * columns:
            code = data[at : at + 2]
            if len(code) < 2 or not code[0]:
                return None, at
            if code[0] > 128:
                parts += code[1:] * (code[0] - 128)
                at += 2
            else:
                parts += data[at + 1 : at + 1 + code[0]]
                at += 1 + code[0]
        if len(parts) > component * columns or at > len(data):
            return None, at
    return np.frombuffer(parts, np.uint8).reshape(4, columns).T, at


def _by_pixel(data: bytes, at: int, columns: int) -> tuple[Array | None, int]:
    """Return a row of plain pixels; three ones and a count repeat the one before, as files before 1991 do."""
    plain = data[at : at + 4 * columns]
    if len(plain) == 4 * columns and b"\1\1\1" not in plain:
        return np.frombuffer(plain, np.uint8).reshape(columns, 4), at + 4 * columns
    row, shift = bytearray(), 0
    while len(row) < 4 * columns:
        pixel = data[at : at + 4]
        if len(pixel) < 4 or shift > 16:
            return None, at
        at += 4
        if pixel[:3] != b"\1\1\1":
            row += pixel
            shift = 0
            continue
        count = pixel[3] << shift
        shift += 8
        if not row or len(row) + 4 * count > 4 * columns:
            return None, at
        row += row[-4:] * count
    return np.frombuffer(row, np.uint8).reshape(columns, 4), at


CODEC = Codec(finish, not_written)
