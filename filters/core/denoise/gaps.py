"""Denoisers that see far: what is missing, or cannot be seen, counts as the nearest pixel that is there."""

from __future__ import annotations

from collections.abc import Callable

from ..engine.facts import note
from ..engine.pipeline import Whole, ZippedRows, computed
from ..engine.stage import AlphaHandling, Colours, Function, ImageContext, Rows, Stage
from ..lazy_numpy import Array, np
from . import noise_estimate
from .by_noise import Noise

STRIP = 64
"""Rows of the image that are gathered at a time."""

Denoise = Callable[[Array, Noise, ImageContext], Rows]
"""Returns, for an image without gaps, the rows of the result."""


def over_gaps(
    denoise: Denoise, noise: float | None, strength: float, text: Callable[[Noise], str], memory: float
) -> list[Stage]:
    """Return the stages that remove *strength* times the *noise*, which is estimated if it is None.

    Missing and infinite samples stay as they are, and so does the alpha. *memory* is the bytes that it takes for each
    sample, beside the image in the work type.
    """

    def function(above: Rows, context: ImageContext) -> Rows:
        image = computed(above, STRIP, context.jobs).values
        whole = Whole(image, *image.shape[:2])
        level = noise_estimate.surveying()(context, whole) if noise is None else noise
        found = Noise(strength * level, context.full, image.shape[2])
        if found.level <= 0:
            return whole
        if context.facts is not None:
            context.facts.append(note(text(found)))
        if np.isfinite(image).all():
            return denoise(image, found, context)
        rows = denoise(filled(image), found, context)
        return ZippedRows(lambda own, given: np.where(np.isfinite(given), own, given), rows, whole)

    return [
        Stage(_seen, colours=Colours(alpha=AlphaHandling(divide=True, weigh=True))),
        Stage(
            lambda context: lambda above: function(above, context),
            takes="rows",
            colours=Colours(alpha=AlphaHandling(), joint=True),
            memory=lambda context, channels: np.dtype(context.work).itemsize + memory,
            amplification=2.0,
        ),
        Stage(_hidden, colours=Colours(alpha=AlphaHandling(multiply=True, weigh=True))),
    ]


def _seen(context: ImageContext) -> Function:
    def seen(strip: Array, opaque: Array | None = None) -> Array:
        return strip if opaque is None else np.where(opaque > 0, strip, strip.dtype.type(np.nan))

    return seen


def _hidden(context: ImageContext) -> Function:
    def hidden(strip: Array, opaque: Array | None = None) -> Array:
        return strip if opaque is None else np.where(opaque > 0, strip, strip.dtype.type(0))

    return hidden


def filled(image: Array) -> Array:
    """Return the image with the nearest finite sample of the channel in the place of all others; 0 if there is none.

    >>> import numpy as np
    >>> filled(np.array([[[1.0], [np.nan], [np.nan], [4.0]]]))[..., 0].tolist()
    [[1.0, 1.0, 4.0, 4.0]]
    """
    from scipy import ndimage

    image = image.copy()
    for plane in np.moveaxis(image, 2, 0):
        gaps = ~np.isfinite(plane)
        if gaps.all():
            plane[...] = 0
        elif gaps.any():
            rows, columns = ndimage.distance_transform_edt(gaps, return_distances=False, return_indices=True)
            plane[...] = plane[rows, columns]
    return image
