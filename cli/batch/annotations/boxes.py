"""Objects in an image, each a class with a box, polygons and points.

Coordinates are continuous: pixel i covers i to i + 1. The formats of annotation files are converted to them, and back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....filters.core.named_tuple import NamedTuple

Point = tuple[float, float]
Polygon = Sequence[Point]
Corners = tuple[float, float, float, float]
"""The left, the top, the right and the bottom of a box."""
MIN_VISIBLE = 0.2
"""The fraction of an object that must be visible."""


class Keypoint(NamedTuple):
    """A named place of an object."""

    x: float
    y: float
    visibility: int
    """0 means not labelled, 1 hidden, 2 visible, as in COCO."""


UNSEEN = Keypoint(0.0, 0.0, 0)


class Instance(NamedTuple):
    """One object in an image."""

    category: int
    """The number of its class in the list of all classes; -1 if it has none."""
    box: Corners | None = None
    polygons: tuple[Polygon, ...] = ()
    """Its outline, if that is known: all polygons together."""
    keypoints: tuple[Keypoint, ...] = ()
    parts: tuple[Instance | None, ...] = ()
    """Boxes within it, such as head and hands; None for one that is no longer visible."""
    area: float | None = None
    """The area of its pixels as its file states it, which may differ from that of its outline."""
    is_crowd: bool = False
    is_cut: bool = False
    """A part of it is outside the image."""
    source: Any = None
    """Its other data, for a file of the same format."""


class Category(NamedTuple):
    """A class of objects."""

    name: str
    keypoints: tuple[str, ...] = ()
    """The names of the points of its objects."""
    source: Mapping[str, Any] = {}
    """Its other data."""


class Annotations(NamedTuple):
    """The annotations of an image."""

    instances: tuple[Instance, ...] = ()
    size: tuple[int, int] | None = None
    """The width and height of the image, if the file states them."""
    is_relative: bool = False
    """Coordinates are fractions of the width and the height."""
    source: Any = None
    """The image's other data, for a file of the same format."""
    notes: tuple[str, ...] = ()

    def in_pixels(self, width: int, height: int) -> Annotations:
        """Return the same with coordinates in pixels of an image of a *width* and *height*."""
        if not self.is_relative:
            return self
        scaled = tuple(_scaled(instance, width, height) for instance in self.instances)
        return self._replace(instances=scaled, is_relative=False)


def _scaled(instance: Instance, width: int, height: int) -> Instance:
    box = instance.box
    return instance._replace(
        box=box and (box[0] * width, box[1] * height, box[2] * width, box[3] * height),
        area=instance.area and instance.area * width * height,
        polygons=tuple([(x * width, y * height) for x, y in polygon] for polygon in instance.polygons),
        keypoints=tuple(Keypoint(x * width, y * height, seen) for x, y, seen in instance.keypoints),
    )


def area(polygon: Polygon) -> float:
    """Return the area of a polygon that does not cross itself.

    >>> area([(0, 0), (4, 0), (4, 3)])
    6.0
    """
    total = 0.0
    for (x, y), (next_x, next_y) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        total += x * next_y - next_x * y
    return abs(total) / 2
