"""Matrices of rotation, scaling, shear and perspective, between a result and the image.

Points are in corner coordinates: a picture of width W spans [0, W], and y points down. A matrix is 3×3, row by row; it
maps ``(x, y)`` to ``(X / w, Y / w)`` with ``(X, Y, w) = matrix · (x, y, 1)``. Points with ``w ≤ 0`` lie on the horizon
or behind it, and have no image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..engine.coordinates import Geometry
from ..named_tuple import NamedTuple

Point = tuple[float, float]
FLAT = 1e-9
"""The least area of the triangle of three points, as a fraction of their squared distance; less is a line."""


class Linear(NamedTuple):
    """The matrix ``a b; c d``, from a vector of the image to one of the result; arrays hold several matrices."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0

    def times(self, other: Linear) -> Linear:
        """Return the product: *other* is first."""
        return Linear(
            self.a * other.a + self.b * other.c,
            self.a * other.b + self.b * other.d,
            self.c * other.a + self.d * other.c,
            self.c * other.b + self.d * other.d,
        )

    def of(self, x: float, y: float) -> Point:
        """Return the map of a vector."""
        return self.a * x + self.b * y, self.c * x + self.d * y

    @property
    def area(self) -> float:
        """The determinant."""
        return self.a * self.d - self.b * self.c

    def inverse(self) -> Linear:
        """Return the inverse matrix."""
        area = self.area
        return Linear(self.d / area, -self.b / area, -self.c / area, self.a / area)


def turn(degrees: float) -> Linear:
    """Return the matrix that rotates x towards y; quarter turns are exact.

    >>> turn(90), turn(1e300) == turn(1e300 % 360)
    (Linear(a=0.0, b=-1.0, c=1.0, d=0.0), True)
    """
    degrees = math.remainder(degrees, 360)
    rest = math.remainder(degrees, 90)
    cosine, sine = math.cos(math.radians(rest)), math.sin(math.radians(rest))
    for _ in range(round((degrees - rest) / 90) % 4):
        cosine, sine = -sine, cosine
    # Avoid negative zeros, as matrices are compared and displayed.
    return Linear(cosine + 0.0, -sine + 0.0, sine + 0.0, cosine + 0.0)


def about(linear: Linear, centre: Point, moved: Point = (0.0, 0.0)) -> Matrix:
    """Return the matrix from the result of *linear* about *centre*, followed by a move, to the image.

    Whole offsets stay exact: nothing is added and subtracted again.
    """
    back = linear.inverse()
    at, by = back.of(*centre), back.of(*moved)
    return Matrix(back.a, back.b, centre[0] - at[0] - by[0], back.c, back.d, centre[1] - at[1] - by[1])


def bounding_box(linear: Linear, width: float, height: float) -> Point:
    """Return the width and the height of the bounding box of a mapped picture.

    >>> bounding_box(turn(90), 60, 40)
    (40.0, 60.0)
    """
    return (
        abs(linear.a) * width + abs(linear.b) * height,
        abs(linear.c) * width + abs(linear.d) * height,
    )


class Matrix(NamedTuple):
    """The map of points ``(a x + b y + c, d x + e y + f)``, each divided by ``g x + h y + i``."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float
    g: float = 0.0
    h: float = 0.0
    i: float = 1.0

    def times(self, other: Matrix) -> Matrix:
        """Return the product: *other* is first."""
        rows, columns = (self[:3], self[3:6], self[6:]), (other[::3], other[1::3], other[2::3])
        return Matrix(*(sum(x * y for x, y in zip(row, column, strict=True)) for row in rows for column in columns))

    def scaled(self, factor: float) -> Matrix:
        """Return the same map with all entries multiplied by *factor*."""
        return Matrix(*(factor * entry for entry in self))

    def adjugate(self) -> Matrix:
        """Return the inverse times the determinant, which is the inverse map."""
        a, b, c, d, e, f, g, h, i = self
        return Matrix(
            e * i - f * h, c * h - b * i, b * f - c * e,
            f * g - d * i, a * i - c * g, c * d - a * f,
            d * h - e * g, b * g - a * h, a * e - b * d,
        )  # fmt: skip

    def depth(self, point: Point) -> float:
        """Return w at a point: positive before the horizon."""
        return self.g * point[0] + self.h * point[1] + self.i

    @property
    def is_affine(self) -> bool:
        """Whether parallels stay parallel."""
        return self.g == self.h == 0 and self.i == 1

    @property
    def moves_samples(self) -> bool:
        """Whether each sample of the result is one of the image: whole steps, quarter turns, mirrors.

        Elementwise for a matrix of arrays.
        """
        a, b, c, d, e, f = (abs(entry) for entry in self[:6])
        straight, crossed = (a == 1) & (b == 0) & (d == 0) & (e == 1), (a == 0) & (b == 1) & (d == 1) & (e == 0)
        return (straight | crossed) & (c % 1 == 0) & (f % 1 == 0) & self.is_affine

    @property
    def geometry(self) -> Geometry | None:
        """The map as a `Geometry`; None if the first sample's corner lies on the horizon."""
        if not self.i:
            return None
        return Geometry(*(entry / self.i for entry in self[:8]), side=math.copysign(1.0, self.i))


def is_quadrilateral(points: Sequence[Point]) -> bool:
    """Whether no three of four points lie on a line.

    >>> is_quadrilateral([(0, 0), (1, 0), (1, 1), (0, 1)]), is_quadrilateral([(0, 0), (1, 0), (2, 0), (0, 1)])
    (True, False)
    """
    reach = max(math.dist(p, q) for p in points for q in points)
    for left_out in range(4):
        (x0, y0), (x1, y1), (x2, y2) = (point for n, point in enumerate(points) if n != left_out)
        if abs((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)) <= FLAT * reach * reach:
            return False
    return True


def through(points: Sequence[Point]) -> Matrix:
    """Return the map of the unit square's corners, clockwise from the first, to four points (Heckbert 1989).

    >>> through([(0, 0), (4, 0), (4, 2), (0, 2)]) == Matrix(4, 0, 0, 0, 2, 0)
    True
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = points
    sx, sy = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    dx1, dy1, dx2, dy2 = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    area = dx1 * dy2 - dx2 * dy1
    g, h = (sx * dy2 - dx2 * sy) / area, (dx1 * sy - sx * dy1) / area
    return Matrix(x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h, 1.0)


def between(result: Sequence[Point], image: Sequence[Point]) -> Matrix | None:
    """Return the map of four points of the result to four of the image, all before the horizon.

    None if one would lie behind it, because the points go around their shapes in different orders. No three points may
    lie on a line.
    """
    found = through(image).times(through(result).adjugate())
    depths = [found.depth(point) for point in result]
    if not (min(depths) > 0 or max(depths) < 0):
        return None
    largest = max(depths, key=abs)
    found = found.scaled(1 / largest)
    if abs(found.g) + abs(found.h) == 0:
        found = found.scaled(1 / found.i)
    return found
