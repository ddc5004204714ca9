"""An image that is never in memory as a whole: rows are read when the executor asks for them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..lazy_numpy import Array, np


class StreamedImage:
    """Rows of an image, ``(height, width, channels)`` or ``(height, width)``, that are read when they are asked for.

    The executor takes it in place of an array, of which it asks for the shape, the type and slices of rows. Several
    threads may ask at once, for rows that overlap and in any order.

    >>> import numpy as np
    >>> image = StreamedImage((4, 2, 1), "uint8", lambda start, stop: np.full((stop - start, 2, 1), start, np.uint8))
    >>> image[2:9].shape, image.nbytes
    ((2, 2, 1), 8)
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any, read: Callable[[int, int], Array]) -> None:
        """*read* returns the rows ``start … stop-1`` of that shape and type, for ``0 <= start < stop <= height``."""
        self.shape, self.dtype, self.read = shape, np.dtype(dtype), read
        self.ndim, self.size, self.itemsize = len(shape), math.prod(shape), self.dtype.itemsize
        self.nbytes = self.size * self.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> Array:
        start, stop, _ = rows.indices(len(self))
        return self.read(start, stop)

    def apart(self) -> tuple[StreamedImage, StreamedImage]:
        """Return the colours and the alpha ``(height, width)`` of an image whose last channel that is."""
        height, width, channels = self.shape
        return (
            StreamedImage((height, width, channels - 1), self.dtype, lambda *rows: self.read(*rows)[..., :-1].copy()),
            StreamedImage((height, width), self.dtype, lambda *rows: self.read(*rows)[..., -1].copy()),
        )
