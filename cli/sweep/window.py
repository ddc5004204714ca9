"""The part of a picture that a sheet shows at full size."""

from __future__ import annotations

import re

import numpy as np

from ...filters.core.engine import colour
from ...filters.core.engine.mask import Box
from ...filters.core.named_tuple import NamedTuple
from ..errors import UsageError
from ..images.picture import DecodeError, Picture

WRITTEN = re.compile(r"(?:(center|centre|detail):)?(\d{1,9}(?:,\d{1,9})+)")
BLOCKS = 8
"""Blocks along the shorter side of a window; the search for the most detail moves it by whole blocks."""


class Window(NamedTuple):
    """A part of a picture, as an option describes it."""

    kind: str
    """``at`` a position, in the ``center``, or where there is the most ``detail``."""
    numbers: tuple[int, ...]
    """X, Y, width and height; without X and Y for ``detail`` and ``center``."""

    def on(self, picture: Picture) -> Box:
        """Return the part of a picture, clipped at its edges; raises `DecodeError` if it lies outside.

        >>> from ..images.picture import Picture
        >>> read("center:4,2").on(Picture(np.zeros((10, 10, 1), np.uint8)))
        (3, 4, 4, 2)
        """
        height, width = picture.pixels.shape[:2]
        columns, rows = min(self.numbers[-2], width), min(self.numbers[-1], height)
        if self.kind == "center":
            return (width - columns) // 2, (height - rows) // 2, columns, rows
        if self.kind == "detail":
            return (*_of_most_detail(picture, columns, rows), columns, rows)
        x, y = self.numbers[:2]
        if x >= width or y >= height:
            raise DecodeError(f"has {width}×{height} pixels; --crop {','.join(map(str, self.numbers))} lies outside")
        return x, y, min(self.numbers[2], width - x), min(self.numbers[3], height - y)


def read(text: str) -> Window:
    """Read the value of --crop; raises UsageError."""
    found = WRITTEN.fullmatch(text)
    numbers = tuple(map(int, found[2].split(","))) if found else ()
    if found is None or len(numbers) != (2 if found[1] else 4):
        raise UsageError(f"--crop: {text!r} is not X,Y,W,H, center:W,H or detail:W,H in whole pixels")
    if not min(numbers[-2:]):
        raise UsageError(f"--crop: {text} has no pixels; W and H are at least 1")
    return Window({"centre": "center", None: "at"}.get(found[1], found[1] or ""), numbers)


def _of_most_detail(picture: Picture, width: int, height: int) -> tuple[int, int]:
    """Return the left and top of the window with the greatest variance of luma, in steps of a block."""
    step = max(1, min(width, height) // BLOCKS)
    rows, columns = (size // step for size in picture.pixels.shape[:2])
    sums = np.empty((2, rows, columns))
    for row in range(rows):
        strip = picture.pixels[row * step : (row + 1) * step, : columns * step].astype(np.float64)
        gray = np.nan_to_num(colour.luma(strip, np.float64) if strip.shape[2] == 3 else strip)[..., 0]
        for at, values in enumerate((gray, gray * gray)):
            sums[at, row] = values.reshape(step, columns, step).sum(axis=(0, 2))
    down, across = max(1, height // step), max(1, width // step)
    cumulated = np.pad(sums, ((0, 0), (1, 0), (1, 0))).cumsum(1).cumsum(2)
    total, squares = (
        one[down:, across:] - one[:-down, across:] - one[down:, :-across] + one[:-down, :-across] for one in cumulated
    )
    count = down * across * step * step
    variance = squares / count - (total / count) ** 2
    y, x = np.unravel_index(int(variance.argmax()), variance.shape)
    return (
        min(int(x) * step, picture.pixels.shape[1] - width),
        min(int(y) * step, picture.pixels.shape[0] - height),
    )
