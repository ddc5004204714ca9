"""Sums over a box: by doubling, in any type, or in integers from one to the next, as fast for large boxes as for small.

Running, down the columns ``sum[y + 1] = sum[y] + in[y + height] - in[y]``; along the rows two totals' difference. It is
exact: unsigned integers wrap round without loss, so differences and totals may overflow as long as the
sums do not. A mean is ``(sum + ⌊n/2⌋) // n``: the quotient rounded half up, without a fraction in between.

12 MP of 8 bits: 0.6 ns a sample for 5×5 and 1.1 for 51×51, against 1.3 and 2.4 by doubling in float32.

F. Crow, "Summed-area tables for texture mapping", 1984, has the idea in two dimensions at once.
"""

from __future__ import annotations

from typing import Any

from ..engine.layout import narrowest, planes_of, strip_of
from ..engine.stage import Function
from ..lazy_numpy import Array, np
from .doubling import joins, over_windows

ROWS_SIDE_BY_SIDE = 8
"""Rows between those whose totals grow side by side: few calls, and long ones."""
MAX_DOUBLING_JOINS = 4
"""Additions up to which doubling is faster than running totals."""


def doubling(height: int, width: int, weight: float) -> Function:
    """Return the function that sums a padded strip over a box by doubling and multiplies by *weight*."""

    def correlate(strip: Array) -> Array:
        planes = by_doubling(planes_of(strip), height, width)
        return strip_of(planes if weight == 1 else planes * planes.dtype.type(weight))

    return correlate


def by_doubling(planes: Array, height: int, width: int) -> Array:
    """Sum every box of ``(channels, rows, columns)``."""
    return over_windows(over_windows(planes, height, np.add, axis=1), width, np.add, axis=2)


def running(height: int, width: int, full: float, divisor: int | None) -> tuple[Function, Any]:
    """Return the function that sums a padded strip of samples from 0 to *full* over a box, and the strip's type.

    With a *divisor* of at least ``height * width`` it gives the rounded mean, else the sum.
    """
    narrow = narrowest(full * height)
    wide = narrowest(full * height * width + (divisor or 0) // 2)

    def correlate(strip: Array) -> Array:
        sums = along_rows(down_columns(planes_of(strip), height), width, wide)
        if divisor is None:
            return strip_of(sums)
        sums += wide(divisor // 2)
        sums //= wide(divisor)
        return strip_of(sums.astype(narrowest(full)))

    return correlate, narrow


def down_columns(planes: Array, length: int) -> Array:
    """Sum *length* neighbours of every column of ``(channels, rows, columns)``."""
    if joins(length) <= MAX_DOUBLING_JOINS:
        return over_windows(planes, length, np.add, axis=1)
    sums = np.empty((planes.shape[0], planes.shape[1] - length + 1, planes.shape[2]), planes.dtype)
    np.add.reduce(planes[:, :length], axis=1, dtype=planes.dtype, out=sums[:, 0])
    np.subtract(planes[:, length:], planes[:, :-length], out=sums[:, 1:])
    _accumulate(sums)
    return sums


def along_rows(planes: Array, length: int, wide: Any) -> Array:
    """Sum *length* neighbours of every row, in the type *wide*."""
    if joins(length) <= MAX_DOUBLING_JOINS or wide == np.uint16:
        return over_windows(planes.astype(wide, copy=False), length, np.add, axis=2)
    channels, rows, columns = planes.shape
    totals = np.zeros((channels, rows, columns + 1), wide)
    np.cumsum(planes, axis=2, dtype=wide, out=totals[:, :, 1:])
    return totals[:, :, length:] - totals[:, :, :-length]


def _accumulate(planes: Array) -> None:
    """Add to each row all that are above it, in place."""
    channels, rows, columns = planes.shape
    count = rows // ROWS_SIDE_BY_SIDE
    blocks = planes[:, : count * ROWS_SIDE_BY_SIDE].reshape(channels, count, ROWS_SIDE_BY_SIDE, columns)
    for row in range(1, ROWS_SIDE_BY_SIDE):
        blocks[:, :, row] += blocks[:, :, row - 1]
    for block in range(1, count):
        blocks[:, block] += blocks[:, block - 1, -1:]
    for row in range(max(1, count * ROWS_SIDE_BY_SIDE), rows):
        planes[:, row] += planes[:, row - 1]
