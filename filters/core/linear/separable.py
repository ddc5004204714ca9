"""Correlation with the product of a column and a row of taps."""

from __future__ import annotations

from typing import Any

from .. import native
from ..lazy_numpy import Array, np

Pair = tuple[int, int]


def correlate(
    strip: Array,
    column: Array,
    row: Array,
    stride: Pair = (1, 1),
    dilation: Pair = (1, 1),
    out: Any = "float64",
    divisor: float = 1.0,
    work: Any = "float32",
) -> Array:
    """Correlate a padded strip with the kernel ``outer(column, row)`` and divide; the result has the type *out*.

    In 8 and 16 bits the result is rounded half up and saturated. Sums have the type *work*, or float64 if samples or
    results do; NaN spreads only as far as the nonzero taps. *stride* and *dilation* are ``(x, y)``.

    >>> import numpy as np
    >>> strip = np.array([1, 2, 4], np.uint8)[None, :, None]
    >>> correlate(strip, np.ones(1), np.array([1.0, 1.0])).ravel().tolist()
    [3.0, 6.0]
    """
    if native.core is None:
        return _reference(strip, column, row, stride, dilation, out, divisor, work)
    size = [
        results_along(samples, len(taps), apart, step)
        for samples, taps, apart, step in zip(strip.shape, (column, row), dilation[::-1], stride[::-1], strict=False)
    ]
    given, step = native.rows_of(strip)
    precise = np.float64 in (strip.dtype, np.dtype(out), np.dtype(work))
    column, row = np.ascontiguousarray(column), np.ascontiguousarray(row)  # some are reversed views
    result = native.results((len(given), size[0], size[1] * step), out, step)
    native.core.separable(given, result, column, row, *dilation[::-1], *stride[::-1], step, divisor, precise)
    return native.strip_like(result, step)


def _reference(
    strip: Array, column: Array, row: Array, stride: Pair, dilation: Pair, out: Any, divisor: float, work: Any
) -> Array:
    total = strip.astype(np.float64)
    for axis, taps in enumerate((column, row)):
        total = along_axis(total, taps, axis, stride[1 - axis], dilation[1 - axis])
    if divisor != 1:
        total /= divisor
    return native.converted(total, out, work)


def results_along(samples: int, taps: int, dilation: int = 1, stride: int = 1) -> int:
    """Return how many results an axis has.

    >>> results_along(7, 3, 1, 2), results_along(7, 3, 2)
    (3, 3)
    """
    return max(0, samples - dilation * (taps - 1) - 1 + stride) // stride


def along_axis(values: Array, taps: Array, axis: int, stride: int = 1, dilation: int = 1) -> Array:
    """Correlate along one axis by SciPy, without results that would reach beyond the ends."""
    from scipy import ndimage

    spread = np.zeros((len(taps) - 1) * dilation + 1)
    spread[::dilation] = taps
    values = values.swapaxes(0, axis)
    count = max(0, len(values) - len(spread) + 1)
    if not spread.all() and not np.isfinite(values.sum()):  # the product of 0 and NaN is NaN
        total = sum(
            (tap * values[place : place + count] for place, tap in enumerate(spread) if tap),
            np.zeros((count, *values.shape[1:])),
        )
    else:
        total = ndimage.correlate1d(values, spread, 0, mode="constant", origin=-(len(spread) // 2))[:count]
    return total[::stride].swapaxes(0, axis)
