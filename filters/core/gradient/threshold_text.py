"""Thresholds given as a magnitude, or as a percentage of the greatest in the picture."""

from __future__ import annotations

import math
from typing import Any

from ..named_tuple import NamedTuple


class Threshold(NamedTuple):
    """A threshold for magnitudes."""

    number: float
    relative: bool = False
    """The number is a fraction of the greatest magnitude in the picture."""

    def of(self, greatest: float | None) -> float:
        """Return the threshold for a picture; a relative one needs the *greatest* magnitude."""
        return self.number if greatest is None or not self.relative else self.number * greatest


def read(text: str) -> float | str:
    """Return the value of *text*: a number, or a percentage as text; raises ValueError.

    >>> read("30"), read("12%")
    (30.0, '12%')
    """
    threshold = check(text)
    return text.strip() if threshold.relative else threshold.number


def check(given: Any) -> Threshold:
    """Return the threshold that a number or text gives; raises ValueError.

    >>> check("12.5%"), check(30)
    (Threshold(number=0.125, relative=True), Threshold(number=30.0, relative=False))
    """
    text = str(given).strip()
    relative = text.endswith("%")
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        raise ValueError(f"{given!r} is neither a number nor a percentage, such as 30 or 12%") from None
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"{given} must be 0 or greater")
    if relative and number > 100:
        raise ValueError(f"{given} is more than 100%")
    return Threshold(number / 100, relative=True) if relative else Threshold(number)
