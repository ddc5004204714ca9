"""The hit-or-miss transform: where a pattern of foreground and background fits."""

from __future__ import annotations

import math
from typing import Any

from ..engine.facts import Fact, note
from ..engine.stage import NO_COLOURS, BoundStage, ImageContext, Stage, Window
from ..lazy_numpy import Array, np
from .extrema import Over
from .structuring_element import Pair, Shape, of_mask


def hit_or_miss(pattern: Array, anchor: Pair, threshold: float | None) -> Stage:
    """Return the stage that is True where *pattern*, ``(height, width)``, fits with its *anchor* on the pixel.

    Its positive entries require foreground, brighter than *threshold*, and its negative ones background.
    """
    wanted = {"foreground": pattern > 0, "background": pattern < 0}
    hits, misses = (Over(of_mask(part, anchor, trimmed=False)) if part.any() else None for part in wanted.values())
    halo = Shape(pattern.shape[1], pattern.shape[0], anchor).halo

    def bind(context: ImageContext) -> BoundStage:
        level = context.full / 2 if threshold is None else threshold
        if context.whole:
            level = max(-1, min(math.floor(level), int(context.most)))

        def fitting(strip: Array) -> Any:
            # NaN is neither; if it is ignored, at least one sample of each must be present.
            fits = True if hits is None else hits(strip, "min", context.ignoring) > level
            return fits if misses is None else fits & (misses(strip, "max", context.ignoring) <= level)

        return BoundStage(fitting, work=context.own_type, interleaved=True)

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        counts = ", ".join(f"{np.count_nonzero(part)} of {name}" for name, part in wanted.items())
        return (note(f"hit or miss in {pattern.shape[1]}×{pattern.shape[0]}: {counts}"),)

    return Stage(bind, window=Window(halo), colours=NO_COLOURS, facts=facts)
