"""Moving the objects in an image along with its pixels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .boxes import MIN_VISIBLE, UNSEEN, Category, Corners, Instance, Keypoint, Point, area
from .way import Way

LEAST_SIDE = 1.0
"""The least side of a box in pixels: a smaller one is left out."""
ROUNDING = 1e-6


def moved(
    instances: Iterable[Instance],
    way: Way,
    min_visible: float = MIN_VISIBLE,
    swap: Mapping[int, tuple[int, Sequence[int]]] | None = None,
) -> list[Instance]:
    """Return the visible parts of an image's objects in the result of filters, at their new places.

    A box becomes the bounding box of its moved corners, or of its polygons, clipped to the result. It is left out if
    less than *min_visible* of its area is visible, or less than a pixel of its width or height. Rotation enlarges a
    box: for a square rotated by 45° it has twice the area.

    *swap* maps a class to that of its mirror image, and each of its points to the number of the point that takes its
    place.

    >>> from imfilter.filters.core.engine.coordinates import Geometry
    >>> from imfilter.cli.batch.annotations.way import Move
    >>> flip = Way(100, 50, (Move(Geometry(a=-1.0, c=100.0), "constant", (100, 50), (100, 50)),))
    >>> [instance.box for instance in moved([Instance(0, (10.0, 5.0, 30.0, 25.0))], flip)]
    [(70.0, 5.0, 90.0, 25.0)]
    """
    found = (_moved(instance, way, min_visible) for instance in instances)
    kept = [instance for instance in found if instance is not None]
    return [_swapped(instance, swap) for instance in kept] if swap and way.mirrors else kept


def _moved(instance: Instance, way: Way, min_visible: float) -> Instance | None:
    keypoints = tuple(_keypoint(point, way) for point in instance.keypoints)
    if instance.box is None and not instance.polygons:
        return instance._replace(keypoints=keypoints)
    still = Way(way.width, way.height)  # beyond the edge of the image nothing was ever visible
    outline = instance.polygons or (_polygon(instance.box),)
    before = [polygon for polygon in map(still.polygon, outline) if len(polygon) > 2]
    after = [polygon for polygon in map(way.polygon, before) if len(polygon) > 2 and area(polygon) > 0]
    whole, seen = sum(map(area, before)), sum(area(way.in_image(polygon)) for polygon in after)
    if not after or seen < (min_visible - ROUNDING) * whole:
        return None
    is_cut = seen < (1 - ROUNDING) * whole
    box = hull([point for polygon in after for point in polygon])
    if instance.polygons and instance.box is not None and not is_cut and way.keeps_corners:
        # As annotated: it may be wider than the polygons.
        corners = way.polygon(still.polygon(_polygon(instance.box)))
        box = hull(corners) if len(corners) > 2 else box
    if min(box[2] - box[0], box[3] - box[1]) < LEAST_SIDE - ROUNDING:
        return None
    own = instance.area and whole and instance.area * sum(map(area, after)) / whole
    parts = tuple(part and _moved(part, way, min_visible) for part in instance.parts)
    polygons = tuple(after) if instance.polygons else ()
    return instance._replace(
        box=box,
        polygons=polygons,
        keypoints=keypoints,
        parts=parts,
        area=own,
        is_cut=instance.is_cut or is_cut,
    )


def _keypoint(keypoint: Keypoint, way: Way) -> Keypoint:
    found = way.point((keypoint.x, keypoint.y)) if keypoint.visibility else None
    return UNSEEN if found is None else Keypoint(*found, keypoint.visibility)


def _swapped(instance: Instance, swap: Mapping[int, tuple[int, Sequence[int]]]) -> Instance:
    if instance.category not in swap:
        return instance
    category, order = swap[instance.category]
    points = instance.keypoints
    if len(order) == len(points):
        points = tuple(points[number] for number in order)
    return instance._replace(category=category, keypoints=points)


def swaps(categories: Sequence[Category], one: str, other: str) -> dict[int, tuple[int, Sequence[int]]]:
    """Return the *swap* for `moved` that exchanges the words *one* and *other* in names.

    A name is exchanged only if its counterpart exists.

    >>> swaps([Category("person", ("nose", "left_eye", "right_eye"))], "left", "right")
    {0: (0, [0, 2, 1])}
    """
    names = {category.name: number for number, category in enumerate(categories)}
    return {
        number: (
            names.get(exchanged(category.name, one, other), number),
            [_partner(category.keypoints, name, at, one, other) for at, name in enumerate(category.keypoints)],
        )
        for number, category in enumerate(categories)
    }


def _partner(names: Sequence[str], name: str, at: int, one: str, other: str) -> int:
    wanted = exchanged(name, one, other)
    return names.index(wanted) if wanted in names else at


def exchanged(name: str, one: str, other: str) -> str:
    """Return a name with two words exchanged.

    >>> exchanged("left_eye", "left", "right"), exchanged("right ear, left side", "left", "right")
    ('right_eye', 'left ear, right side')
    """
    return other.join(part.replace(other, one) for part in name.split(one))


def _polygon(box: Corners | None) -> list[Point]:
    if box is None:
        return []
    left, top, right, bottom = box
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def hull(points: Sequence[Point]) -> Corners:
    """Return the bounding box of points."""
    x, y = [point[0] for point in points], [point[1] for point in points]
    return min(x), min(y), max(x), max(y)
