"""The figures of a picture as a table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ..console.amounts import share
from ..console.messages import counted
from .contents import Alpha, Channel, Counted


def lines(found: Counted, percentiles: Sequence[float]) -> list[str]:
    """Return the lines of a picture's table, and those on the samples left out."""
    ends = ("no ink", "full") if found.inks else ("black", "white")
    heads = ["min", *map(_percent, percentiles), "max", "mean", "std", *ends]
    rows = [["", *heads]]
    rows += [[channel.name, *_cells(channel, found.is_float)] for channel in found.channels]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ["  ".join([f"  {row[0]:<{widths[0]}}", *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]
    return [*table, *(f"  {line}" for line in _left_out(found))]


def _percent(percentile: float) -> str:
    return "median" if percentile == 50 else f"{percentile:g} %"


def _cells(channel: Channel, is_float: bool) -> Iterator[str]:
    about = "" if channel.exact else "~"
    yield _level(channel.minimum)
    for value in channel.percentiles:
        yield f"{about}{_level(value)}" if channel.samples else "–"
    yield _level(channel.maximum)
    for figure in (channel.mean, channel.std):
        yield "–" if not math.isfinite(figure) else f"{figure:.5g}" if is_float else f"{figure:.2f}"
    for count in (channel.black, channel.white):
        yield share(count, channel.samples)


def _level(value: float) -> str:
    """Return a sample in six digits: enough for 16 bits, and for floats as precisely as anybody reads them."""
    return "–" if math.isnan(value) else f"{value:.6g}"


def _left_out(found: Counted) -> Iterator[str]:
    if found.alpha is not None:
        yield _alpha(found.alpha, found.pixels)
    nan, infinite = (sum(getattr(channel, name) for channel in found.channels) for name in ("nan", "infinite"))
    said = [
        *([f"{nan} NaN"] if nan else []),
        *([f"{infinite} infinite"] if infinite else []),
        *([f"{found.missing} missing"] if found.missing else []),
    ]
    if said:
        yield f"left out: {', '.join(said)} of {counted(found.pixels * len(found.channels), 'sample', 'samples')}"


def _alpha(alpha: Alpha, pixels: int) -> str:
    said = f"alpha {alpha.minimum:.6g} to {alpha.maximum:.6g}, mean {alpha.mean:.5g}"
    if not alpha.transparent:
        return said
    return f"{said}; colours at alpha 0 are left out: {share(alpha.transparent, pixels)} of the pixels"
