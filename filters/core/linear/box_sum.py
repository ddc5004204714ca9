"""Sums over a box, in a time that does not depend on its size."""

from __future__ import annotations

from typing import Any

from .. import native
from ..lazy_numpy import Array, np


def mean(strip: Array, height: int, width: int, out: Any, divisor: float = 1.0) -> Array:
    """Sum a padded strip over a box and divide by *divisor*; the result has the type *out*.

    Integer results are rounded half up and saturated. Sums of whole numbers are exact, others are float64; NaN and
    infinities affect no result beyond the box.

    >>> import numpy as np
    >>> mean(np.array([1, 2, 4], np.uint8)[None, :, None], 1, 2, np.uint8, 2).ravel().tolist()
    [2, 3]
    """
    if native.core is None:
        return _reference(strip, height, width, out, divisor)
    given, step = native.rows_of(strip)
    result = native.results((len(given), strip.shape[0] - height + 1, (strip.shape[1] - width + 1) * step), out, step)
    native.core.box(given, result, height, width, step, divisor)
    return native.strip_like(result, step)


FAR = 16.0
"""The distance from 0, in units of white, beyond which squares would lose a significant variance."""


def level(strip: Array, near: float = 0.0) -> Array:
    """Return a value near those of each channel: the mean of a row's finite samples, or 0 if that is within *near*.

    Subtracting it before samples are squared preserves a variance that is small relative to their distance from 0. The
    value depends on the strip, which changes only the last bits of float64 results.
    """
    row = strip[strip.shape[0] // 2]
    known = np.isfinite(row)
    count = np.maximum(np.count_nonzero(known, axis=0), 1)
    found = (np.where(known, row, 0).sum(axis=0) / count).astype(strip.dtype)
    return np.where(np.abs(found) > near, found, strip.dtype.type(0))


def _reference(strip: Array, height: int, width: int, out: Any, divisor: float) -> Array:
    whole = strip.dtype.kind in "bu"
    # Sums may wrap round: their differences are still right if they fit.
    fits = strip.dtype.kind == "u" and np.iinfo(strip.dtype).max * height * width < 1 << 32
    total = strip.astype(np.uint32 if fits else np.int64 if whole else np.float64)
    for axis, length in ((0, height), (1, width)):
        total = (_differences if whole else _sums)(total.swapaxes(0, axis), length).swapaxes(0, axis)
    return native.converted(total / divisor, out)


def _differences(samples: Array, length: int) -> Array:
    """Sum *length* whole numbers at a time, as differences of cumulative sums."""
    sums = samples.cumsum(axis=0, dtype=samples.dtype)
    answer = sums[length - 1 :].copy()
    answer[1:] -= sums[:-length]
    return answer


def _sums(samples: Array, length: int) -> Array:
    """Sum *length* numbers at a time; for finite ones by adding one and subtracting one."""
    from scipy import ndimage

    if np.isfinite(samples.sum()):
        sums = ndimage.uniform_filter1d(samples, length, axis=0, origin=-(length // 2)) * length
    else:
        sums = ndimage.correlate1d(samples, np.ones(length), axis=0, origin=-(length // 2))
    return sums[: len(samples) - length + 1]
