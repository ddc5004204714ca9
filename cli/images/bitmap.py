"""Device-independent bitmaps, as BMP files and icons hold them: their headers, palettes, bit fields and runs.

After Microsoft's [MS-WMF], section 2.2.2.9, the structures BITMAPV4HEADER and BITMAPV5HEADER, and for the headers of
OS/2 "Graphics File Formats: Bitmaps" in its Presentation Manager reference. Alpha is what a mask names: the fourth
byte of plain 32-bit pixels is unused, as bmpsuite and the browsers take it.
"""

from __future__ import annotations

import struct

from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from . import bit_fields
from .metadata import Metadata, plausible, whole_profile
from .picture import Decode, DecodeError, DecodeOptions, Frames, Palette, Picture, Samples

CORE, INFO, V4, V5 = 12, 40, 108, 124
WINDOWS = (INFO, 52, 56, V4, V5)
"""Sizes of Windows' headers; others of 16 to 64 bytes are OS/2's."""
PLAIN, RLE8, RLE4, FIELDS, JPEG, PNG, ALPHA_FIELDS = range(7)
RLE24 = 24
"""OS/2's run-length compression of colours, which has the number 4."""
EMBEDDED = 0x4D424544
"""The colour space of a V5 header whose ICC profile is in the file."""
A_RUN = 128
"""Most pixels that a byte of runs can represent."""
INCHES = 39.3701


class Header(NamedTuple):
    """The header of a bitmap."""

    width: int
    height: int
    upside_down: bool
    """The first row is the top one."""
    bits: int
    compression: int
    masks: tuple[int, int, int, int]
    palette: Array
    pixels: int
    """The offset of the samples."""
    metadata: Metadata

    @property
    def row(self) -> int:
        """The bytes of a row."""
        return (self.width * self.bits + 31) // 32 * 4


