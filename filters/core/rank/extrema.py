"""Minima and maxima over windows and arbitrary flat shapes: erosion and dilation."""

from __future__ import annotations

from functools import cached_property, reduce
from typing import Any, Literal

from .. import native
from ..engine.facts import Fact, note
from ..engine.stage import BoundStage, ImageContext, Stage, Window
from ..lazy_numpy import Array, np
from .structuring_element import Pair, Shape

Extreme = Literal["min", "max"]
FEW_SAMPLES = 14
"""The most samples of a shape to combine one by one; for a cross of 9×9, 17 samples, rectangles are faster."""


def extremum(which: Extreme, shape: Shape, **properties: Any) -> Stage:
    """Return the stage that gives each pixel the least or the greatest sample under *shape*.

    NaN makes the result NaN, unless missing samples are ignored; a result without any sample is missing.
    """
    over = Over(shape)

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        name = {"min": "minimum", "max": "maximum"}[which]
        return (note(f"{name} of {shape.points} samples in {shape.width}×{shape.height}"),)

    def bind(context: ImageContext) -> BoundStage:
        return BoundStage(lambda strip: over(strip, which, context.ignoring), interleaved=True, anywhere=True)

    return Stage(bind, window=Window(shape.halo), selects=True, picks=True, facts=facts, **properties)


class Over:
    """Finds the least or greatest samples under a shape, which is split into rectangles once, on demand.

    >>> import numpy as np
    >>> from imfilter.filters.core.rank.structuring_element import window
    >>> Over(window(2, 1))(np.array([3, 1, 2, 5], np.uint8)[None, :, None], "max").ravel().tolist()
    [3, 2, 5]
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    @cached_property
    def rectangles(self) -> Array:
        """The shape as rectangles."""
        width, height, _, mask = self.shape
        return np.array([[width, height, 0, 0]], np.int32) if mask is None else rectangles(mask)

    def __call__(self, strip: Array, which: Extreme, ignoring: bool = False) -> Array:
        """Return the extrema of a padded strip; NaN makes NaN, or is skipped if *ignoring*."""
        width, height = self.shape.width, self.shape.height
        rows, columns = strip.shape[0] - height + 1, strip.shape[1] - width + 1
        if native.core is None:
            return self._reference(strip, rows, columns, joining(which, ignoring))
        given, step = native.rows_of(strip)
        result = native.results((len(given), rows, columns * step), strip.dtype, step)
        native.core.extrema(given, result, self.rectangles[None], width, height, step, which == "max", ignoring)
        return native.strip_like(result, step)

    def _reference(self, strip: Array, rows: int, columns: int, join: Any) -> Array:
        def joined(width: int, height: int, x: int, y: int) -> Array:
            tall = reduce(join, (strip[i : i + rows] for i in range(y, y + height)))
            return reduce(join, (tall[:, j : j + columns] for j in range(x, x + width)))

        return reduce(join, (joined(*rectangle) for rectangle in self.rectangles.tolist()))


def joining(which: Extreme, ignoring: bool) -> Any:
    """Return the function that combines two samples: NaN makes NaN, or is skipped if *ignoring*."""
    if which == "min":
        return np.fmin if ignoring else np.minimum
    return np.fmax if ignoring else np.maximum


def rectangles(mask: Array) -> Array:
    """Return rectangles ``(width, height, x, y)`` that cover exactly the True samples of *mask*, sorted.

    They may overlap: each run of a row lies in a rectangle as tall as the mask allows. A few samples become one
    rectangle each.

    >>> rectangles(np.ones((5, 6), bool)).tolist()
    [[6, 5, 0, 0]]
    """
    y, x = np.nonzero(mask)
    if len(x) <= FEW_SAMPLES:
        return np.stack([np.ones_like(x), np.ones_like(x), x, y], 1).astype(np.int32)
    counts = np.cumsum(np.pad(mask, ((0, 0), (1, 0))).T, axis=0, dtype=np.int32)
    found = set()
    for y, row in enumerate(mask):
        for start, stop in runs(row):
            there = counts[stop] - counts[start] == stop - start
            top, bottom = next(run for run in runs(there) if y < run[1])
            found.add((stop - start, bottom - top, start, top))
    return np.array(sorted(found), np.int32)


def runs(row: Array) -> list[Pair]:
    """Return where the runs of True in a row start and stop.

    >>> runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(row.view(np.int8), prepend=0, append=0)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
