"""Following places of an image through filters: polygons, points and masks in the result."""

from __future__ import annotations

from collections.abc import Sequence

from ....filters.core.engine import geometry
from ....filters.core.engine.borders import Border, index_of
from ....filters.core.engine.coordinates import Geometry
from ....filters.core.engine.stage import Stage
from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from .boxes import Point, Polygon

COPYING: tuple[Border, ...] = ("reflect", "mirror", "wrap")
"""The borders that repeat parts of the image."""
SAMPLES = 1 << 18
"""Samples of a mask that are looked up at a time."""
NEAR = 1e-9
"""Points closer to the horizon than this have no place; lengths that differ by less are equal."""


class Move(NamedTuple):
    """One filter that moves pixels."""

    geometry: Geometry
    border: Border
    before: tuple[int, int]
    """The width and height of its input."""
    after: tuple[int, int]
    """Those of its result."""

    @property
    def looks_outside(self) -> bool:
        """Whether the result shows areas beyond the edge of the input."""
        (width, height), edge = self.after, 1e-6
        corners = [self._in_image(x, y) for x in (0.5, width - 0.5) for y in (0.5, height - 0.5)]
        low, high = (-edge, -edge), (self.before[0] + edge, self.before[1] + edge)
        return any(not all(a <= c <= b for a, c, b in zip(low, corner, high, strict=True)) for corner in corners)

    @property
    def mirrors(self) -> bool:
        """Whether it mirrors: the determinant of the map is negative."""
        g = self.geometry
        return g.side * (g.a * (g.e - g.f * g.h) - g.b * (g.d - g.f * g.g) + g.c * (g.d * g.h - g.e * g.g)) < 0

    def _in_image(self, x: float, y: float) -> tuple[float, float]:
        return self.geometry.in_image(x, y) if self.geometry.depth(x, y) > 0 else (np.inf, np.inf)

    def homogeneous(self, points: Array) -> Array:
        """Return the places of input points ``(n, 2)`` in the result: ``(n, 3)``, x and y multiplied by the last, w.

        Points with w ≤ 0 are behind the horizon.
        """
        g = self.geometry
        if g.is_affine:
            return np.column_stack([*g.in_result(points[:, 0], points[:, 1]), np.ones(len(points))])
        matrix = np.array([[g.a, g.b, g.c], [g.d, g.e, g.f], [g.g, g.h, 1.0]])
        return np.column_stack([points, np.ones(len(points))]) @ (g.side * np.linalg.inv(matrix)).T

    def clipped(self, polygon: Array) -> Array:
        """Return the part of an input polygon that is in the result; without points if there is none.

        The method of Sutherland and Hodgman, in homogeneous coordinates, in which edges that cross the horizon can also
        be clipped.
        """
        moved, (width, height) = self.homogeneous(polygon), self.after
        for side in ((0, 0, 1), (1, 0, 0), (0, 1, 0), (-1, 0, width), (0, -1, height)):
            inside = moved @ np.array(side, float) - (NEAR if side[2] == 1 and not any(side[:2]) else 0.0)
            moved = _cut(moved, inside)
        return moved[:, :2] / moved[:, 2:]


def _cut(polygon: Array, inside: Array) -> Array:
    """Return the part of a polygon in which *inside*, which is linear along its edges, is not negative."""
    if (inside >= 0).all():
        return polygon
    kept: list[Array] = []
    for at in range(len(polygon)):
        one, other = inside[at - 1], inside[at]
        if (one < 0) != (other < 0):
            share = one / (one - other)
            kept.append(polygon[at - 1] + share * (polygon[at] - polygon[at - 1]))
        if other >= 0:
            kept.append(polygon[at])
    return np.array(kept).reshape(-1, polygon.shape[1])


