"""Parameters for interpolation, shared by several commands."""

from __future__ import annotations

from typing import Annotated

from ..parameters import Param
from .placing import FURTHEST
from .warp import Interpolation


def center_of(done: str) -> Param:
    """Return the declaration of the point about which a command does what *done* says."""
    text = f"{done} about this point, X,Y from the top left corner."
    return Param(text, unit="px", span=(0, 4000), min=-FURTHEST, max=FURTHEST, shown_default="the middle")


Interpolated = Annotated[Interpolation, Param("How to interpolate between samples; bicubic is sharper than bilinear.")]
