"""Weights of separable resampling: on which samples along an axis a result depends, and their weights.

Positions are in corner coordinates: n samples span 0 to n, and sample i has its centre at i + 1/2. Result k of a span
covers the k-th of its equal parts. All positions are fractions with a common denominator, so that rounding does not
affect which samples a result depends on, and symmetric weights are exactly symmetric.

References
----------
H. Hou and H. Andrews, "Cubic splines for image interpolation and digital filtering", 1978.
R. Keys, "Cubic convolution interpolation for digital image processing", 1981.
C. Lanczos, Applied Analysis, 1956; K. Turkowski, "Filters for common resampling tasks", 1990.
P. Heckbert, "Fundamentals of texture mapping and image warping", 1989: kernels that widen with the step.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple

Interpolation = Literal["bilinear", "nearest", "bicubic", "lanczos", "area"]
RADIUS = {"bilinear": 1, "bicubic": 2, "lanczos": 3}
"""The radii of the kernels, in samples."""
NEGLIGIBLE = 1e-12
"""Weights below this fraction of the greatest count as 0: Lanczos's weights at whole distances are rounding errors of
sin π."""


class Span(NamedTuple):
    """A part of an axis, from *begin* to *end* in *parts* of a sample, divided equally among *results*."""

    begin: int
    end: int
    results: int
    parts: int = 1

    @staticmethod
    def whole(samples: int, results: int) -> Span:
        """Return the span of all samples."""
        return Span(0, samples, results)

    @property
    def offset(self) -> float:
        """The start of the first result, in samples."""
        return self.begin / self.parts

    @property
    def step(self) -> float:
        """The distance between results, in samples."""
        return (self.end - self.begin) / (self.parts * self.results)


class Weights(NamedTuple):
    """The weights of an axis: result k is the sum of ``taps[k, j]`` times sample ``first[k] + j``, up to ``end[k]``."""

    first: Array
    end: Array
    taps: Array

    @property
    def is_identity(self) -> bool:
        """Whether each result is the sample at its position."""
        alone = self.taps.shape[1] == 1 and bool((self.taps == 1).all())
        return alone and bool((self.first == np.arange(len(self.first))).all())

    @property
    def overshoots(self) -> bool:
        """Whether results may lie outside the range of their samples."""
        return bool((self.taps < 0).any())

    def part(self, start: int, stop: int) -> tuple[Weights, int, int]:
        """Return the weights of the results ``start … stop-1``, counted from their first sample, and their range."""
        low, high = int(self.first[start]), int(self.end[stop - 1])
        return Weights(self.first[start:stop] - low, self.end[start:stop] - low, self.taps[start:stop]), low, high


@lru_cache(maxsize=8)
def weights(interpolation: Interpolation, samples: int, span: Span, antialias: bool = True) -> Weights:
    """Return the weights for the results of a *span* of an axis; they sum to 1, without samples beyond the ends.

    If samples are denser than results the kernels are widened, unless *antialias* is False. nearest takes the sample
    that contains a result's centre, and area weights each sample by the part that a result covers.

    >>> weights("bilinear", 2, Span.whole(2, 4)).taps.tolist()
    [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75], [1.0, 0.0]]
    >>> weights("nearest", 10, Span.whole(10, 4)).first.tolist()
    [1, 3, 6, 8]
    """
    # The units per sample: edges and centres of results and samples are whole numbers of units.
    unit = 2 * span.parts * span.results
    step = 2 * (span.end - span.begin)
    edges = 2 * span.begin * span.results + step * np.arange(span.results, dtype=np.int64)
    middles = edges + step // 2
    if interpolation == "nearest":
        first = np.clip(middles // unit, 0, samples - 1)
        return Weights(first, first + 1, np.ones((span.results, 1)))
    widened = max(step, unit) if antialias else unit
    if interpolation == "area":
        first, end = edges // unit, -(-(edges + step) // unit)
    else:
        # Samples whose centres lie inside the kernel, which is 0 at its ends and beyond.
        reach = RADIUS[interpolation] * widened
        first, end = (middles - reach + unit // 2) // unit, -((unit // 2 - middles - reach) // unit)
    first, end = np.minimum(np.maximum(first, 0), samples - 1), np.minimum(np.maximum(end, 1), samples)
    places = first[:, None] + np.arange(int((end - first).max()))
    if interpolation == "area":
        low = edges[:, None]
        covered = np.minimum((places + 1) * unit, low + step) - np.maximum(places * unit, low)
        taps = np.maximum(covered, 0).astype(np.float64)
    else:
        taps = _kernel(interpolation, (places * unit + unit // 2 - middles[:, None]) / widened)
    taps[places >= end[:, None]] = 0
    sizes = np.abs(taps)
    taps[sizes <= NEGLIGIBLE * sizes.max(axis=1, keepdims=True)] = 0
    taps /= taps.sum(axis=1, keepdims=True)
    if taps[:, 0].all() and taps[np.arange(len(taps)), end - first - 1].all():
        return Weights(first, end, taps)
    return _trimmed(first, taps)


def _kernel(name: str, x: Array) -> Array:
    """Return a kernel's values at distances from its centre."""
    x = np.abs(x)
    if name == "bilinear":
        return np.maximum(1 - x, 0)
    if name == "bicubic":  # the member of the family that reproduces parabolas, a = -1/2
        return np.where(x < 1, (1.5 * x - 2.5) * x * x + 1, np.where(x < 2, ((-0.5 * x + 2.5) * x - 4) * x + 2, 0))
    return np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0)


def _trimmed(first: Array, taps: Array) -> Weights:
    """Return weights without zeros at their ends, as far as results then still begin and end in order.

    So an axis that keeps its size has one weight per result, and NaN spreads only as far as the weights.
    """
    there = taps != 0
    begin, end = first + there.argmax(axis=1), first + taps.shape[1] - there[:, ::-1].argmax(axis=1)
    begin, end = np.minimum.accumulate(begin[::-1])[::-1], np.maximum.accumulate(end)
    places = (begin - first)[:, None] + np.arange(int((end - begin).max()))
    kept = np.take_along_axis(taps, places.clip(0, taps.shape[1] - 1), axis=1)
    kept[(places < 0) | (places >= taps.shape[1])] = 0
    return Weights(begin, end, kept)
