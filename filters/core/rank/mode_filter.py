"""The filter that gives each pixel the most frequent sample of its window, as a stage.

Samples of few values, such as the classes of a label map, are counted value by value, each where it occurs; those of
many values in a small window are sorted. Both ways are exact and give the same.
"""

from __future__ import annotations

from ..engine.facts import Fact, note
from ..engine.layout import planes_of, strip_of
from ..engine.stage import BY_ALPHA, BoundStage, Colours, Halo, ImageContext, Stage, Window
from ..lazy_numpy import Array, np
from ..linear import box_sum
from ..linear.footprint import Footprint
from .rank_filter import seen, spread
from .selection import selecting

A_VALUE, A_SAMPLE = 5, 40
"""Nanoseconds a pixel: to count one value, and to sort one sample of the window."""
SORTED_AT_ONCE = 1 << 20
"""Samples that are sorted at a time."""


def most_frequent(width: int, height: int) -> Stage:
    """Return the stage that gives each pixel the most frequent sample of a window around it, which is its mode.

    Of several that are as frequent it is the pixel's own, if it is among them, else the least. Where missing samples
    count nothing, it is the mode of those that are present. Transparent pixels count nothing, and the alpha stays.
    """
    halo = Halo(width // 2, height // 2, (width - 1) // 2, (height - 1) // 2)
    window = Footprint(width, height, (1, 1), (1, 1), full=True)

    def select(strip: Array) -> Array:
        return strip_of(np.stack([mode_of(plane, width, height) for plane in planes_of(strip)]))

    def bind(context: ImageContext) -> BoundStage:
        answer = selecting(spread(select, window), halo, select).bind(context)
        assert isinstance(answer, BoundStage)
        return answer._replace(function=seen(answer.function, select, window, halo, context))

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        return (note(f"mode: {width}×{height}, the most frequent sample"),)

    return Stage(bind, window=Window(halo), selects=True, picks=True, colours=Colours(alpha=BY_ALPHA), facts=facts)


def mode_of(plane: Array, width: int, height: int) -> Array:
    """Return the mode of every window of a padded plane, ``(rows, columns)``; NaN counts nothing."""
    if plane.dtype.kind == "f":
        plane = plane + plane.dtype.type(0)  # a zero has no sign
    values = np.unique(plane)
    values = values[values == values]
    if A_VALUE * len(values) <= A_SAMPLE * width * height:
        return _by_counting(plane, values, width, height)
    return _by_sorting(plane, width, height)


def _centres(plane: Array, width: int, height: int) -> Array:
    rows, columns = plane.shape[0] - height + 1, plane.shape[1] - width + 1
    return plane[height // 2 : height // 2 + rows, width // 2 : width // 2 + columns]


def _by_counting(plane: Array, values: Array, width: int, height: int) -> Array:
    centres = _centres(plane, width, height)
    most, own = np.zeros(centres.shape, np.int32), np.zeros(centres.shape, np.int32)
    modes = np.full(centres.shape, np.nan if plane.dtype.kind == "f" else 0, plane.dtype)
    for value in values:
        there = plane == value
        top, bottom = _reach(there.any(axis=1), height)
        left, right = _reach(there.any(axis=0), width)
        area = slice(top, bottom - height + 1), slice(left, right - width + 1)
        counts = _counts(there[top:bottom, left:right], width, height)
        better = counts > most[area]
        np.copyto(most[area], counts, where=better)
        np.copyto(modes[area], value, where=better)
        np.copyto(own[area], counts, where=centres[area] == value)
    np.copyto(modes, centres, where=(own == most) & (own > 0))
    return modes


def _reach(there: Array, length: int) -> tuple[int, int]:
    """Return the range of samples whose windows of a *length* hold any that is *there*."""
    (found,) = there.nonzero()
    return max(0, int(found[0]) - length + 1), min(len(there), int(found[-1]) + length)


def _counts(there: Array, width: int, height: int) -> Array:
    return box_sum.mean(there[..., None], height, width, np.int32)[..., 0]


def _by_sorting(plane: Array, width: int, height: int) -> Array:
    windows = np.lib.stride_tricks.sliding_window_view(plane, (height, width))
    centres = _centres(plane, width, height)
    rows, columns = centres.shape
    modes = np.empty((rows, columns), plane.dtype)
    step = max(1, SORTED_AT_ONCE // (columns * width * height))
    for start in range(0, rows, step):
        block = np.sort(windows[start : start + step].reshape(-1, width * height), axis=1)
        own = centres[start : start + step].reshape(-1, 1)
        index = np.arange(width * height)
        begins = np.ones(block.shape, bool)
        np.not_equal(block[:, 1:], block[:, :-1], out=begins[:, 1:])
        # How far each sample stands behind the beginning of its run: NaNs, the last, are no run.
        runs = index - np.maximum.accumulate(np.where(begins, index, 0), axis=1)
        longest = runs.argmax(axis=1)
        found = np.take_along_axis(block, longest[:, None], axis=1)[:, 0]
        frequent = (block == own).sum(axis=1) > runs.max(axis=1)
        modes[start : start + step] = np.where(frequent, own[:, 0], found).reshape(-1, columns)
    return modes
