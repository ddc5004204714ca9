"""Images filtered alike but with different numbers, as one stack.

If the filters of several images differ only in their numbers, the images go through the pipeline together, and stages
that they do not share apply one per image: see `Stage.each`. Results equal those of each image by itself to the last
bit.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from .borders import Rule
from .chain import Part
from .stage import NO_HALO, ImageContext, Stage


def form(parts: Sequence[Part], width: int, height: int, context: ImageContext) -> Hashable | None:
    """Return the form that filters of images of one size must share to run together; None if they cannot.

    *context* gives white, and whether an image is gray.
    """
    found: list[Hashable] = []
    for part in parts:
        if part.settings.only is not None:
            return None
        found.append(part.settings)
        for stage in part.stages:
            if stage.mark is not None or stage.branches or stage.alpha is not None:
                return None
            extent = stage.result_of(width, height)
            width, height = extent.width, extent.height
            found.append((width, height, *_form_of(stage, context)))
    return tuple(found)


def _form_of(stage: Stage, context: ImageContext) -> tuple[Hashable, ...]:
    window = stage.window
    rule = window.rule(context, Rule("reflect"))
    kind = stage.takes, stage.survey is None, stage.extent is None
    says = (
        stage.colours,
        tuple(stage.fields),
        stage.display,
        stage.weights is None,
        window.halo == NO_HALO,
        window.usual,
    )
    ways = stage.by_channel, stage.by_name, stage.selects, stage.picks, stage.ignoring, window.border, window.opacity
    return *kind, *says, *ways, rule.is_whole(context.most, context.colours == "gray")


def merged(filters: Sequence[Sequence[Part]]) -> list[Part]:
    """Return the filters of several images, all of one `form`, as the filters of a stack."""
    found: list[Part] = []
    for parts in zip(*filters, strict=True):
        stages = [_merged(stages) for stages in zip(*(part.stages for part in parts), strict=True)]
        found.append(parts[0]._replace(stages=stages))
    return found


def _merged(stages: Sequence[Stage]) -> Stage:
    first = stages[0]
    return first if all(stage is first for stage in stages) else first._replace(each=tuple(stages))
