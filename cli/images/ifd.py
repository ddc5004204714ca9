"""Directories of tags in TIFF and EXIF: read, edited and written, each value with its own type.

After TIFF 6.0, section 2 (Adobe, 1992), and Exif 3.0 (CIPA DC-008), section 4.6. A value that is not understood is
kept; only its byte order changes, if the new file has another.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .tiff_tags import EXIF, GPS, INTEROPERABILITY

BELOW = frozenset({EXIF, GPS, INTEROPERABILITY})
"""Tags whose value is another directory."""
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
"""Bytes of one value, by type."""
WIDE = 16
"""The type that BigTIFF alone has."""
INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q"}
"""The codes of `struct` for the types of whole numbers."""
REALS = {5: "II", 10: "ii", 11: "f", 12: "d"}
"""The same for the others: of a fraction, numerator and denominator."""
ITEMS = {5: 4, 10: 4}
"""Bytes that the byte order reverses, by type, if that is not a whole value: the halves of fractions."""
SHORT, LONG, BYTE, ASCII, RATIONAL, UNDEFINED, DOUBLE = 3, 4, 1, 2, 5, 7, 12
DEEPEST = 3
"""How many directories may lie above another."""
MOST_ENTRIES = (1 << 16) - 1
"""How many entries of a directory are read: no more than a written one can have."""
TIMES = 3
"""How many times its own length is read of a file at most: directories, their entries, and values."""
PREFIX = b"Exif\0\0"


class Value(NamedTuple):
    """The value of a tag: its bytes, little-endian, or the directory that it points to."""

    type: int
    many: int
    data: bytes
    below: dict[int, Value] | None = None

    def integers(self) -> tuple[int, ...]:
        """Return whole numbers, none where the type is another."""
        return struct.unpack(f"<{self.many}{INTEGERS[self.type]}", self.data) if self.type in INTEGERS else ()

    def real(self) -> float:
        """Return the first number, NaN where there is none."""
        code = INTEGERS.get(self.type) or REALS.get(self.type)
        if code is None or not self.many:
            return math.nan
        number, divisor = (*struct.unpack_from(f"<{code}", self.data), 1)[:2]
        return number / divisor if divisor else math.nan

    def text(self) -> bytes:
        """Return the text of an ASCII value, and nothing of any other."""
        return self.data.split(b"\0")[0] if self.type == ASCII else b""


Directory = dict[int, Value]


def short(number: int) -> Value:
    """Return a number as a value of 16 bits, or of 32 if it needs them."""
    return Value(SHORT, 1, struct.pack("<H", number)) if number < 1 << 16 else Value(LONG, 1, struct.pack("<I", number))


def text(text: bytes) -> Value:
    """Return a text as a value."""
    data = text + b"\0"
    return Value(ASCII, len(data), data)


def rational(number: float) -> Value:
    """Return a number as a value, a fraction of two numbers of 32 bits."""
    return Value(RATIONAL, 1, struct.pack("<II", round(number * 1000), 1000))


class LoopError(ValueError):
    """Directories form a loop, or overlap so much that reading them takes more than the file's length."""


class Entry(NamedTuple):
    """One entry of a directory, as it stands in a file."""

    tag: int
    type: int
    many: int
    at: int
    """Its offset."""
    field: int
    """The offset of its value, or of the offset of its value."""


class Page(NamedTuple):
    """One of the directories that are chained to one another."""

    at: int
    """Its offset."""
    link: int
    """The offset of the offset of the next one."""


