"""Stages that combine the image with the result of another stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..lazy_numpy import Array, np
from .nan_policy import bound_leaving_out
from .stage import BoundStage, ImageContext, Stage, inside

Combine = Callable[[ImageContext], Callable[[Array, Array], Array]]
"""Returns, for an image, the function that combines its samples with a stage's results at the same positions."""


def within(stage: Stage, context: ImageContext) -> BoundStage:
    """Bind a stage inside another one: its result is not rounded, and missing samples are ignored if requested."""
    return bound_leaving_out(stage, context._replace(whole=False, rounds_to=None))


def combined(stage: Stage, combine: Combine, **properties: Any) -> Stage:
    """Return the stage that combines each sample with the result of *stage* at the same position.

    If missing samples are ignored and *stage* keeps the mean, each is replaced by the mean around it.
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
