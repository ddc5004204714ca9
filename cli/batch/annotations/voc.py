"""Pascal VOC: one XML file per image, with boxes whose corners are pixels counted from 1, both inclusive.

A file that was read is edited: everything except sizes, names and boxes stays the same, byte for byte.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Sequence
from pathlib import PurePath
from xml.sax.saxutils import escape

from ....filters.core.named_tuple import NamedTuple
from ...images import xml_text
from ...images.xml_text import Edit, Tag
from .boxes import Annotations, Corners, Instance
from .numbers import finite

MOST_BYTES = 1 << 26
NOT_IN_XML = r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
SIDES = "xmin", "ymin", "xmax", "ymax"


class Span(NamedTuple):
    """The place of bytes in a file."""

    start: int
    end: int


class Place(NamedTuple):
    """The place of an object, or a part of one, in its file."""

    whole: Span
    sides: tuple[Span, ...]
    name: Span | None = None
    truncated: Span | None = None


class Source(NamedTuple):
    """A file, and the places of the values that change."""

    text: bytes
    fields: dict[str, Span]
    """``filename``, ``folder``, ``path``, and ``width``, ``height``, ``depth`` of the size."""
    objects: tuple[Place, ...]
    """The places of all objects and their parts, including dropped ones."""


class Named(NamedTuple):
    """The annotations in a file, with classes by name."""

    annotations: Annotations
    """The class of each object is its number among the *names*."""
    names: tuple[str, ...]


class _Element:
    """An open element."""

    def __init__(self, name: str, tag: Tag) -> None:
        self.name, self.tag = name, tag
        self.texts: dict[str, Span] = {}
        self.children: list[tuple[str, _Element, Span]] = []


def read(data: bytes) -> Named:
    """Return the annotations in a file; raises ValueError."""
    text = xml_text.in_utf8(data)
    top: list[_Element] = []
    open_elements: list[_Element] = []

    def opened(tag: Tag) -> None:
        open_elements.append(_Element(tag.name.decode("utf-8", "replace"), tag))

    def closed(inner: int, end: int) -> None:
        element = open_elements.pop()
        if not open_elements:
            top.append(element)
            return
        above = open_elements[-1]
        if not element.children and not element.tag.empty:
            above.texts.setdefault(element.name, Span(element.tag.end, inner))
        above.children.append((element.name, element, Span(element.tag.start, end)))

    try:
        xml_text.walk(text, opened, closed)
    except ValueError as error:
        raise ValueError(f"is not a VOC file: {error}") from None
    if not top or top[0].name != "annotation":
        raise ValueError("is not a VOC file: it has no <annotation> element")
    return _Reading(text).all_of(top[0])


class _Reading:
    """Makes annotations of a file's elements."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.places: list[Place] = []
        self.names: dict[str, int] = {}

    def all_of(self, annotation: _Element) -> Named:
        """Return the contents of the outermost element."""
        fields = {name: span for name, span in annotation.texts.items() if name in ("filename", "folder", "path")}
        size = next((element for name, element, _ in annotation.children if name == "size"), None)
        sides: tuple[int, int] | None = None
        if size is not None:
            fields |= {name: span for name, span in size.texts.items() if name in ("width", "height", "depth")}
            found = [self._number(size, name) if name in size.texts else 0.0 for name in ("width", "height")]
            if min(found) > 0:
                sides = round(found[0]), round(found[1])
        instances: list[Instance] = []
        objects = [(element, span) for name, element, span in annotation.children if name == "object"]
        for number, (element, span) in enumerate(objects, 1):
            try:
                instances.append(self._object(element, span))
            except ValueError as error:
                raise ValueError(f"object {number}: {error}") from None
        source = Source(self.text, fields, tuple(self.places))
        return Named(Annotations(tuple(instances), sides, source=source), tuple(self.names))

    def _object(self, element: _Element, span: Span) -> Instance:
        if "name" not in element.texts:
            raise ValueError("it has no name")
        number = self.names.setdefault(self._string(element.texts["name"]), len(self.names))
        instance = self._boxed(element, span, number)
        parts = [self._boxed(part, inner, -1) for name, part, inner in element.children if name == "part"]
        cut = element.texts.get("truncated")
        return instance._replace(parts=tuple(parts), is_cut=cut is not None and self._string(cut) == "1")

    def _boxed(self, element: _Element, span: Span, category: int) -> Instance:
        box = next((inner for name, inner, _ in element.children if name == "bndbox"), None)
        if box is None or any(side not in box.texts for side in SIDES):
            raise ValueError("it has no bndbox with xmin, ymin, xmax and ymax")
        left, top, right, bottom = (self._number(box, side) for side in SIDES)
        if right < left or bottom < top:
            raise ValueError("its xmax is less than its xmin, or its ymax than its ymin")
        spans = (element.texts.get(name) for name in ("name", "truncated"))
        self.places.append(Place(span, tuple(box.texts[side] for side in SIDES), *spans))
        return Instance(category, (left - 1, top - 1, right, bottom), source=len(self.places) - 1)

    def _string(self, span: Span) -> str:
        raw = self.text[span.start : span.end].decode("utf-8", "replace")
        if "<" in raw:
            raise ValueError("it has comments or CDATA sections within a text")
        return html.unescape(raw).strip()

    def _number(self, element: _Element, name: str) -> float:
        return finite(self._string(element.texts[name]))


