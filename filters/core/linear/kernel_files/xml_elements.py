"""The elements of an XML file, by the standard parser, without the dangerous features of XML."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...named_tuple import NamedTuple
from .text import Text

MAX_ELEMENTS = 100_000
MAX_DEPTH = 100
# Inkscape and Illustrator write this document type. It declares nothing, and is never fetched.
HARMLESS = re.compile(r'<!DOCTYPE\s+svg\s+PUBLIC\s+"-//W3C//DTD[^"<>\[\]]*"\s+"[^"<>\[\]]*"\s*>')


class Element(NamedTuple):
    """An element; its descendants are the deeper elements that follow it."""

    tag: str
    attributes: Mapping[str, str]
    line: int
    depth: int
    text: list[str]


def elements(text: Text) -> list[Element]:
    """Return all elements in the order of the file; raises ValueError.

    >>> [(e.tag, e.depth) for e in elements(Text("k.svg", "<a><s:b/></a>"))]
    [('a', 1), ('b', 2)]
    """
    if re.match(r"\s*<(!DOCTYPE\s+)?html\b", text.content, re.IGNORECASE):
        raise text.error("is a web page, not a kernel")
    content = HARMLESS.sub(lambda match: " " + "\n" * match[0].count("\n"), text.content.lstrip(), count=1)
    if declared := re.search(r"<!\s*(DOCTYPE|ENTITY)", content, re.IGNORECASE):
        line = text.content[: text.content.find(declared[0])].count("\n") + 1
        raise text.error(f"declares a {declared[1].upper()}, which a kernel does not need; delete it", line)
    from xml.parsers import expat

    found: list[Element] = []
    within: list[Element] = []
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(found) >= MAX_ELEMENTS or len(within) >= MAX_DEPTH:
            raise text.error(
                f"has more than {MAX_ELEMENTS} elements, or is nested deeper than {MAX_DEPTH}", parser.CurrentLineNumber
            )
        found.append(Element(tag.rpartition(":")[2], attributes, parser.CurrentLineNumber, len(within) + 1, []))
        within.append(found[-1])

    def characters(data: str) -> None:
        if within:
            within[-1].text.append(data)

    def declares(*_: object) -> None:
        raise text.error("declares an entity or a document type, which a kernel does not need")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda tag: within.pop()
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = declares
    parser.buffer_text = True
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise text.error(f"is not well-formed XML: {expat.ErrorString(error.code)}", error.lineno) from None
    except UnicodeEncodeError:
        raise text.error("holds an invalid character") from None
    return found
