"""Editing XML in metadata in place: everything that is not replaced or removed stays the same, byte for byte.

The standard parser locates the tags. Document types, and so entities, are refused; depth, attributes and length are
limited, so that its work and memory are linear in the bytes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ...filters.core.named_tuple import NamedTuple

LONGEST, DEEPEST, MOST_TAGS, MOST_ATTRIBUTES = 1 << 26, 256, 1 << 20, 1 << 18
"""Limits for bytes, nested elements, and the characters ``<`` and ``=``, of which each tag and attribute has one.

Real metadata do not come close; a compressed text may unpack to more.
"""
NAME = re.compile(rb"<([^\s=/>]++)")
ATTRIBUTE = re.compile(rb"\s++([^\s=/>]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")
END = re.compile(rb"\s*+(/?)>")
WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
"""The beginnings of texts with 16-bit or 32-bit characters."""
ONE_BYTE = frozenset({"utf-8", "utf8", "us-ascii"})
"""Encodings that a declaration may name."""


class Attribute(NamedTuple):
    """An attribute: its name, its value with references resolved, and its place."""

    name: bytes
    value: bytes
    start: int
    """The place of the white space before it."""
    inner: tuple[int, int]
    """The place of the text between the quotes."""
    end: int


class Tag(NamedTuple):
    """A tag that opens an element."""

    name: bytes
    attributes: tuple[Attribute, ...]
    start: int
    end: int
    """The place after it, where the contents begin."""
    empty: bool
    """It closes the element, too."""

    def get(self, name: bytes) -> Attribute | None:
        """Return the attribute of that name."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


class Edit(NamedTuple):
    """Bytes from *start* to *end* are replaced."""

    start: int
    end: int
    by: bytes = b""


Opened = Callable[[Tag], None]
Closed = Callable[[int, int], None]
"""Called with the end of the element's contents, and the end of the element."""


def in_utf8(text: bytes) -> bytes:
    """Return a text with 16-bit or 32-bit characters as UTF-8, any other unchanged; raises ValueError."""
    encoding = next((name for mark, name in WIDE if text.startswith(mark)), None)
    if encoding is None:
        return text
    _check_length(text)
    return text.decode(encoding).rstrip("\0").encode()


def walk(text: bytes, opened: Opened, closed: Closed) -> None:
    """Call *opened* and *closed* for each element in turn; raises ValueError if it is not XML, or too much."""
    from xml.parsers import expat

    _check_length(text)
    if text.count(b"<") > MOST_TAGS or text.count(b"=") > MOST_ATTRIBUTES:
        raise ValueError("it has too many elements or attributes")
    parser = expat.ParserCreate(None, None, None)  # type: ignore[arg-type]  # names are not kept
    ends: list[int] = []

    def start(name: str, given: list[str]) -> None:
        if len(ends) >= DEEPEST:
            raise ValueError(f"its elements are nested more than {DEEPEST} deep")
        tag = _tag(text, parser.CurrentByteIndex, given)
        ends.append(tag.end if tag.empty else 0)
        opened(tag)

    def end(name: str) -> None:
        stop = ends.pop()
        inner = stop or parser.CurrentByteIndex
        closed(inner, stop or text.index(b">", inner) + 1)

    def declared(version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ONE_BYTE:
            raise ValueError("its encoding is not UTF-8")

    def refuse(*_: Any) -> None:
        raise ValueError("it declares a document type")

    parser.ordered_attributes = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.XmlDeclHandler, parser.StartDoctypeDeclHandler = declared, refuse
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, LookupError) as error:
        raise ValueError(str(error)) from None


def _check_length(text: bytes) -> None:
    if len(text) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST >> 20} MB")


def _tag(text: bytes, at: int, given: list[str]) -> Tag:
    """Return the tag *at* a place, whose attributes and their values are *given* one after the other."""
    name = NAME.match(text, at)
    place = name.end() if name is not None else at
    found: list[Attribute] = []
    values: Iterator[str] = iter(given[1::2])
    while (attribute := ATTRIBUTE.match(text, place)) is not None:
        inner = attribute.span(2 if attribute[2] is not None else 3)
        found.append(Attribute(attribute[1], next(values, "").encode(), attribute.start(1) - 1, inner, attribute.end()))
        place = attribute.end()
    end = END.match(text, place)
    if name is None or end is None or 2 * len(found) != len(given):
        raise ValueError("its encoding is unknown")
    return Tag(name[1], tuple(found), at, end.end(), bool(end[1]))


def edited(text: bytes, edits: Iterable[Edit]) -> bytes:
    """Return the edited text; an edit that begins within another is left out."""
    parts, at = list[bytes](), 0
    for edit in sorted(edits):
        if edit.start >= at:
            parts += (text[at : edit.start], edit.by)
            at = edit.end
    return b"".join((*parts, text[at:]))


class Namespaces:
    """The namespaces of prefixes, as elements open and close; b"" is the prefix of names without one."""

    def __init__(self, usual: Mapping[bytes, bytes]) -> None:
        self._bound = dict(usual)
        self._before: list[list[tuple[bytes, bytes | None]]] = []

    def open(self, tag: Tag) -> None:
        """Add the declarations of a tag."""
        before: list[tuple[bytes, bytes | None]] = []
        for attribute in tag.attributes:
            prefix = declared_prefix(attribute.name)
            if prefix is not None:
                before.append((prefix, self._bound.get(prefix)))
                self._bound[prefix] = attribute.value.strip()
        self._before.append(before)

    def close(self) -> None:
        """Remove the declarations of the innermost element."""
        for prefix, namespace in reversed(self._before.pop()):
            if namespace is None:
                del self._bound[prefix]
            else:
                self._bound[prefix] = namespace

    def of(self, name: bytes) -> tuple[bytes, bytes, bytes]:
        """Return the namespace of an element's name, or b"", its prefix, and its name in that namespace."""
        prefix, colon, local = name.partition(b":")
        if not colon:
            prefix, local = b"", name
        return self._bound.get(prefix, b""), prefix, local


def declared_prefix(name: bytes) -> bytes | None:
    """Return the prefix that an attribute of that name declares, b"" for that of names without one; else None."""
    return name[6:] if name.startswith(b"xmlns:") else b"" if name == b"xmlns" else None
