"""Missing samples of float images, which are NaN: handed on, filled first, or left out of what a filter adds up.

Left out, a sample counts nothing. Where a mean is kept, the other weights are divided by their sum: that is
normalised convolution. Where differences are taken, a missing sample counts as the pixel in the middle, so that a
plane of one value with holes in it has no edges.

References
----------
H. Knutsson and C.-F. Westin, "Normalized and differential convolution", 1993.
"""

from __future__ import annotations

import math
from typing import Any

from ..lazy_numpy import Array, np
from .stage import BoundStage, ImageContext, Stage, Values, WeightedSum, bound, by_field, inside

PROPAGATE, IGNORE, FILL = "propagate", "ignore", "fill="
MIN_WEIGHT_SUM = 1e-11
"""Weights whose sum is a smaller part of all are none: a transform gives hardly less for nothing, 1e-15."""
MAX_ROUNDING = 2.0**-44
"""Differences that are a smaller part of the pixel in the middle come of rounding: means of equal samples by different
weights differ by so little, and would have a direction."""


def check(text: Any) -> None:
    """Raise ValueError for what says nothing about missing samples."""
    if text not in (PROPAGATE, IGNORE):
        filling(text)


def filling(text: Any) -> float | None:
    """Return the value of ``fill=V``, None for the other words; raises ValueError for what is none of them.

    >>> filling("fill=-1.5"), filling("ignore")
    (-1.5, None)
    """
    if text in (PROPAGATE, IGNORE):
        return None
    word, _, number = str(text).partition("=")
    if f"{word}=" != FILL:
        raise ValueError(f"{text!r} is not propagate, ignore or fill=V, such as fill=0")
    try:
        value = float(number)
    except ValueError:
        raise ValueError(f"{number!r} is not a number, as in fill=0") from None
    if not math.isfinite(value):
        raise ValueError(f"{number} cannot be filled in")
    return value


def filled(strip: Array, value: float) -> Array:
    """Return the strip with *value* in the place of NaN; itself where it has none."""
    gaps = np.isnan(strip)
    if not gaps.any():
        return strip
    strip = strip.copy("K")
    np.copyto(strip, strip.dtype.type(value), where=gaps)
    return strip


def has_gaps(image: Array) -> bool:
    """Whether a sample is NaN or infinite; the least and the greatest are told without another array."""
    return not (np.isfinite(np.min(image)) and np.isfinite(np.max(image)))


def context_for(stage: Stage, context: ImageContext) -> ImageContext:
    """Return the context to bind a stage to: one that leaves samples out must be exact, as few weights may be left."""
    return context._replace(ignoring=True, tolerance=0.0) if stage.ignoring and not context.finite else context


def bound_leaving_out(stage: Stage, context: ImageContext) -> BoundStage:
    """Bind a stage, and leave missing samples out of its sums if the context says so."""
    own, weights = bound(stage, context), stage.weights
    if weights is None or not context.ignoring:
        return own
    around, (sx, sy) = stage.window.halo.wider(own.extra), stage.window.stride

    def normalized(strip: Array, *where: int) -> Array:
        present = _present(strip)
        if present is None:
            return own.function(strip, *where)
        return divided(own.function(filled(strip, 0), *where), own.function(present, *where), weights)

    def relative(strip: Array, *where: int) -> Values:
        present, at = _present(strip), inside(strip, around)[::sy, ::sx]
        if present is None:
            return by_field(lambda value: settled(value, at, stage.amplification), own.function(strip, *where))

        def differences(value: Array, total: Array) -> Array:
            return settled(value - at * (total - weights.sum), at, stage.amplification)

        return by_field(differences, own.function(filled(strip, 0), *where), own.function(present, *where))

    return own._replace(function=relative if weights.relative else normalized)


def _present(strip: Array) -> Array | None:
    """Return 1 where samples are and 0 where they are missing; None where none is."""
    gaps = np.isnan(strip)
    return (~gaps).astype(strip.dtype) if gaps.any() else None


def divided(total: Array, sums: Array, weights: WeightedSum) -> Array:
    """Return what a sum would be if the weights that are there summed to what all do; NaN where none is there."""
    there = np.abs(sums) > MIN_WEIGHT_SUM * weights.absolute
    with np.errstate(divide="ignore"):
        return np.where(there, total / sums * weights.sum, np.nan)


def settled(differences: Array, middle: Array, amplification: float) -> Array:
    """Return differences from a pixel in the *middle*, 0 where they are no more than rounding leaves."""
    least = np.abs(middle) * (MAX_ROUNDING * amplification)
    return np.where(np.abs(differences) <= least, 0, differences)
