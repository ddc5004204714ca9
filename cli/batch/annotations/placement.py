"""Masks, boxes and points of arrays: `--masks` and `--boxes` for Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....filters.core.filter import Call, ImageFilter
from ....filters.core.lazy_numpy import Array, np
from ....filters.core.parameters import ImageError, ParameterError
from ..filter_chain import Chain, in_python
from ..recipe import in_a_row
from .annotation_request import way_of
from .boxes import MIN_VISIBLE, Corners, Instance, Point, Polygon
from .moving import moved


class Placement:
    """Moves masks, boxes, polygons and points of an image to their places in the result of filters.

    *filters* is a filter, a step such as ``rotate.step(angle=12)``, or a chain, such as one from `Augmenter.chain`;
    *width* and *height* are those of the image. Coordinates are continuous, x to the right and y down: pixel i covers i
    to i + 1.

    Raises
    ------
    ImageError
        The filters refuse an image of this size, or positions in their result are not positions in the image.

    Examples
    --------
    >>> import numpy as np
    >>> from imfilter import chain, flip, resize
    >>> from imfilter.annotations import Placement
    >>> placed = Placement(chain(flip, resize.step(scale=2)), width=100, height=60)
    >>> placed.size
    (200, 120)
    >>> placed.boxes([(10, 5, 30, 25)])
    [(140.0, 10.0, 180.0, 50.0)]
    >>> placed.points([(10, 5), (101, 5)])
    [(180.0, 10.0), None]
    >>> Placement(flip, 3, 1).mask(np.array([[1, 2, 3]], np.uint8))
    array([[3, 2, 1]], dtype=uint8)
    """

    def __init__(self, filters: Chain[Any] | Call[Any] | ImageFilter[..., Any], width: int, height: int) -> None:
        for name, side in (("width", width), ("height", height)):
            if isinstance(side, bool) or not isinstance(side, int | np.integer) or side < 1:
                raise ParameterError(name, f"{side!r} is not a whole number, 1 or greater")
        with in_python():
            if isinstance(filters, Chain):
                recipe = filters.recipe
            elif isinstance(filters, Call | ImageFilter):
                recipe = in_a_row([filters.checked() if isinstance(filters, ImageFilter) else filters])
            else:
                raise ParameterError("filters", f"{filters!r} is neither a filter, nor a step, nor a chain")
            self._way = way_of(recipe, int(width), int(height))
        if self._way.refused is not None:
            last = self._way.refused or recipe.name
            raise ImageError(f"positions in the result of {last} are not positions in the image")

    @property
    def size(self) -> tuple[int, int]:
        """The width and height of the result."""
        return self._way.size

    @property
    def mirrors(self) -> bool:
        """Whether the result is mirrored."""
        return self._way.mirrors

    def boxes(self, boxes: Sequence[Corners], min_visible: float = MIN_VISIBLE) -> list[Corners | None]:
        """Return the boxes, each left, top, right and bottom, at their places in the result.

        Each is the bounding box of the moved corners, clipped to the result; None if less than *min_visible* of its
        area is visible, or less than a pixel of its width or height.

        Raises `ImageError` if a border shows parts of the image more than once.
        """
        if self._way.copies:
            raise ImageError("the border duplicates objects, but not their boxes; use constant or nearest")
        found: list[Corners | None] = []
        for left, top, right, bottom in boxes:
            box = float(left), float(top), float(right), float(bottom)
            seen = moved([Instance(0, box)], self._way, min_visible)
            found.append(seen[0].box if seen else None)
        return found

    def polygons(self, polygons: Sequence[Polygon]) -> list[list[Point]]:
        """Return the polygons, each of points (x, y), clipped to the result; empty if nothing is inside."""
        return [self._way.polygon(polygon) for polygon in polygons]

    def points(self, points: Sequence[Point]) -> list[Point | None]:
        """Return the places of points (x, y) in the result; None for one outside."""
        return [self._way.point((float(x), float(y))) for x, y in points]

    def mask(self, mask: Array, fill: int = 0) -> Array:
        """Return a mask ``(height, width)`` as the filters move it: each number is one of the mask's, or *fill*."""
        mask = np.asarray(mask)
        if mask.ndim != 2 or mask.shape != (self._way.height, self._way.width):
            raise ImageError(f"the mask has the shape {mask.shape}, but the image {self._shape}")
        return self._way.mask(mask[..., None], fill)[..., 0]

    @property
    def _shape(self) -> tuple[int, int]:
        return self._way.height, self._way.width
