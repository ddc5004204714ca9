"""The matrices of ffmpeg's filter ``convolution``: four planes, four factors, four offsets."""

from __future__ import annotations

import re

from ...named_tuple import NamedTuple
from .. import kernels
from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import AS_WRITTEN, Text, Word, short, total

NAMES = [f"{plane}{name}" for name in ("m", "rdiv", "bias", "mode") for plane in range(4)]
DEFAULTS = {"m": "0 0 0 0 1 0 0 0 0", "rdiv": "0", "bias": "0", "mode": "square"}
SIZES = {9: 3, 25: 5, 49: 7}


class Plane(NamedTuple):
    """The filter of one plane."""

    taps: list[list[float]]
    divisor: float
    bias: float


def recognise(text: Text) -> bool:
    """Whether the text is groups of at least nine numbers between colons, or the filter's name."""
    start = re.match(r"\s*[\"']?(convolution=)?\s*[\"']?(?P<matrix>0m=)?", _content(text))
    assert start is not None
    if start[1] or start["matrix"]:
        return True
    group, colon, _ = _content(text)[:100_000].partition(":")
    return bool(colon) and len(group.split()) >= 9


def read(text: Text) -> Reading:
    """Read four equal planes: each value times rdiv, or over the sum if rdiv is 0; and the bias.

    >>> read(Text("k.txt", ":".join(["1 1 1 1 1 1 1 1 1"] * 4) + ":1/3:1/3:1/3:1/3")).kernel.sum
    3.0
    """
    content = re.sub(r"^(\s*)[\"']?convolution=|[\"']", r"\1", _content(text))
    given: dict[str, Word] = {}
    start = 0
    for position, part in enumerate(content.split(":")):
        # A word's line is that of its first character.
        line = content.count("\n", 0, start + len(part) - len(part.lstrip())) + 1
        start += len(part) + 1
        key, equals, value = part.strip().rpartition("=")
        name = key if equals else NAMES[position] if position < len(NAMES) else ""
        if name not in NAMES:
            raise text.error(f"{short(part.strip())} is not an option of the filter convolution", line)
        given[name] = Word(line, value.strip())
    planes = [_plane(text, given, plane) for plane in range(4)]
    for number, plane in enumerate(planes[1:], 2):
        if plane != planes[0]:
            part = next(name for name in plane._fields if getattr(plane, name) != getattr(planes[0], name))
            left_alone = "" if f"{number - 1}m" in given else " (a plane that is not given is unchanged)"
            raise text.error(
                f"plane {number} differs from plane 1 in its {part}; conv filters all planes alike{left_alone}"
            )
    taps, divisor, bias = planes[0]
    note = f"divided by {divisor:g} (rdiv {given['0rdiv'].text if '0rdiv' in given else 0})"
    return Reading(Kernel.of(taps, divisor), (AS_WRITTEN, note, "four equal planes"), bias)


def _content(text: Text) -> str:
    """The text without comments, with the same line numbers."""
    return re.sub(r"#[^\r\n]*", "", text.content)


def _plane(text: Text, given: dict[str, Word], plane: int) -> Plane:
    m, rdiv, bias, mode = (given.get(f"{plane}{name}", Word(0, default)) for name, default in DEFAULTS.items())
    words = [Word(m.line, word) for word in m.text.split()]
    count = len(words)
    if mode.text in ("row", "column") and 1 <= count <= 49:
        width, height = (count, 1) if mode.text == "row" else (1, count)
    elif mode.text != "square":
        raise text.error(f"unknown mode {short(mode.text)} for plane {plane + 1} (square, row or column)", mode.line)
    elif count not in SIZES:
        raise text.error(f"plane {plane + 1} holds {count} values, not 9, 25 or 49", m.line)
    else:
        width = height = SIZES[count]
    taps = text.matrix(words, width, height)
    factor = text.number(rdiv, f"rdiv of plane {plane + 1}")
    if factor and abs(factor) * kernels.MAX_VALUE < 1:
        raise text.error(f"cannot apply the rdiv {short(rdiv.text)}", rdiv.line)
    return Plane(taps, 1 / factor if factor else total(taps) or 1.0, text.number(bias, f"bias of plane {plane + 1}"))