class File:
    """A TIFF, a BigTIFF, whose offsets have 64 bits, or an EXIF block, which is a TIFF without pixels.

    Directories and values may be anywhere in a file, and may overlap. The bytes that are read are counted and limited,
    so that the work is linear in the file's length.
    """

    def __init__(self, data: bytes | memoryview) -> None:
        order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]))
        version = struct.unpack_from(f"{order}H", data, 2)[0] if order is not None and len(data) >= 8 else 0
        if order is None or version not in (42, 43):
            raise ValueError("it begins like none")
        self.data, self.order, self.big = data, order, version == 43
        self.link = struct.Struct(order + ("Q" if self.big else "I"))
        """Packs and unpacks an offset."""
        self._count = struct.Struct(order + ("Q" if self.big else "H"))
        self._entry = struct.Struct(order + ("HHQ" if self.big else "HHI"))
        self._left = TIMES * len(data)

    def offset(self, at: int) -> int:
        """Return the offset that is stored *at* an offset; raises struct.error."""
        return int(self.link.unpack_from(self.data, at)[0])

    @property
    def first(self) -> int:
        """The offset of the offset of the first directory."""
        return self.link.size

    def pages(self) -> Iterator[Page]:
        """Yield the chain of directories; raises LoopError, or struct.error if one is truncated."""
        link, seen = self.first, set[int]()
        while at := self.offset(link):
            if at in seen:
                raise LoopError("its pages run in circles")
            seen.add(at)
            (count,) = self._count.unpack_from(self.data, at)
            link = at + self._count.size + count * (self._entry.size + self.link.size)
            self.offset(link)
            self._take(link - at)
            yield Page(at, link)

    def entries(self, at: int) -> Iterator[Entry]:
        """Yield the entries of the directory *at* an offset; raises LoopError, or struct.error if it is truncated."""
        (count,) = self._count.unpack_from(self.data, at)
        at += self._count.size
        for _ in range(min(count, MOST_ENTRIES)):
            field = at + self._entry.size
            tag, type, many = self._entry.unpack_from(self.data, at)
            self._take(self._entry.size + self.link.size)
            yield Entry(tag, type, many, at, field)
            at = field + self.link.size

    def tags(self, at: int) -> Directory:
        """Return the tags of the directory *at* a place; raises as `value`.

        Left out is what is empty, of no known type or longer than the file, and all but the first of several alike.
        """
        found: Directory = {}
        for entry in self.entries(at):
            if entry.tag not in found and 0 < SIZES.get(entry.type, 0) * entry.many <= len(self.data):
                found[entry.tag] = self.value(entry)
        return found

    def value(self, entry: Entry) -> Value:
        """Return the value of an entry of a known type; raises ValueError, or struct.error if it is truncated."""
        length = SIZES[entry.type] * entry.many
        start = entry.field if length <= self.link.size else self.offset(entry.field)
        if start + length > len(self.data):
            raise ValueError(f"tag {entry.tag} reaches past its end")
        self._take(length)
        data = bytes(self.data[start : start + length])
        return Value(entry.type, entry.many, _turned(data, entry.type) if self.order == ">" else data)

    def _take(self, length: int) -> None:
        self._left -= length
        if self._left < 0:
            raise LoopError("its directories overlap")


def read(data: bytes, at: int | None = None) -> Directory:
    """Return the first directory of a TIFF or an EXIF block, or that *at* an offset.

    Raises ValueError or struct.error if it is damaged.
    """
    file = File(data.removeprefix(PREFIX))
    return _directory(file, file.offset(file.first) if at is None else at, ())


def _directory(file: File, at: int, above: tuple[int, ...]) -> Directory:
    if at in above or len(above) > DEEPEST:
        raise LoopError("its directories loop")
    found: Directory = {}
    for entry in file.entries(at):
        if entry.tag in BELOW:
            found[entry.tag] = Value(LONG, 1, b"", _directory(file, file.offset(entry.field), (*above, at)))
        elif entry.type in SIZES and entry.type != WIDE:
            found[entry.tag] = file.value(entry)
    return found


def _turned(data: bytes, type: int) -> bytes:
    """Return values with their byte order reversed."""
    size = ITEMS.get(type, SIZES[type])
    if size == 1:
        return data
    turned = bytearray(len(data))
    for number in range(size):
        turned[number::size] = data[size - 1 - number :: size]
    return bytes(turned)


def block(directory: Mapping[int, Value]) -> bytes:
    """Return a directory as an EXIF block; nothing for an empty one."""
    if not directory:
        return b""
    return PREFIX + b"II*\0\x08\0\0\0" + _written(directory, 8)


def _written(directory: Mapping[int, Value], at: int, there: dict[int, bytes] | None = None, after: int = 0) -> bytes:
    """Return a directory that will begin *at* an offset, followed by its values.

    *there* holds more entries, as they are stored; *after* is the offset of the next directory.
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
    """Add the tags that the first page of a TIFF in memory lacks; return whether that was possible."""
    with file.getbuffer() as data:
        tiff = File(data)
        if tiff.big or tiff.order == ">":
            return False
        page = next(tiff.pages())
        after = tiff.offset(page.link)
        there = {entry.tag: bytes(data[entry.at : entry.at + 12]) for entry in tiff.entries(page.at)}
        end = len(data) + len(data) % 2
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
