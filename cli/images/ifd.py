"""Directories of tags, as TIFF and EXIF keep them: read, edited and written with every value's own type.

After TIFF 6.0, section 2 (Adobe, 1992), and Exif 3.0 (CIPA DC-008), section 4.6. A value that is not understood is
carried as it is; only its byte order is turned where the new file has another.
"""

from __future__ import annotations

import io
import struct
from typing import NamedTuple

EXIF, GPS, INTEROPERABILITY = 34665, 34853, 40965
BELOW = frozenset({EXIF, GPS, INTEROPERABILITY})
"""Tags whose value is another directory."""
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Bytes of one value, by type."""
ITEMS = {5: 4, 10: 4}
"""Bytes of what is turned with the byte order, where it is not the whole value: halves of fractions."""
SHORT, LONG, BYTE, ASCII, RATIONAL = 3, 4, 1, 2, 5
DEEPEST = 3
PREFIX = b"Exif\0\0"


class Value(NamedTuple):
    """The value of a tag: its bytes, little-endian, or the directory that it points to."""

    type: int
    many: int
    data: bytes
    below: dict[int, Value] | None = None

    def number(self) -> int:
        """Return the first value of a short or long tag, 0 where it is neither."""
        if self.type not in (SHORT, LONG) or not self.many:
            return 0
        return int.from_bytes(self.data[: SIZES[self.type]], "little")

    def text(self) -> bytes:
        """Return a text."""
        return self.data.split(b"\0")[0] if self.type == ASCII else b""


Directory = dict[int, Value]


def short(number: int) -> Value:
    """Return a number of 16 bits as a tag's value, of 32 where it needs them."""
    return Value(SHORT, 1, struct.pack("<H", number)) if number < 1 << 16 else Value(LONG, 1, struct.pack("<I", number))


def text(text: bytes) -> Value:
    """Return a text as a tag's value."""
    data = text + b"\0"
    return Value(ASCII, len(data), data)


def rational(number: float) -> Value:
    """Return a number as a tag's value, a fraction of 32 bits each."""
    return Value(RATIONAL, 1, struct.pack("<II", round(number * 1000), 1000))


class File(NamedTuple):
    """A TIFF, or an EXIF block, which is one without pixels; BigTIFF has wider numbers."""

    data: bytes
    order: str
    big: bool

    def offset(self, at: int) -> int:
        """Return the offset that is stored *at* some place."""
        return int(struct.unpack_from(self.order + ("Q" if self.big else "I"), self.data, at)[0])

    @property
    def first(self) -> int:
        """Where the first directory's offset is stored."""
        return 8 if self.big else 4

    def next(self, at: int) -> int:
        """Return where the directory at *at* stores the offset of the next."""
        (count,) = struct.unpack_from(self.order + ("Q" if self.big else "H"), self.data, at)
        return int(at + (8 + 20 * count if self.big else 2 + 12 * count))


def opened(data: bytes) -> File:
    """Return a TIFF or an EXIF block to be read; raises ValueError."""
    data = data.removeprefix(PREFIX)
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        raise ValueError("it begins like none")
    (version,) = struct.unpack_from(f"{order}H", data, 2)
    if version not in (42, 43):
        raise ValueError("it begins like none")
    return File(data, order, version == 43)


def read(data: bytes) -> Directory:
    """Return the first directory of a TIFF or an EXIF block; raises ValueError or struct.error where it is damaged."""
    file = opened(data)
    return _directory(file, file.offset(file.first), 0)


def _directory(file: File, at: int, depth: int) -> Directory:
    if depth > DEEPEST:
        raise ValueError("its directories loop")
    order, big = file.order, file.big
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), file.data, at)
    entry, size = (order + "HHQ", 20) if big else (order + "HHI", 12)
    found: Directory = {}
    for number in range(min(count, 1 << 16)):
        place = at + (8 if big else 2) + size * number
        tag, type, many = struct.unpack_from(entry, file.data, place)
        place += 12 if big else 8
        if tag in BELOW:
            found[tag] = Value(LONG, 1, b"", _directory(file, file.offset(place), depth + 1))
            continue
        if type not in SIZES:
            continue
        length = SIZES[type] * many
        start = place if length <= (8 if big else 4) else file.offset(place)
        data = file.data[start : start + length]
        if len(data) < length:
            raise ValueError(f"tag {tag} reaches past its end")
        found[tag] = Value(type, many, _turned(data, type) if order == ">" else data)
    return found


def _turned(data: bytes, type: int) -> bytes:
    """Return values in the other byte order."""
    size = ITEMS.get(type, SIZES[type])
    if size == 1:
        return data
    turned = bytearray(len(data))
    for number in range(size):
        turned[number::size] = data[size - 1 - number :: size]
    return bytes(turned)


def block(directory: Directory) -> bytes:
    """Return an EXIF block of a directory; nothing for an empty one."""
    if not directory:
        return b""
    return PREFIX + b"II*\0\x08\0\0\0" + _written(directory, 8)


def _written(directory: Directory, at: int, there: dict[int, bytes] | None = None, after: int = 0) -> bytes:
    """Return a directory that will stand *at* some place, and behind it its values.

    *there* are more entries, as they are stored; *after* is the next directory's place.
    """
    there = there or {}
    entries, values = dict(there), bytearray()
    end = at + 2 + 12 * len({*directory, *there}) + 4
    for tag, value in sorted(directory.items()):
        place, data = end + len(values), value.data
        if value.below is not None:
            values += _written(value.below, place)
            data = struct.pack("<I", place)
        elif len(data) > 4:
            values += data
            data = struct.pack("<I", place)
        values += b"\0" * (len(values) % 2)
        entries[tag] = struct.pack("<HHI", tag, value.type, value.many) + data.ljust(4, b"\0")
    stored = b"".join(entries[tag] for tag in sorted(entries))
    return struct.pack("<H", len(entries)) + stored + struct.pack("<I", after) + bytes(values)


def add(file: io.BytesIO, added: Directory) -> bool:
    """Add tags to the first page of a TIFF in memory, but those that it has; whether it could be done."""
    with file.getbuffer() as data:
        if data[:4] != b"II*\0":
            return False  # a BigTIFF
        (at,) = struct.unpack_from("<I", data, 4)
        (count,) = struct.unpack_from("<H", data, at)
        (after,) = struct.unpack_from("<I", data, at + 2 + 12 * count)
        stored = [bytes(data[start : start + 12]) for start in range(at + 2, at + 2 + 12 * count, 12)]
        end = len(data) + len(data) % 2
    there = {int.from_bytes(entry[:2], "little"): entry for entry in stored}
    new = {tag: value for tag, value in added.items() if tag not in there}
    if not new:
        return True
    written = _written(new, end, there, after)
    if end + len(written) >= 1 << 32:
        return False
    file.seek(end)
    file.write(written)
    file.seek(4)
    file.write(struct.pack("<I", end))
    file.seek(0, io.SEEK_END)
    return True
