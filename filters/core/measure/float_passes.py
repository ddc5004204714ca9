"""Statistics of floats in two passes: first their range, then their distribution."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from ..engine.nodata import Nodata
from ..engine.sample_counts import STEPS, counted
from ..engine.threads import side_by_side
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from .channel import Statistics


class Range(NamedTuple):
    """The first pass's results for a channel."""

    samples: int
    low: float
    high: float
    total: float
    black: int
    white: int
    nan: int
    infinite: int


def of_floats(
    strips: Callable[[int], Iterator[Array]], cores: int, full: float, missing: Nodata | None
) -> list[Statistics]:
    """Return the statistics of each channel; *strips* yields the strips of each of *cores* threads."""

    def first(number: int) -> list[list[Range]]:
        return [[_range_of(plane, gaps, full) for plane, gaps in _planes(strip, missing)] for strip in strips(number)]

    by_strip = [each for part in side_by_side(first, range(cores), cores) for each in part]
    ranges = [_joined(each) for each in zip(*by_strip, strict=True)]

    def second(number: int) -> list[tuple[Array, list[float]]]:
        found = [(np.zeros(STEPS, np.int64), list[float]()) for _ in ranges]
        for strip in strips(number):
            for channel, (plane, gaps) in enumerate(_planes(strip, missing)):
                counts, squares = found[channel]
                more, further = _placed(plane[np.isfinite(plane) & ~gaps], ranges[channel])
                counts += more
                squares.append(further)
        return found

    by_core = zip(*side_by_side(second, range(cores), cores), strict=True)
    return [
        _of_passes(known, np.sum([counts for counts, _ in parts], axis=0), [each for _, own in parts for each in own])
        for known, parts in zip(ranges, by_core, strict=True)
    ]


def _planes(strip: Array, missing: Nodata | None) -> Iterator[tuple[Array, Array]]:
    """Yield the samples of each channel, and which of them are missing."""
    gaps = np.zeros(strip.shape, bool) if missing is None or missing.joint else missing.gaps(strip)
    for channel in range(strip.shape[2]):
        yield strip[..., channel], gaps[..., channel]


def _range_of(plane: Array, gaps: Array, full: float) -> Range:
    there = plane[~gaps]
    known = there[np.isfinite(there)]
    nan = int(np.count_nonzero(np.isnan(there)))
    infinite = there.size - known.size - nan
    if not known.size:
        return Range(0, math.inf, -math.inf, 0.0, 0, 0, nan, infinite)
    with np.errstate(over="ignore"):
        total = float(known.sum(dtype=np.float64))
    black, white = (int(np.count_nonzero(which)) for which in (known <= 0, known >= full))
    return Range(known.size, float(known.min()), float(known.max()), total, black, white, nan, infinite)


def _joined(parts: Sequence[Range]) -> Range:
    counts, lows, highs, totals, *others = zip(*parts, strict=True)
    return Range(sum(counts), min(lows), max(highs), _sum(totals), *map(sum, others))


def _sum(numbers: Sequence[float]) -> float:
    """Return the sum, rounded once; NaN if it is undefined."""
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):  # infinite, or both infinities occur
        return math.nan


def _placed(known: Array, found: Range) -> tuple[Array, float]:
    """Return the count of numbers that round to each value, and the sum of their squared deviations."""
    if not known.size:
        return np.zeros(STEPS, np.int64), 0.0
    values = known.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        apart = values - found.total / found.samples
        squares = float((apart * apart).sum())
    # Halves, since twice the greatest float is infinite.
    span = found.high / 2 - found.low / 2
    places = (values / 2 - found.low / 2) / span * (STEPS - 1) + 0.5 if span else np.zeros_like(values)
    return counted(places.astype(np.uint16)[None, :, None])[0].astype(np.int64), squares


def _of_passes(found: Range, counts: Array, squares: Sequence[float]) -> Statistics:
    # The sums of all strips are rounded once, so that they are the same for any number of cores.
    if not found.samples:
        return Statistics.of_none(1, found.nan, found.infinite)
    step = found.high / (STEPS - 1) - found.low / (STEPS - 1)
    return Statistics(
        found.samples,
        found.low,
        found.high,
        found.total / found.samples,
        math.sqrt(_sum(squares) / found.samples),
        found.black,
        found.white,
        found.nan,
        found.infinite,
        counts,
        found.low,
        step,
        exact=not step,
    )
