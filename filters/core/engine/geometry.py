"""The map from the result of stages to the image; see `coordinates`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..parameters import ImageError
from .coordinates import Extent, Geometry
from .stage import Stage


def of(stages: Sequence[Stage], width: int, height: int) -> Geometry | None:
    """Return the map from the result of *stages* to an image of *width* and *height*; None if there is none.

    >>> from imfilter.filters.core.engine.stage import Window
    >>> half = Stage(lambda context: lambda strip: strip, Window(stride=(2, 2)))
    >>> of([half], 8, 8) == Geometry.scaled((2.0, 2.0), (-0.5, -0.5))
    True
    """
    return followed(stages, width, height).geometry


def followed(stages: Sequence[Stage], width: int, height: int) -> Extent:
    """Return the size of the result of successive *stages*, and its map."""
    total: Geometry | None = Geometry()
    for _, own in each(stages, width, height):
        width, height = own.width, own.height
        total = None if total is None or own.geometry is None else total.then(own.geometry)
    return Extent(width, height, total)


def each(stages: Sequence[Stage], width: int, height: int) -> Iterator[tuple[Stage, Extent]]:
    """Yield successive stages, each with the size of its result and its map to its input.

    Branches are joined sample by sample, so all have the same geometry, and the first represents them, unless they are
    mixed. Raises ImageError.
    """
    for stage in stages:
        if stage.mixes:
            yield stage, _mixed(stage, width, height)
            continue
        branch = next(filter(None, stage.branches), None)
        for inner, own in each(branch, width, height) if branch else [(stage, stage.result_of(width, height))]:
            yield inner, own
            width, height = own.width, own.height


def _mixed(stage: Stage, width: int, height: int) -> Extent:
    """Return the size that all branches of a stage keep, with a map if none moves samples; raises ImageError."""
    branches = [followed(branch, width, height) for branch in stage.branches]
    for number, own in enumerate(branches, 1):
        if (own.width, own.height) != (width, height):
            where = f"{stage.step}: " if stage.step else ""
            raise ImageError(
                f"{where}branch {number} makes {own.width}×{own.height} of {width}×{height}; keep the size"
            )
    still = all(own.geometry is not None and own.geometry.is_identity for own in branches)
    return Extent(width, height, Geometry() if still else None)
