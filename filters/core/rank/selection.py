"""Stages that choose among the samples of a window: minima, medians, maxima.

What is chosen is a sample, so whole numbers are chosen among in their own narrow type, a quarter of a float's bytes,
and nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.stage import BoundStage, Halo, ImageContext, Stage, Window
from ..lazy_numpy import Array, np

Select = Callable[[Array], Array]


def selecting(
    select: Select, halo: Halo, present: Select | None = None, interleaved: bool = False, **properties: Any
) -> Stage:
    """Return the stage that *select* is: from a padded strip of any type to a strip of the same type.

    Of samples that may be missing, which are NaN and shall count nothing, *present* selects; a strip of which none
    is missing goes to *select*. They may take *interleaved* channels. Properties are those of the `Stage`.
    """

    def bind(context: ImageContext) -> BoundStage:
        careful = present if present is not None and context.ignoring else None

        def selected(strip: Array) -> Array:
            return select(strip) if careful is None or not np.isnan(np.max(strip)) else careful(strip)

        return BoundStage(selected, interleaved=interleaved, anywhere=interleaved)

    return Stage(bind, window=Window(halo), selects=True, picks=True, **properties)
