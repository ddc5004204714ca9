"""Filtering a part of a picture's colours and keeping the rest: the luma, the chroma, or one channel.

Two marks enclose the stages of such a filter: the first extracts the part, the second recombines it with the rest. For
the luma Y, colours keep their differences from it: ``R' = Y' + g·(R - Y)``, where g is the filter's factor on a
constant image, usually 1. For the chroma, Cb and Cr of the full-range YCbCr of ITU-T T.871 are filtered, and Y is kept.
A single channel is filtered like a gray picture.

The alpha is kept, too, unless it is the filtered channel. A transparent neighbour counts like the pixel in the middle.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..lazy_numpy import Array, np
from ..parameters import ImageError, ParameterError
from . import mask
from .borders import Border, Fill
from .colour import LUMA_SUM, LUMA_WEIGHTS, luma
from .stage import Function, ImageContext, Mark, Stage, Values, inside, total_gain

PRIMARIES = ("R", "G", "B")
ALPHA = "A"
SINGLE = (*PRIMARIES, ALPHA)
"""The channels that can be filtered alone."""
PARTS = ("luma", "chroma")
RED, GREEN, BLUE = (weight / LUMA_SUM for weight in LUMA_WEIGHTS)
CB, CR = 2 * (1 - BLUE), 2 * (1 - RED)
"""The ranges of B - Y and of R - Y, as fractions of white; Cb and Cr scale them to white."""


def divided(stages: Sequence[Stage], channels: str, border: Border) -> tuple[tuple[Stage, ...], str]:
    """Return the stages that act on the named part of the colours, and the *channels* setting for the rest.

    A result that is not a picture in colour, such as edges, is the gray result of the luma or the channel. Raises
    `ParameterError` if chroma does not apply, or there is nothing to keep beside the filtered part.
    """
    gain = total_gain(stages)
    if any(stage.colours.coloured for stage in stages):
        return tuple(stages), "each"
    if channels in SINGLE:
        return _alone(stages, channels, gain)
    if channels in PARTS and all(stage.extent is not None for stage in stages):
        return tuple(stages), "each"  # a filter that moves one part of the colours moves the others too
    if channels not in PARTS:
        return tuple(stages), channels
    if not gain or any(stage.colours.maps > 1 for stage in stages):
        if channels == "chroma":
            raise ParameterError(
                "channels", "chroma requires a filter that gives a picture in colour; use luma or each"
            )
        return tuple(stages), channels
    inner = list(stages)
    if channels == "chroma":
        if any(stage.colours.bias or stage.colours.white_offset for stage in stages):
            raise ParameterError("channels", "chroma takes no bias, which would change the luma; use luma or each")
        inner = [_neutral_outside(stage, border) for stage in inner]
    begins = Mark(channels, begins=True)  # type: ignore[arg-type]
    divides = any(stage.colours.alpha is not None for stage in stages)
    ends = Mark(channels, begins=False, gain=gain, divides=divides)  # type: ignore[arg-type]
    first = Stage(lambda context: take_out(begins, context), mark=begins)
    last = Stage(
        lambda context: put_back(ends, context),
        amplification=2.0,
        # Chroma has two channels, and no maps.
        fields=stages[-1].fields if channels == "luma" else ("image",),
        display=stages[-1].display,
        mark=ends,
    )
    return (first, *inner, last), "each"


def _alone(stages: Sequence[Stage], channel: str, gain: float | None) -> tuple[tuple[Stage, ...], str]:
    """Return the stages that act on one channel."""
    begins = Mark(channel, begins=True)  # type: ignore[arg-type]
    first = Stage(lambda context: take_out(begins, context), mark=begins)
    if not gain or any(stage.colours.maps > 1 for stage in stages):
        return (first, *stages), channel
    if not mask.keeps_size(stages):
        raise ParameterError(
            "channels",
            f"{channel} keeps the other channels, so the result must have the image's size and position; use each",
        )
    ends = Mark(
        channel,  # type: ignore[arg-type]
        begins=False,
        gain=gain,
        divides=any(stage.colours.alpha is not None for stage in stages),
        bias=sum(stage.colours.bias for stage in stages),
        white_offset=sum(stage.colours.white_offset for stage in stages),
    )
    unbiased = [stage._replace(colours=stage.colours._replace(bias=0.0, white_offset=0.0)) for stage in stages]
    last = Stage(
        lambda context: put_back(ends, context),
        fields=("image",) if channel == ALPHA else stages[-1].fields,  # its maps would not be the picture's
        display=stages[-1].display,
        mark=ends,
    )
    return (first, *unbiased, last), "each"


def fill_of(channel: str, fill: Fill) -> Fill:
    """Return the fill of one channel, if the fill is a colour.

    >>> fill_of("G", (1.0, 2.0, 3.0)), fill_of("G", 7.0)
    (2.0, 7.0)
    """
    coloured = isinstance(fill, tuple) and len(fill) == 3 and channel in PRIMARIES
    return fill[PRIMARIES.index(channel)] if coloured else fill  # type: ignore[index]


def with_fill_of(channel: str, stage: Stage) -> Stage:
    """Return a stage of one channel with its component of the fill colour."""
    window = stage.window
    branches = tuple(tuple(with_fill_of(channel, inner) for inner in branch) for branch in stage.branches)
    return stage._replace(
        window=window._replace(fill=lambda context: fill_of(channel, window.fill(context))), branches=branches
    )


def _neutral_outside(stage: Stage, border: Border) -> Stage:
    """Return the stage with a constant border made neutral."""
    branches = tuple(tuple(_neutral_outside(inner, border) for inner in branch) for branch in stage.branches)
    stage = stage._replace(branches=branches)
    if stage.window.border is not None:
        return stage
    return stage._replace(window=stage.window._replace(border=border, fill=lambda context: context.full / 2))


def take_out(mark: Mark, context: ImageContext, where: str = "") -> Function:
    """Return the function that extracts a part of the colours; it also takes an alpha, if there is one.

    Its errors begin with *where*.
    """

    def one(colours: Array, *alpha: Array) -> Array:
        if colours.shape[2] != 3:
            raise ImageError(where + no_channel(mark.part, colours.shape[2]))
        channel = PRIMARIES.index(mark.part)
        return np.ascontiguousarray(colours[..., channel : channel + 1])

    def part(colours: Array, opaque: Array | float = context.full) -> Array:
        if mark.part == "luma" or colours.shape[2] == 1:
            return luma(colours, context.work).astype(context.work, copy=False)
        return chroma(colours.astype(context.work, copy=False), opaque).astype(context.work, copy=False)

    return one if mark.part in PRIMARIES else part


def no_channel(channel: str, count: int) -> str:
    """Return the error that an image with *count* channels lacks the named one."""
    what = "is gray" if count == 1 else f"has {count} bands without colour"
    return f"{what}, and has no {channel} channel; use --channels each"


def chroma(strip: Array, opacity: Array | float) -> Array:
    """Return Cb and Cr of premultiplied colours ``(…, 3)`` with *opacity*; 0 is the middle of their range.

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
    """Return the colours for a luma, Cb and Cr; *middle* is neutral."""
    blue = brightness + CB * (found[..., 0:1] - middle)
    red = brightness + CR * (found[..., 1:2] - middle)
    green = (brightness - RED * red - BLUE * blue) / GREEN
    return np.concatenate([red, green, blue], axis=2)


