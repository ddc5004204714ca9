"""The number of the frame or page that a call asks for."""

from __future__ import annotations

from ..errors import UsageError


def check(frame: int | None) -> None:
    """Raise UsageError for a number that no frame has."""
    if frame is not None and frame < 0:
        raise UsageError("--frame must be 0 or greater")
