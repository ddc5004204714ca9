"""Measure a pair of pictures, or all frames of two files together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from ...filters.core.lazy_numpy import Array
from ...filters.core.measure.difference import NOTHING, Difference, difference, together
from ...filters.core.measure.similarity import SMALLEST, WINDOW, Plane, similarity_in_scales, similarity_of
from ...filters.core.named_tuple import NamedTuple
from .comparable import Comparable

METRICS = ("diff", "psnr", "rmse", "ssim", "ms-ssim")
USUAL = ("diff", "psnr", "ssim")


class How(NamedTuple):
    """The metrics to measure, and how."""

    metrics: Sequence[str] = USUAL
    tolerance: float = 0.0
    """Samples that differ by no more count as equal when differing pixels are counted."""
    channels: str = "luma"
    """The planes that are compared for similarity."""
    jobs: int = 1
    """Threads that share a pair."""


class Measured(NamedTuple):
    """The figures of a pair; None for those not asked for, or not defined."""

    difference: Difference = NOTHING
    full: float | None = None
    """The white level, if the files or the call say it."""
    ssim: float | None = None
    ms_ssim: float | None = None

    @property
    def is_identical(self) -> bool:
        """Whether every sample is equal."""
        return self.difference.greatest == 0

    @property
    def psnr(self) -> float | None:
        """In decibels; infinite if nothing differs."""
        return None if self.full is None else self.difference.psnr(self.full)


def measured(pair: Comparable, how: How, where: Array | None = None) -> Measured:
    """Measure one pair; the mask *where*, ``(height, width)``, selects the pixels that count."""
    found = difference(pair.a, pair.b, how.tolerance, where, int(pair.alpha), how.jobs)
    if pair.full is None:
        return Measured(found)
    if (
        not found.greatest and pair.a.dtype.kind == "u" and where is None
    ):  # half of the time for a pair of 12 megapixels
        side = min(pair.a.shape[:2])
        return Measured(found, pair.full, *(1.0 if side >= least else None for least in (WINDOW, SMALLEST)))
    in_scales = _mean(pair, how, partial(similarity_in_scales, jobs=how.jobs)) if "ms-ssim" in how.metrics else None
    in_one = None
    if "ssim" in how.metrics:
        in_one = _mean(pair, how, partial(similarity_of, where=where, jobs=how.jobs))
    return Measured(found, pair.full, in_one, in_scales)


def _mean(pair: Comparable, how: How, measure: Callable[[Array, Array, float, Plane], float]) -> float | None:
    assert pair.full is not None
    return mean_of([measure(pair.a, pair.b, pair.full, plane) for plane in pair.planes(how.channels)])


def mean_of(figures: Sequence[float | None]) -> float | None:
    """Return the mean, or None if one of the figures is not defined."""
    numbers = [figure for figure in figures if figure is not None and not math.isnan(figure)]
    return sum(numbers) / len(numbers) if len(numbers) == len(figures) and numbers else None


def of_all(frames: Sequence[Measured]) -> Measured:
    """Return the figures for all frames of two files: the differences of all, and the mean similarity."""
    if len(frames) == 1:
        return frames[0]
    full = {frame.full for frame in frames}
    return Measured(
        together([frame.difference for frame in frames]),
        full.pop() if len(full) == 1 else None,
        mean_of([frame.ssim for frame in frames]),
        mean_of([frame.ms_ssim for frame in frames]),
    )
