"""One threshold for the whole image, from its histogram.

Each whole number is counted by itself. Other samples are counted in `BINS` bins from the least to the greatest,
represented by their centres; `li` uses them exactly. Non-finite samples are ignored. In a flat image the threshold is
its value, and nothing lies above it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ..engine.stage import ImageContext, Rows, surveyed
from ..lazy_numpy import Array, np

Method = Literal["otsu", "triangle", "li"]
BINS = 256
"""The number of bins for fractions, as in scikit-image."""
GATHERED = 1 << 22
"""The number of samples to collect before they are sorted together."""
BYTES = 32
"""The bytes that a fraction takes while it is sorted and counted."""
LI_STEPS = 10_000
"""The most steps of the search in `li`; a photograph takes about ten."""


def survey(method: Method) -> Callable[[ImageContext, Rows], tuple[float, ...]]:
    """Return a stage's survey that finds the threshold of each channel."""

    def find(context: ImageContext, image: Rows) -> tuple[float, ...]:
        counted = _counted if context.whole else _gathered
        return tuple(threshold(method, *values, context.whole) for values in counted(context, image))

    return find


def threshold(method: Method, levels: Array, counts: Array, whole: bool) -> float:
    """Return the threshold of an image with *counts* samples of each of *levels*, *whole* numbers or not.

    >>> import numpy as np
    >>> threshold("otsu", np.array([1.0, 2, 9]), np.array([5.0, 5, 5]), True)
    2.0
    """
    if len(levels) < 2:
        return float(levels[0]) if len(levels) else np.nan
    if method == "li":
        return li(levels, counts, 0.5 if whole else float(np.diff(levels).min()) / 2)
    levels, counts = (_with_empty if whole else _binned)(levels, counts)
    return otsu(levels, counts) if method == "otsu" else triangle(levels, counts)


def otsu(levels: Array, counts: Array) -> float:
    """Return the level that maximises the variance between the two classes.

    In a tie it is the least. N. Otsu, "A threshold selection method from gray-level histograms", 1979.
    """
    below = np.cumsum(counts)
    above = np.cumsum(counts[::-1])[::-1]
    mean_below = np.cumsum(counts * levels) / below
    mean_above = (np.cumsum((counts * levels)[::-1]) / above[::-1])[::-1]
    between = below[:-1] * above[1:] * (mean_below[:-1] - mean_above[1:]) ** 2
    return float(levels[np.argmax(between)])


def triangle(levels: Array, counts: Array) -> float:
    """Return the level that lies furthest below the line from the peak to the end of the longer tail.

    G. Zack, W. Rogers and S. Latt, "Automatic measurement of sister chromatid exchange frequency", 1977.
    """
    peak, last = int(np.argmax(counts)), len(counts) - 1
    turned = peak < last - peak
    if turned:
        counts, peak = counts[::-1], last - peak
    steps = np.arange(peak)
    distance = counts[peak] * steps - peak * counts[:peak]
    found = int(np.argmax(distance)) if peak else 0
    return float(levels[last - found if turned else found])


def li(levels: Array, counts: Array, near: float) -> float:
    """Return the threshold of the least cross entropy, searched from the mean.

    C. Li and C. Lee, "Minimum cross entropy thresholding", 1993; C. Li and P. Tam, "An iterative algorithm for minimum
    cross entropy thresholding", 1998: the next threshold is the logarithmic mean of both means, above the least sample.
    The search ends when it moves by at most *near*.
    """
    shifted = levels - levels[0]
    number, total = np.cumsum(counts), np.cumsum(counts * shifted)
    at, before = float(total[-1] / number[-1]), -np.inf
    for _ in range(LI_STEPS):
        if abs(at - before) <= near:
            break
        before = at
        last = int(np.searchsorted(shifted, at, side="right")) - 1
        below = float(total[last] / number[last])
        if below == 0 or last == len(levels) - 1:
            break
        above = float((total[-1] - total[last]) / (number[-1] - number[last]))
        at = (below - above) / (np.log(below) - np.log(above))
    return float(at + levels[0])


def _counted(context: ImageContext, image: Rows) -> list[tuple[Array, Array]]:
    """Return the levels of whole numbers, and the count of each, for each channel."""

    def look(samples: Array) -> Array:
        return np.array([np.bincount(own, minlength=int(context.most) + 1) for own in _finite(samples, np.int64)])

    total: Array | None = None
    for counts in surveyed(image, look, np.add):
        total = counts if total is None else total + counts
    assert total is not None
    return [(np.flatnonzero(own).astype(np.float64), own[own > 0].astype(np.float64)) for own in total]


def _gathered(context: ImageContext, image: Rows) -> list[tuple[Array, Array]]:
    """Return the sorted distinct samples of each channel, with their counts."""
    channels: list[_Distinct] = []
    for samples in surveyed(image):
        finite = _finite(samples, np.float64)
        channels = channels or [_Distinct() for _ in finite]
        for channel, own in zip(channels, finite, strict=True):
            channel.add(own)
    return [channel.counted() for channel in channels]


class _Distinct:
    """Distinct samples with counts, gathered in parts: colours have few different lumas."""

    def __init__(self) -> None:
        self._levels, self._counts = np.empty(0), np.empty(0, np.int64)
        self._waiting: list[Array] = []

    def add(self, samples: Array) -> None:
        """Take more."""
        self._waiting.append(samples)
        if sum(map(len, self._waiting)) > max(GATHERED, 2 * len(self._levels)):
            self._settle()

    def counted(self) -> tuple[Array, Array]:
        """Return all samples in order, and the count of each."""
        self._settle()
        return self._levels, self._counts

    def _settle(self) -> None:
        levels, counts = np.unique(np.concatenate([*self._waiting, np.empty(0)]), return_counts=True)
        if len(self._levels):
            both, number = np.concatenate([self._levels, levels]), np.concatenate([self._counts, counts])
            levels, places = np.unique(both, return_inverse=True)
            counts = np.bincount(places, number, len(levels)).astype(np.int64)
        self._levels, self._counts, self._waiting = levels, counts, []


def _finite(samples: Array, dtype: type) -> list[Array]:
    """Return the finite samples of each channel."""
    planes = samples.reshape(-1, samples.shape[2]).T
    return [(plane[np.isfinite(plane)] if plane.dtype.kind == "f" else plane).astype(dtype) for plane in planes]


def _with_empty(levels: Array, counts: Array) -> tuple[Array, Array]:
    """Return all whole numbers from the least level to the greatest, with the count of each."""
    first = levels[0]
    every = np.arange(first, levels[-1] + 1)
    found = np.zeros(len(every))
    found[(levels - first).astype(np.int64)] = counts
    return every, found


def _binned(levels: Array, counts: Array) -> tuple[Array, Array]:
    """Return the centres of the bins, and the count of each."""
    found, edges = np.histogram(levels, BINS, weights=counts)
    return (edges[1:] + edges[:-1]) / 2, found
