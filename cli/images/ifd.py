"""Directories of tags in TIFF and EXIF: read, edited and written, each value with its own type.

After TIFF 6.0, section 2 (Adobe, 1992), and Exif 3.0 (CIPA DC-008), section 4.6. Unknown values are kept; only their
byte order changes if the new file has another.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Container, Iterator, Mapping
from typing import Any

from ...filters.core.named_tuple import NamedTuple
from .tiff_tags import (
    EXIF,
    GPS,
    ICC_PROFILE,
    INTEROPERABILITY,
    STRIP_OFFSETS,
    SUB_DIRECTORIES,
    TILE_OFFSETS,
    XMP,
)

BELOW = frozenset({EXIF, GPS, INTEROPERABILITY})
"""Tags whose value is another directory."""
OFFSETS = frozenset({STRIP_OFFSETS, TILE_OFFSETS})
"""Tags whose values are offsets."""
HEADER = 8
"""Bytes before the first directory."""
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
"""Bytes of one value, by type."""
WIDE = 16
"""The type that only BigTIFF has."""
INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q"}
"""The codes of `struct` for the types of whole numbers."""
REALS = {5: "II", 10: "ii", 11: "f", 12: "d"}
"""The codes for the other types: for a fraction, numerator and denominator."""
ITEMS = {5: 4, 10: 4}
"""Bytes that a change of byte order reverses, by type, if less than a value: the halves of fractions."""
SHORT, LONG, BYTE, ASCII, RATIONAL, UNDEFINED, DOUBLE = 3, 4, 1, 2, 5, 7, 12
DEEPEST = 3
"""The greatest depth of nested directories."""
MOST_ENTRIES = (1 << 16) - 1
"""Most entries of a directory that are read: as many as a written one can have."""
TIMES = 3
"""Most bytes that are read from a file for directories, entries and values, as a multiple of its length."""
SHARED = frozenset({ICC_PROFILE, XMP})
"""Tags whose value is read only once if several pages share it, though TIFF does not allow sharing."""
PREFIX = b"Exif\0\0"


LARGEST = (1 << 32) - 1
DECIMALS = (1, 10, 100, 1000, 10000)
"""The divisors of fractions that are tried first."""
AS_GOOD_AS_EQUAL = 1e-14
"""The error of a number after a multiplication and the inverse division."""


class Anchor(NamedTuple):
    """The fixed place of a value whose contents count offsets from the beginning of the file, like maker notes."""

    at: int
    order: str
    """The file's byte order: ``<`` or ``>``."""


class Value(NamedTuple):
    """The value of a tag: its bytes, little-endian, or the directory that it points to."""

    type: int
    many: int
    data: bytes
    below: dict[int, Value] | None = None
    anchor: Anchor | None = None

    def integers(self) -> tuple[int, ...]:
        """Return whole numbers; nothing if the type is another."""
        return struct.unpack(f"<{self.many}{INTEGERS[self.type]}", self.data) if self.type in INTEGERS else ()

    def real(self) -> float:
        """Return the first number, or NaN if there is none."""
        code = INTEGERS.get(self.type) or REALS.get(self.type)
        if code is None or not self.many:
            return math.nan
        number, divisor = (*struct.unpack_from(f"<{code}", self.data), 1)[:2]
        return number / divisor if divisor else math.nan

    def text(self) -> bytes:
        """Return the text of an ASCII value, and nothing of any other."""
        return self.data.partition(b"\0")[0] if self.type == ASCII else b""


Directory = dict[int, Value]


def short(number: int) -> Value:
    """Return a number as a value of 16 bits, or of 32 if it needs them."""
    return Value(SHORT, 1, struct.pack("<H", number)) if number < 1 << 16 else Value(LONG, 1, struct.pack("<I", number))


def text(text: bytes) -> Value:
    """Return a text as a value."""
    data = text + b"\0"
    return Value(ASCII, len(data), data)


