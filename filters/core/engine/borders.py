"""Pixels beyond the image's edge: the five border rules, with the names of `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal, get_args

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import ImageError
from .colour import luma

Border = Literal["reflect", "mirror", "nearest", "wrap", "constant"]
BORDERS: tuple[Border, ...] = get_args(Border)


Fill = float | tuple[float, ...]
"""One number, or one per channel."""


class Rule(NamedTuple):
    """A border rule, and the value of ``constant``."""

    border: Border
    fill: Fill = 0.0
    opacity: float = 1.0
    """The alpha of ``constant``, as a fraction of white."""

    def of_alpha(self, full: float) -> Rule:
        """Return the rule for an alpha whose white is *full*."""
        return Rule(self.border, self.opacity * full)

    def is_whole(self, most: float, gray: bool) -> bool:
        """Whether the pixels beyond the edge of integers from 0 to *most* are such integers, for *gray* or colours."""
        several = self.fill if isinstance(self.fill, tuple) else (self.fill,)
        whole = all(float(value).is_integer() and 0 <= value <= most for value in several)
        return self.border != "constant" or (whole and not (gray and len({*several}) > 1))

    def level(self, channel: int, channels: int) -> float:
        """Return the value of ``constant`` in one of *channels* channels; raises ImageError."""
        fill = values_of(self.fill, channels) if self.border == "constant" else 0.0
        return float(fill[channel]) if isinstance(fill, np.ndarray) else fill


def values_of(fill: Fill, channels: int) -> Any:
    """Return the value of ``constant`` for *channels*: one number, or an array with one per channel; raises ImageError.

    Three values are a colour; gray takes its luma.

    >>> values_of(7.0, 3), values_of((1.0, 2.0, 3.0), 3).tolist(), values_of((50.0, 60.0, 70.0), 1)
    (7.0, [1.0, 2.0, 3.0], 58.15)
    """
    if not isinstance(fill, tuple):
        return fill
    if len(fill) == channels:
        return np.array(fill, np.float64)
    if len(fill) == 3 and channels == 1:
        return float(luma(np.array([[fill]], np.float64)).item())
    known = "gray takes one, or the three of a colour" if channels == 1 else f"use one, or {channels}: one per channel"
    raise ImageError(f"fill has {len(fill)} values; {known}")


PICTURES = {
    "reflect": "dcba|abcd|dcba",
    "mirror": "dcb|abcd|cba",
    "nearest": "aaaa|abcd|dddd",
    "wrap": "abcd|abcd|abcd",
    "constant": "kkkk|abcd|kkkk",
}

ALIASES = {
    "symmetric": "reflect",
    "reflect101": "mirror",
    "reflect_101": "mirror",
    "reflect-101": "mirror",
    "replicate": "nearest",
    "edge": "nearest",
    "circular": "wrap",
    "zero": "constant",
    "zeros": "constant",
}
"""Names that NumPy and OpenCV use. NumPy's own ``reflect`` is ``mirror`` here, as in SciPy."""


def source_index(start: int, stop: int, size: int, border: Border) -> Array:
    """Return which of *size* samples is at each position ``start … stop-1``; -1 for the fill of ``constant``.

    Positions may lie any distance outside, as they do for a kernel larger than the image.

    >>> source_index(-3, 6, 4, "reflect").tolist()
    [2, 1, 0, 0, 1, 2, 3, 3, 2]
    >>> source_index(-3, 6, 4, "mirror").tolist()
    [3, 2, 1, 0, 1, 2, 3, 2, 1]
    >>> source_index(-3, 6, 4, "constant").tolist()
    [-1, -1, -1, 0, 1, 2, 3, -1, -1]
    """
    return index_of(np.arange(start, stop), size, border)


def index_of(position: Array, size: int, border: Border) -> Array:
    """Return which of *size* samples is at each position; -1 for the fill of ``constant``.

    >>> import numpy as np
    >>> index_of(np.array([-9, 3, 40]), 4, "wrap").tolist()
    [3, 3, 0]
    """
    if border == "constant":
        return np.where((position >= 0) & (position < size), position, -1)
    if border == "nearest" or size == 1:
        return position.clip(0, size - 1)
    if border == "wrap":
        return position % size
    period = 2 * size if border == "reflect" else 2 * size - 2
    position = position % period
    return np.minimum(position, period - (border == "reflect") - position)


def runs(index: Array) -> list[tuple[int, int, int, int]]:
    """Split an index into runs that slices can copy: ``(position, first, count, step)``, step 1, -1 or 0.

    Slices copy a border in a quarter of the time of gathering by index.

    >>> runs(source_index(-2, 5, 3, "reflect"))
    [(0, 1, 2, -1), (2, 0, 3, 1), (5, 2, 2, -1)]
    """
    count, found = len(index), []
    if count and 0 <= index[0] == index[-1] - count + 1:
        return [(0, int(index[0]), count, 1)]  # steps are at most 1, so all positions lie inside
    steps = np.diff(index)
    turns = np.flatnonzero(np.diff(steps)) + 1
    position = 0
    while position < count:
        end = position + 1
        step = int(steps[position]) if end < count else 0
        if end < count and abs(step) <= 1 and (index[position] < 0) == (index[end] < 0):
            later = np.searchsorted(turns, end)
            end = int(turns[later]) + 1 if later < len(turns) else count
        found.append((position, int(index[position]), end - position, step if end - position > 1 else 0))
        position = end
    return found


