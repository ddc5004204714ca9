"""Hysteresis over an image that is never held in memory as a whole.

Strips of classes are processed one by one. For each, the nonzero pixels are stored as packed bits, together with the
connections between their runs; the runs of adjacent strips are connected afterwards. So an edge may wind through the
whole image, and a result of 400 million pixels takes only the memory of the runs: some megabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from ..engine.stage import Rows, Values, fields_of
from ..engine.strips import each_strip
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from .non_maximum_suppression import STRONG

STRIP_BYTES = 1 << 21
"""The number of classes to process together."""
LEVEL = 1
"""zlib's compression level: with few edges it leaves a tenth of the bits."""


class Runs(NamedTuple):
    """Runs of adjacent samples, by their index in an image two columns wider, in which no run reaches the next row."""

    starts: Array
    stops: Array
    stride: int

    def of_row(self, row: int) -> tuple[Array, Array, Array]:
        """Return the starts and stops in one row, as columns, and the indices of its runs."""
        first, last = np.searchsorted(self.starts, (row * self.stride, (row + 1) * self.stride))
        left = row * self.stride
        return self.starts[first:last] - left, self.stops[first:last] - left, np.arange(first, last)


def runs_of(mask: Array) -> Runs:
    """Return the runs of True in a mask ``(rows, columns)``.

    >>> import numpy as np
    >>> runs_of(np.array([[True, True, False], [False, False, True]]))[:2]
    (array([1, 8]), array([3, 9]))
    """
    wide = np.zeros((len(mask), mask.shape[1] + 2), bool)
    wide[:, 1:-1] = mask
    flat = wide.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    return Runs(changes[::2], changes[1::2], wide.shape[1])


def touching(above: tuple[Array, Array], below: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return the indices of the runs in two rows, given as starts and stops, that touch each other, even at a corner.

    >>> import numpy as np
    >>> above, below = (np.array([1, 8]), np.array([3, 10])), (np.array([3]), np.array([8]))
    >>> [numbers.tolist() for numbers in touching(above, below)]
    [[0, 1], [0, 0]]
    """
    (starts, stops), (firsts, lasts) = above, below
    low, high = np.searchsorted(stops, firsts), np.searchsorted(starts, lasts, side="right")
    counts = high - low
    ends = np.cumsum(counts)
    inner = np.arange(counts.sum()) - np.repeat(ends - counts, counts)
    return np.repeat(low, counts) + inner, np.repeat(np.arange(len(firsts)), counts)


def joined(count: int, pairs: tuple[Array, Array]) -> tuple[int, Array]:
    """Return the number of connected components of *count* nodes joined by *pairs*, and each node's component."""
    if not len(pairs[0]):
        return count, np.arange(count)
    from scipy.sparse import coo_array, csgraph  # 60 ms, only for pictures that take seconds

    graph = coo_array((np.ones(len(pairs[0]), bool), pairs), (count, count))
    parts, numbers = csgraph.connected_components(graph, directed=False)
    return int(parts), numbers


class Strip(NamedTuple):
    """One strip of one channel, packed."""

    bits: bytes
    shape: tuple[int, int]
    labels: Array
    """For each run, the component of the strip's edges that contains it."""
    strong: Array
    """For each component, whether any sample is strong."""
    first: tuple[Array, Array, Array]
    """The runs of the first row: starts, stops, labels."""
    last: tuple[Array, Array, Array]

    @classmethod
    def of(cls, classes: Array) -> Strip:
        """Return a strip of the classes ``(rows, columns)``."""
        mask = classes != 0
        runs, stride = runs_of(mask), mask.shape[1] + 2
        above = runs.starts + stride, runs.stops + stride  # in the coordinates of the row below
        count, labels = joined(len(runs.starts), touching(above, (runs.starts, runs.stops)))
        labels = labels.astype(np.uint16 if count <= 1 << 16 else np.int32)
        rows, columns = np.nonzero(classes == STRONG)
        strong = np.zeros(count, bool)
        strong[labels[np.searchsorted(runs.starts, rows * stride + columns + 1, side="right") - 1]] = True
        ends = [(starts, stops, labels[numbers]) for starts, stops, numbers in map(runs.of_row, (0, len(mask) - 1))]
        packed = zlib.compress(np.packbits(mask).data, LEVEL)
        return cls(packed, mask.shape, labels, strong, ends[0], ends[1])

    def kept(self, parts: Array) -> Array:
        """Return the mask of the samples in the kept *parts*."""
        size = self.shape[0] * self.shape[1]
        bits = np.frombuffer(zlib.decompress(self.bits), np.uint8)
        mask = np.unpackbits(bits, count=size).view(bool).reshape(self.shape)
        runs = runs_of(mask)
        chosen = parts[self.labels]
        changes = np.zeros(self.shape[0] * runs.stride, np.int8)
        changes[runs.starts[chosen]] = 1
        changes[runs.stops[chosen]] -= 1
        return np.cumsum(changes, dtype=np.int8).view(bool).reshape(len(mask), -1)[:, 1:-1]


class Hysteresis(Rows):
    """The rows of `hysteresis` for the classes in the field ``image`` of the rows above."""

    def __init__(self, above: Rows, jobs: int = 1) -> None:
        self.above, self.height, self.width = above, above.height, above.width
        self.strip_rows, self.has_maps = max(1, STRIP_BYTES // self.width), False
        found: dict[int, list[Strip]] = {}

        def take(start: int, stop: int) -> None:
            fields = fields_of(above.rows(start, stop))
            classes = fields.pop("image")
            found[start] = [Strip.of(classes[..., channel]) for channel in range(classes.shape[2])]
            self.has_maps |= any(values is not None for values in fields.values())

        each_strip(self.height, self.strip_rows, jobs, take, in_order=True)
        self._strips = [found[start] for start in sorted(found)]
        self._parts = [_kept_parts(channel) for channel in zip(*self._strips, strict=True)]
        self._kept = lru_cache(maxsize=4 * jobs)(self._kept_of)

    def rows(self, start: int, stop: int) -> Values:
        """Return rows of the edges and of the maps."""
        first, last = start // self.strip_rows, -(-stop // self.strip_rows)
        edges = np.concatenate([self._kept(number) for number in range(first, last)])
        top = first * self.strip_rows
        edges = edges[start - top : stop - top]
        return self.above.rows(start, stop)._replace(image=edges) if self.has_maps else edges

    def _kept_of(self, number: int) -> Array:
        """Return the edges of a strip."""
        channels = zip(self._strips[number], self._parts, strict=True)
        return np.stack([strip.kept(parts[number]) for strip, parts in channels], axis=2)


def _kept_parts(strips: Sequence[Strip]) -> list[Array]:
    """Return which components of each strip belong to an edge with a strong sample."""
    first = np.cumsum([0, *(len(strip.strong) for strip in strips)])
    pairs = []
    for number, (above, below) in enumerate(pairwise(strips)):
        upper, lower = touching(above.last[:2], below.first[:2])
        pairs.append(np.stack([above.last[2][upper] + first[number], below.first[2][lower] + first[number + 1]]))
    both = np.concatenate([np.empty((2, 0), np.int64), *pairs], axis=1)
    count, edges = joined(int(first[-1]), (both[0], both[1]))
    strong = np.zeros(count, bool)
    strong[edges[np.concatenate([strip.strong for strip in strips])]] = True
    return np.split(strong[edges], first[1:-1])
