"""Filtering the luma of a picture and keeping its colours, or the colours and keeping the luma.

The stages of such a filter stand between two that mark them: the first takes the part out, the second puts it back
beside what is kept. Of luma Y, colours keep their differences from it: ``R' = Y' + g·(R - Y)``, where g is the factor
by which the filter changes a constant image, 1 for most. Of chroma, Cb and Cr of the full-range YCbCr of ITU-T T.871
are filtered, and Y is kept.

The alpha is kept, too. A pixel that cannot be seen counts for its neighbours as the one in the middle does.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..lazy_numpy import Array, np
from ..parameters import ImageError, ParameterError
from .borders import Border
from .colour import LUMA_WEIGHTS, luma
from .stage import Function, ImageContext, Mark, Stage, Values, inside, total_gain

PARTS = ("luma", "chroma")
RED, GREEN, BLUE = (weight / 1000 for weight in LUMA_WEIGHTS)
CB, CR = 2 * (1 - BLUE), 2 * (1 - RED)
"""The range of B - Y and of R - Y, as a part of white: Cb and Cr go over that of white."""


def divided(stages: Sequence[Stage], channels: str, border: Border) -> tuple[tuple[Stage, ...], str]:
    """Return the stages that act on the part of the colours that *channels* names, and the channels that are left.

    Where the result is no picture of the colours, as that of edges, it is that of the luma, gray. Raises
    `ParameterError` where chroma has no meaning.
    """
    gain = total_gain(stages)
    if any(stage.colours.coloured for stage in stages):
        return tuple(stages), "each"
    if channels in PARTS and all(stage.extent is not None for stage in stages):
        return tuple(stages), "each"  # what moves a part of the colours moves the others too
    if channels not in PARTS:
        return tuple(stages), channels
    if not gain or any(stage.colours.maps > 1 for stage in stages):
        if channels == "chroma":
            raise ParameterError("channels", "chroma needs a filter that keeps a picture's colours; use luma or each")
        return tuple(stages), channels
    inner = list(stages)
    if channels == "chroma":
        if any(stage.colours.bias or stage.colours.white_offset for stage in stages):
            raise ParameterError("channels", "chroma has no bias: that would change the luma; use luma or each")
        inner = [_neutral_outside(stage, border) for stage in inner]
    begins = Mark(channels, begins=True)  # type: ignore[arg-type]
    divides = any(stage.colours.alpha is not None for stage in stages)
    ends = Mark(channels, begins=False, gain=gain, divides=divides)  # type: ignore[arg-type]
    first = Stage(lambda context: take_out(begins, context), mark=begins)
    last = Stage(
        lambda context: put_back(ends, context),
        amplification=2.0,
        # Chroma has two channels, of which there are no maps.
        fields=stages[-1].fields if channels == "luma" else ("image",),
        display=stages[-1].display,
        mark=ends,
    )
    return (first, *inner, last), "each"


def _neutral_outside(stage: Stage, border: Border) -> Stage:
    """Return the stage with a border that has no colour, where it is constant."""
    branches = tuple(tuple(_neutral_outside(inner, border) for inner in branch) for branch in stage.branches)
    stage = stage._replace(branches=branches)
    if stage.window.border is not None:
        return stage
    return stage._replace(window=stage.window._replace(border=border, fill=lambda context: context.full / 2))


def take_out(mark: Mark, context: ImageContext) -> Function:
    """Return the function that takes a part out of the colours; if there is an alpha, it takes that, too."""

    def part(colours: Array, opaque: Array | float = context.full) -> Array:
        if mark.part == "luma" or colours.shape[2] == 1:
            return luma(colours, context.work).astype(context.work, copy=False)
        return chroma(colours.astype(context.work, copy=False), opaque).astype(context.work, copy=False)

    return part


def chroma(strip: Array, opacity: Array | float) -> Array:
    """Return Cb and Cr of colours ``(…, 3)`` multiplied by *opacity*, 0 in the middle of the range.

    >>> import numpy as np
    >>> chroma(np.array([[[255.0, 0, 0]]]), 255.0).round(3).tolist()
    [[[84.472, 255.0]]]
    """
    brightness = luma(strip)
    middle = np.asarray(opacity) / 2
    return np.concatenate(
        [
            (strip[..., 2:3] - brightness) / CB + middle,
            (strip[..., 0:1] - brightness) / CR + middle,
        ],
        axis=2,
    )


def with_chroma(brightness: Array, found: Array, middle: float) -> Array:
    """Return the colours of a luma and of Cb and Cr, *middle* being neutral."""
    blue = brightness + CB * (found[..., 0:1] - middle)
    red = brightness + CR * (found[..., 1:2] - middle)
    green = (brightness - RED * red - BLUE * blue) / GREEN
    return np.concatenate([red, green, blue], axis=2)


def put_back(mark: Mark, context: ImageContext) -> Function:
    """Return the function that joins the filtered part with the colours that were there, of one size.

    With an alpha it takes that of the colours, and the filtered one, too.
    """
    full, work = context.full, context.work

    def picture(found: Array, colours: Array, *alphas: Array) -> Array:
        if not alphas:
            return _joined(mark, found, colours, full, work).astype(work, copy=False)
        opaque, filtered = alphas
        seen = opaque > 0
        straight = np.where(seen, colours * full / np.where(seen, opaque, 1), 0)
        part = luma(straight) if mark.part == "luma" or colours.shape[2] == 1 else chroma(straight, full)
        if mark.divides:
            there = filtered > 1e-6 * full
            found = np.where(there, found * full / np.where(there, filtered, 1), part)
        else:
            found = found + mark.gain * part * (1 - filtered / full)
        return (_joined(mark, found, straight, full, work) * (opaque / full)).astype(work, copy=False)

    def function(found: Values, colours: Array, *alphas: Array) -> Values:
        if not hasattr(found, "_replace"):
            return picture(found, colours, *alphas)
        if "image" not in context.requested_fields:
            return found
        return found._replace(image=picture(found.image, colours, *alphas))  # the maps are those of the luma

    return function


def _joined(mark: Mark, found: Array, colours: Array, full: float, work: type) -> Array:
    if found.dtype.kind != "f":
        found = found.astype(work)
    if colours.shape[2] == 1:
        return found if mark.part == "luma" else colours
    colours = colours.astype(work, copy=False)
    before = luma(colours)
    if mark.part == "luma":
        return found + mark.gain * (colours - before)
    return with_chroma(before, found, mark.gain * full / 2)


def marked_ranges(stages: Sequence[Stage]) -> list[tuple[int, int]]:
    """Return the numbers of the stages that begin and end a part."""
    begins = [number for number, stage in enumerate(stages) if stage.mark is not None and stage.mark.begins]
    ends = [number for number, stage in enumerate(stages) if stage.mark is not None and not stage.mark.begins]
    return list(zip(begins, ends, strict=False))


def for_channels(stages: Sequence[Stage], count: int) -> tuple[Stage, ...]:
    """Return the stages for an image of so many channels.

    Gray is its own luma, and has no chroma: what filters that leaves it as it is.
    """
    ranges = marked_ranges(stages)
    if not ranges or count == 3:
        return tuple(stages)
    if count != 1:
        raise ImageError(f"has {count} channels, which have no luma and no chroma; use --channels each")
    kept = list(stages)
    for first, last in reversed(ranges):
        mark = stages[first].mark
        between = list(stages[first + 1 : last])
        if mark is not None and mark.part == "chroma":
            between = [under_anchor(stage) for stage in between]
        kept[first : last + 1] = between
    return tuple(kept)


def under_anchor(stage: Stage) -> Stage:
    """Return the stage that gives the sample under the anchor of a stage's window, of which that makes another one."""
    if stage.extent is not None:  # it acts on all channels alike
        return stage
    window = stage.window
    sx, sy = window.stride
    return Stage(
        lambda context: lambda strip: inside(strip, window.halo)[::sy, ::sx],
        window._replace(border="nearest", fill=lambda context: 0.0),
    )


def keeps_places(stages: Sequence[Stage]) -> bool:
    """Whether each sample of the result stands where that of the image does."""
    return all(
        stage.extent is None and stage.window.around == stage.window.halo and stage.window.stride == (1, 1)
        for stage in stages
    )
