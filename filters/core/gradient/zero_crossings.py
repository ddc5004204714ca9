"""Steep zero crossings of a signed response, such as the Laplacian of a Gaussian."""

from __future__ import annotations

from typing import Any

from ..engine.stage import NO_COLOURS, Function, Halo, ImageContext, Rows, Stage, Window, surveyed
from ..lazy_numpy import Array, np

OF_MEAN = 0.75
"""The default threshold for slopes, relative to the mean absolute response, as in MATLAB."""


def zero_crossings(threshold: float | None) -> Stage:
    """Return the stage that is True at the zero crossings of a response whose slope is above *threshold*.

    A crossing lies between two neighbours of opposite signs in a row or a column; the negative one is marked. If the
    response itself is 0 between two neighbours of opposite signs, that pixel is marked. The slope is the difference of
    two neighbours, or half of it across a 0. These are the rules of MATLAB's ``edge`` with the methods ``log`` and
    ``zerocross``, but the outermost pixels are included. The default threshold is `OF_MEAN` times the mean absolute
    response of the channel. Missing samples, and those beyond the edge, have no sign.
    """

    def bind(context: ImageContext) -> Function:
        least = context.survey_result if threshold is None else threshold
        return lambda strip: _crossings(strip, least)

    return Stage(
        bind,
        window=Window(Halo.around(1), border="constant", fill=lambda context: np.nan),
        colours=NO_COLOURS,
        survey=_mean if threshold is None else None,
    )


def _crossings(strip: Array, least: float | Array) -> Array:
    middle = strip[1:-1, 1:-1]
    found = np.zeros(middle.shape, bool)
    neighbours = (strip[1:-1, :-2], strip[1:-1, 2:]), (strip[:-2, 1:-1], strip[2:, 1:-1])
    for pair in neighbours:
        for neighbour in pair:
            found |= (middle < 0) & (neighbour > 0) & (neighbour - middle > least)
        one, other = pair
        opposite = ((one < 0) & (other > 0)) | ((one > 0) & (other < 0))
        found |= (middle == 0) & opposite & (np.abs(other - one) > 2 * least)
    return found


def _mean(context: ImageContext, response: Rows) -> Array:
    """Return the least slope of each channel: a fraction of the mean absolute response of the samples present."""

    def look(strip: Array) -> tuple[Array, Array]:
        there = np.isfinite(strip)
        return np.where(there, np.abs(strip), 0).sum(axis=(0, 1), dtype=np.float64), there.sum(axis=(0, 1))

    total: Any = 0.0
    count: Any = 0
    for part, number in surveyed(response, look):
        total, count = total + part, count + number
    return OF_MEAN * total / np.maximum(count, 1)
