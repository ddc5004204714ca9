"""How samples lie in memory: as strips or as planes, and in which type."""

from __future__ import annotations

from .. import native
from ..lazy_numpy import Array, np


def planes_of(strip: Array) -> Array:
    """Return ``(rows, columns, channels)`` as ``(channels, rows, columns)`` with contiguous rows."""
    planes = strip.transpose(2, 0, 1)
    return planes if planes.strides[2] == planes.itemsize else np.ascontiguousarray(planes)


def copy_pixels(values: Array, out: Array) -> None:
    """Copy a view ``(rows, columns, channels)`` whose columns are reversed, or are rows, into *out* of its type.

    Of 12 MP of RGB in 8 bits rows that are reversed take 7 ms in place of 55, and columns 20 in place of 72.
    """
    if values.shape[2] == 1:  # whose stride says nothing
        values, out = values[..., 0], out[..., 0]
    pixel = values.itemsize if values.ndim == 2 else values.shape[2] * values.itemsize
    swapped = abs(values.strides[0]) == pixel != abs(values.strides[1])
    natural = values.swapaxes(0, 1) if swapped else values
    reverse_y, reverse_x = natural.strides[0] < 0, natural.strides[1] < 0
    natural = natural[:: -1 if reverse_y else 1, :: -1 if reverse_x else 1]
    inner = (pixel, values.itemsize)[: values.ndim - 1]
    if native.core is None or not (swapped or reverse_x) or {natural.strides[1:], out.strides[1:]} != {inner}:
        np.copyto(out, values)
        return
    given, there = (array.view(np.uint8).reshape(1, len(array), -1) for array in (natural, out))
    native.core.permute(given, there, pixel, swapped, reverse_x, reverse_y)


def strip_of(planes: Array) -> Array:
    """Return ``(channels, rows, columns)`` as a strip, ``(rows, columns, channels)``; no copy."""
    return planes.transpose(1, 2, 0)
