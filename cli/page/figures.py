"""The figures of a picture's channels, as a page tabulates and draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...filters.core.engine.colour import ColourModel
from ...filters.core.engine.nodata import Nodata
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.measure.survey import survey
from ...filters.core.named_tuple import NamedTuple
from ..console.amounts import share

BINS = 64
NAMES: dict[str, Sequence[str]] = {"gray": ("gray",), "rgb": ("R", "G", "B"), "cmyk": ("C", "M", "Y", "K")}
MOST = 4
"""Most channels that are counted; of a bank with more maps, the first."""


class Figures(NamedTuple):
    """The figures of one channel."""

    channel: str
    numbers: tuple[float, ...]
    """The figures that `COLUMNS` names; NaN if there are no samples."""
    shares: tuple[str, str]
    """The percentages of black and of white samples; for an ink, of those without it and of full ones."""
    bins: tuple[int, ...]
    """The counts of the histogram."""
    exact: bool
    """The percentiles are exact samples."""


COLUMNS = ("min", "1 %", "median", "99 %", "max", "mean", "std")


def figures(
    pixels: Array, alpha: Any, colours: ColourModel, full: float, missing: Nodata | None = None, cores: int = 1
) -> tuple[Figures, ...]:
    """Return the figures of the channels of ``pixels (height, width, channels)``, in which *full* is white.

    Pixels with ``alpha (height, width)`` 0 do not count, nor do *missing* samples.

    >>> import numpy as np
    >>> found = figures(np.array([[[0], [0], [7], [255]]], np.uint8), None, "gray", 255)
    >>> dict(zip(COLUMNS, found[0].numbers))["median"], found[0].bins[:2], found[0].channel
    (0.0, (2, 1), 'gray')
    """
    if pixels.dtype == bool:
        pixels = pixels.view(np.uint8)  # a bit is 0 or 1
    names = NAMES.get(colours) or [f"band {number}" for number in range(1, pixels.shape[2] + 1)]
    counted = survey(pixels[..., :MOST], alpha, full, missing, jobs=cores)
    return tuple(
        Figures(
            name,
            (
                own.minimum,
                *(own.percentile(percent) for percent in (1, 50, 99)),
                own.maximum,
                own.mean,
                own.std,
            ),
            (share(own.black, own.samples), share(own.white, own.samples)),
            tuple(own.histogram(BINS).counts.tolist()),
            own.exact,
        )
        for name, own in zip(names, counted, strict=False)
    )


def cells(own: Figures) -> list[str]:
    """Return the numbers of a channel as table cells.

    >>> cells(Figures("R", (0, 0, 122, 255, 255, 119.2412, 58.4913), ("2.1 %", "<0.1 %"), (), True))
    ['0', '0', '122', '255', '255', '119.2', '58.49', '2.1 %', '<0.1 %']
    """
    about = "" if own.exact else "~"
    said = [_number(value) for value in own.numbers]
    said[1:4] = [text if text == "–" else f"{about}{text}" for text in said[1:4]]
    return [*said, *own.shares]


def heads(own: Sequence[Figures]) -> list[str]:
    """Return the column headings for some channels."""
    inks = all(channel.channel in NAMES["cmyk"] for channel in own)
    return [*COLUMNS, *(("no ink", "full") if inks else ("black", "white"))]


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    whole = math.isfinite(value) and (value == int(value) or abs(value) >= 1000)
    return f"{value:.0f}" if whole and abs(value) < 1e6 else f"{value:.4g}"