def rational(number: float) -> Value:
    """Return a positive number as the simplest fraction of two 32-bit numbers; decimal ones are tried first.

    >>> struct.unpack("<II", rational(118.1).data), struct.unpack("<II", rational(100 / 13).data)
    ((1181, 10), (100, 13))
    """
    for divisor in DECIMALS:
        whole = round(number * divisor)
        if 0 < whole <= LARGEST and math.isclose(whole / divisor, number, rel_tol=AS_GOOD_AS_EQUAL):
            return Value(RATIONAL, 1, struct.pack("<II", whole, divisor))
    from fractions import Fraction  # 2 ms, for those that are not decimal

    fraction = Fraction(number).limit_denominator(1 << 20)
    if not fraction:
        fraction = Fraction(1, min(round(1 / number), LARGEST))
    return Value(RATIONAL, 1, struct.pack("<II", min(fraction.numerator, LARGEST), fraction.denominator))


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
    """A TIFF, a BigTIFF (with 64-bit offsets), or an EXIF block (a TIFF without pixels).

    Directories and values may be anywhere in a file, and may overlap. The bytes read are counted and limited, so that
    the work is linear in the length of the file.
    """

    def __init__(self, data: Any) -> None:
        """*data* are bytes, or an object whose slices read from a file."""
        order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]))
        version = struct.unpack(f"{order}H", data[2:4])[0] if order is not None and len(data) >= 8 else 0
        if order is None or version not in (42, 43):
            raise ValueError("it has no valid signature")
        self.data, self.order, self.big = data, order, version == 43
        self.link = struct.Struct(order + ("Q" if self.big else "I"))
        """Packs and unpacks an offset."""
        self._count = struct.Struct(order + ("Q" if self.big else "H"))
        self._entry = struct.Struct(order + ("HHQ" if self.big else "HHI"))
        self._left = TIMES * len(data)
        self._shared: dict[tuple[int, int, int], Value] = {}

    def offset(self, at: int) -> int:
        """Return the offset that is stored *at* an offset; raises struct.error."""
        return int(self._numbers(self.link, at)[0])

    def _numbers(self, layout: struct.Struct, at: int) -> tuple[int, ...]:
        """Return the numbers that are stored *at* an offset; raises struct.error."""
        return layout.unpack(self.data[at : at + layout.size])

    @property
    def first(self) -> int:
        """The offset of the offset of the first directory."""
        return self.link.size

    def pages(self) -> Iterator[Page]:
        """Yield the chain of directories; raises LoopError, or struct.error if one is truncated."""
        link, seen = self.first, set[int]()
        while at := self.offset(link):
            if at in seen:
                raise LoopError("its pages form a loop")
            seen.add(at)
            (count,) = self._numbers(self._count, at)
            link = at + self._count.size + count * (self._entry.size + self.link.size)
            self.offset(link)
            self._take(link - at)
            yield Page(at, link)

    def entries(self, at: int) -> Iterator[Entry]:
        """Yield the entries of the directory *at* an offset; raises LoopError, or struct.error if it is truncated."""
        (count,) = self._numbers(self._count, at)
        at += self._count.size
        for _ in range(min(count, MOST_ENTRIES)):
            field = at + self._entry.size
            tag, type, many = self._numbers(self._entry, at)
            self._take(self._entry.size + self.link.size)
            yield Entry(tag, type, many, at, field)
            at = field + self.link.size

    def tags(self, at: int) -> Directory:
        """Return the tags of the directory *at* a place; raises as `value`.

        Entries that are empty, of unknown type or longer than the file are left out, as are repetitions of a tag.
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
        if (known := self._shared.get((start, entry.type, entry.many))) is not None:
            return known
        self._take(length)
        data = bytes(self.data[start : start + length])
        found = Value(entry.type, entry.many, _turned(data, entry.type) if self.order == ">" else data)
        if entry.tag in SHARED:
            self._shared[start, entry.type, entry.many] = found
        return found

    def _take(self, length: int) -> None:
        self._left -= length
        if self._left < 0:
            raise LoopError("its directories overlap")


def read(data: bytes | File, at: int | None = None, anchored: Container[int] = ()) -> Directory:
    """Return the first directory of a TIFF or an EXIF block, or that *at* an offset; the tags *anchored* tell theirs.

    The bytes of several directories count together if they are read from the same `File`. Raises ValueError or
    struct.error if it is damaged.
    """
    file = data if isinstance(data, File) else File(data.removeprefix(PREFIX))
    return _directory(file, file.offset(file.first) if at is None else at, (), anchored)


def _directory(file: File, at: int, above: tuple[int, ...], anchored: Container[int]) -> Directory:
    if at in above or len(above) > DEEPEST:
        raise LoopError("its directories form a loop")
    found: Directory = {}
    for entry in file.entries(at):
        if entry.tag in BELOW:
            found[entry.tag] = Value(LONG, 1, b"", _directory(file, file.offset(entry.field), (*above, at), anchored))
        elif entry.type in SIZES and entry.type != WIDE:
            found[entry.tag] = file.value(entry)
            if entry.tag in anchored and len(found[entry.tag].data) > 4:
                found[entry.tag] = found[entry.tag]._replace(anchor=Anchor(file.offset(entry.field), file.order))
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
    """Return a directory as an EXIF block; nothing for an empty one.

    Its byte order is that of the anchored value, little-endian if there is none.
    """
    if not directory:
        return b""
    anchored = anchored_in(directory)
    order = anchored.anchor.order if anchored is not None and anchored.anchor is not None else "<"
    writer = _Writer(HEADER, order, anchored)
    first = writer.directory(directory)
    file = io.BytesIO()
    file.write((b"MM\0*" if order == ">" else b"II*\0") + struct.pack(f"{order}I", first) + writer.data)
    writer.writeanchored_in(file)
    return PREFIX + file.getvalue()


def anchored_in(directory: Mapping[int, Value]) -> Value | None:
    """Return the value that has to stay at its offset."""
    for value in directory.values():
        if value.anchor is not None:
            return value
        if value.below is not None and (found := anchored_in(value.below)) is not None:
            return found
    return None


class _Writer:
    """Writes directories and values one after the other, around a value that has an offset of its own."""

    def __init__(self, start: int, order: str, anchored: Value | None) -> None:
        self.data = bytearray()
        """The bytes written from the offset *start* on, without the anchored value."""
        self._start, self._end, self._order = start, start, order
        self._at, self._bytes = 0, b""
        if anchored is not None and anchored.anchor is not None:
            self._at, self._bytes = anchored.anchor.at, anchored.data

    def directory(
        self, directory: Mapping[int, Value], there: Mapping[int, bytes] | None = None, after: int = 0
    ) -> int:
        """Write a directory, then its values, and return its offset.

        *there* holds more entries, as they are stored; *after* is the offset of the next directory.
        """
        entries, order = dict(there or {}), self._order
        at = self._take(2 + 12 * len({*directory, *entries}) + 4)
        for tag, value in sorted(directory.items()):
            data = _turned(value.data, value.type) if order == ">" else value.data
            if value.below is not None:
                data = struct.pack(f"{order}I", self.directory(value.below))
            elif value.anchor is not None:
                data = struct.pack(f"{order}I", value.anchor.at)
            elif len(data) > 4:
                place = self._take(len(data))
                self._put(place, data)
                data = struct.pack(f"{order}I", place)
            entries[tag] = struct.pack(f"{order}HHI", tag, value.type, value.many) + data.ljust(4, b"\0")
        stored = b"".join(entries[tag] for tag in sorted(entries))
        self._put(at, struct.pack(f"{order}H", len(entries)) + stored + struct.pack(f"{order}I", after))
        return at

    def writeanchored_in(self, file: io.BytesIO) -> None:
        """Write the anchored value into a file that holds the rest."""
        if self._bytes:
            file.seek(self._at)
            file.write(self._bytes)

    def _take(self, length: int) -> int:
        at, stop = self._end, self._at + len(self._bytes)
        if at < stop and at + length > self._at:
            at = stop + stop % 2
        self._end = at + length + length % 2
        return at

    def _put(self, at: int, data: bytes) -> None:
        at -= self._start
        end = at + len(data) + len(data) % 2
        self.data.extend(bytes(max(0, end - len(self.data))))
        self.data[at : at + len(data)] = data


def add(file: io.BytesIO, added: Directory) -> bool:
    """Add the tags that the first page of a TIFF in memory lacks; return whether that was possible."""
    anchored = anchored_in(added)
    if anchored is not None and anchored.anchor is not None:
        stop = anchored.anchor.at + len(anchored.data)
        if anchored.anchor.at < file.seek(0, io.SEEK_END) and not _move(file, stop + stop % 2 - HEADER):
            return False
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
    writer = _Writer(end, "<", anchored)
    first = writer.directory(new, there, after)
    if end + len(writer.data) >= 1 << 32:
        return False
    file.seek(end)
    file.write(writer.data)
    writer.writeanchored_in(file)
    file.seek(4)
    file.write(struct.pack("<I", first))
    file.seek(0, io.SEEK_END)
    return True


def _move(file: io.BytesIO, by: int) -> bool:
    """Move everything but the header of a small TIFF, and adjust all offsets; return whether that is possible."""
    with file.getbuffer() as data:
        tiff = File(data)
        if tiff.big or tiff.order == ">" or len(data) + by >= 1 << 32:
            return False
        offsets = [4]
        for page in tiff.pages():
            offsets.append(page.link)
            for entry in tiff.entries(page.at):
                length = SIZES.get(entry.type, 0) * entry.many
                if entry.tag in BELOW or entry.tag == SUB_DIRECTORIES or (entry.tag in OFFSETS and entry.type != LONG):
                    return False
                if length > 4:
                    offsets.append(entry.field)
                if entry.tag in OFFSETS:
                    start = tiff.offset(entry.field) if length > 4 else entry.field
                    offsets += range(start, start + length, 4)
        for at in offsets:
            (offset,) = struct.unpack_from("<I", data, at)
            if offset:
                struct.pack_into("<I", data, at, offset + by)
        body = bytes(data[HEADER:])
    file.seek(HEADER)
    file.write(bytes(by) + body)
    return True
