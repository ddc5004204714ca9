"""PGM pictures as kernels, as pnmconvol takes them: mid-gray is 0, white is 1, black is -1."""

from __future__ import annotations

import re

from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import AS_WRITTEN, Line, Text

GAP = rb"(?:\s|#[^\n]*\n)+"
HEAD = re.compile(rb"P([25])" + (GAP + rb"(\d{1,9})") * 3 + rb"(?:\s|#[^\n]*\n)")


def recognise(data: bytes) -> bool:
    """Whether the data begin with the magic number of a Netpbm picture."""
    return re.match(rb"P[1-7][\s#]", data) is not None


def read(data: bytes, name: str, max_taps: int) -> Reading:
    """Read the samples as ``(v - maxval/2) · 2/maxval``.

    >>> read(b"P2 3 1 2 0 1 2", "k.pgm", 9).kernel.weights.tolist()
    [[-1.0, 0.0, 1.0]]
    """
    text = Text(name, "", max_taps)
    if data[1:2] not in b"25":
        raise text.error(f"is a picture (P{data[1:2].decode()}); a kernel must be a PGM, P2 or P5")
    head = HEAD.match(data[:65536])
    if head is None:
        raise text.error("is not a PGM: its header is not a width, a height and a greatest value")
    width, height, top = (int(value) for value in head.groups()[1:])
    text.check_size(width, height)
    if not 1 <= top <= 65535:
        raise text.error(f"has the greatest value {top}, which is not from 1 to 65535")
    body = data[head.end() :]
    values = _plain(text, body, width, height) if head[1] == b"2" else _raw(text, body, width, height, top > 255)
    if any(not 0 <= value <= top for value in values):
        raise text.error(f"holds {next(v for v in values if not 0 <= v <= top)} above its greatest value, {top}")
    rows = [[2 * value - top for value in values[y * width : (y + 1) * width]] for y in range(height)]
    return Reading(Kernel.of(rows, top), (AS_WRITTEN, f"mid-gray is 0, {top} is 1"))


def _plain(text: Text, body: bytes, width: int, height: int) -> list[int]:
    lines = body.decode("latin-1").split("\n")
    words = text.words(Line(0, line.partition("#")[0]) for line in lines)
    text.check_count(words, width, height)
    return [text.whole(word, "a sample") for word in words]


def _raw(text: Text, body: bytes, width: int, height: int, wide: bool) -> list[int]:
    need = width * height * (2 if wide else 1)
    if len(body) < need or body[need:].strip():
        raise text.error(f"holds {len(body)} bytes of samples where {width}×{height} needs {need}")
    if not wide:
        return list(body[:need])
    return [high << 8 | low for high, low in zip(body[:need:2], body[1:need:2], strict=True)]
