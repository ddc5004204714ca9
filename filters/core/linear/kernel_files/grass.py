"""Filters of GRASS, ``r.mfilter``: TITLE, MATRIX, DIVISOR, TYPE."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import AS_WRITTEN, Line, Text, Word, short, total

KEYWORDS = ("TITLE", "MATRIX", "DIVISOR", "TYPE", "START")


def recognise(text: Text) -> bool:
    """Whether the first word is a keyword of such a file."""
    return text.first.split(maxsplit=1)[:1] != [] and text.first.split(maxsplit=1)[0].upper() in KEYWORDS


def read(text: Text) -> Reading:
    r"""Read the matrix, divided by DIVISOR, or by the sum of the weights if that is 0.

    >>> read(Text("k.txt", "MATRIX 1\n6\nDIVISOR 3\nTYPE P")).kernel.weights.tolist()
    [[2.0]]
    """
    taps: list[list[float]] | None = None
    divisor = Word(0, "1")
    lines = iter(text.lines)
    for line in lines:
        keyword, _, rest = line.text.partition(" ")
        keyword, value = keyword.upper(), Word(line.number, rest.strip())
        if keyword == "MATRIX" and taps is not None:
            raise text.error(
                "a second MATRIX is a second filter; write a file for each, for `imfilter chain`", line.number
            )
        if keyword == "MATRIX":
            taps = _matrix(text, text.whole(value, "MATRIX"), lines, line.number)
        elif keyword == "DIVISOR":
            divisor = value
        elif keyword == "TYPE" and value.text.upper() == "S":
            raise text.error("TYPE S is recursive: each result feeds the next, which a kernel cannot do", line.number)
        elif keyword == "TYPE" and value.text.upper() != "P":
            raise text.error(f"the TYPE {short(value.text)} is neither P nor S", line.number)
        elif keyword not in KEYWORDS:
            raise text.error(f"{short(line.text.split()[0])} is not one of {', '.join(KEYWORDS)}", line.number)
    if taps is None:
        raise text.error("has no MATRIX")
    if text.number(divisor, "DIVISOR") != 0:
        by = text.divisor(divisor, "DIVISOR")
        return Reading(Kernel.of(taps, by), (AS_WRITTEN, f"divided by {by:g} (DIVISOR)"))
    by = total(taps)
    if by == 0:
        raise text.error("DIVISOR 0 divides by the sum of the weights, which is 0", divisor.line)
    return Reading(Kernel.of(taps, by), (AS_WRITTEN, f"divided by the sum of the weights, {by:g} (DIVISOR 0)"))


def _matrix(text: Text, size: int, lines: Iterator[Line], number: int) -> list[list[float]]:
    text.check_size(size, size)
    if size % 2 == 0:
        raise text.error(f"MATRIX {size} is even, which GRASS refuses: it has no middle; use an odd size", number)
    rows = list(islice(lines, size))
    matrix = text.rows(rows) if rows else []
    if len(matrix) != size or len(matrix[0]) != size:
        given = f"{len(matrix[0])}×{len(matrix)}" if matrix else "none"
        raise text.error(f"MATRIX {size} needs {size}×{size} values, not {given}", number)
    return matrix
