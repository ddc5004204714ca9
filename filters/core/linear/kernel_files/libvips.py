"""Matrices of libvips and nip2 (`.mat`, `.con`), and of ArcGIS: ``W H [scale [offset]]``, then W·H values."""

from __future__ import annotations

from .. import kernels
from ..kernel_reading import Reading
from ..kernels import Kernel
from .plain import COMMENTS, header_size
from .text import AS_WRITTEN, Line, Text, Word, separated


def recognise(text: Text) -> bool:
    r"""Whether the first line is a header; the number of values decides, as ``3 3`` may be a row of two columns.

    >>> recognise(Text("k.mat", "2 1\n3 4")), recognise(Text("k.txt", "3 3\n1 2"))
    (True, False)
    """
    return is_header(text.bare(COMMENTS))


def is_header(lines: list[Line]) -> bool:
    """Whether the first line gives the number of values that follow."""
    size = header_size(lines[0].text) if lines else None
    return size is not None and size[0] * size[1] == sum(len(separated(line.text)) for line in lines[1:])


def read(text: Text) -> Reading:
    r"""Read the header and the values; the scale divides them, and the offset is added to the result.

    >>> reading = read(Text("k.mat", "2 1 4 10\n1 3"))
    >>> reading.kernel.weights.tolist(), reading.offset
    ([[0.25, 0.75]], 10.0)
    """
    first, *rest = text.bare(COMMENTS)
    size = [text.number(Word(first.number, word)) for word in separated(first.text)]
    width, height, scale, offset = (*size, *(1.0, 0.0)[len(size) - 2 :])
    if not (1 / kernels.MAX_VALUE <= abs(scale) <= kernels.MAX_VALUE and abs(offset) <= kernels.MAX_VALUE):
        raise text.error(f"cannot apply the scale {scale:g} and the offset {offset:g}", first.number)
    text.check_size(int(width), int(height))
    taps = text.matrix(text.words(rest), int(width), int(height))
    notes = [AS_WRITTEN]
    if len(size) == 2:
        notes.append("width and height alone, as ArcGIS writes it too")
    if scale != 1:
        notes.append(f"divided by its scale, {scale:g}")
    return Reading(Kernel.of(taps, scale), tuple(notes), offset)
