"""A stage inside another one: what is made of the image and of what a stage makes of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from ..lazy_numpy import Array, np
from .layout import planes_of
from .nan_policy import left_out
from .stage import BoundStage, Function, ImageContext, Stage, bound, inside

Combine = Callable[[ImageContext], Callable[[Array, Array], Array]]
"""From an image to the function of its samples and of what a stage makes of them there."""


def within(stage: Stage, context: ImageContext) -> BoundStage:
    """Bind a stage inside another one: its result is not rounded, and misses what shall count nothing."""
    inner = left_out([stage])[0] if context.ignoring else stage
    return bound(inner, context._replace(whole=False, rounded=False))


def combined(stage: Stage, combine: Combine, **properties: Any) -> Stage:
    """Return the stage that combines each sample with what *stage* makes of the image there.

    Where missing samples count nothing, one has the mean around it for its own, if *stage* keeps a mean.
    """
    keeps_mean = stage.weights is not None and not stage.weights.relative

    def bind(context: ImageContext) -> BoundStage:
        inner, join = within(stage, context), combine(context)
        halo = stage.window.halo.wider(inner.extra)

        def function(strip: Array) -> Array:
            original, answer = inside(strip, halo), inner.function(strip)
            if context.ignoring and keeps_mean:
                original = np.where(np.isnan(original), answer, original)
            return join(original, answer)

        return inner._replace(function=function)

    return Stage(bind, window=stage.window, facts=stage.facts, **properties)


class LocalMean:
    """A weighted mean around each pixel, to which samples count by their alpha, and missing ones nothing."""

    def __init__(self, mean: Stage, exact: Stage, context: ImageContext) -> None:
        """*exact* is the same mean by an algorithm that stands few weights."""
        self.bound = within(mean, context)
        self._halo, self._exact, self._context = mean.window.halo, exact, context

    @cached_property
    def _weighed(self) -> Function:
        return bound(self._exact, self._context._replace(whole=False, rounded=False, tolerance=0.0)).function

    def planes(self, strip: Array, opaque: Array | None) -> tuple[Array, Array, Array | None]:
        """Return the samples, their means, and how much each sample counts, from 0 to 1; None where all do alike."""
        if opaque is None:
            near = planes_of(inside(strip, self._halo.wider(self.bound.extra)))
            present = (~np.isnan(near)).astype(near.dtype) if self._context.ignoring else None
            return near, planes_of(self.bound.function(strip)), present
        gaps = np.isnan(strip)
        weights = np.where(gaps, 0, opaque / opaque.dtype.type(self._context.full))
        total, sums = (planes_of(self._weighed(part)) for part in (np.where(gaps, 0, strip) * weights, weights))
        smooth = np.divide(total, sums, out=np.zeros_like(total), where=sums > 0)
        return planes_of(inside(strip, self._halo)), smooth, planes_of(inside(weights, self._halo))
