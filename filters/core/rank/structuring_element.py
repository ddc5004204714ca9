"""Flat structuring elements of morphology: squares, crosses, disks, and any set of samples."""

from __future__ import annotations

from typing import Any

from ..engine.stage import Halo
from ..lazy_numpy import Array, np
from ..linear import kernel_source
from ..linear.kernels import Kernel
from ..named_tuple import NamedTuple

Pair = tuple[int, int]
NAMES = ("square", "cross", "disk")
MAX_WINDOW_SAMPLES = 1 << 22
"""The most samples in the window of a shape that replaces several: 4 MB, and 0.1 s to split into rectangles."""


class Shape(NamedTuple):
    """A set of samples around a pixel."""

    width: int
    height: int
    anchor: Pair
    """The sample ``(x, y)`` of the window that is placed on the pixel."""
    mask: Array | None = None
    """Which samples of the window belong to the shape, ``(height, width)``; None for all."""

    @property
    def halo(self) -> Halo:
        """How far the shape reaches on each side."""
        x, y = self.anchor
        return Halo(x, y, self.width - 1 - x, self.height - 1 - y)

    @property
    def points(self) -> int:
        """The number of samples in the shape."""
        return self.width * self.height if self.mask is None else int(np.count_nonzero(self.mask))

    def reflected(self) -> Shape:
        """The shape rotated by 180° about its anchor."""
        x, y = self.anchor
        mask = None if self.mask is None else self.mask[::-1, ::-1]
        return Shape(self.width, self.height, (self.width - 1 - x, self.height - 1 - y), mask)


def window(width: int, height: int) -> Shape:
    """Return the rectangle of *width* × *height* samples, with its anchor at ``size // 2``."""
    return Shape(width, height, (width // 2, height // 2))


def of_mask(mask: Array, anchor: Pair, trimmed: bool = True) -> Shape:
    """Return the shape of the nonzero samples of *mask*, *trimmed* to the smallest window with them and the anchor.

    >>> import numpy as np
    >>> of_mask(np.array([[0, 0, 0], [1, 1, 0], [1, 1, 0]]), (1, 1))
    Shape(width=2, height=2, anchor=(1, 0), mask=None)
    """
    mask = np.asarray(mask) != 0
    (x, y), (rows, columns) = anchor, np.nonzero(mask)
    if trimmed:
        top, bottom = min(y, rows.min()), max(y, rows.max())
        left, right = min(x, columns.min()), max(x, columns.max())
        mask = mask[top : bottom + 1, left : right + 1]
        x, y = int(x - left), int(y - top)
    height, width = mask.shape
    return Shape(width, height, (x, y), None if mask.all() else mask)


def named(name: str, width: int, height: int) -> Shape:
    """Return the shape of one of `NAMES`, with its anchor at ``size // 2``.

    A cross is the row and the column through the anchor. A disk of odd size has the samples within the ellipse
    ``x²/a² + y²/b² <= 1`` about its centre, with ``a = (width - 1) / 2``; one of the next even size doubles the middle
    row and column.

    >>> named("disk", 5, 4).mask.astype(int)
    array([[0, 0, 1, 0, 0],
           [1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1],
           [0, 0, 1, 0, 0]])
    """
    anchor = width // 2, height // 2
    if name == "square":
        return window(width, height)
    x, y = np.arange(width), np.arange(height)[:, None]
    if name == "cross":
        return of_mask((x == anchor[0]) | (y == anchor[1]), anchor)
    a, b = (width - 1) // 2, (height - 1) // 2
    x, y = np.abs(2 * x - width + 1) // 2, np.abs(2 * y - height + 1) // 2
    return of_mask((x * b) ** 2 + (y * a) ** 2 <= (a * b) ** 2, anchor)


def read(given: Any, max_taps: int) -> Kernel:
    """Read a shape like a kernel; its nonzero weights belong to the shape. Raises ValueError."""
    try:
        kernel = kernel_source.read(given, max_taps).kernel
    except kernel_source.UnknownKernelError:
        raise ValueError(
            f"{str(given)!r} is not {', '.join(NAMES)}, a built-in kernel or a file; "
            "a shape may also be rows such as '0 1 0; 1 1 1; 0 1 0'"
        ) from None
    if not kernel.taps.any():
        raise ValueError("all values are 0, so the shape is empty")
    return kernel


def several(shape: Shape, times: int) -> list[Shape]:
    """Return the shapes of an erosion repeated *times* times: one larger shape if that is exactly equivalent.

    It is equivalent, for every border, if the shape is symmetric on both axes and contains, with every sample, all
    samples nearer to the anchor on both axes. Then every sample that several steps reach can be reached by steps inside
    the image, and the sample that a border puts at a position outside lies no further away than that position.

    >>> [shape[:3] for shape in several(window(3, 5), 10)]
    [(21, 41, (10, 20))]
    >>> len(several(window(2, 2), 3))
    3
    """
    x, y = shape.anchor
    if times == 1 or (shape.width, shape.height) != (2 * x + 1, 2 * y + 1):
        return [shape] * times
    width, height = 2 * x * times + 1, 2 * y * times + 1
    if shape.mask is None:
        return [window(width, height)]
    quarter = shape.mask[y:, x:]
    turned = shape.mask[::-1], shape.mask[:, ::-1]
    mirrored = all(bool((shape.mask == other).all()) for other in turned)
    nested = (quarter[1:] <= quarter[:-1]).all() and (quarter[:, 1:] <= quarter[:, :-1]).all()
    if not (mirrored and nested and width * height <= MAX_WINDOW_SAMPLES):
        return [shape] * times
    reach = quarter.sum(axis=1) - 1
    total = reach
    for _ in range(times - 1):
        longer = np.zeros(len(total) + y, int)
        for down, across in enumerate(reach.tolist()):
            np.maximum(longer[down : down + len(total)], total + across, out=longer[down : down + len(total)])
        total = longer
    columns, rows = np.abs(np.arange(width) - x * times), np.abs(np.arange(height) - y * times)
    return [of_mask(columns <= total[rows][:, None], (x * times, y * times))]
