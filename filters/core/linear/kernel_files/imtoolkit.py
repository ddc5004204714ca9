"""Kernels of IM, the toolkit of IUP and CD (`.krn`): a magic word, a description, the size, a type, the values."""

from __future__ import annotations

from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import AS_WRITTEN, Line, Text, total

MAGIC = "IMKERNEL"
INT, FLOAT = "0", "1"


def recognise(text: Text) -> bool:
    """Whether the first line is the magic word."""
    return text.content.lstrip("\ufeff").partition("\n")[0].strip() == MAGIC


def read(text: Text) -> Reading:
    r"""Read the values, divided by their sum if that is not 0, as IM's own convolution does.

    >>> read(Text("k.krn", "IMKERNEL\na mean\n2 1\n0\n1 3")).kernel.weights.tolist()
    [[0.25, 0.75]]
    """
    # The second line is a description, even if it holds numbers or is empty.
    lines = [Line(number, line) for number, line in enumerate(text.content.splitlines(), 1)]
    words = text.words(line for line in lines[2:] if line.text.strip())
    if len(words) < 3:
        raise text.error("is cut off: a description, a width and a height, and a type follow the first line")
    width, height = (text.whole(word, "the size") for word in words[:2])
    kind = words[2]
    if kind.text not in (INT, FLOAT):
        raise text.error(f"the type {kind.text} is neither 0 (whole numbers) nor 1", kind.line)
    taps = text.matrix(words[3:], width, height)
    if kind.text == INT and any(value != int(value) for row in taps for value in row):
        raise text.error("holds fractions, though its type 0 says whole numbers", kind.line)
    by = total(taps)
    if by == 0:
        return Reading(Kernel.of(taps), (AS_WRITTEN, "not divided: its weights sum to 0"))
    return Reading(Kernel.of(taps, by), (AS_WRITTEN, f"divided by the sum of the weights, {by:g}"))
