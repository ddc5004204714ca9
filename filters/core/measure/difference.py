"""The difference of the samples of two images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..engine.threads import side_by_side, threads_of
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from .pair import pair, peak_of

STRIP = 1 << 17
"""Samples to compare at a time, so that intermediate results stay in the cache."""


class Difference(NamedTuple):
    """The differences of two images."""

    greatest: float
    """The greatest difference of a sample; infinite if only one of the two is NaN."""
    differing: int
    """The number of pixels with a sample that differs by more than a tolerance."""
    pixels: int
    """The number of compared pixels."""
    squares: float
    """The sum of the squared differences, exact for integers."""
    samples: int
    """The number of squared samples."""

    @property
    def mse(self) -> float:
        """The mean squared difference; 0 without samples."""
        return self.squares / self.samples if self.samples else 0.0

    @property
    def rmse(self) -> float:
        """The root mean squared difference."""
        return math.sqrt(self.mse)

    def psnr(self, peak: float) -> float:
        """Return the peak signal-to-noise ratio in decibels; infinite for equal images.

        >>> round(Difference(1.0, 1, 100, 1.0, 100).psnr(255), 2)
        68.13
        """
        if not self.squares:
            return math.inf
        return 10 * math.log10(peak * peak / self.mse) if math.isfinite(self.mse) else -math.inf


NOTHING = Difference(0.0, 0, 0, 0.0, 0)
"""The difference of no pixels."""


def together(parts: Sequence[Difference]) -> Difference:
    """Return the differences of several parts together."""
    greatest, differing, pixels, squares, samples = zip(*[NOTHING, *parts], strict=True)
    return Difference(max(greatest), sum(differing), sum(pixels), math.fsum(squares), sum(samples))


def difference(
    a: Array,
    b: Array,
    tolerance: float = 0.0,
    where: Array | None = None,
    beside: int = 0,
    jobs: int | None = None,
) -> Difference:
    """Compare two images ``(height, width, channels)`` of the same shape and dtype.

    NaN equals NaN, and differs infinitely from numbers. *where* ``(height, width)`` marks the pixels to compare. The
    last *beside* channels, such as an alpha, count as differences, but not in the sum of squares. *jobs* threads share
    the rows, by default one per core.
    """
    rows = max(1, STRIP // max(1, math.prod(a.shape[1:])))
    tops = range(0, len(a), rows)

    def compared(top: int) -> Difference:
        part = slice(top, top + rows)
        return _of_strip(a[part], b[part], tolerance, None if where is None else where[part], beside)

    return together([*side_by_side(compared, tops, threads_of(jobs))])


def _of_strip(a: Array, b: Array, tolerance: float, where: Array | None, beside: int) -> Difference:
    colours = a.shape[2] - beside
    if where is not None:
        a, b = a[where][None], b[where][None]
    pixels = a.shape[0] * a.shape[1]
    if not pixels or np.array_equal(a, b):
        return Difference(0.0, 0, pixels, 0.0, pixels * colours)
    apart = distances(a, b)
    greatest = float(apart.max())
    differing = 0
    if greatest > tolerance:
        most = apart[..., 0]
        for channel in range(1, apart.shape[2]):
            most = np.maximum(most, apart[..., channel])
        differing = int(np.count_nonzero(most > tolerance))
    squared = (apart if not beside else apart[..., :colours]).astype(np.float64)
    # Sums of squares of whole numbers are below 2**53, and exact.
    np.multiply(squared, squared, out=squared)
    return Difference(greatest, differing, pixels, float(squared.sum()), pixels * colours)


def distances(a: Array, b: Array) -> Array:
    """Return ``|a - b|`` of each sample, in the type of integers; NaN equals NaN and is infinitely far from numbers.

    >>> import numpy as np
    >>> distances(np.array([3, 250], np.uint8), np.array([5, 10], np.uint8)).tolist()
    [2, 240]
    >>> distances(np.array([np.nan, np.nan, np.inf]), np.array([np.nan, 1.0, np.inf])).tolist()
    [0.0, inf, 0.0]
    """
    if a.dtype.kind == "u":
        return np.maximum(a, b) - np.minimum(a, b)
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(np.subtract(a, b, dtype=np.float64))
    odd = np.isnan(apart)
    if odd.any():
        same = (np.isnan(a) & np.isnan(b)) | (a == b)
        apart[odd] = np.where(same[odd], 0.0, np.inf)
    return apart


def rmse(a: Any, b: Any, *, jobs: int | None = None) -> float:
    """Return the root of the mean squared difference of two images.

    Parameters
    ----------
    a, b
        Arrays ``(height, width)`` or ``(height, width, channels)`` of the same shape and dtype.
    jobs
        Threads at most; all cores by default.

    Raises
    ------
    ImageError
        They differ in shape or dtype, or are not images.
    ParameterError
        *jobs* is not a whole number of at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> rmse(np.array([[0, 0]], np.uint8), np.array([[3, 4]], np.uint8)) == 12.5**0.5
    True
    """
    return difference(*pair(a, b), jobs=jobs).rmse


def psnr(a: Any, b: Any, *, peak: float | None = None, jobs: int | None = None) -> float:
    """Return the peak signal-to-noise ratio of two images in decibels, ``10 log10(peak² / MSE)`` over all samples.

    Parameters
    ----------
    a, b
        Arrays ``(height, width)`` or ``(height, width, channels)`` of the same shape and dtype.
    peak
        White. The default for integers is the greatest of their type; floats require it, as a guess from the values
        could be wrong without notice.
    jobs
        Threads at most; all cores by default.

    Returns
    -------
    The ratio; infinite for equal images.

    Raises
    ------
    ImageError
        They differ in shape or dtype, or are not images.
    ParameterError
        *peak* is missing for floats, or *jobs* is not a whole number of at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> round(psnr(np.zeros((10, 10), np.uint8), np.eye(10, dtype=np.uint8)), 2)
    58.13
    """
    one, other = pair(a, b)
    return difference(one, other, jobs=jobs).psnr(peak_of(one, peak))
