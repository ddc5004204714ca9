"""The windows in which two pictures differ most, which a page shows pixel by pixel."""

from __future__ import annotations

from ...filters.core.lazy_numpy import Array, np

STEP = 8
"""Only every eighth row and column is examined: 8 ms for 12 megapixels; with every fourth it takes 30."""


def places(before: Array | None, after: Array, side: int, most: int) -> list[tuple[int, int]]:
    """Return the left and top of up to *most* windows that do not overlap, the greatest difference first.

    *before* and *after* have the same size, ``(height, width, channels)`` of uint8; without *before*, *after* is
    compared with its median. Windows without any difference are left out, and so are all if the pictures are smaller
    than a window.

    >>> import numpy as np
    >>> one = np.zeros((40, 60, 1), np.uint8)
    >>> other = one.copy()
    >>> other[24:32, 40:48] = 9
    >>> places(one, other, 16, 3)
    [(32, 16)]
    """
    height, width = after.shape[:2]
    gray = _gray(after)
    apart = np.abs(gray - (np.median(gray).astype(np.int32) if before is None else _gray(before)))
    span = -(-side // STEP)
    if min(height, width) < side or min(apart.shape) < span:
        return []
    sums = np.zeros((apart.shape[0] + 1, apart.shape[1] + 1), np.int64)
    apart.cumsum(0, out=sums[1:, 1:]).cumsum(1, out=sums[1:, 1:])
    windows = sums[span:, span:] - sums[:-span, span:] - sums[span:, :-span] + sums[:-span, :-span]
    found: list[tuple[int, int]] = []
    while len(found) < most and windows.max() > 0:
        row, column = (int(at) for at in np.unravel_index(windows.argmax(), windows.shape))
        found.append((min(column * STEP, width - side), min(row * STEP, height - side)))
        windows[max(0, row - span + 1) : row + span, max(0, column - span + 1) : column + span] = 0
    return found


def _gray(pixels: Array) -> Array:
    """Return the sums of three channels, that is their mean in thirds."""
    channels = [pixels[::STEP, ::STEP, channel].astype(np.int32) for channel in range(pixels.shape[2])]
    return channels[0] * 3 if len(channels) == 1 else channels[0] + channels[1] + channels[2]
