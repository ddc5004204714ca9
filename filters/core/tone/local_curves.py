"""Local curves: each tile has its own, and they are interpolated between the tiles' centres."""

from __future__ import annotations

from typing import Any

from .. import native
from ..engine.colour import LUMA_SUM, LUMA_WEIGHTS, luma
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple


class Curves(NamedTuple):
    """The curves of the tiles that cover a picture evenly."""

    values: Array
    """``(rows of tiles, columns of tiles, places)`` with at least two places: the result for each ``low + k · step``.

    In between, curves are linear; values beyond an end keep their distance from it.
    """
    low: float
    step: float
    height: int
    """The size of the picture."""
    width: int

    def tiles(self, axis: int) -> tuple[float, float]:
        """Return the position of an axis's first pixel, in units of tile centres, and the step to the next pixel.

        As in OpenCV, a pixel's position is that of its upper left corner.
        """
        return -0.5, self.values.shape[axis] / (self.height, self.width)[axis]


def follow(strip: Array, curves: Curves, first: int, kind: Any, work: Any) -> Array:
    """Return a strip, whose first row is the picture's row *first*, mapped by the curves, in the type *kind*.

    In colour the luma follows the curves, and the colours keep their differences from it. Sums have the type *work*.
    """
    (above, down), across = curves.tiles(0), curves.tiles(1)
    rows = above + down * first, down
    if native.core is None:
        values = strip.astype(np.float64)
        before = luma(values)
        found = _placed(before, curves, rows, across)
        if strip.shape[2] == 3:
            found = values + (found - before)
        return native.converted(found, kind, work)
    given, step = native.rows_of(np.ascontiguousarray(strip) if strip.shape[2] == 3 else strip)
    found = native.results(given.shape, kind, step)
    places = curves.low, 1 / curves.step
    values = curves.values.astype(work, copy=False)
    weights = np.array(LUMA_WEIGHTS, np.float64)
    native.core.local_curves(given, found, values, step, *places, *rows, *across, weights, LUMA_SUM)
    return native.strip_like(found, step)


def _placed(values: Array, curves: Curves, rows: tuple[float, float], across: tuple[float, float]) -> Array:
    """Return *values* ``(rows, columns, 1)`` on the curves around them."""
    heights, widths, places = curves.values.shape
    place = (values[..., 0] - curves.low) / curves.step
    inside = np.clip(np.where(np.isnan(place), 0, place), 0, places - 1)
    left = np.minimum(inside.astype(np.intp), places - 2)
    part = inside - left
    y, lower = _between(rows, values.shape[0], heights)
    x, right = _between(across, values.shape[1], widths)

    def on(row: Array, column: Array) -> Array:
        start = curves.values[row[:, None], column, left]
        return start + part * (curves.values[row[:, None], column, left + 1] - start)

    below, beside = np.minimum(y + 1, heights - 1), np.minimum(x + 1, widths - 1)
    upper_row = on(y, x) + right * (on(y, beside) - on(y, x))
    lower_row = on(below, x) + right * (on(below, beside) - on(below, x))
    answer = upper_row + lower[:, None] * (lower_row - upper_row)
    return (answer + (place - inside) * curves.step)[..., None]


def _between(line: tuple[float, float], count: int, tiles: int) -> tuple[Array, Array]:
    """Return the tile before each of *count* pixels, and the pixel's fraction of the way to the next tile."""
    place = np.clip(line[0] + line[1] * np.arange(count), 0, tiles - 1)
    tile = place.astype(np.intp)
    return tile, place - tile
