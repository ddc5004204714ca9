"""Kernels of PV-WAVE (`.ker`): a type, the size, the values, and perhaps a scale."""

from __future__ import annotations

from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import AS_WRITTEN, Text

TYPES = ("byte", "int", "long", "float", "double")


def recognise(text: Text) -> bool:
    """Whether the first word outside ``;`` comments is a type."""
    for line in text.content.splitlines()[:10_000]:
        if words := line.partition(";")[0].split():
            return words[0].lower() in TYPES
    return False


def read(text: Text) -> Reading:
    r"""Read the values, which may break into lines anywhere; an extra value is the scale.

    >>> read(Text("k.ker", "; mean\nint 2 1\n1 1 2")).kernel.weights.tolist()
    [[0.5, 0.5]]
    """
    _, *words = text.words(text.bare(";"))
    if len(words) < 2:
        raise text.error("has no size after its type")
    width, height = (text.whole(word, "the size") for word in words[:2])
    text.check_size(width, height)
    values, scale = words[2:], None
    if len(values) == width * height + 1:
        scale = text.divisor(values.pop(), "the scale")
    taps = text.matrix(values, width, height)
    if scale is None:
        return Reading(Kernel.of(taps), (AS_WRITTEN,))
    return Reading(Kernel.of(taps, scale), (AS_WRITTEN, f"divided by its scale, {scale:g}"))
