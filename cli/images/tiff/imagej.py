"""ImageJ's description of a stack: lines of text, and its own tags for labels, ranges, colour tables and regions.

After https://imagej.net/ij/developer/source/ij/io/TiffDecoder.java.html and its FileSaver. The tags are in the byte
order of their file.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from ....filters.core.engine.coordinates import Geometry
from ....filters.core.named_tuple import NamedTuple
from .. import ifd

MAGIC = 0x494A494A
COUNTS = ("images", "channels", "slices", "frames", "hyperstack")
RANGE = ("min", "max")
LABELS, RANGES, TABLES, REGIONS, OVERLAYS = b"labl", b"rang", b"luts", b"roi ", b"over"
TEXTS = (b"info", LABELS, b"prop")
"""The parts of the tags that are texts of 16-bit characters."""


class Part(NamedTuple):
    """A part of the tags."""

    kind: bytes
    values: tuple[bytes, ...]


def parts(lengths: Sequence[int], data: bytes, order: str) -> list[Part]:
    """Return the parts of the tags, little-endian; raises ValueError or struct.error where they are damaged."""
    (magic,) = struct.unpack_from(f"{order}I", data)
    if magic != MAGIC or not lengths:
        raise ValueError("its ImageJ tags have an unknown header")
    found, at, number = list[Part](), lengths[0], 1
    for place in range(4, lengths[0], 8):
        kind, count = struct.unpack_from(f"{order}II", data, place)
        name, values = struct.pack(">I", kind), list[bytes]()
        if number + count > len(lengths):
            raise ValueError("its ImageJ tags have fewer values than they declare")
        for length in lengths[number : number + count]:
            value = data[at : at + length]
            if order == ">" and name in (*TEXTS, RANGES):
                value = _turned(value, 8 if name == RANGES else 2)
            values.append(value)
            at += length
        number += count
        found.append(Part(name, tuple(values)))
    return found


def written(found: Sequence[Part]) -> ifd.Directory:
    """Return the tags, for a little-endian file; none if nothing is left."""
    found = [part for part in found if part.values]
    if not found:
        return {}
    listed = (struct.pack("<II", int.from_bytes(part.kind), len(part.values)) for part in found)
    header = b"".join((struct.pack("<I", MAGIC), *listed))
    values = [value for part in found for value in part.values]
    lengths = [len(header), *map(len, values)]
    data = header + b"".join(values)
    return {
        50838: ifd.Value(ifd.LONG, len(lengths), struct.pack(f"<{len(lengths)}I", *lengths)),
        50839: ifd.Value(ifd.BYTE, len(data), data),
    }


def _turned(data: bytes, size: int) -> bytes:
    whole = len(data) - len(data) % size
    return b"".join(data[at : at + size][::-1] for at in range(0, whole, size)) + data[whole:]


def brought_up_to_date(
    text: bytes,
    found: Sequence[Part],
    *,
    pages: Sequence[int],
    of: int,
    same_type: bool,
    geometry: Geometry | None,
    notes: list[str],
) -> tuple[bytes, list[Part]]:
    """Return the text and the parts for *pages* of a stack *of* so many; *notes* get what is left out."""
    lines = [line.partition(b"=") for line in text.split(b"\n") if line]
    kept: list[bytes] = []
    all_pages = list(pages) == list(range(of))
    for key, equals, value in lines:
        name = key.decode("latin-1")
        if not all_pages and name in COUNTS:
            continue
        if not same_type and name in RANGE:
            continue
        if name in ("xorigin", "yorigin") and geometry != Geometry():
            if geometry is None or not geometry.is_scaled:
                continue  # ImageJ has no rotated axes
            axis = "xy".index(name[0])
            value = _number(value, geometry, axis)
        kept.append(key + equals + value)
    if not all_pages and len(pages) > 1:
        kept[1:1] = [b"images=%d" % len(pages), b"slices=%d" % len(pages)]
    if not same_type and any(key in (b"min", b"max") for key, _, _ in lines):
        notes.append("its ImageJ display range was not kept, as the sample type changed")
    left: list[Part] = []
    for part in found:
        if part.kind == LABELS and not all_pages:
            part = Part(LABELS, tuple(part.values[page] for page in pages if page < len(part.values)))
        elif part.kind == TABLES and not all_pages:
            notes.append("its ImageJ colour tables were not kept, as they belong to the whole stack")
            continue
        elif part.kind == RANGES and not (same_type and all_pages):
            continue
        elif part.kind in (REGIONS, OVERLAYS) and geometry != Geometry():
            notes.append("its ImageJ regions were not kept, as the picture's geometry changed")
            continue
        left.append(part)
    return b"\n".join(kept) + b"\n", left


def _number(value: bytes, geometry: Geometry, axis: int) -> bytes:
    try:
        place = float(value)
    except ValueError:
        return value
    return b"%.17g" % geometry.in_result(*[place] * 2)[axis]
