"""Zero crossings of a signed response, such as the Laplacian of a Gaussian, where they are steep."""

from __future__ import annotations

from typing import Any

from ..engine.stage import NO_COLOURS, Function, Halo, ImageContext, Rows, Stage, Window, surveyed
from ..lazy_numpy import Array, np

OF_MEAN = 0.75
"""The part of the mean absolute response that a slope must exceed, unless a threshold is given: MATLAB's."""


def zero_crossings(threshold: float | None) -> Stage:
    """Return the stage that is True at the zero crossings of a response whose slope is above *threshold*.

    A crossing lies between two neighbours in a row or a column whose signs are opposite; the negative one is marked.
    Where the response is 0 itself, between two neighbours of opposite signs, that pixel is marked. The slope is the
    difference of two neighbours, or half of that across a 0. Those are the rules of MATLAB's ``edge`` of the methods
    ``log`` and ``zerocross``, but that the outermost pixels are looked at too. Without a threshold it is `OF_MEAN`
    times the mean of the channel's absolute response over the image. What is missing, or past the edge, has no sign.
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
    """Return the least slope of each channel: so much of the mean absolute response, of what is not missing."""

    def look(strip: Array) -> tuple[Array, Array]:
        there = np.isfinite(strip)
        return np.where(there, np.abs(strip), 0).sum(axis=(0, 1), dtype=np.float64), there.sum(axis=(0, 1))

    total: Any = 0.0
    count: Any = 0
    for part, number in surveyed(response, look):
        total, count = total + part, count + number
    return OF_MEAN * total / np.maximum(count, 1)
