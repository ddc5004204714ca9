"""Curves of single samples: a table for whole numbers, or the formula itself for fractions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import native
from ..engine.stage import AlphaHandling, BoundStage, Colours, ImageContext, Rows, Stage
from ..lazy_numpy import Array, np

Curve = Callable[[Array], Array]
"""Maps values ``(…, channels)`` to those of the result; it may contain constants of shape ``(channels,)``."""

STRAIGHT = AlphaHandling(divide=True, multiply=True)
"""A curve takes straight colours, and keeps their alpha."""
STEEP = 1e6
"""The amplification of an infinitely steep curve, which makes float64 the work type."""


def by_sample(
    curve_for: Callable[[ImageContext], Curve],
    *,
    amplification: float = 1.0,
    joint: bool = False,
    curved: bool = False,
    survey: Callable[[ImageContext, Rows], Any] | None = None,
) -> Stage:
    """Return the stage that maps each sample by a curve.

    *amplification* is its steepest slope; for *joint* and *curved* see `Colours`.
    """

    def bind(context: ImageContext) -> BoundStage:
        curve = curve_for(context)
        if not context.whole:
            return BoundStage(
                # float32 cannot hold factors such as 1.3, and half a level would become a little less.
                lambda strip: curve(strip.astype(np.float64)).astype(context.work, copy=False),
                interleaved=True,
            )
        return by_table(curve, context)

    return Stage(
        bind,
        colours=Colours(alpha=STRAIGHT, joint=joint, curved=curved),
        amplification=amplification,
        survey=survey,
    )


def by_table(curve: Curve, context: ImageContext) -> BoundStage:
    """Return the bound stage that looks up whole numbers in the table of a *curve*."""
    table = tabulated(curve, context, context.result_type)
    return BoundStage(
        lambda strip: look_up(strip.astype(context.own_type, copy=False), table),
        work=context.own_type,
        anywhere=True,
        interleaved=True,
        saturates=context.rounds_to is not None,
    )


def tabulated(curve: Curve, context: ImageContext, kind: Any) -> Array:
    """Return a curve's value for every whole number, ``(channels, numbers)``, or one row for all channels.

    Values are computed in float64; for an integer type they are rounded half up and saturated.
    """
    values = curve(np.arange(context.most + 1)[:, None]).T
    return np.ascontiguousarray(native.converted(np.array(values, np.float64), kind, context.work))


def look_up(strip: Array, table: Array) -> Array:
    """Return each sample's value in the *table*, which has one row per channel, or one for all.

    The loop takes 0.3 ns per 8-bit sample; `numpy.take`, which converts each to an index of 8 bytes, takes 3.
    """
    if native.core is None:
        if len(table) == 1:
            return np.take(table[0], strip)
        return np.stack([np.take(row, strip[..., channel]) for channel, row in enumerate(table)], axis=2)
    given, step = native.rows_of(strip)
    found = native.results(given.shape, table.dtype, step)
    native.core.look_up(given, found, table[None], step)
    return native.strip_like(found, step)
