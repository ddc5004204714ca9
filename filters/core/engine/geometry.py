"""Where the points of a result lie in the image that it was made of.

Coordinates are continuous and count from the top left corner of the first sample, x to the right and y down: sample n
covers n to n + 1, and its centre is n + 1/2. Scale and offset take a point of the result to one of the image. What
describes places in the image, such as a georeference, a resolution or a box, holds for the result once it went the
other way.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..named_tuple import NamedTuple
from .stage import Stage, Window


class Geometry(NamedTuple):
    """A map of coordinates: a point x of the result lies at ``scale · x + offset`` in the image; x first."""

    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)

    @property
    def is_identity(self) -> bool:
        """Whether every sample of the result lies in its own place."""
        return self == Geometry()

    def then(self, after: Geometry) -> Geometry:
        """Return the map of two filters in a row, *after* being that of the second.

        >>> Geometry((2.0, 2.0), (1.0, 1.0)).then(Geometry((3.0, 1.0), (-0.5, 0.0)))
        Geometry(scale=(6.0, 2.0), offset=(0.0, 1.0))
        """
        return Geometry(
            (self.scale[0] * after.scale[0], self.scale[1] * after.scale[1]),
            self.in_image(*after.offset),
        )

    def in_image(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the result lies in the image."""
        return self.scale[0] * x + self.offset[0], self.scale[1] * y + self.offset[1]

    def in_result(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the image lies in the result.

        >>> Geometry((2.0, 2.0), (1.0, 1.0)).in_result(1.0, 7.0)
        (0.0, 3.0)
        """
        return (x - self.offset[0]) / self.scale[0], (y - self.offset[1]) / self.scale[1]


def of(stages: Sequence[Stage], width: int, height: int) -> Geometry:
    """Return where the result of *stages* lies in an image of *width* and *height*.

    >>> of([Stage(lambda context: lambda strip: strip, Window(stride=(2, 2)))], 8, 8)
    Geometry(scale=(2.0, 2.0), offset=(-0.5, -0.5))
    """
    return followed(stages, width, height)[0]


def followed(stages: Sequence[Stage], width: int, height: int) -> tuple[Geometry, int, int]:
    """Return the map of *stages* in a row, and the size of their result."""
    total = Geometry()
    for stage in stages:
        # Branches are joined sample by sample: all of them lie alike.
        if branch := next(filter(None, stage.branches), None):
            own, width, height = followed(branch, width, height)
        else:
            own = of_window(stage.window, width, height)
            width, height = stage.window.results(width, axis=0), stage.window.results(height, axis=1)
        total = total.then(own)
    return total, width, height


def of_window(window: Window, width: int, height: int) -> Geometry:
    """Return where the results of a window lie: the centre of each on the centre of what it sees, or on its anchor.

    >>> of_window(Window(stride=(2, 2), centre=lambda size, axis: 0.5), 8, 8)
    Geometry(scale=(2.0, 2.0), offset=(0.0, 0.0))
    """
    (sx, sy), first = window.stride, (window.first(width, axis=0), window.first(height, axis=1))
    return Geometry((float(sx), float(sy)), (first[0] + (1 - sx) / 2, first[1] + (1 - sy) / 2))