def sides(box: Corners) -> tuple[int, int, int, int]:
    """Return a box in VOC's form: pixels from 1, the last ones inclusive.

    >>> sides((0.0, 10.0, 20.0, 30.0))
    (1, 11, 20, 30)
    """
    left, top, right, bottom = (math.floor(number + 0.5) for number in box)
    return left + 1, top + 1, max(right, left + 1), max(bottom, top + 1)


class Target(NamedTuple):
    """The image for which a file is written."""

    path: str
    width: int
    height: int
    depth: int


def written(annotations: Annotations, image: Target, name_of: Callable[[int], str]) -> bytes:
    """Return the file of an image: the one that was read, with changes, or a new one."""
    if isinstance(annotations.source, Source):
        return _edited(annotations.source, annotations.instances, image, name_of)
    path = PurePath(image.path)
    lines = [
        "<annotation>",
        f"\t<folder>{_text(path.parent.name)}</folder>",
        f"\t<filename>{_text(path.name)}</filename>",
        f"\t<size><width>{image.width}</width><height>{image.height}</height><depth>{image.depth}</depth></size>",
        "\t<segmented>0</segmented>",
    ]
    for instance in annotations.instances:
        if instance.box is None or instance.category < 0 or instance.is_crowd:
            continue
        corners = "".join(f"<{side}>{n}</{side}>" for side, n in zip(SIDES, sides(instance.box), strict=True))
        lines += [
            "\t<object>",
            f"\t\t<name>{_text(name_of(instance.category))}</name>",
            "\t\t<pose>Unspecified</pose>",
            f"\t\t<truncated>{int(instance.is_cut)}</truncated>",
            "\t\t<difficult>0</difficult>",
            f"\t\t<bndbox>{corners}</bndbox>",
            "\t</object>",
        ]
    return "\n".join([*lines, "</annotation>", ""]).encode()


def _edited(source: Source, instances: Sequence[Instance], image: Target, name_of: Callable[[int], str]) -> bytes:
    path = PurePath(image.path)
    new = {
        "filename": path.name,
        "folder": path.parent.name,
        "path": image.path,
        "width": str(image.width),
        "height": str(image.height),
        "depth": str(image.depth),
    }
    edits = [Edit(*span, _text(new[name]).encode()) for name, span in source.fields.items()]
    kept = {part.source: part for instance in instances for part in (instance, *filter(None, instance.parts))}
    for number, place in enumerate(source.objects):
        if number not in kept:
            start = place.whole.start
            while start and source.text[start - 1 : start].isspace():
                start -= 1
            edits.append(Edit(start, place.whole.end))
            continue
        box = kept[number].box
        assert box is not None
        edits += [Edit(*span, str(n).encode()) for span, n in zip(place.sides, sides(box), strict=True)]
        if place.name is not None and kept[number].category >= 0:
            edits.append(Edit(*place.name, _text(name_of(kept[number].category)).encode()))
        if place.truncated is not None and kept[number].is_cut:
            edits.append(Edit(*place.truncated, b"1"))
    return xml_text.edited(source.text, edits)


def _text(text: str) -> str:
    """Return a text for XML 1.0, with a question mark for each character that it does not allow."""
    return escape(re.sub(NOT_IN_XML, "?", text))
