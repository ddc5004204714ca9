"""Convolution masks of SExtractor (`.conv`)."""

from __future__ import annotations

import math
import re

from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import AS_WRITTEN, Text, short


def recognise(text: Text) -> bool:
    """Whether the first line is ``CONV NORM`` or ``CONV NONORM``."""
    return re.match(r"CONV\b", text.first, re.IGNORECASE) is not None


def read(text: Text) -> Reading:
    r"""Read the rows; NORM divides by the sum of absolute values, unless that is 0.

    >>> read(Text("k.conv", "CONV NORM\n1 2 1")).kernel.weights.tolist()
    [[0.25, 0.5, 0.25]]
    """
    first, *rest = text.lines
    norm = first.text.split()[1:2]
    if not norm or norm[0].upper() not in ("NORM", "NONORM"):
        raise text.error(f"{short(first.text)} is neither CONV NORM nor CONV NONORM", first.number)
    taps = text.rows(rest)
    if norm[0].upper() == "NONORM":
        return Reading(Kernel.of(taps), (AS_WRITTEN, "not divided (NONORM)"))
    divisor = math.fsum(abs(value) for row in taps for value in row)
    if divisor == 0:
        return Reading(Kernel.of(taps), (AS_WRITTEN, "not divided: all weights are 0 (NORM)"))
    return Reading(Kernel.of(taps, divisor), (AS_WRITTEN, f"divided by the sum of absolute values, {divisor:g} (NORM)"))
