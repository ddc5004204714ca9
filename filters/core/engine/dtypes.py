"""Types of samples."""

from __future__ import annotations

from typing import Any

from ..lazy_numpy import np


def narrowest(most: float) -> Any:
    """Return the smallest unsigned integer that holds *most*.

    >>> narrowest(255 * 257).__name__
    'uint16'
    """
    return next(kind for kind in (np.uint8, np.uint16, np.uint32, np.uint64) if most <= np.iinfo(kind).max)