@lru_cache(maxsize=64)
def _runs_between(start: int, stop: int, size: int, border: Border) -> list[tuple[int, int, int, int]]:
    """Return the runs of `source_index`, cached: strips share their columns, images of one size their rows."""
    return runs(source_index(start, stop, size, border))


@lru_cache(maxsize=64)
def seen(start: int, stop: int, size: int, border: Border) -> list[tuple[int, int]]:
    """Return the ranges of samples at the positions ``start … stop-1``: usually one, two for `wrap`.

    >>> seen(-2, 5, 9, "mirror"), seen(-2, 5, 9, "wrap")
    ([(0, 5)], [(0, 5), (7, 9)])
    """
    groups: list[tuple[int, int]] = []
    ends = ((first, first + step * (count - 1)) for _, first, count, step in _runs_between(start, stop, size, border))
    for low, high in sorted((min(pair), max(pair) + 1) for pair in ends if pair[0] >= 0):
        if groups and low <= groups[-1][1]:
            low, high = groups[-1][0], max(groups.pop()[1], high)
        groups.append((low, high))
    return groups or [(0, 1)]


def surround(
    parts: Sequence[tuple[int, Array]],
    rows: tuple[int, int, int],
    left: int,
    right: int,
    work: Any,
    rule: Rule,
    interleaved: bool = False,
) -> Array:
    """Return rows of an image with the pixels beyond its edges, as one strip of type *work*.

    *parts* are strips ``(rows, columns, channels)``, or ``(images, rows, columns, channels)`` for several images, each
    with the row at which it begins. *rows* are the result's first row, its end (exclusive), and the number of rows of
    the image. *left* and *right* columns are added; a negative *right* cuts columns off. One copy converts, pads, and
    separates the channels into planes. Channels that may stay *interleaved* take a third of the time in 8 bits.
    """
    given = parts[0][1]
    if given.shape[2:] == (1,) and left == right == 0 <= rows[0] and rows[1] <= rows[2] and len(parts) == 1:
        return given[rows[0] - parts[0][0] : rows[1] - parts[0][0]].astype(work)  # no pixel lies beyond the edges
    *images, _, width, channels = given.shape
    size = (*images, rows[1] - rows[0], left + width + max(right, 0))
    if interleaved and channels > 1 and given.strides[-1] == given.itemsize:
        planes = _channels_first(_sheet((*size, channels), work, 0))
    else:
        planes = _sheet((channels, *size), work, 1)
    fill = values_of(rule.fill, channels) if rule.border == "constant" else 0.0
    if isinstance(fill, np.ndarray):
        fill = fill.reshape(-1, *(1 for _ in size))
    middle = planes[..., left : left + width]
    for position, first, count, step in _runs_between(*rows, rule.border):
        place = middle[..., position : position + count, :]
        if first < 0:
            place[...] = fill
            continue
        start, strip = next(part for part in reversed(parts) if part[0] <= first)
        rows_there = _channels_first(strip)[..., _slice(first - start, count, step), :]
        np.copyto(place, rows_there, casting="unsafe")
    for position, stop in ((-left, 0), (width, width + right)):
        for offset, first, count, step in _runs_between(position, stop, width, rule.border):
            columns = planes[..., left + position + offset : left + position + offset + count]
            columns[...] = fill if first < 0 else planes[..., _slice(left + first, count, step)]
    return planes[..., : left + width + right].transpose(*range(1, planes.ndim), 0)


def _channels_first(strip: Array) -> Array:
    """Return a strip of one or several images with the channel axis first: a faster `np.moveaxis`."""
    return strip.transpose(-1, *range(strip.ndim - 1))


def _sheet(shape: tuple[int, ...], work: Any, first: int) -> Array:
    """Return an array in which images that lie side by side share their rows; their axes begin at *first*.

    For images ``(down, across, rows, columns)`` a row in memory holds one row of each image across.
    """
    if len(shape) < 5:
        return np.empty(shape, work)
    across, rows = first + 1, first + 2
    order = list(shape)
    order[across], order[rows] = shape[rows], shape[across]
    return np.empty(order, work).swapaxes(across, rows)


def beside(strip: Array, ends: Sequence[tuple[int, int]], rule: Rule) -> Array:
    """Return the columns between each pair of *ends* side by side; some may lie beyond the edges."""
    found = np.empty((len(strip), sum(stop - start for start, stop in ends), strip.shape[2]), strip.dtype)
    fill = values_of(rule.fill, strip.shape[2]) if rule.border == "constant" else 0.0
    place = 0
    for start, stop in ends:
        for offset, first, count, step in _runs_between(start, stop, strip.shape[1], rule.border):
            columns = found[:, place + offset : place + offset + count]
            columns[...] = fill if first < 0 else strip[:, _slice(first, count, step)]
        place += stop - start
    return found


def _slice(first: int, count: int, step: int) -> slice:
    """Return the slice of *count* samples from *first*; step 0 gives one sample, to be repeated."""
    if step == 0:
        return slice(first, first + 1)
    stop = first + step * count
    return slice(first, None if stop < 0 else stop, step)
