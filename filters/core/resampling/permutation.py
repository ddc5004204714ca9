"""The eight orientations of a picture, which move whole samples: flips, quarter turns, transposes."""

from __future__ import annotations

from ..engine.coordinates import Extent, Geometry
from ..engine.layout import copy_pixels
from ..engine.stage import Function, ImageContext, Rows, Stage, Values, by_field, geometric
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple


class Permutation(NamedTuple):
    """A permutation of samples: axes exchanged or not, and each of the image's axes reversed or not."""

    swap: bool = False
    """A row of the result is a column of the image."""
    reverse_x: bool = False
    """The image's last column comes first."""
    reverse_y: bool = False
    """The image's last row comes first."""

    def extent(self, width: int, height: int) -> Extent:
        """Return the size and position of the result for an image of *width* and *height*.

        >>> LEFT_RIGHT.extent(60, 40).geometry.in_image(0, 0), CLOCKWISE.extent(60, 40).geometry.in_image(0, 0)
        ((60, 0), (0, 40))
        """
        x, y = (-1 if self.reverse_x else 1), (-1 if self.reverse_y else 1)
        c, f = (width if self.reverse_x else 0), (height if self.reverse_y else 0)
        if self.swap:
            return Extent(height, width, Geometry(0, x, c, y, 0, f))
        return Extent(width, height, Geometry(x, 0, c, 0, y, f))

    def of(self, image: Array) -> Array:
        """Return a view of ``(rows, columns, channels)``.

        >>> import numpy as np
        >>> CLOCKWISE.of(np.arange(6).reshape(2, 3, 1))[..., 0].tolist()
        [[3, 0], [4, 1], [5, 2]]
        """
        view = image[:: -1 if self.reverse_y else 1, :: -1 if self.reverse_x else 1]
        return view.transpose(1, 0, 2) if self.swap else view


LEFT_RIGHT, TOP_BOTTOM, HALF_TURN = (
    Permutation(False, True),
    Permutation(False, False, True),
    Permutation(False, True, True),
)
TRANSPOSE, TRANSVERSE = Permutation(True), Permutation(True, True, True)
CLOCKWISE, COUNTER_CLOCKWISE = Permutation(True, False, True), Permutation(True, True)


FLIPS = {
    "left-right": LEFT_RIGHT,
    "top-bottom": TOP_BOTTOM,
    "both": HALF_TURN,
    "transpose": TRANSPOSE,
    "transverse": TRANSVERSE,
}
"""The flips by name."""


def of_images(images: Array, way: Permutation) -> Array:
    """Return several images ``(images, rows, columns, channels)``, each permuted."""
    count, height, width, channels = images.shape
    if way.swap:
        found = np.empty((count, width, height, channels), images.dtype)
        for image, result in zip(images, found, strict=True):
            copy_pixels(way.of(image), result)
        return found
    if way.reverse_y:
        images = images[:, ::-1]
    if not way.reverse_x:
        return np.ascontiguousarray(images)
    rows = np.ascontiguousarray(images).reshape(-1, width, channels)
    found = np.empty_like(rows)
    copy_pixels(rows[:, ::-1], found)
    return found.reshape(images.shape)


def permuted(permutation: Permutation) -> Stage:
    """Return the stage that moves samples unchanged."""
    if permutation.swap:
        # Each row of the result needs a sample from every row of the image.
        return geometric(
            lambda context: lambda image: by_field(permutation.of, image), permutation.extent, takes="image", picks=True
        )

    def bind(context: ImageContext) -> Function:
        return lambda above: _Reversed(above, permutation)

    return geometric(bind, permutation.extent, picks=True)


class _Reversed(Rows):
    """The rows of an image, in reverse order or each reversed."""

    def __init__(self, above: Rows, permutation: Permutation) -> None:
        self.above, self.permutation = above, permutation
        self.width, self.height = above.width, above.height

    def rows(self, start: int, stop: int) -> Values:
        """Return rows of the result."""
        if self.permutation.reverse_y:
            start, stop = self.height - stop, self.height - start
        return by_field(self.permutation.of, self.above.rows(start, stop))
