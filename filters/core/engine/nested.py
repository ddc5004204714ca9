"""Stages inside other stages: they combine the image with the result that a stage gives for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from ..lazy_numpy import Array, np
from .layout import planes_of
from .nan_policy import bound_leaving_out
from .stage import BoundStage, Function, ImageContext, Stage, bound, inside

Combine = Callable[[ImageContext], Callable[[Array, Array], Array]]
"""Returns, for an image, the function that joins its samples with a stage's results in the same places."""


def within(stage: Stage, context: ImageContext) -> BoundStage:
    """Bind a stage inside another one: its result is not rounded, and missing samples are left out if asked for."""
    return bound_leaving_out(stage, context._replace(whole=False, rounded=False))


def combined(stage: Stage, combine: Combine, **properties: Any) -> Stage:
    """Return the stage that combines each sample with the result of *stage* in its place.

    If missing samples are left out and *stage* keeps the mean, each is replaced by the mean around it.
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
    """A weighted mean around each pixel: samples count by their alpha, and missing ones are left out."""

    def __init__(self, mean: Stage, exact: Stage, context: ImageContext) -> None:
        """*exact* is the same mean by an algorithm that stays exact where few weights are left."""
        self.bound = within(mean, context)
        self._halo, self._exact, self._context = mean.window.halo, exact, context

    @cached_property
    def _weighed(self) -> Function:
        return bound(self._exact, self._context._replace(whole=False, rounded=False, tolerance=0.0)).function

    def planes(self, strip: Array, opaque: Array | None) -> tuple[Array, Array, Array | None]:
        """Return the samples, their means, and each sample's weight from 0 to 1, or None if all weights are 1."""
        if opaque is None:
            near = planes_of(inside(strip, self._halo.wider(self.bound.extra)))
            present = (~np.isnan(near)).astype(near.dtype) if self._context.ignoring else None
            return near, planes_of(self.bound.function(strip)), present
        gaps = np.isnan(strip)
        weights = np.where(gaps, 0, opaque / opaque.dtype.type(self._context.full))
        total, sums = (planes_of(self._weighed(part)) for part in (np.where(gaps, 0, strip) * weights, weights))
        smooth = np.divide(total, sums, out=np.zeros_like(total), where=sums > 0)
        return planes_of(inside(strip, self._halo)), smooth, planes_of(inside(weights, self._halo))
