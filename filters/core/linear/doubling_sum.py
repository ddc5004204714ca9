"""Sums over a box by doubling: a sum of 2n samples is two sums of n.

A window of n samples takes ``log₂ n`` additions and one more for each further bit of n, in place of n: the
time hardly grows with the window. Sums of whole numbers are exact.
"""

from __future__ import annotations

from ..engine.layout import planes_of, strip_of
from ..engine.stage import Function
from ..lazy_numpy import Array


def additions(length: int) -> int:
    """Return how many additions a window of *length* samples takes.

    >>> [additions(n) for n in (1, 2, 3, 8, 101)]
    [0, 1, 2, 3, 9]
    """
    return length.bit_length() - 1 + length.bit_count() - 1


def prepare(height: int, width: int, weight: float) -> Function:
    """Return the function that sums a padded strip over a box and multiplies by *weight*."""

    def correlate(strip: Array) -> Array:
        planes = sums(planes_of(strip), height, 1)
        planes = sums(planes, width, 2)
        return strip_of(planes if weight == 1 else planes * planes.dtype.type(weight))

    return correlate


def sums(planes: Array, length: int, axis: int) -> Array:
    """Sum windows of *length* along *axis*; the result is shorter by ``length - 1``."""

    def part(array: Array, start: int, size: int) -> Array:
        return array[:, start : start + size] if axis == 1 else array[:, :, start : start + size]

    size = planes.shape[axis] - length + 1
    total, done = None, 0
    power, reach = planes, 1
    while True:
        if length & reach:
            term = part(power, done, size)
            total = term if total is None else total + term
            done += reach
        if done == length:
            assert total is not None
            return total
        longer = power.shape[axis] - reach
        power = part(power, 0, longer) + part(power, reach, longer)
        reach *= 2
