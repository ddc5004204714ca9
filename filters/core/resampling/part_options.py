"""Parameters for a part of an image, shared by several commands."""

from __future__ import annotations

import re
from typing import Annotated

from ..parameters import IntPair, Pair, Param

MOST = 1_000_000
"""The longest side."""
RATIO = re.compile(r"([0-9.]+)[:/]([0-9.]+)")


def read_ratio(text: str) -> float:
    """Read ``W:H``, or a number.

    >>> read_ratio("3:2"), read_ratio("1.5")
    (1.5, 1.5)
    """
    try:
        if (two := RATIO.fullmatch(text)) is not None:
            return float(two[1]) / float(two[2])
        return float(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{text!r} is not a ratio of width to height, such as 1.5 or 3:2") from None


def place_of(what: str) -> Param:
    """Return the declaration of the place of *what* among the pixels that are cut off or added."""
    text = f"Place of {what}: 0 is left or top, 1 right or bottom."
    return Param(text, percent=True, min=0, max=1, shown_default="0.5,0.5")


Place = Annotated[Pair | None, place_of("the part")]
At = Annotated[
    IntPair | None,
    Param(
        "Top left pixel of the part, instead of --place.", unit="px", span=(0, 4000), min=-MOST, max=MOST, metavar="X,Y"
    ),
]
