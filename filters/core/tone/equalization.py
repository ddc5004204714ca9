"""Curves derived from a picture's histogram: stretched to its ends, or equalized.

In colour they derive from the luma's histogram, and colours keep their differences from it; or each channel has its own
curve.

References
----------
R. Gonzalez and R. Woods, Digital Image Processing, 4th ed., 2018, section 3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..engine.sample_counts import Histogram
from ..engine.stage import BoundStage, Colours, ImageContext, Rows, Stage
from ..lazy_numpy import Array, np
from . import local_curves
from .histogram import histogram
from .lookup import STRAIGHT, Curve, by_sample, by_table

STEEPEST = 16.0
"""The assumed greatest slope of a curve. Steeper curves occur only where samples are rare."""


def has_luma(context: ImageContext, per_channel: bool) -> bool:
    """Whether the curve derives from the luma: in colour, unless each channel has its own."""
    return context.colours == "rgb" and not per_channel


def stretched(cutoff: tuple[float, float], per_channel: bool) -> Stage:
    """Return the stage that maps the least value to black and the greatest to white.

    The outermost *cutoff* per cent of the samples at each end are ignored.
    """

    def survey(context: ImageContext, image: Rows) -> tuple[Array, Array]:
        found = histogram(context, image, has_luma(context, per_channel))
        values, low, high = found.values, [], []
        for counts in found.counts:
            below, above = (int(counts.sum() * part // 100) for part in cutoff)
            low.append(values[np.searchsorted(np.cumsum(counts), below, "right").clip(max=len(values) - 1)])
            from_above = np.searchsorted(np.cumsum(counts[::-1]), above, "right")
            high.append(values[::-1][from_above.clip(max=len(values) - 1)])
        return np.array(low), np.array(high)

    def curve_for(context: ImageContext) -> Curve:
        low, high = context.survey_result
        flat = high <= low
        factor = np.where(flat, 1, context.full / np.where(flat, 1, high - low))
        return lambda values: np.where(flat, values, (values - low) * factor)

    return by_sample(curve_for, amplification=STEEPEST, joint=True, survey=survey)


def equalized(per_channel: bool) -> Stage:
    """Return the stage that makes all values as equally frequent as a curve can."""

    def survey(context: ImageContext, image: Rows) -> list[local_curves.Curves | None]:
        found = histogram(context, image, has_luma(context, per_channel))
        size = image.height, image.width
        return [_even(counts, found, context.full, size) for counts in found.counts]

    return on_curves(survey, per_channel, curved=False)


def on_curves(
    survey: Callable[[ImageContext, Rows], list[local_curves.Curves | None]], per_channel: bool, curved: bool
) -> Stage:
    """Return the stage whose *survey* finds the curves of the luma, or of each channel; None is the identity."""

    def bind(context: ImageContext) -> BoundStage:
        found: list[local_curves.Curves | None] = context.survey_result
        kind, work = context.result_type, context.work
        numbers = 1, 1, int(context.most) + 1
        single = all(curves is None or curves.values.shape == numbers for curves in found)
        if context.whole and single and not has_luma(context, per_channel):
            return _tabulated(found, context)

        def followed(strip: Array, start: int) -> Array:
            if len(found) == 1:
                return _on_curve(strip, found[0], start, kind, work)
            planes = [
                _on_curve(strip[..., channel : channel + 1], curves, start, kind, work)
                for channel, curves in enumerate(found)
            ]
            return np.concatenate(planes, axis=2)

        return BoundStage(
            followed,
            work=context.own_type,
            placed=True,
            interleaved=True,
            saturates=context.rounds_to is not None,
        )

    colours = Colours(alpha=STRAIGHT, joint=True, curved=curved)
    return Stage(bind, colours=colours, amplification=STEEPEST, survey=survey)


def _tabulated(found: Sequence[local_curves.Curves | None], context: ImageContext) -> BoundStage:
    """Return the stage for curves that are the same everywhere, with an entry for every whole number."""
    straight = np.arange(context.most + 1)
    curves = np.stack([straight if own is None else own.values[0, 0] for own in found])
    return by_table(lambda values: curves.T, context)


def _on_curve(strip: Array, curves: local_curves.Curves | None, start: int, kind: type, work: type) -> Array:
    return strip.astype(kind, copy=False) if curves is None else local_curves.follow(strip, curves, start, kind, work)


def _even(counts: Array, found: Histogram, full: float, size: tuple[int, int]) -> local_curves.Curves | None:
    """Return ``white · (C(v) - C(least)) / (n - C(least))``; C(v) counts samples up to v. None for a flat picture.

    A single value has no curve.
    """
    below = np.cumsum(counts)
    first = counts[np.argmax(counts > 0)]
    if below[-1] == first:
        return None
    curve = np.maximum(below - first, 0) * (full / (below[-1] - first))
    return local_curves.Curves(curve[None, None], found.low, found.step, *size)