def put_back(mark: Mark, context: ImageContext) -> Function:
    """Return the function that joins the filtered part with the original colours of the same size.

    With an alpha it also takes the original and the filtered alpha.
    """
    full, work = context.full, context.work

    def picture(found: Array, colours: Array, *alphas: Array) -> Array:
        if not alphas:
            return _joined(mark, found, colours, full, work).astype(work, copy=False)
        opaque, filtered = alphas
        seen = opaque > 0
        straight = np.where(seen, colours * full / np.where(seen, opaque, 1), 0)
        part = _part(mark, straight, full)
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
        return found._replace(image=picture(found.image, colours, *alphas))  # maps are those of the luma

    return function


def _part(mark: Mark, straight: Array, full: float) -> Array:
    if mark.part in PRIMARIES:
        channel = PRIMARIES.index(mark.part)
        return straight[..., channel : channel + 1]
    return luma(straight) if mark.part == "luma" or straight.shape[2] == 1 else chroma(straight, full)


def new_alpha(mark: Mark, context: ImageContext) -> Function:
    """Return the function that clips a filtered alpha to the range from 0 to white."""
    bias = mark.bias + mark.white_offset * context.full

    def alpha(found: Values) -> Array:
        return np.clip(getattr(found, "image", found).astype(context.work) + bias, 0, context.full)

    return alpha


def _joined(mark: Mark, found: Array, colours: Array, full: float, work: type) -> Array:
    if found.dtype.kind != "f":
        found = found.astype(work)
    if mark.part in PRIMARIES:
        joined = colours.astype(work)
        channel = PRIMARIES.index(mark.part)
        joined[..., channel : channel + 1] = found + (mark.bias + mark.white_offset * full)
        return joined
    if colours.shape[2] == 1:
        return found if mark.part == "luma" else colours
    colours = colours.astype(work, copy=False)
    before = luma(colours)
    if mark.part == "luma":
        return found + mark.gain * (colours - before)
    return with_chroma(before, found, mark.gain * full / 2)


def marked_ranges(stages: Sequence[Stage]) -> list[tuple[int, int]]:
    """Return the indices of the stages that begin and end filtering the luma or the chroma."""
    marks = [(number, stage.mark) for number, stage in enumerate(stages) if stage.mark and stage.mark.part in PARTS]
    begins = [number for number, mark in marks if mark.begins]
    ends = [number for number, mark in marks if not mark.begins]
    return list(zip(begins, ends, strict=True))


def for_channels(stages: Sequence[Stage], count: int) -> tuple[Stage, ...]:
    """Return the stages for an image with *count* channels.

    A gray image is its own luma and has no chroma, so chroma filters leave it unchanged.
    """
    named = next((stage.mark for stage in stages if stage.mark and stage.mark.part in PRIMARIES), None)
    if named is not None and count != 3:
        raise ImageError(no_channel(named.part, count))
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
    """Return the stage that selects the sample under the anchor of *stage*'s window."""
    if stage.extent is not None:  # acts on all channels alike
        return stage
    window = stage.window
    sx, sy = window.stride
    return Stage(
        lambda context: lambda strip: inside(strip, window.halo)[::sy, ::sx],
        window._replace(border="nearest", fill=lambda context: 0.0),
    )


def keeps_places(stages: Sequence[Stage]) -> bool:
    """Whether each sample of the result has the position of the image's sample."""
    return all(
        stage.extent is None and stage.window.around == stage.window.halo and stage.window.stride == (1, 1)
        for stage in stages
    )
