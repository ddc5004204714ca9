"""The number of the frame or page that a call selects."""

from __future__ import annotations

from ..errors import UsageError


def check(frame: int | None) -> None:
    """Raise UsageError for a negative number."""
    if frame is not None and frame < 0:
        raise UsageError("--frame must be 0 or greater")
