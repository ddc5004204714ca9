"""An image that is never held in memory as a whole: the executor requests rows, which are read on demand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from ..lazy_numpy import Array, np

TOGETHER = 1 << 20
"""Bytes of rows to process together, if all rows are processed."""


class StreamedImage:
    """Rows of an image, ``(height, width, channels)`` or ``(height, width)``, that are read on demand.

    The executor takes it instead of an array, and uses its shape, type and rows. Several threads may request rows at
    once, overlapping and in any order.

    >>> import numpy as np
    >>> image = StreamedImage((4, 2, 1), "uint8", lambda start, stop: np.full((stop - start, 2, 1), start, np.uint8))
    >>> image[2:9].shape, image[::3, 1].ravel().tolist(), image.nbytes
    ((2, 2, 1), [0, 3], 8)
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any, read: Callable[[int, int], Array]) -> None:
        """*read* returns the rows ``start … stop-1`` of that shape and type, for ``0 <= start < stop <= height``."""
        self.shape, self.dtype, self.read = shape, np.dtype(dtype), read
        self.ndim, self.size, self.itemsize = len(shape), math.prod(shape), self.dtype.itemsize
        self.nbytes = self.size * self.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, part: slice | tuple[Any, ...]) -> Array:
        """Return some rows, maybe with a step, further indexed like an array."""
        rows, *others = part if isinstance(part, tuple) else (part,)
        start, stop, step = rows.indices(len(self))
        if start >= stop:
            return np.empty((0, *self.shape[1:]), self.dtype)[(slice(None), *others)]
        if step == 1:
            return self.read(start, stop)[(slice(None), *others)]
        each = (self.read(row, row + 1)[(slice(None), *others)] for row in range(start, stop, step))
        return np.concatenate([*each])

    def strips(self) -> Iterator[Array]:
        """Yield all rows, a few at a time."""
        together = max(TOGETHER * len(self) // self.nbytes, 1)
        return (self[row : row + together] for row in range(0, len(self), together))

    def mapped(self, shape: tuple[int, ...], function: Callable[[Array], Array]) -> StreamedImage:
        """Return an image of the same height and another *shape*, whose rows are computed by *function*."""
        return StreamedImage(shape, self.dtype, lambda start, stop: function(self.read(start, stop)))

    def apart(self) -> tuple[StreamedImage, StreamedImage]:
        """Return the colours and the alpha ``(height, width)`` of an image whose last channel is the alpha."""
        colours = (*self.shape[:2], self.shape[2] - 1)
        return (
            self.mapped(colours, lambda rows: np.ascontiguousarray(rows[..., :-1])),
            self.mapped(self.shape[:2], lambda rows: np.ascontiguousarray(rows[..., -1])),
        )


def strips_of(image: Array | StreamedImage) -> Iterator[Array]:
    """Yield all rows of an image, a few at a time if it is not in memory.

    >>> import numpy as np
    >>> [strip.shape for strip in strips_of(np.zeros((4, 2, 1)))]
    [(4, 2, 1)]
    """
    return image.strips() if isinstance(image, StreamedImage) else iter([image])
