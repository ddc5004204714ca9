"""Numbers in the form of annotation files."""

from __future__ import annotations

import math
from typing import Any

DIGITS = 6
"""Digits after the point; coordinates are at best exact to a hundredth of a pixel."""


def plain(value: float) -> int | float:
    """Return a number without the noise of its last digits, as an integer if it is one.

    >>> plain(12.300000000000001), plain(7.0)
    (12.3, 7)
    """
    rounded = round(float(value), DIGITS)
    return int(rounded) if rounded.is_integer() else rounded


def finite(value: Any) -> float:
    """Return a number from a file; raises ValueError if it is not one."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"{value!r} is not a number")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{str(value)[:40]!r} is not a number")
    return number
