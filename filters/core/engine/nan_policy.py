"""Missing samples of float images, which are NaN: propagated, filled first, or left out of a filter's sums.

A sample that is left out has no weight. Filters that keep the mean divide the remaining weights by their sum, which is
normalized convolution. Filters that take differences replace a missing sample by the pixel in the middle, so that a
flat area with holes has no edges.

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
"""A sum of weights below this fraction of all counts as 0: a transform gives about 1e-15 for no weights."""
MAX_ROUNDING = 2.0**-44
"""Differences below this fraction of the pixel in the middle are rounding errors: means of equal samples with different
weights differ by as little, and would have a direction."""


def check(text: Any) -> None:
    """Raise ValueError for text that is not a way to treat missing samples."""
    if text not in (PROPAGATE, IGNORE):
        filling(text)


def filling(text: Any) -> float | None:
    """Return the value of ``fill=V``, or None for the other words; raises ValueError for any other text.

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
        raise ValueError(f"{number!r} is not a number; use, for example, fill=0") from None
    if not math.isfinite(value):
        raise ValueError(f"{number} is not a finite number; use, for example, fill=0")
    return value


def filled(strip: Array, value: float) -> Array:
    """Return the strip with NaN replaced by *value*; the strip itself if it has no NaN."""
    gaps = np.isnan(strip)
    if not gaps.any():
        return strip
    strip = strip.copy("K")
    np.copyto(strip, strip.dtype.type(value), where=gaps)
    return strip


def has_gaps(image: Array) -> bool:
    """Whether a sample is NaN or infinite; the minimum and maximum show it without another array."""
    return not (np.isfinite(np.min(image)) and np.isfinite(np.max(image)))


def context_for(stage: Stage, context: ImageContext) -> ImageContext:
    """Return the context to bind a stage to; it demands exact sums if samples are left out, as few may remain."""
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
    """Return 1 where samples are present and 0 where they are missing; None if none is missing."""
    gaps = np.isnan(strip)
    return (~gaps).astype(strip.dtype) if gaps.any() else None


def divided(total: Array, sums: Array, weights: WeightedSum) -> Array:
    """Return sums scaled as if the weights present had the sum of all weights; NaN where none is present."""
    there = np.abs(sums) > MIN_WEIGHT_SUM * weights.absolute
    with np.errstate(divide="ignore"):
        return np.where(there, total / sums * weights.sum, np.nan)


def settled(differences: Array, middle: Array, amplification: float) -> Array:
    """Return differences from the pixel in the *middle*; those as small as rounding errors become 0."""
    least = np.abs(middle) * (MAX_ROUNDING * amplification)
    return np.where(np.abs(differences) <= least, 0, differences)
