"""The stage of a linear map about a point; its result has the picture's size, or holds the whole mapped picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..engine.borders import Rule
from ..engine.many import Many, Numbers, axes, rule_of, table
from ..engine.stage import Stage
from ..lazy_numpy import Array, np
from ..parameters import ImageError, ParameterError
from . import homography
from .homography import Linear, Matrix, Point
from .warp import MOST, Interpolation, Warp, of_images, warping

FURTHEST = 1e9
"""The largest coordinate of a point, so that all positions stay finite."""
TOUCHED = 1e-9
"""The fraction of a sample that rounding may add to a size."""


def linear_stage(
    linear: Linear,
    interpolation: Interpolation,
    *,
    centre: Point | None = None,
    moved: Callable[[int, int], Point] = lambda width, height: (0.0, 0.0),
    expand: bool = False,
) -> Stage:
    """Return the stage that applies *linear* about *centre*, or the middle, and then moves by *moved* samples.

    *expand* enlarges the result to hold the whole mapped picture, centred.
    """

    def warp(width: int, height: int) -> Warp:
        if not expand:
            at = (width / 2, height / 2) if centre is None else centre
            return Warp(width, height, homography.about(linear, at, moved(width, height)))
        across, down = (side - TOUCHED for side in homography.bounding_box(linear, width, height))
        if max(across, down) > MOST:
            raise ImageError(f"the result would be {across:.6g}×{down:.6g}; the limit is {MOST} in width and height")
        wide, high = max(math.ceil(across), 1), max(math.ceil(down), 1)
        back = linear.inverse()
        at = back.of(wide / 2, high / 2)
        return Warp(wide, high, Matrix(back.a, back.b, width / 2 - at[0], back.c, back.d, height / 2 - at[1]))

    return warping(warp, interpolation)


def many_of(
    columns: Iterable[str], linear_of: Callable[[Mapping[str, Any], int, int, int], tuple[list[Linear], Any]]
) -> Many:
    """Return how to transform many images at once, each by its own matrix.

    *linear_of* returns, for a filter's values, an image's size and the number of images, the map that is applied to
    each about the centre, and the move after it. Each image may have its own values of *columns* and center.
    """

    def numbers(values: Mapping[str, Any], width: int, height: int, channels: int, count: int) -> Iterator[Numbers]:
        if values["expand"] or values["interpolation"] != "bilinear":
            return
        linear, moved = linear_of(values, width, height, count)
        centre = (width / 2, height / 2) if values["center"] is None else axes(values["center"])
        matrix = homography.about(Linear(*np.array(linear).T), centre, moved)
        entries = table(*matrix, count=count, dtype=np.float64)
        left: Any = np.broadcast_to(matrix.moves_samples, count)
        if not left.any():
            yield Numbers(rule_of(values), entries)
        elif not left.all():
            places = np.flatnonzero(~left)
            yield Numbers(rule_of(values), entries[places], places=places)

    def apply(images: Array, rule: Rule, matrices: Array) -> Array:
        return of_images(images, matrices, "bilinear", rule)

    return Many(frozenset((*columns, "center")), numbers, apply)


def check_expand(expand: bool, **others: object) -> None:
    """Raise ParameterError for parameters that would move a picture that *expand* centres."""
    for name, value in others.items():
        if expand and value is not None:
            raise ParameterError(name, "has no effect with expand, which centres the picture; leave one out")