def header(data: bytes, at: int, notes: list[str], pixels: int | None = None) -> Header:
    """Return the header that stands *at* a place; the pixels follow it, or stand where a file header says."""
    (size,) = struct.unpack_from("<I", data, at)
    if len(data) < at + size:
        raise DecodeError("is damaged or truncated (its header is cut off)")
    compression, used, masks, metadata = PLAIN, 0, (0, 0, 0, 0), Metadata()
    end = at + size
    if size == CORE:
        width, height, _, bits = struct.unpack_from("<HHHH", data, at + 4)
    elif size in WINDOWS or 16 <= size <= 64:
        whole = data[at : at + size].ljust(V5, b"\0")
        width, height, _, bits, compression, _, *density, used, _ = struct.unpack_from("<iiHHIIiiII", whole, 4)
        metadata = Metadata(dpi=plausible([value / INCHES for value in density]))
        if size not in WINDOWS:
            compression = {3: -1, 4: RLE24}.get(compression, compression)
        elif compression in (FIELDS, ALPHA_FIELDS):
            if size == INFO:
                whole = whole[:INFO] + data[end : end + 16].ljust(16, b"\0")
                end += 12 if compression == FIELDS else 16
            alpha = size > 52 or compression == ALPHA_FIELDS
            masks = (*struct.unpack_from("<III", whole, 40), struct.unpack_from("<I", whole, 52)[0] if alpha else 0)
            compression = FIELDS
        if size == V5 and struct.unpack_from("<I", whole, 56) == (EMBEDDED,):
            start, length = struct.unpack_from("<II", whole, 112)
            profile = whole_profile(data[at + start : at + start + length], notes)
            metadata = metadata._replace(icc=profile)
    else:
        raise DecodeError(f"is damaged: a header of {size} bytes is unknown")
    if compression == PLAIN and bits in (16, 32):
        masks = (0x7C00, 0x3E0, 0x1F, 0) if bits == 16 else (0xFF0000, 0xFF00, 0xFF, 0)
    _check(width, height, bits, compression)
    entry = 3 if size == CORE else 4
    count = min(used or 1 << bits, 256) if bits <= 8 else 0
    there = len(data) if pixels is None or pixels < end else min(pixels, len(data))
    count = min(count, max(there - end, 0) // entry)
    palette = np.frombuffer(data, np.uint8, count * entry, min(end, len(data))).reshape(count, entry)[:, 2::-1]
    if pixels is None:
        pixels = end + (count if bits <= 8 else used) * entry
    return Header(width, abs(height), height < 0, bits, compression, masks, palette, pixels, metadata)


def _check(width: int, height: int, bits: int, compression: int) -> None:
    if width <= 0 or height == 0:
        raise DecodeError(f"is damaged: it declares {width}×{height} pixels")
    if compression == -1:
        raise DecodeError("is a BMP with Huffman 1D compression, which is not supported; convert it to PNG")
    if compression > ALPHA_FIELDS and compression != RLE24:
        known = {11: "CMYK", 12: "CMYK, RLE8", 13: "CMYK, RLE4"}.get(compression, f"number {compression}")
        raise DecodeError(f"is a BMP with a compression that is not supported ({known}); convert it to PNG")
    wanted = {RLE8: (8,), RLE4: (4,), RLE24: (24,), FIELDS: (16, 32), PLAIN: (1, 2, 4, 8, 16, 24, 32)}
    if compression in wanted and bits not in wanted[compression]:
        if bits == 64 and compression == PLAIN:
            raise DecodeError("is a BMP with 64 bits per pixel, which is not supported; convert it to 16-bit PNG")
        raise DecodeError(f"is damaged: its compression does not allow {bits} bits per pixel")
    if height < 0 and compression in (RLE8, RLE4, RLE24):
        raise DecodeError("is damaged: runs cannot begin at the top row")


def read(data: bytes, found: Header, notes: list[str], options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture whose header is *found*; raises `DecodeError`."""
    width, height, bits = found.width, found.height, found.bits
    channels = 4 if bits in (16, 32) else 3
    options.check_size(width, height, Samples(channels, decoding=4 if bits <= 8 else 4 * channels))
    if found.compression in (JPEG, PNG):
        inner = decode(data[found.pixels :])
        if isinstance(inner, Frames):
            raise DecodeError("is damaged: it embeds a file with several pictures")
        return inner
    if found.compression in (RLE8, RLE4, RLE24):
        rows = _runs(data, found, options.lenient, notes)
    else:
        rows = _rows(data, found, options.lenient, notes)
    if not found.upside_down:
        rows = rows[::-1]
    if bits <= 8:
        pixels, palette = _numbered(rows, found, options.lenient, notes)
        picture = Picture(pixels, metadata=found.metadata, notes=notes, palette=palette)
        picture.bits = 1 if bits == 1 and palette is None else None
        return picture
    pixels, alpha = _colours(rows, found, notes)
    return Picture(np.ascontiguousarray(pixels), alpha, metadata=found.metadata, notes=notes)


def _damaged(why: str, lenient: bool, notes: list[str]) -> None:
    """Refuse a damaged file, or add a note."""
    if not lenient:
        raise DecodeError(f"is damaged or truncated ({why})")
    notes.append(f"is damaged ({why}); the readable part was used")


def _rows(data: bytes, found: Header, lenient: bool, notes: list[str]) -> Array:
    """Return the bytes of each row, in the order of the file."""
    needed = found.row * (found.height - 1) + (found.width * found.bits + 7) // 8
    there = max(len(data) - found.pixels, 0)
    if there < needed:
        _damaged(f"{there} of {needed} bytes of pixels", lenient and there >= found.row, notes)
    there = min(there, found.row * found.height)
    flat = np.frombuffer(data, np.uint8, there, min(found.pixels, len(data)))
    if there < found.row * found.height:
        flat = np.concatenate([flat, np.zeros(found.row * found.height - there, np.uint8)])
    return flat.reshape(found.height, found.row)


def _colours(rows: Array, found: Header, notes: list[str]) -> tuple[Array, Array | None]:
    """Return colours and alpha of the rows; unpacked runs have one colour per pixel."""
    width, bits = found.width, found.bits
    if bits == 24:
        return rows[:, : 3 * width].reshape(len(rows), width, 3)[..., ::-1], None
    words = np.ascontiguousarray(rows).view(f"<u{bits // 8}")[:, :width]
    if found.masks == (0xFF0000, 0xFF00, 0xFF, 0):
        return np.ascontiguousarray(words).view(np.uint8).reshape(len(rows), width, 4)[..., 2::-1], None
    masks = found.masks if found.masks[3] else found.masks[:3]
    samples = bit_fields.channels(words, masks)
    if len(masks) == 3:
        return samples, None
    pixels, alpha = samples[..., :3], samples[..., 3].copy()
    if not alpha.any():
        notes.append("its alpha is 0 everywhere and was not used")
        return pixels, None
    return pixels, alpha


def _numbered(rows: Array, found: Header, lenient: bool, notes: list[str]) -> tuple[Array, Palette | None]:
    """Return the colours of rows of indices (unpacked runs have one per pixel), and their palette unless it is gray."""
    width, bits = found.width, found.bits
    indices = rows
    if found.compression == PLAIN:
        shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
        parts = rows if bits == 8 else (rows[..., None] >> shifts & np.uint8((1 << bits) - 1)).reshape(len(rows), -1)
        indices = parts[:, :width]
    palette = found.palette
    if (highest := int(indices.max())) >= len(palette):
        _damaged(f"a pixel has colour {highest}, but its palette has {len(palette)}", lenient, notes)
        palette = np.concatenate([palette, np.zeros((256 - len(palette), 3), np.uint8)])
    steps = (0, 255) if len(palette) == 2 else range(len(palette))
    if (palette == np.array(steps, np.uint8)[:, None]).all():
        return np.ascontiguousarray(palette[:, :1][indices]), None
    return palette[indices], Palette(np.ascontiguousarray(indices), palette)


def _runs(data: bytes, found: Header, lenient: bool, notes: list[str]) -> Array:
    """Unpack runs into an index, or the three bytes of a colour, for each pixel; skipped pixels stay 0."""
    width, height = found.width, found.height
    if width * height > A_RUN * len(data):
        raise DecodeError(f"is damaged or truncated (it declares {width}×{height} pixels in {len(data)} bytes)")
    four, size = found.compression == RLE4, 3 if found.compression == RLE24 else 1
    rows = bytearray(width * height * size)
    at, end, x, y, written, damage = found.pixels, len(data), 0, 0, 0, ""
    while not damage:
        if at + 1 >= end:
            if y < height and (y, x) != (height - 1, width):
                damage = "its runs end early"
            break
        count, value = data[at], data[at + 1]
        if count:
            pair = bytes((value >> 4, value & 15))
            run = (pair * 128)[:count] if four else data[at + 1 : at + 1 + size] * count
            at += 1 + size
        elif value == 0:
            x, y, at = 0, y + 1, at + 2
            continue
        elif value == 1:
            break
        elif value == 2:
            x, y, at = x + data[at + 2] if at + 3 < end else width + 1, y + data[min(at + 3, end - 1)], at + 4
            if x > width or y > height:
                damage = "its runs go outside the picture"
            continue
        else:
            count, length = value, (value + 1) // 2 if four else value * size
            run = data[at + 2 : at + 2 + length]
            if four:
                run = bytes(part for byte in run for part in (byte >> 4, byte & 15))[:count]
            at += 2 + length + length % 2
        if len(run) < count * size:
            damage, count = "its runs end early", len(run) // size
        room = width - x if y < height else 0
        if count > room:
            damage, count = "a run goes past the end of its row", max(room, 0)
        start = (y * width + x) * size
        rows[start : start + count * size] = run[: count * size]
        x, written = x + count, written + count
    if damage:
        _damaged(damage, lenient and written >= width, notes)
    return np.frombuffer(rows, np.uint8).reshape(height, width * size)
