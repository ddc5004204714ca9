"""Counts of each whole number among samples, and their meaning."""

from __future__ import annotations

from .. import native
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple

STEPS = 1 << 16
"""The number of values at which fractions are counted, from the least to the greatest."""


class Histogram(NamedTuple):
    """Counts of values ``low + k · step``, to which samples are rounded half up."""

    counts: Array
    """``(channels, values)``, or one row for the luma."""
    low: float = 0.0
    step: float = 1.0

    @property
    def values(self) -> Array:
        """The counted values."""
        return self.low + self.step * np.arange(self.counts.shape[1], dtype=np.float64)


def counted(strip: Array) -> Array:
    """Return the counts of each whole number in each channel of a strip of 8 or 16 bits.

    The loop takes 0.3 ns per 8-bit sample, `numpy.bincount` 2.
    """
    numbers = np.iinfo(strip.dtype).max + 1
    if native.core is None:
        return np.stack(
            [np.bincount(strip[..., channel].ravel(), minlength=numbers) for channel in range(strip.shape[2])]
        )
    given, step = native.rows_of(strip)
    counts = np.zeros((1, strip.shape[2], numbers), np.int32)
    native.core.histogram(given, counts, step)
    return counts[0]
