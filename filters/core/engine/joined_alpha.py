"""An alpha that goes the way of its colours, as their last channel: no pixel is taken apart.

Geometric stages treat the alpha as they treat the colours, but for what lies past the edge. So all channels go through
them together, as they lie in the image, where nothing else looks at the alpha: of 12 MP of RGBA in 8 bits a flip takes
6 ms so in place of 57.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..lazy_numpy import Array
from ..parameters import ImageError
from . import nan_policy
from .borders import Fill, Rule, values_of
from .layout import adjoining
from .output_buffer import Output
from .quantize import Encoding
from .stage import Colours, ImageContext, Stage
from .working_space import Settings

PIXELS = (2, 4)
"""The channels of gray and colours beside their alpha."""


def joined(
    stages: Sequence[Stage],
    pixels: Array,
    alpha: Array,
    encodings: Mapping[str, Encoding],
    settings: Settings,
    context: ImageContext,
) -> Array | None:
    """Return the colours and their alpha as the one array that they are parts of; None where they must go apart.

    They go together if the picture is all that is asked for, and written as it is found, the alpha too.
    """
    whole = adjoining(pixels, alpha)
    if whole is None or whole.shape[2] not in PIXELS or [*encodings] != ["image"]:
        return None
    encoding = encodings["image"]
    light = settings.linear or settings.linear_out
    changed = settings.channels != "each" or settings.opaque or settings.coloured or settings.gray or settings.only
    # Missing samples are not looked for; where colours are mixed there must be none.
    anything = settings.nan == nan_policy.PROPAGATE and not settings.nan_looked_for and moves(stages)
    sure = pixels.dtype.kind == "u" or anything
    if light or changed or not sure or encoding != encoding.of_alpha() or not all(map(_goes_along, stages)):
        return None
    try:
        for fill in _fills(stages, settings.rule(settings.transfer, context.full), context):
            values_of(fill, whole.shape[2] - 1)
    except ImageError:  # of so many channels nobody has spoken
        return None
    return whole


def moves(stages: Sequence[Stage]) -> bool:
    """Whether the stages move samples and compute none, so that those of transparent pixels are left, too."""
    return all(stage.picks and stage.extent is not None for stage in stages)


def _goes_along(stage: Stage) -> bool:
    """Whether the alpha goes through a stage as its colours do."""
    own = stage.alpha is not None or stage.mark is not None or stage.survey is not None or bool(stage.branches)
    return stage.extent is not None and stage.colours == Colours() and not own


def _fills(stages: Sequence[Stage], rule: Rule, context: ImageContext) -> list[Fill]:
    """Return what lies past the edges."""
    rules = [rule, *(stage.window.rule(context, rule) for stage in stages)]
    return [each.fill for each in rules if each.border == "constant"]


def rule_of_pixels(rule: Rule, channels: int, full: float) -> Rule:
    """Return the rule of *channels*, of which the last is the alpha.

    >>> rule_of_pixels(Rule("constant", (10.0, 20.0, 30.0), opacity=0.5), 4, 255).fill
    (10.0, 20.0, 30.0, 127.5)
    """
    return rule._replace(fill=_with_opacity(rule.fill, rule.opacity * full, channels))


def stage_of_pixels(stage: Stage, channels: int) -> Stage:
    """Return a stage whose own border, if it has one, is that of *channels*, of which the last is the alpha."""
    window = stage.window
    if window.border is None:
        return stage

    def fill(context: ImageContext) -> Fill:
        return _with_opacity(window.fill(context), window.opacity * context.full, channels)

    return stage._replace(window=window._replace(fill=fill))


def _with_opacity(fill: Fill, opacity: float, channels: int) -> Fill:
    colours = channels - 1
    try:
        values = values_of(fill, colours)
    except ImageError:  # which no border uses
        return fill
    return (*([values] * colours if isinstance(values, (int, float)) else values.tolist()), opacity)


def apart(output: Output) -> Output:
    """Return an output whose alpha is named: parts of one array."""
    return output._replace(samples=output.samples[..., :-1], alpha=output.samples[..., -1])
