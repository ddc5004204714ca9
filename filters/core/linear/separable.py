"""Correlation with a column times a row of taps."""

from __future__ import annotations

from typing import Any

from .. import native
from ..lazy_numpy import Array, np


def correlate(
    strip: Array, column: Array, row: Array, dilation: tuple[int, int], out: Any, divisor: float = 1.0
) -> Array:
    """Correlate a padded strip with the kernel ``outer(column, row)``, and divide; the result has the type *out*.

    In 8 and 16 bits the result is rounded half up and saturated. Sums are in float32 for whole numbers of up to 16
    bits, and in float64 for others. *dilation* is that along x and along y.

    >>> import numpy as np
    >>> strip = np.array([1, 2, 4], np.uint8)[None, :, None]
    >>> correlate(strip, np.ones(1), np.array([1.0, 1.0]), (1, 1), np.float32).ravel().tolist()
    [3.0, 6.0]
    """
    across, down = dilation
    rows, columns = strip.shape[:2]
    size = rows - (len(column) - 1) * down, columns - (len(row) - 1) * across
    if native.core is None:
        return _reference(strip, column, row, dilation, out, divisor, size)
    given, step = native.rows_of(strip)
    result = np.empty((len(given), size[0], size[1] * step), out)
    native.core.separable(given, result, column, row, down, across * step, divisor)
    return native.strip_like(result, step)


def _reference(
    strip: Array, column: Array, row: Array, dilation: tuple[int, int], out: Any, divisor: float, size: tuple[int, int]
) -> Array:
    from scipy import ndimage

    total = strip.astype(np.float64)
    for axis, taps, step in ((0, column, dilation[1]), (1, row, dilation[0])):
        spread = np.zeros((len(taps) - 1) * step + 1)
        spread[::step] = taps
        total = ndimage.correlate1d(total, spread, axis, mode="constant", origin=-(len(spread) // 2))
    total = total[: size[0], : size[1]] / divisor
    return total.astype(out) if np.dtype(out).kind == "f" else native.rounded(total, out)
