"""A frame placed on the image: pixels outside it are cut off, and where it extends beyond the image the border fills.

Samples are unchanged, and copied once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine import borders
from ..engine.coordinates import Extent, Geometry
from ..engine.stage import Function, ImageContext, Rows, Stage, Values, by_field, geometric
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple


class Frame(NamedTuple):
    """A box of whole samples; x and y may be negative."""

    x: int
    y: int
    width: int
    height: int

    def is_inside(self, width: int, height: int) -> bool:
        """Whether the frame lies inside an image of *width* and *height*."""
        return is_inside(*self, width, height)

    @property
    def extent(self) -> Extent:
        """The size and position of the frame."""
        return Extent(self.width, self.height, Geometry.scaled((1.0, 1.0), (float(self.x), float(self.y))))


def is_inside(x: Any, y: Any, across: Any, down: Any, width: int, height: int) -> Any:
    """Whether a frame lies inside an image of *width* and *height*; elementwise for arrays."""
    return (x >= 0) & (y >= 0) & (x + across <= width) & (y + down <= height)


def placed(room: int, share: float) -> int:
    """Return the offset from the first edge for *room* to spare: a *share* of 0 is at that edge, 1 at the other.

    A half is rounded towards the edge.

    >>> placed(7, 0.5), placed(7, 1), placed(-7, 0.5)
    (3, 7, -3)
    """
    return int(all_placed(room, share))


def all_placed(room: Any, share: Any) -> Array:
    """Return the same as `placed`, for arrays of either."""
    return np.copysign(np.ceil(np.abs(room) * share - 0.5), room).astype(np.int64)


def sides_of(width: int, height: int, area: Any, ratio: Any) -> tuple[Any, Any]:
    """Return the unrounded sides of a part with an *area*, as a fraction of the image's, and an aspect *ratio*.

    Either may be an array.

    >>> [float(side) for side in sides_of(640, 480, 0.25, 0.75)]
    [240.0, 320.0]
    """
    pixels = area * width * height
    return np.sqrt(pixels * ratio), np.sqrt(pixels / ratio)


def rounded(side: Any) -> Any:
    """Return a side, or an array of them, in whole samples, rounded half up."""
    return np.floor(side + 0.5).astype(np.int64)


def framed(frame_of: Callable[[int, int], Frame]) -> Stage:
    """Return the stage that takes the frame given by *frame_of* for an image's width and height."""

    def bind(context: ImageContext) -> Function:
        frame = frame_of(context.width, context.height)
        return lambda above: _Framed(above, frame, context)

    return geometric(bind, lambda width, height: frame_of(width, height).extent, picks=True)


def of_images(images: Array, fill: float, size: tuple[int, int], corners: Array) -> Array:
    """Return the part in a frame of each image, all of one size; pixels beyond the edge are *fill*, a whole number.

    *corners* has the x and y of each frame.
    """
    count, height, width, channels = images.shape
    across, down = size
    left, top = np.maximum(-corners.min(axis=0), 0)
    right, bottom = np.maximum(corners.max(axis=0) + size - (width, height), 0)
    if left or top or right or bottom:
        surrounded = np.full((count, top + height + bottom, left + width + right, channels), fill, images.dtype)
        surrounded[:, top : top + height, left : left + width] = images
        images = surrounded
    found = np.empty((count, down, across, channels), images.dtype)
    for image, (x, y), result in zip(images, np.add(corners, (left, top)).tolist(), found, strict=True):
        result[...] = image[y : y + down, x : x + across]
    return found


class _Framed(Rows):
    """The rows of a frame."""

    def __init__(self, above: Rows, frame: Frame, context: ImageContext) -> None:
        self.above, self.frame, self.context = above, frame, context
        self.width, self.height = frame.width, frame.height
        # The padding of each of the image's rows.
        self.left, self.right = max(-frame.x, 0), max(frame.x + frame.width - above.width, 0)

    def rows(self, start: int, stop: int) -> Values:
        """Return rows of the frame: a view of the image's, or a padded copy."""
        first, last = start + self.frame.y, stop + self.frame.y
        columns = slice(max(self.frame.x, 0), max(self.frame.x, 0) + self.width)
        if first >= 0 and last <= self.above.height and not (self.left or self.right):
            return by_field(lambda strip: strip[:, columns], self.above.rows(first, last))
        starts, parts = self._seen(first, last)

        def surrounded(*strips: Array) -> Array:
            laid = list(zip(starts, strips, strict=True))
            rows, kind = (first, last, self.above.height), self._type(strips[0])
            return borders.surround(laid, rows, self.left, self.right, kind, self.context.rule, True)[:, columns]

        return by_field(surrounded, *parts)

    def _seen(self, first: int, last: int) -> tuple[list[int], list[Values]]:
        """Return the image's rows for some positions, which may lie beyond the edges, and where they begin."""
        groups = borders.seen(first, last, self.above.height, self.context.rule.border)
        return [group[0] for group in groups], [self.above.rows(*group) for group in groups]

    def _type(self, strip: Array) -> type:
        """Return the type that holds the samples of a strip and the pixels beyond the edge."""
        if self.context.whole or (strip.dtype.kind == "f" and self.context.rule.border != "constant"):
            return strip.dtype.type
        return np.result_type(strip.dtype, self.context.work).type
