"""Contrast-limited adaptive histogram equalization: each tile of a picture is equalized by itself.

References
----------
S. Pizer et al., "Adaptive histogram equalization and its variations", 1987.
K. Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV, 1994.
"""

from __future__ import annotations

from itertools import pairwise

from ..engine.colour import luma
from ..engine.sample_counts import counted
from ..engine.stage import ImageContext, Rows, Stage, surveyed
from ..lazy_numpy import Array, np
from .equalization import has_luma, on_curves
from .local_curves import Curves
from .lookup import look_up

NUMBERS = 256
"""The number of bins from black to white, the same for all depths, so that the limit has the same meaning. With 65536
bins, as in OpenCV for 16 bits, most have less than one pixel per tile, and the limit of one pixel has no effect."""


def clahe(tiles: tuple[int, int], clip: float, per_channel: bool) -> Stage:
    """Return the stage that equalizes *tiles*, across and down, with counts limited to *clip* times their mean.

    A *clip* of 0 sets no limit.
    """

    def survey(context: ImageContext, image: Rows) -> list[Curves | None]:
        across, down = min(tiles[0], image.width), min(tiles[1], image.height)
        counts = _counts(context, image, across, down, has_luma(context, per_channel))
        values = _curves(counts, clip) * (context.full / (NUMBERS - 1))
        step = context.full / (NUMBERS - 1)
        return [Curves(np.ascontiguousarray(own), 0.0, step, image.height, image.width) for own in values]

    return on_curves(survey, per_channel, curved=True)


def _counts(context: ImageContext, image: Rows, across: int, down: int, of_luma: bool) -> Array:
    """Return the histogram of each tile: ``(channels, down, across, values)``."""
    bounds, columns = (
        [number * size // count for number in range(count + 1)]
        for size, count in ((image.height, down), (image.width, across))
    )
    total: Array | None = None
    table = _numbers(np.arange(context.most + 1), context.full)[0][None] if context.whole else np.empty((1, 0))
    start = 0
    for strip in surveyed(image):
        if of_luma and strip.shape[2] == 3:
            strip = luma(strip, np.float64)
        if context.whole and strip.dtype.kind == "u":
            numbers, gaps = look_up(strip, table), None
        else:
            numbers, gaps = _numbers(strip, context.full)
        if total is None:
            total = np.zeros((strip.shape[2], down, across, NUMBERS), np.int64)
        stop = start + len(strip)
        for tile, (top, bottom) in enumerate(pairwise(bounds)):
            rows = slice(max(top, start) - start, min(bottom, stop) - start)
            if max(top, start) >= min(bottom, stop):
                continue
            for column, (left, right) in enumerate(pairwise(columns)):
                total[:, tile, column] += counted(numbers[rows, left:right])
                if gaps is not None:
                    total[:, tile, column, 0] -= np.count_nonzero(gaps[rows, left:right], axis=(0, 1))
        start = stop
    assert total is not None
    return total


def _numbers(strip: Array, full: float) -> tuple[Array, Array | None]:
    """Return the bin of each sample, and which samples are ignored."""
    with np.errstate(invalid="ignore"):
        places = np.floor(strip * ((NUMBERS - 1) / full) + 0.5)
        gaps = ~np.isfinite(places) if strip.dtype.kind == "f" else None
        numbers = np.where(np.isnan(places), 0, np.clip(places, 0, NUMBERS - 1)).astype(np.uint8)
    if gaps is not None:
        numbers[gaps] = 0
    return numbers, gaps


def _curves(counts: Array, clip: float) -> Array:
    """Return the curve of each tile, from 0 to 255: the cumulative sum of its limited counts.

    The excess over the limit is shared among all bins, and its remainder is added one by one to evenly spaced bins,
    starting at the least, as in OpenCV.
    """
    sizes = counts.sum(axis=-1, keepdims=True)
    if clip:
        limit = np.maximum((clip * sizes / NUMBERS).astype(np.int64), 1)
        over = np.maximum(counts - limit, 0).sum(axis=-1, keepdims=True)
        each, rest = over // NUMBERS, over % NUMBERS
        apart = np.maximum(NUMBERS // np.maximum(rest, 1), 1)
        number = np.arange(NUMBERS)
        counts = np.minimum(counts, limit) + each + ((number % apart == 0) & (number // apart < rest))
    even = np.arange(NUMBERS, dtype=np.float64)
    scale = (NUMBERS - 1) / np.maximum(sizes, 1)
    return np.where(sizes > 0, np.cumsum(counts, axis=-1) * scale, even)  # empty tiles keep all values
