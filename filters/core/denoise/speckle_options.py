"""Parameters of the speckle filters, shared by two commands."""

from __future__ import annotations

from typing import Annotated

from ..parameters import Param

Looks = Annotated[
    float | None,
    Param(
        "Number of looks of the image; its speckle is 1 / √looks.",
        span=(1, 16),
        above=0,
        max=1e9,
        only=("lee", "frost"),
        shown_default="estimated",
    ),
]
Damping = Annotated[
    float | None,
    Param(
        "How fast weights fall off in detailed areas.",
        span=(0.1, 5),
        above=0,
        max=1e9,
        only=("frost",),
        shown_default="from the speckle",
    ),
]
