"""Coordinates of a result and of the image that it derives from.

They are continuous, with the origin at the top left corner of the first sample, x to the right and y down: sample n
covers n to n + 1, and its centre is n + 1/2.
"""

from __future__ import annotations

import math
from typing import Any

from ..named_tuple import NamedTuple


class Geometry(NamedTuple):
    """The map of a result's point (x, y) to the image, a homography.

    ``((a x + b y + c) / w, (d x + e y + f) / w)`` with ``w = g x + h y + 1``. Coordinates in the image, such as a
    georeference or a box, follow its inverse to the result.
    """

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 1.0
    f: float = 0.0
    g: float = 0.0
    h: float = 0.0
    side: float = 1.0
    """The sign of w before the horizon; points with the other sign are not visible."""

    @staticmethod
    def scaled(scale: tuple[float, float], offset: tuple[float, float] = (0.0, 0.0)) -> Geometry:
        """Return the map ``scale · x + offset``, x first.

        >>> Geometry.scaled((2.0, 3.0), (0.5, 0.0)).in_image(1, 1)
        (2.5, 3.0)
        """
        return Geometry(a=scale[0], c=offset[0], e=scale[1], f=offset[1])

    @property
    def is_identity(self) -> bool:
        """Whether every sample keeps its position."""
        return self == Geometry()

    @property
    def is_affine(self) -> bool:
        """Whether parallels stay parallel."""
        return self.g == self.h == 0

    @property
    def is_scaled(self) -> bool:
        """Whether x depends on x alone, and y on y."""
        return self.is_affine and self.b == self.d == 0

    @property
    def keeps_axes(self) -> bool:
        """Whether x stays x and y stays y, neither reversed."""
        return self.is_scaled and self.a > 0 and self.e > 0

    @property
    def swaps_axes(self) -> bool:
        """Whether x depends on y alone, and y on x."""
        return self.is_affine and self.a == self.e == 0

    @property
    def scale(self) -> tuple[float, float]:
        """The length in the image of a step of one sample along x and along y, for an affine map."""
        return math.hypot(self.a, self.d), math.hypot(self.b, self.e)

    def resolution(self, x: float, y: float) -> tuple[float, float]:
        """Return the result's resolution, in samples per length, for an image with *x* across and *y* down.

        A homography has no single resolution, and keeps that of the image.

        >>> Geometry.scaled((2.0, 1.0)).resolution(300, 150), Geometry(0, 1, 0, 1, 0, 0).resolution(300, 150)
        ((150.0, 150.0), (150.0, 300.0))
        """
        if not self.is_affine:
            return x, y
        if self.is_scaled or self.swaps_axes:
            across, down = self.scale
            x, y = (y, x) if self.swaps_axes else (x, y)
            return x / across, y / down
        return 1 / math.hypot(self.a / x, self.d / y), 1 / math.hypot(self.b / x, self.e / y)

    def then(self, after: Geometry) -> Geometry:
        """Return the map of two filters in a row; *after* is that of the second.

        >>> first, second = Geometry.scaled((2.0, 2.0), (1.0, 1.0)), Geometry.scaled((3.0, 1.0), (-0.5, 0.0))
        >>> first.then(second) == Geometry.scaled((6.0, 2.0), (0.0, 1.0))
        True
        """
        rows = (self.a, self.b, self.c), (self.d, self.e, self.f), (self.g, self.h, 1.0)
        columns = (after.a, after.d, after.g), (after.b, after.e, after.h), (after.c, after.f, 1.0)
        found = [sum(x * y for x, y in zip(row, column, strict=True)) for row in rows for column in columns]
        side = math.copysign(self.side * after.side, found[8])
        return Geometry(*(number / found[8] for number in found[:8]), side=side)

    def in_image(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Return the image's point for a point of the result, or for each of an array."""
        across, down = self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f
        if self.is_affine:
            return across, down
        behind = self.g * x + self.h * y + 1.0
        return across / behind, down / behind

    def depth(self, x: Any, y: Any) -> Any:
        """Return w at a point of the result, or at each of an array; it is positive before the horizon."""
        return self.side * (self.g * x + self.h * y + 1.0)

    def in_result(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Return the result's point for a point of the image.

        >>> Geometry.scaled((2.0, 2.0), (1.0, 1.0)).in_result(1.0, 7.0)
        (0.0, 3.0)
        >>> Geometry(0, 1, 0, -1, 0, 40).in_result(0, 40)
        (0.0, 0.0)
        """
        if self.is_scaled:
            return (x - self.c) / self.a, (y - self.f) / self.e
        # Solve for the point: multiply each row by the other's denominator.
        a, b, c = self.a - self.g * x, self.b - self.h * x, x - self.c
        d, e, f = self.d - self.g * y, self.e - self.h * y, y - self.f
        area = a * e - b * d
        return (e * c - b * f) / area, (a * f - d * c) / area

    def of_centres(self) -> Geometry:
        """Return the same map for coordinates with the origin at the centre of the first sample.

        >>> Geometry.scaled((2.0, 2.0)).of_centres() == Geometry.scaled((2.0, 2.0), (0.5, 0.5))
        True
        """
        half = Geometry.scaled((1.0, 1.0), (0.5, 0.5))
        return Geometry.scaled((1.0, 1.0), (-0.5, -0.5)).then(self).then(half)


class Extent(NamedTuple):
    """The size of a result, and the map of its points to the image that it derives from."""

    width: int
    height: int
    geometry: Geometry | None
    """None if no map of coordinates relates them."""
