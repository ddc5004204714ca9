"""A kernel as the grid that the page lets people change."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ...filters.core.linear import kernel_source
from ..batch.recipe import read_named
from . import call

MOST_SIDE = 9
"""Rows and columns of a grid that people can take in."""


def grid(text: str, allowed: Collection[str]) -> dict[str, Any]:
    """Return the rows of a kernel's taps and their divisor, as text; nothing where it has no grid.

    Of files, those that are *allowed* are read.

    >>> grid("1 2 1 / 4", ())
    {'rows': [['1', '2', '1']], 'divisor': '4'}
    >>> grid("haar", ()), grid("1 x", ())
    ({}, {})
    """
    if text not in allowed and call.is_there(text):
        return {}
    try:
        kernel = kernel_source.read(read_named(text)).kernel
    except ValueError:  # a bank, or what the filter refuses in its own words
        return {}
    height, width = kernel.shape
    if max(height, width) > MOST_SIDE or kernel.anchor != (width // 2, height // 2):
        return {}
    rows = [[call.text_of(tap) for tap in row] for row in kernel.taps.tolist()]
    return {"rows": rows, "divisor": call.text_of(float(kernel.divisor))}
