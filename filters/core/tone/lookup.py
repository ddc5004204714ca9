"""Curves of single samples: a table of all whole numbers, or the formula itself where samples are fractions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import native
from ..engine.stage import AlphaHandling, BoundStage, Colours, ImageContext, Rows, Stage
from ..lazy_numpy import Array, np

Curve = Callable[[Array], Array]
"""From values ``(…, channels)`` to those of the result; it may have constants of shape ``(channels,)``."""

STRAIGHT = AlphaHandling(divide=True, multiply=True)
"""A curve takes colours as they are seen: out of their alpha, which it keeps."""
STEEP = 1e6
"""The amplification of a curve that is steep without bound: float64 is the work type."""


def by_sample(
    curve_for: Callable[[ImageContext], Curve],
    *,
    amplification: float = 1.0,
    joint: bool = False,
    curved: bool = False,
    survey: Callable[[ImageContext, Rows], Any] | None = None,
) -> Stage:
    """Return the stage that puts each sample through a curve.

    *amplification* is its steepest slope; *joint* and *curved* are those of `Colours`.
    """

    def bind(context: ImageContext) -> BoundStage:
        curve = curve_for(context)
        if not context.whole:
            return BoundStage(
                # Factors such as 1.3 are none of float32's, and half a level would be a little less.
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
    """Return the bound stage that looks whole numbers up on a *curve*."""
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

    Values are computed in float64; of a whole type they are rounded half up, and saturated.
    """
    values = curve(np.arange(context.most + 1)[:, None]).T
    return np.ascontiguousarray(native.converted(np.array(values, np.float64), kind, context.work))


def look_up(strip: Array, table: Array) -> Array:
    """Return each sample's value in the *table*, which has a row for every channel or one for all.

    The loop takes 0.3 ns a sample of 8 bits; `numpy.take`, which makes an index of 8 bytes of each, 3.
    """
    if native.core is None:
        if len(table) == 1:
            return np.take(table[0], strip)
        return np.stack([np.take(row, strip[..., channel]) for channel, row in enumerate(table)], axis=2)
    given, step = native.rows_of(strip)
    found = native.results(given.shape, table.dtype, step)
    native.core.look_up(given, found, table[None], step)
    return native.strip_like(found, step)
