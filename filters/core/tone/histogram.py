"""How often each value is in a picture."""

from __future__ import annotations

from collections.abc import Iterator

from .. import native
from ..engine.stage import ImageContext, Rows
from ..lazy_numpy import Array, np

SURVEYED_ROWS = 128
"""Rows that are asked for at once: a filter before this one computes what its strips see around them anew."""


def each_part(image: Rows) -> Iterator[Array]:
    """Yield the rows of an image, some at a time."""
    for start in range(0, image.height, SURVEYED_ROWS):
        yield image.rows(start, min(start + SURVEYED_ROWS, image.height))


def histograms(context: ImageContext, image: Rows) -> Array:
    """Return how often each whole number is in each channel of an image that has no others: ``(channels, numbers)``."""
    total: Array | None = None
    for strip in each_part(image):
        counts = counted(strip.astype(context.own_type, copy=False))
        total = counts.astype(np.int64) if total is None else np.add(total, counts, out=total)
    assert total is not None
    return total


def counted(strip: Array) -> Array:
    """Return how often each whole number is in each channel of a strip of 8 or 16 bits."""
    numbers = np.iinfo(strip.dtype).max + 1
    if native.core is None:
        return np.stack(
            [np.bincount(strip[..., channel].ravel(), minlength=numbers) for channel in range(strip.shape[2])]
        )
    given, step = native.rows_of(strip)
    counts = np.zeros((1, strip.shape[2], numbers), np.int32)
    native.core.histogram(given, counts, step)
    return counts[0]
