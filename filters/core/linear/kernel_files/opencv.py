"""Matrices written by OpenCV's FileStorage: YAML, XML or JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from ...lazy_numpy import np
from ...named_tuple import NamedTuple
from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import AS_WRITTEN, Line, Text, Word, short
from .xml_elements import elements

ELEMENTS = {"u": "<u1", "c": "<i1", "w": "<u2", "s": "<i2", "i": "<i4", "f": "<f4", "d": "<f8", "h": "<f2"}


class Node(NamedTuple):
    """A matrix in the file."""

    name: str
    kind: str
    """``opencv-matrix``, or ``opencv-nd-matrix``."""
    rows: str
    cols: str
    dt: str
    data: Sequence[Word]


def recognise(text: Text) -> bool:
    """Whether the text has YAML's first line or OpenCV's own XML element, or is a JSON object."""
    start = text.content.lstrip()
    if start.startswith("<"):
        return re.search(r"<opencv_storage\b", start[:10_000]) is not None
    return re.match(r"%YAML|\{\s*[\"}]", start) is not None or "!!opencv-matrix" in start[:10_000]


def read(text: Text) -> Reading:
    r"""Read the file's only matrix.

    >>> yaml = "%YAML:1.0\n---\nk: !!opencv-matrix\n   rows: 1\n   cols: 2\n   dt: f\n   data: [ 1., .5 ]"
    >>> read(Text("k.yml", yaml)).kernel.weights.tolist()
    [[1.0, 0.5]]
    """
    start = text.content.lstrip()[:1]
    nodes = list((_from_xml if start == "<" else _from_json if start == "{" else _from_yaml)(text))
    if len(nodes) != 1:
        names = f" ({', '.join(node.name for node in nodes[:5])})" if nodes else ""
        raise text.error(f"holds {len(nodes) or 'no'} opencv-matrix{names}; a kernel is one")
    (node,) = nodes
    if node.kind != "opencv-matrix":
        raise text.error(f"{node.name} is an {node.kind}; a kernel has two dimensions")
    # A number before the letter counts channels; "1f" and "f" are one channel.
    if not re.fullmatch(r"1?[ucwsifdh]", node.dt):
        raise text.error(f"{node.name} has elements of the type {short(node.dt)}; a kernel has one number per cell")
    height, width = text.whole(Word(0, node.rows), "rows"), text.whole(Word(0, node.cols), "cols")
    text.check_size(width, height)
    data = _from_base64(text, node) or node.data
    return Reading(Kernel.of(text.matrix(data, width, height, "data")), (AS_WRITTEN, f"matrix {short(node.name)}"))


def _from_base64(text: Text, node: Node) -> list[Word]:
    """Return the numbers written in Base64, after 24 bytes with their type; none if they are in digits."""
    encoded = "".join(word.text for word in node.data).removeprefix("$base64$")
    if re.match(r"M[WXZ][A-Za-z0-9+/]{30}", encoded) is None:
        return []
    import base64

    letter = node.dt[-1]
    try:
        data = base64.b64decode(encoded, validate=True)[24:]
        return [Word(0, repr(value)) for value in np.frombuffer(data, ELEMENTS[letter]).tolist()]
    except (KeyError, ValueError):
        raise text.error("its Base64 is damaged") from None


def _from_yaml(text: Text) -> Iterator[Node]:
    found = re.finditer(r"^[ \t]*([^\s:#][^\s:]*):[ \t]*!!(opencv-(?:nd-)?matrix)[ \t]*$", text.content, re.M)
    heads = list(islice(found, 9))  # a second one is an error
    ends = [head.start() for head in heads[1:]] + [len(text.content)]
    for head, end in zip(heads, ends, strict=False):
        block = text.content[head.end() : end]
        first = text.content.count("\n", 0, head.end()) + 1
        fields = dict(re.findall(r"^[ \t]+(rows|cols|dt):[ \t]*\"?([^\s\"]+)", block, re.M))
        data = re.search(r"^[ \t]+data:[ \t]*(\[[^\]]*|!!binary[ \t]*\|(\n[ \t]+[\w+/=]+)*)", block, re.M)
        digits = "" if data is None else re.sub(r"^!!binary[ \t]*\|", "", data[1])
        words = _words(text, digits, first + block.count("\n", 0, data.start(1) if data else 0))
        yield Node(head[1], head[2], fields.get("rows", ""), fields.get("cols", ""), fields.get("dt", ""), words)


def _words(text: Text, data: str, first: int) -> list[Word]:
    return text.words(Line(number, line) for number, line in enumerate(data.split("\n"), first))


def _from_xml(text: Text) -> Iterator[Node]:
    found = elements(text)
    for place, element in enumerate(found):
        kind = element.attributes.get("type_id", "")
        if not kind.startswith("opencv-"):
            continue
        fields: dict[str, str] = {}
        words: list[Word] = []
        for below in found[place + 1 :]:
            if below.depth <= element.depth:
                break
            fields[below.tag] = "".join(below.text).strip()
            if below.tag == "data":
                words = _words(text, "".join(below.text), below.line)
        dt = fields.get("dt", "").strip('"')
        yield Node(element.tag, kind, fields.get("rows", ""), fields.get("cols", ""), dt, words)


def _from_json(text: Text) -> Iterator[Node]:
    import json

    # OpenCV writes "0.", but JSON requires a digit after the point.
    content = re.sub(r"(\d\.)(?![\d])", r"\g<1>0", text.content)
    try:
        value: Any = json.loads(content, parse_int=str, parse_float=str, parse_constant=str)
    except RecursionError:
        raise text.error("is JSON that is nested too deeply") from None
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        raise text.error(f"is not well-formed JSON: {getattr(error, 'msg', error)}", line) from None
    values: list[tuple[str, Any]] = [("", value)]
    while values:
        name, value = values.pop()
        if not isinstance(value, dict):
            continue
        kind = value.get("type_id")
        if isinstance(kind, str) and kind.startswith("opencv-"):
            data = value.get("data")
            items = data if isinstance(data, list) else [data]
            text.check_many(len(items))
            words = [Word(0, str(item)) for item in items]
            rows, cols, dt = (str(value.get(key, "")) for key in ("rows", "cols", "dt"))
            yield Node(name, kind, rows, cols, dt, words)
        else:
            values += value.items()
