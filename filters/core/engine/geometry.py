"""Where the points of the result of stages lie in the image that it was made of; see `coordinates`."""

from __future__ import annotations

from collections.abc import Sequence

from ..parameters import ImageError
from .coordinates import Extent, Geometry
from .stage import Stage


def of(stages: Sequence[Stage], width: int, height: int) -> Geometry | None:
    """Return where the result of *stages* lies in an image of *width* and *height*; None where there is no such map.

    >>> from imfilter.filters.core.engine.stage import Window
    >>> half = Stage(lambda context: lambda strip: strip, Window(stride=(2, 2)))
    >>> of([half], 8, 8) == Geometry.scaled((2.0, 2.0), (-0.5, -0.5))
    True
    """
    return followed(stages, width, height).geometry


def followed(stages: Sequence[Stage], width: int, height: int) -> Extent:
    """Return the size of the result of *stages* in a row, and its map."""
    total: Geometry | None = Geometry()
    for stage in stages:
        # Branches are joined sample by sample: all of them lie alike, unless they are mixed.
        branch = next(filter(None, stage.branches), None)
        if stage.mixes:
            own = _mixed(stage, width, height)
        else:
            own = followed(branch, width, height) if branch else stage.result_of(width, height)
        width, height = own.width, own.height
        total = None if total is None or own.geometry is None else total.then(own.geometry)
    return Extent(width, height, total)


def _mixed(stage: Stage, width: int, height: int) -> Extent:
    """Return the size that all branches of a stage keep, and their map if they have the same; raises ImageError."""
    branches = [followed(branch, width, height) for branch in stage.branches]
    for number, own in enumerate(branches, 1):
        if (own.width, own.height) != (width, height):
            where = f"{stage.step}: " if stage.step else ""
            raise ImageError(
                f"{where}branch {number} makes {own.width}×{own.height} of {width}×{height}; keep the size"
            )
    alike = all(own.geometry == branches[0].geometry for own in branches)
    return Extent(width, height, branches[0].geometry if alike else None)
