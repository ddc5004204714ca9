"""A sheet: all maps of a filter bank in one labelled gray picture, on a common scale or one for each."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..drawing.cells import MARGIN, Cell, Grid, columns, laid_out, places
from ..drawing.text import font
from .options import SheetRange

LARGEST = 256
"""Most pixels of the longer side of a map on the sheet."""
WIDEST = 4000
"""Most pixels of the sheet's width, for which the maps are reduced further, down to `LEAST`."""
LEAST = 32
WIDEST_RANGE = "-8.888e+88 to -8.888e+88"
RARE = 0.2
"""The percentage of a map's samples that may be clipped at each end, so that outliers do not turn it flat gray."""


class Reduced:
    """Collects the maps of a sheet: means of squares of samples, and each map's range.

    It serves as a `Canvas`, and never holds more than a strip of the maps' own samples.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: Any) -> None:
        self.shape, self.dtype, self.size = shape, np.dtype(dtype), math.prod(shape)
        self.step = step_of(shape)
        """The number of samples, along both axes, that become one on the sheet."""
        # By the first row of each strip: the order of the threads must not matter.
        self._parts: dict[int, Any] = {}
        self._ranges: dict[int, tuple[Any, Any]] = {}

    def cuts(self, start: int, stop: int) -> Iterable[tuple[int, int]]:
        """Return the parts of some rows that `rows` takes at a time: all."""
        return ((start, stop),)

    @contextlib.contextmanager
    def rows(self, start: int, stop: int) -> Iterator[Any]:
        """Give a buffer for some rows, whose contents are reduced when the context ends."""
        planes = np.empty((self.shape[2], stop - start, self.shape[1]), self.dtype)
        yield planes.transpose(1, 2, 0)
        self._ranges[start] = np.fmin.reduce(planes, axis=(1, 2)), np.fmax.reduce(planes, axis=(1, 2))
        cuts = [0, *range(-start % self.step or self.step, stop - start, self.step)]
        down = np.add.reduceat(planes, cuts, axis=1, dtype=np.float64)
        self._parts[start] = np.add.reduceat(down, range(0, self.shape[1], self.step), axis=2)

    def cells(self) -> Any:
        """Return the reduced maps, ``(maps, rows, columns)``."""
        height, width, maps = self.shape
        rows, across = -(-height // self.step), -(-width // self.step)
        total = np.zeros((maps, rows, across))
        for start in sorted(self._parts):
            first = start // self.step
            part = self._parts[start]
            total[:, first : first + part.shape[1]] += part
        down = np.minimum(self.step, height - self.step * np.arange(rows))
        along = np.minimum(self.step, width - self.step * np.arange(across))
        return total / (down[:, None] * along)

    def ranges(self) -> list[tuple[float, float]]:
        """Return the least and the greatest sample of each map."""
        low = np.fmin.reduce([low for low, _ in self._ranges.values()])
        high = np.fmax.reduce([high for _, high in self._ranges.values()])
        return list(zip(low.tolist(), high.tolist(), strict=True))

    def drawn(self, names: Sequence[str], how: SheetRange = "auto") -> Any:
        """Return the sheet, ``(height, width, 1)`` of uint8."""
        cells = self.cells()
        return draw(cells, self.ranges(), scales(cells, how), names)


def step_of(shape: tuple[int, int, int]) -> int:
    """Return how many samples of maps, ``(height, width, maps)``, become one on the sheet, along both axes."""
    wanted = min(LARGEST, max(LEAST, WIDEST // columns(shape[2])))
    return -(-max(shape[:2]) // wanted)


def scales(cells: Any, how: SheetRange) -> list[tuple[float, float]]:
    """Return the values of black and white for each of ``cells (maps, rows, columns)``.

    With ``each``, every map has its own range; ``common`` is 0 to the greatest value of all; ``signed`` is one scale
    for all with 0 in the middle; ``auto`` is signed if any value is negative, else common.

    >>> two = np.array([[[0.0, 4.0]], [[-2.0, 0.0]]])
    >>> [[(round(low, 2), round(high, 2)) for low, high in scales(two, how)] for how in ("each", "common", "signed")]
    [[(0.01, 3.99), (-2.0, -0.0)], [(0.0, 3.99), (0.0, 3.99)], [(-3.99, 3.99), (-3.99, 3.99)]]
    """
    ends = [_ends(cell) for cell in cells]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    if how == "each":
        return ends
    if how == "signed" or (how == "auto" and low < 0):
        return [(-max(-low, high), max(-low, high))] * len(ends)
    return [(0.0, high)] * len(ends)


def _ends(cell: Any) -> tuple[float, float]:
    """Return the range of a map's values without outliers."""
    values = cell[np.isfinite(cell)]
    if not values.size:
        return 0.0, 0.0
    low, high = np.percentile(values, (RARE, 100 - RARE))
    return float(low), float(high)


