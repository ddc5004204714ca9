"""The parameters of interpolated pictures, which several commands have."""

from __future__ import annotations

from typing import Annotated

from ..parameters import Param
from .placing import FURTHEST
from .warp import Interpolation


def center_of(done: str) -> Param:
    """Return the declaration of the point about which a command does what *done* says."""
    text = f"{done} about this point, X,Y from the top left corner."
    return Param(text, unit="px", span=(0, 4000), min=-FURTHEST, max=FURTHEST, shown_default="the middle")


Interpolated = Annotated[
    Interpolation, Param("How samples are computed between those of the image: bicubic is sharper.")
]
