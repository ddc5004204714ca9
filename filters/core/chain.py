"""Several filters in a row as one list of stages: one pass over the image, and no rounding between them.

Each filter keeps its own border rule, channels and light. What would be done to its result on the way into a file,
a bias among it, becomes a stage of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from . import colour
from .lazy import np
from .passage import Settings
from .stage import Frame, Function, Stage, Values, bound, pointwise


class Part(NamedTuple):
    """One filter of a chain."""

    stages: Sequence[Stage]
    settings: Settings
    name: str = ""
    """What a failure calls it."""


def chain(parts: Sequence[Part]) -> tuple[tuple[Stage, ...], Settings]:
    """Return the stages of all *parts*, and how an image enters the first and leaves the last.

    Only the last part's maps are there in the end.
    """
    stages: list[Stage] = []
    first, last = parts[0].settings, parts[-1].settings
    for number, (own, settings, name) in enumerate(parts):
        steps = []
        if number:
            if settings.linear != parts[number - 1].settings.linear:
                steps.append(_light(settings.linear))
            if settings.channels == "luma":
                steps.append(pointwise(colour.luma))
        if number + 1 < len(parts):
            steps += [replace(_without_maps(stage), bias=0.0) for stage in own]
            steps.append(Stage(_bind_picture))
            if bias := sum(stage.bias for stage in own):
                steps.append(_added(bias))
            if settings.channels == "max":
                steps.append(pointwise(colour.strongest))
        else:
            steps += own
        stages += [_at_home(stage, settings, name) for stage in steps]
    channels = first.channels
    if channels == "each" and any(part.settings.channels != "each" for part in parts):
        channels = "max"  # of the one channel that is left
    return tuple(stages), replace(first, channels=channels, linear_out=last.linear)


def _at_home(stage: Stage, settings: Settings, name: str) -> Stage:
    """Return the stage with its own filter's border rule, and its name."""
    if stage.border is not None:
        return replace(stage, step=name)

    def fill(frame: Frame) -> float:
        value = np.float64(settings.fill)
        return float(colour.decode_srgb(value, frame.full) if settings.linear else value)

    return replace(stage, border=settings.border, fill=fill, step=name)


def _without_maps(stage: Stage) -> Stage:
    """Return the stage, told that nobody wants its maps."""
    return replace(stage, bind=lambda frame: bound(stage, replace(frame, wanted=frozenset({"image"}))))


def _bind_picture(frame: Frame) -> Function:
    """Return what takes the picture from a filter's results, as numbers."""

    def picture(values: Values) -> Values:
        strip = values.image if isinstance(values, tuple) else values
        return strip * np.asarray(frame.full, frame.work) if strip.dtype == bool else strip

    return picture


def _light(linear: bool) -> Stage:
    """Return the stage that takes values into linear light, or out of it."""
    change = colour.decode_srgb if linear else colour.encode_srgb
    steepest = 2.3 if linear else 13.0
    return Stage(
        lambda frame: lambda strip: change(strip, frame.full).astype(frame.work, copy=False),
        straight=True,
        amplification=steepest,
    )


def _added(bias: float) -> Stage:
    return pointwise(lambda strip: strip + np.asarray(bias, strip.dtype), straight=True)
