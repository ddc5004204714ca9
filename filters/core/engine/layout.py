"""How samples lie in memory: as strips or as planes, and in which type."""

from __future__ import annotations

from typing import Any

from ..lazy_numpy import Array, np


def planes_of(strip: Array) -> Array:
    """Return ``(rows, columns, channels)`` as ``(channels, rows, columns)`` with contiguous rows."""
    planes = strip.transpose(2, 0, 1)
    return planes if planes.strides[2] == planes.itemsize else np.ascontiguousarray(planes)


def strip_of(planes: Array) -> Array:
    """Return ``(channels, rows, columns)`` as a strip, ``(rows, columns, channels)``; no copy."""
    return planes.transpose(1, 2, 0)


def narrowest(most: float) -> Any:
    """Return the smallest unsigned integer that holds *most*.

    >>> narrowest(255 * 257).__name__
    'uint16'
    """
    return next(kind for kind in (np.uint8, np.uint16, np.uint32, np.uint64) if most <= np.iinfo(kind).max)
