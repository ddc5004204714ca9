"""How samples lie in memory: as strips or as planes, and in which type."""

from __future__ import annotations

from ..lazy_numpy import Array, np


def planes_of(strip: Array) -> Array:
    """Return ``(rows, columns, channels)`` as ``(channels, rows, columns)`` with contiguous rows."""
    planes = strip.transpose(2, 0, 1)
    return planes if planes.strides[2] == planes.itemsize else np.ascontiguousarray(planes)


def strip_of(planes: Array) -> Array:
    """Return ``(channels, rows, columns)`` as a strip, ``(rows, columns, channels)``; no copy."""
    return planes.transpose(1, 2, 0)