def labels(names: Sequence[str], ranges: Sequence[tuple[float, float]]) -> list[tuple[str, str]]:
    """Return the two lines of text for each map: its number and name, and its range."""
    return [
        (first_label(number, name), f"{low:.4g} to {high:.4g}")
        for number, (name, (low, high)) in enumerate(zip(names, ranges, strict=True))
    ]


def first_label(number: int, name: str) -> str:
    """Return the first line of text for a map; a name that only repeats the number is left out."""
    return f"{number}" if name == f"map {number}" else f"{number}  {name}"


def larger(shape: tuple[int, int, int], names: Sequence[str]) -> int:
    """Return how many pixels, along both axes, show one sample of ``maps (maps, rows, columns)``.

    Small maps become as wide as their labels.
    """
    return max(1, _widest(names) // max(shape[1:]))


def grid_of(shape: tuple[int, int, int], names: Sequence[str]) -> Grid:
    """Return the arrangement of maps ``(maps, rows, columns)`` on a sheet, whose first labels are *names*."""
    count, rows, across = shape
    scale = larger(shape, names)
    width = max(across * scale, _widest(names)) + 2 * MARGIN
    height = rows * scale + 2 * font().line_height + 2 * MARGIN
    side_by_side = min(columns(count), max(1, WIDEST // width))
    return Grid(width, height, side_by_side, -(-count // side_by_side))


def _widest(names: Sequence[str]) -> int:
    # There is room for the widest range, so that the sheets of an animation have the same size.
    return max(map(font().width, (WIDEST_RANGE, *names)))


@functools.lru_cache(maxsize=4)
def foreseen(shape: tuple[int, int, int], names: tuple[str, ...]) -> tuple[tuple[int, int], int]:
    """Return the size of the sheet of maps ``(height, width, maps)``, and the bytes that are collected for it."""
    step = step_of(shape)
    rows, across = (-(-side // step) for side in shape[:2])
    size = grid_of((shape[2], rows, across), [first_label(number, name) for number, name in enumerate(names)]).size
    # The strips, their sum and its mean.
    return size, 3 * 8 * shape[2] * rows * across


def draw(
    cells: Any, ranges: Sequence[tuple[float, float]], scales: Sequence[tuple[float, float]], names: Sequence[str]
) -> Any:
    """Draw ``cells (maps, rows, columns)``, black and white at the ends of each one's scale, in a grid with labels."""
    texts = labels(names, ranges)
    grid = grid_of(cells.shape, [name for name, _ in texts])
    scale = larger(cells.shape, [name for name, _ in texts])
    maps = (
        Cell(_stretched(cell, *ends).repeat(scale, 0).repeat(scale, 1), lines)
        for cell, ends, lines in zip(cells, scales, texts, strict=True)
    )
    return laid_out(grid, maps, places(len(cells), grid.columns), cells.shape[1] * scale)[..., None]


def _stretched(values: Any, low: float, high: float) -> Any:
    """Return values as gray levels, *low* black and *high* white; NaN is black, a constant gray, a constant 0 black."""
    if not high > low:
        return np.full(values.shape, 128 if low else 0, np.uint8)
    levels = np.clip((values - low) * (255 / (high - low)), 0, 255)
    return np.floor(np.nan_to_num(levels, nan=0) + 0.5).astype(np.uint8)
