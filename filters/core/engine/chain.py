"""A chain of filters as one list of stages: one pass over the image, without rounding in between.

Each filter keeps its own border rule, channels and light. Conversions that its result would undergo on the way into a
file, such as adding a bias, become stages of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import takewhile
from typing import Any

from ..lazy_numpy import np
from ..named_tuple import NamedTuple
from . import colour, nan_policy
from .borders import Fill
from .stage import AlphaHandling, Colours, Function, ImageContext, Stage, Values, total_gain, without_maps
from .working_space import Settings


class Part(NamedTuple):
    """One filter of a chain."""

    stages: Sequence[Stage]
    settings: Settings
    name: str = ""
    """Its name in errors."""


def joined(parts: Sequence[Part]) -> tuple[tuple[Stage, ...], Settings]:
    """Return the stages and settings of one filter, or of several in a row."""
    return (tuple(parts[0].stages), parts[0].settings) if len(parts) == 1 else chain(parts)


def chain(parts: Sequence[Part]) -> tuple[tuple[Stage, ...], Settings]:
    """Return the stages of all *parts*, and the settings for entering the first and leaving the last.

    Only the last part's maps remain.
    """
    stages: list[Stage] = []
    first = parts[0].settings
    light = False
    for number, part in enumerate(parts):
        steps = list(part.stages)
        if number:
            steps = [*_crossing(parts[number - 1], part, light), *steps]
        # A result that is not a picture in colour is never in linear light.
        light = part.settings.linear and total_gain(part.stages) is not None
        if number + 1 < len(parts):
            steps = [_of_each(stage, lambda own: _without_offset(without_maps(own))) for stage in steps]
        at_home = partial(_at_home, settings=part.settings, name=part.name)
        stages += [_of_each(stage, at_home) for stage in steps]
    channels, coloured = first.channels, _gives_colours(parts)
    if channels == "each" and not coloured and any(part.settings.channels != "each" for part in parts):
        channels = "luma" if _is_luma_first(parts) else "max"  # of the only channel left
    looked_for = any(part.settings.nan != nan_policy.PROPAGATE for part in parts)
    settings = first._replace(
        channels=channels,
        linear_out=light,
        nan_looked_for=looked_for,
        coloured=coloured,
        gray_maps=any(part.settings.gray_maps for part in parts),
        only=_only([part.settings.only for part in parts]),
    )
    return tuple(stages), settings._replace(original=_moved(parts))


def _of_each(stage: Stage, changed: Callable[[Stage], Stage]) -> Stage:
    """Return a *changed* stage, with each image's own stages changed too."""
    return changed(stage)._replace(each=tuple(map(changed, stage.each)))


def _only(parts: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    """Return the channels that the parts filter; None if one filters all."""
    named = [part for part in parts if part is not None]
    return frozenset().union(*named) if len(named) == len(parts) else None


def _gives_colours(parts: Sequence[Part]) -> bool:
    """Whether even a gray image gets three channels: one part gives them, and none after it reduces them to one."""
    coloured = False
    for part in parts:
        coloured = part.settings.coloured or (coloured and part.settings.channels == "each")
    return coloured


def _moved(parts: Sequence[Part]) -> tuple[tuple[Stage, ...], Settings] | None:
    """Return the stages of a chain that only move samples, as a chain of their own; None if all do."""
    moving = [
        part._replace(
            stages=[stage for stage in part.stages if stage.extent is not None],
            settings=part.settings._replace(channels="each"),
        )
        for part in parts
    ]
    if all(len(own.stages) == len(part.stages) for own, part in zip(moving, parts, strict=True)):
        return None
    moving = [part for part in moving if part.stages]
    return chain(moving) if moving else None


def _is_luma_first(parts: Sequence[Part]) -> bool:
    """Whether the luma that a later filter needs may be taken first, which leaves a third of the samples.

    Weighted sums that treat all channels alike commute with taking the luma.
    """
    before = list(takewhile(lambda part: part.settings.channels == "each", parts))
    settings = [part.settings for part in parts[: len(before) + 1]]
    stages = [stage for part in before for stage in part.stages]
    return (
        settings[-1].channels == "luma"
        and all(one.linear == settings[0].linear and one.nan == nan_policy.PROPAGATE for one in settings)
        and all(stage.weights is not None and stage.colours.gain is not None for stage in stages)
    )


def _crossing(before: Part, behind: Part, light: bool) -> list[Stage]:
    """Return the stages from one filter's result, in linear *light* or not, to the next one's input."""
    gain = total_gain(before.stages)
    bias = sum(stage.colours.bias for stage in before.stages)
    white_offset = sum(stage.colours.white_offset for stage in before.stages)
    strongest = before.settings.channels == "max"
    changed, decoded = light != behind.settings.linear, behind.settings.linear
    steepest = (2.3 if decoded else 13.0) if changed else 1.0

    def bind(context: ImageContext) -> Function:
        def cross(values: Values) -> Values:
            strip: Any = getattr(values, "image", values)
            if strip.dtype == bool:
                strip = strip * np.asarray(context.full, context.work)
            if bias or white_offset:
                strip = strip + (bias + white_offset * context.full)
            if strongest:
                strip = colour.strongest(strip, before.settings.nan == nan_policy.IGNORE)
            if changed:
                change = context.transfer.decode if decoded else context.transfer.encode
                strip = change(strip, context.full).astype(context.work, copy=False)
            return strip

        return cross

    stages = []
    apart = bool(bias or white_offset) or changed or gain == 0
    crossing = AlphaHandling(divide=apart and bool(gain), multiply=apart)
    if apart or strongest or gain is None:
        stages.append(Stage(bind, amplification=steepest, colours=Colours(alpha=crossing)))
    value = nan_policy.filling(behind.settings.nan)
    if value is not None:
        stages.append(_filling(value, behind.settings.linear, bool(gain)))
    if behind.settings.channels == "luma":
        stages.append(Stage(lambda context: lambda strip: colour.luma(strip, context.work)))
    if gain is not None and total_gain(behind.stages) is None:
        on_backdrop = AlphaHandling(backdrop=True, linear=behind.settings.linear)
        stages.append(Stage(lambda context: lambda strip: strip, colours=Colours(alpha=on_backdrop)))
    return stages


def _filling(value: float, linear: bool, apart: bool) -> Stage:
    """Return the stage that replaces NaN by *value*, in the image's units; *apart* from any alpha."""

    def bind(context: ImageContext) -> Function:
        decoded = context.transfer.decode_value(value, context.full) if linear else value
        return lambda strip: nan_policy.filled(strip, decoded)

    return Stage(bind, colours=Colours(alpha=AlphaHandling(divide=apart, multiply=apart, missing=True)))


def _without_offset(stage: Stage) -> Stage:
    return stage._replace(colours=stage.colours._replace(bias=0.0, white_offset=0.0))


def _at_home(stage: Stage, settings: Settings, name: str) -> Stage:
    """Return the stage, with those in its branches, with its own filter's border rule and name."""
    branches = tuple(tuple(_at_home(inner, settings, name) for inner in branch) for branch in stage.branches)
    stage = stage._replace(branches=branches)
    if stage.window.border is not None:
        return stage._replace(step=name)

    def fill(context: ImageContext) -> Fill:
        return settings.rule(context.transfer, context.full).fill

    opacity = 0.0 if settings.fill is None else 1.0
    window = stage.window._replace(border=settings.border, fill=fill, opacity=opacity)
    return stage._replace(window=window, step=name)
