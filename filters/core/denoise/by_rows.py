"""Denoisers that need a value everywhere: missing and transparent samples are guessed from their surroundings."""

from __future__ import annotations

from collections.abc import Callable

from ..engine.facts import note
from ..engine.gaps import known
from ..engine.image_rows import Whole, ZippedRows, computed
from ..engine.stage import BY_ALPHA, BoundStage, Colours, ImageContext, Rows, Stage
from ..lazy_numpy import Array, np
from .by_noise import Noise, surveying

READ_ROWS = 64
"""Rows of the image to gather at a time."""

Denoise = Callable[[Array, Noise, ImageContext], Rows]
"""Returns the rows of the result, in the work type, for an image without gaps."""


def picture_of(values: Array) -> Whole:
    """Return values as the rows of a picture."""
    return Whole(values, *values.shape[:2])


def by_rows(
    denoise: Denoise, noise: float | None, strength: float, text: Callable[[Noise], str], memory: float
) -> Stage:
    """Return the stage that removes *strength* times the *noise*, which is estimated if it is None.

    Non-finite samples do not change, except NaN that is to be ignored. *memory* is the bytes that *denoise* takes per
    sample.
    """

    def bind(context: ImageContext) -> BoundStage:
        found = context.survey_result

        def function(above: Rows, alpha: Rows | None = None) -> Rows:
            if found.level <= 0:
                return above
            values = computed(above, READ_ROWS, context.jobs).values.astype(context.work, copy=False)
            picture, gaps, hidden = picture_of(values), None, np.zeros((1, 1, 1), bool)
            if alpha is not None:
                hidden = computed(alpha, READ_ROWS, context.jobs).values <= 0
                picture = picture_of(np.where(hidden, np.nan, values))
            if alpha is not None or not context.finite:
                picture, gaps = known(picture)
            rows = denoise(picture.values, found, context)
            if gaps is None:
                return rows
            kept = gaps.where & ~(np.isnan(values) & context.ignoring) & ~hidden
            return ZippedRows(
                lambda own, given, keep: np.where(keep, given, own), rows, picture_of(values), picture_of(kept)
            )

        return BoundStage(function)

    return Stage(
        bind,
        takes="rows",
        holds=True,
        survey=surveying(noise, strength, lambda found, context: (note(text(found)),)),
        memory=lambda context, channels: np.dtype(context.work).itemsize + memory,
        colours=Colours(alpha=BY_ALPHA, joint=True),
        amplification=2.0,
    )
