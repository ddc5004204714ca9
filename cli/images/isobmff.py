"""Boxes of ISO base media files, of which AVIF, HEIC and JPEG 2000 files are made.

After ISO/IEC 14496-12, sections 4.2, 8.11.3 and 8.11.6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ...filters.core.named_tuple import NamedTuple
from .picture import DecodeError

MOST_BOXES = 1 << 16
ZEROS = bytes(4)
"""No coded picture ends like this: its last bit is 1 (AV1 specification, section 8.2.4; H.265, 7.3.2.11)."""


class Box(NamedTuple):
    """A box: its name, and where its contents begin and end."""

    name: bytes
    start: int
    end: int


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes within two places; only the last box of a file may extend beyond."""
    last = (1 << 64) - 1 if end is None else end
    end = len(data) if end is None else min(end, len(data))
    for _ in range(MOST_BOXES):
        if start + 8 > end:
            return
        length, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if length == 1 and start + 16 <= end:
            (length,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        elif length == 0:
            length = end - start
        if length < head:
            return
        yield Box(name, start + head, min(start + length, last))
        start += length


def inside(data: bytes, *names: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes of the last of *names* in those of the one before, and so on; `meta` has 4 bytes of its own."""
    for box in boxes(data, start, end):
        if box.name == names[0]:
            if len(names) == 1:
                yield box
            else:
                own = 4 if box.name == b"meta" else 0
                yield from inside(data, *names[1:], start=box.start + own, end=box.end)


def number(data: bytes, at: int, size: int) -> int:
    """Return the number of *size* bytes *at* a place, as if zeros followed the file."""
    return int.from_bytes(data[at : at + size].ljust(size, b"\0"))


def items(data: bytes) -> dict[int, bytes]:
    """Return the types of the items in a file, by their numbers."""
    found: dict[int, bytes] = {}
    for box in inside(data, b"meta", b"iinf"):
        own = 6 if number(data, box.start, 1) == 0 else 8
        for entry in boxes(data, box.start + own, box.end):
            version = number(data, entry.start, 1)
            if entry.name == b"infe" and version in (2, 3):
                wide = version == 3
                item = number(data, entry.start + 4, 4 if wide else 2)
                at = entry.start + (10 if wide else 8)
                found[item] = data[at : at + 4]
    return found


def extents(data: bytes) -> dict[int, list[tuple[int, int]]]:
    """Return the places and lengths of the data of items."""
    found: dict[int, list[tuple[int, int]]] = {}
    held = next(inside(data, b"meta", b"idat"), None)
    for box in inside(data, b"meta", b"iloc"):
        version, sizes, more = (number(data, box.start + at, 1) for at in (0, 4, 5))
        offset, length, base, index = sizes >> 4, sizes & 15, more >> 4, more & 15 if version else 0
        wide = 4 if version == 2 else 2
        at, end = box.start + 6, min(box.end, len(data))

        def next_number(size: int) -> int:
            nonlocal at
            at += size
            return number(data, at - size, size)

        for _ in range(next_number(wide)):
            if at >= end:
                break
            item = next_number(wide)
            method = next_number(2) & 15 if version else 0
            next_number(2)
            start = next_number(base)
            parts = []
            # Extents without sizes are all the same: the whole file.
            for _ in range(min(next_number(2), MOST_BOXES if index + offset + length else 1)):
                if at > end:
                    break
                next_number(index)
                there = start + next_number(offset)
                parts.append((there, next_number(length)))
            if method == 1:  # in the box `idat`
                found[item] = [(held.start + there, length or held.end - held.start) for there, length in parts if held]
            elif method == 0:
                found[item] = parts
    return found


def contents(data: bytes, parts: list[tuple[int, int]], most: int) -> bytes:
    """Return the first bytes of an item's data, *most* of them; a part of zero length reaches to the file's end."""
    found = b""
    for start, length in parts:
        if len(found) < most:
            left = most - len(found)
            found += data[start : start + (min(length, left) if length else left)]
    return found


def code_points(data: bytes) -> tuple[int, int] | None:
    """Return the colour primaries and transfer characteristics of the primary item; ISO/IEC 14496-12, 12.1.5."""
    primary = next(inside(data, b"meta", b"pitm"), None)
    if primary is None:
        return None
    item = number(data, primary.start + 4, 4 if number(data, primary.start, 1) else 2)
    for box in properties(data).get(item, []):
        if box.name == b"colr" and data[box.start : box.start + 4] == b"nclx" and box.start + 8 <= len(data):
            return struct.unpack_from(">HH", data, box.start + 4)
    return None


def properties(data: bytes) -> dict[int, list[Box]]:
    """Return the properties of the items, by their numbers; ISO/IEC 23008-12, section 9.3."""
    every = [box for shelf in inside(data, b"meta", b"iprp", b"ipco") for box in boxes(data, shelf.start, shelf.end)]
    owned: dict[int, list[Box]] = {}
    for box in inside(data, b"meta", b"iprp", b"ipma"):
        wide = 4 if number(data, box.start, 1) else 2
        long = 2 if number(data, box.start + 3, 1) & 1 else 1
        at, end = box.start + 8, min(box.end, len(data))
        while at + wide < end:
            item, count = int.from_bytes(data[at : at + wide]), data[at + wide]
            at += wide + 1
            if item not in owned:
                # The first bit says that the property is essential, and they are counted from 1.
                places = [number(data, at + long * i, long) & ((1 << 8 * long - 1) - 1) for i in range(count)]
                owned[item] = [every[place - 1] for place in places if 0 < place <= len(every)]
            at += long * count
    return owned


def check_items(data: bytes, kind: bytes) -> None:
    """Raise `DecodeError` if the data of a picture of this kind are cut off, or end in zeros, which decoders accept."""
    kinds = items(data)
    for item, parts in extents(data).items():
        if kinds.get(item) == kind and parts:
            start, length = parts[-1]
            end = start + length if length else len(data)
            if end > len(data):
                raise DecodeError("is damaged or truncated (the data of its picture are cut off)")
            if data[max(start, end - len(ZEROS)) : end] == ZEROS:
                raise DecodeError("is damaged (the data of its picture end in zeros)")
