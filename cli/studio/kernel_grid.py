"""A kernel as a grid that can be edited on the page, and its frequency response."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ...filters.core.lazy_numpy import np
from ...filters.core.linear import kernel_source
from ...filters.core.linear.kernels import Kernel
from ...filters.core.measure.response import response
from ..batch.recipe import read_named
from . import call

MOST_SIDE = 9
"""The most rows and columns of a grid; larger ones are confusing."""
CYCLES = 65
"""Frequencies along x, and along y."""
MOST_TAPS = 1 << 14
"""The most taps of a kernel whose response is shown."""


def grid(text: str, allowed: Collection[str]) -> dict[str, Any]:
    """Return the rows of a kernel's taps and their divisor as text, and its response; {} if *text* is not a kernel.

    The list of rows is empty if there are too many. Only files that are *allowed* are read.

    >>> found = grid("1 2 1 / 4", ())
    >>> found["rows"], found["divisor"], found["most"], found["response"][32][::16]
    ([['1', '2', '1']], '4', '1', [0, 128, 255, 128, 0])
    >>> grid("haar", ()), grid("1 x", ())
    ({}, {})
    """
    if text not in allowed and call.is_there(text):
        return {}
    try:
        kernel = kernel_source.read(read_named(text)).kernel
    except ValueError:  # a bank, or a text for which the filter has its own message
        return {}
    height, width = kernel.shape
    fits = max(height, width) <= MOST_SIDE and kernel.anchor == (width // 2, height // 2)
    rows = [[call.text_of(tap) for tap in row] for row in kernel.taps.tolist()] if fits else []
    return {"rows": rows, "divisor": call.text_of(float(kernel.divisor)), **_response(kernel)}


def _response(kernel: Kernel) -> dict[str, Any]:
    """Return the response to -1/2 to 1/2 cycles per pixel, scaled to 0..255, and the value of 255."""
    if kernel.weights.size > MOST_TAPS:
        return {"most": "", "response": []}
    cycles = np.linspace(-0.5, 0.5, CYCLES)
    found = np.abs(response(kernel.weights, cycles, cycles, kernel.anchor))
    most = float(found.max())
    return {"most": f"{most:.3g}", "response": np.rint(found * (255 / most if most else 0)).astype(int).tolist()}
