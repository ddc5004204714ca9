"""A threshold for each pixel, from the mean and the standard deviation of the window around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ..engine.stage import NO_COLOURS, BoundStage, Halo, ImageContext, Rows, Stage, Window, inside, surveyed
from ..lazy_numpy import Array, np
from ..linear import box_sum
from ..named_tuple import NamedTuple
from .decision import AMPLIFICATION, TWO_VALUED, is_above

Method = Literal["niblack", "sauvola", "wolf"]
ROUNDING = 2.0**-46
"""The fraction of the squared mean up to which a variance may be rounding error."""


class Local(NamedTuple):
    """The samples, and the mean and standard deviation of the window around each."""

    image: Array
    mean: Array
    deviation: Array


class Seen(NamedTuple):
    """The extremes of a channel: its least sample and the greatest standard deviation of a window."""

    least: Array
    most: Array


def local_threshold(method: Method, size: tuple[int, int], k: float, offset: float) -> list[Stage]:
    """Return the stages that compare samples with their window's threshold; m is the mean, s the standard deviation.

    ``niblack``: ``m - k s`` (W. Niblack, An Introduction to Digital Image Processing, 1986). ``sauvola``:
    ``m (1 + k (s / R - 1))``, R half of white (J. Sauvola and M. Pietikäinen, "Adaptive document image binarization",
    2000). ``wolf``: ``m - k (1 - s / R) (m - M)``, M the least sample of the image, R the greatest s (C. Wolf and
    J.-M. Jolion, "Extraction and recognition of artificial text in multimedia documents", 2004).
    """

    def bind(context: ImageContext) -> Callable[[Local], Array]:
        def compare(local: Local) -> Array:
            with np.errstate(invalid="ignore"):
                limits = _thresholds(method, local, k, context) - offset
                whole = local.image.dtype.kind == "u"  # sums are exact
                return local.image > limits if whole else is_above(local.image, local.mean, limits)

        return compare

    return [_statistics(size), Stage(bind, colours=TWO_VALUED, survey=_seen if method == "wolf" else None)]


def _thresholds(method: Method, local: Local, k: float, context: ImageContext) -> Array:
    mean, deviation = local.mean, local.deviation
    if method == "niblack":
        return mean - k * deviation
    if method == "sauvola":
        return mean * (1 + k * (deviation / (context.full / 2) - 1))
    seen: Seen = context.survey_result
    share = deviation / np.where(seen.most > 0, seen.most, 1)
    return mean - k * (1 - share) * (mean - seen.least)


def _seen(context: ImageContext, image: Rows) -> Seen:
    def look(local: Local) -> tuple[Array, Array]:
        return (
            np.min(local.image.astype(np.float64), axis=(0, 1), where=np.isfinite(local.image), initial=np.inf),
            np.max(local.deviation, axis=(0, 1), where=np.isfinite(local.deviation), initial=0),
        )

    least, most = zip(*surveyed(image, look), strict=True)
    return Seen(np.min(least, axis=0), np.max(most, axis=0))


def _statistics(size: tuple[int, int]) -> Stage:
    """Return the stage of the mean and the standard deviation in float64, with exact sums for whole numbers."""
    width, height = size
    halo = Halo.around(width // 2, height // 2)

    def bind(context: ImageContext) -> BoundStage:
        def function(strip: Array) -> Local:
            values, level = strip, 0.0
            if not context.whole:
                level = box_sum.level(inside(strip, halo), box_sum.FAR * context.full)
                values = strip.astype(np.float64, copy=False) - level
            present = ~np.isnan(values) if context.ignoring else np.True_
            count: Array | float = float(width * height)
            if not np.all(present):
                values = np.where(present, values, 0)
                count = box_sum.mean(np.asarray(present, np.uint8), height, width, np.float64)
                count = np.where(count > 0, count, np.nan)
            squares = values.astype(np.float64 if values.itemsize > 1 else np.uint16)
            squares *= squares
            with np.errstate(invalid="ignore"):
                mean, of_squares = (box_sum.mean(part, height, width, np.float64) / count for part in (values, squares))
                spread = of_squares - mean * mean
                if not context.whole:  # for whole numbers it is exactly 0 in a flat window
                    spread -= ROUNDING * mean * mean
                return Local(inside(strip, halo), mean + level, np.sqrt(np.maximum(spread, 0)))

        # The rounding of sums of fractions depends on their blocks, which are as high as a window.
        return BoundStage(function, rows=height, anchored=not context.whole, work=context.own_type)

    return Stage(bind, Window(halo, usual="mirror"), colours=NO_COLOURS, amplification=AMPLIFICATION)