class Way(NamedTuple):
    """The combined movement of filters in a row, for an image of this width and height."""

    width: int
    height: int
    moves: tuple[Move, ...] = ()
    refused: str | None = None
    """The step whose movement is not a map of coordinates, if there is one; "" if it has no name."""

    @property
    def size(self) -> tuple[int, int]:
        """The width and height of the result."""
        return self.moves[-1].after if self.moves else (self.width, self.height)

    @property
    def copies(self) -> bool:
        """Whether a border repeats parts of the image in the result."""
        return any(move.border in COPYING and move.looks_outside for move in self.moves)

    @property
    def total(self) -> Geometry:
        """The map of all filters together."""
        total = Geometry()
        for move in self.moves:
            total = total.then(move.geometry)
        return total

    @property
    def keeps_corners(self) -> bool:
        """Whether boxes become boxes."""
        return all(move.geometry.is_scaled or move.geometry.swaps_axes for move in self.moves)

    @property
    def mirrors(self) -> bool:
        """Whether the picture is mirrored."""
        return sum(move.mirrors for move in self.moves) % 2 == 1

    def polygon(self, polygon: Polygon) -> list[Point]:
        """Return the visible part of a polygon in the result; empty if there is none.

        It is clipped at the edges of each step's result: parts lost there do not come back.
        """
        moved = np.array(polygon, float).reshape(-1, 2)
        for move in (Move(Geometry(), "constant", (0, 0), (self.width, self.height)), *self.moves):
            if not len(moved):
                break
            moved = move.clipped(moved)
        return [(float(x), float(y)) for x, y in moved]

    def point(self, point: Point) -> Point | None:
        """Return the place of a point in the result; None if it is outside, or was outside after any step."""
        x, y = point
        if not (0 <= x <= self.width and 0 <= y <= self.height):
            return None
        for move in self.moves:
            across, down, behind = map(float, move.homogeneous(np.array([[x, y]]))[0])
            if behind <= NEAR:
                return None
            x, y = across / behind, down / behind
            if not (-NEAR <= x <= move.after[0] + NEAR and -NEAR <= y <= move.after[1] + NEAR):
                return None
        return x, y

    def in_image(self, polygon: Polygon) -> list[Point]:
        """Return the place in the image of a polygon of the result."""
        x, y = self.total.in_image(*np.array(polygon, float).reshape(-1, 2).T)
        return list(zip(map(float, x), map(float, y), strict=True))

    def mask(self, samples: Array, fill: int) -> Array:
        """Return the mask ``(height, width, channels)`` of the result: each sample is one of the image's, or *fill*.

        It is the sample under the centre of the result's sample. If a filter reflects, repeats or wraps its input
        beyond the edge, so does the mask.
        """
        width, height = self.size
        result = np.full((height, width, samples.shape[2]), fill, samples.dtype)
        if all(move.geometry.is_scaled for move in self.moves):
            across = self._sources(np.arange(width) + 0.5, 0)
            down = self._sources(np.arange(height) + 0.5, 1)
            to_x, to_y = np.flatnonzero(across >= 0), np.flatnonzero(down >= 0)
            result[np.ix_(to_y, to_x)] = samples[np.ix_(down[to_y], across[to_x])]
            return result
        rows = max(SAMPLES // width, 1)
        x = np.arange(width) + 0.5
        for top in range(0, height, rows):
            part = result[top : top + rows]
            y = np.arange(top, top + len(part))[:, None] + 0.5
            columns, lines = self._places(np.broadcast_to(x, part.shape[:2]), np.broadcast_to(y, part.shape[:2]))
            there = columns >= 0
            part[there] = samples[lines[there], columns[there]]
        return result

    def _sources(self, middles: Array, axis: int) -> Array:
        """Return the sample of the image for each place along an axis (0 is x); -1 where there is none."""
        places, known = middles, np.ones(len(middles), bool)
        for move in reversed(self.moves):
            scale, offset = (move.geometry.a, move.geometry.c) if axis == 0 else (move.geometry.e, move.geometry.f)
            places, there = _bordered(places * scale + offset, move.before[axis], move.border)
            known &= there
        return np.where(known, np.floor(places + NEAR).clip(0, (self.width, self.height)[axis] - 1), -1).astype(np.intp)

    def _places(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return the column and the row of the image for each place; -1 where there is none."""
        known = np.ones(x.shape, bool)
        for move in reversed(self.moves):
            g = move.geometry
            if not g.is_affine:
                seen = g.depth(x, y) > 0
                x, y, known = np.where(seen, x, 0.0), np.where(seen, y, 0.0), known & seen
            x, y = g.in_image(x, y)
            x, across = _bordered(x, move.before[0], move.border)
            y, down = _bordered(y, move.before[1], move.border)
            known = known & across & down
        column, row = (np.floor(place + NEAR).clip(0, size - 1) for place, size in ((x, self.width), (y, self.height)))
        return np.where(known, column, -1).astype(np.intp), np.where(known, row, -1).astype(np.intp)


def _bordered(places: Array, size: int, border: Border) -> tuple[Array, Array]:
    """Return places mapped by the border, and which of them exist."""
    # A place on the boundary of two samples belongs to the second, whatever the rounding of its coordinate.
    inside = (places >= -NEAR) & (places < size - NEAR)
    if inside.all():
        return places, inside
    if border == "constant":
        return np.where(inside, places, 0.0), inside
    limit = 1 << 52
    index = index_of(np.floor((places + NEAR).clip(-limit, limit)).astype(np.int64), size, border)
    return np.where(inside, places, index + 0.5), np.ones(places.shape, bool)


def of(stages: Sequence[Stage], border: Border, width: int, height: int) -> Way:
    """Return the way of an image's places through *stages*; *border* applies to those without their own.

    Raises `ImageError` if a filter refuses an image of this size.
    """
    moves: list[Move] = []
    here = width, height
    for stage, extent in geometry.each(stages, width, height):
        after = extent.width, extent.height
        if extent.geometry is None:
            return Way(width, height, refused=stage.step)
        if not extent.geometry.is_identity or here != after:
            moves.append(Move(extent.geometry, stage.window.border or border, here, after))
        here = after
    return Way(width, height, tuple(moves))
