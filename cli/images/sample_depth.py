"""Samples of few bits, or up to a maximum that is not a power of two, scaled to whole bytes or to 16 bits."""

from __future__ import annotations

from ...filters.core.lazy_numpy import Array, np
from .picture import bands_of_rows


def full_range(white: int) -> int:
    """Return the maximum that samples up to *white* are scaled to: 255, or 65535 if they need more than 8 bits."""
    return 255 if white < 256 else 65535


def scaled(samples: Array, white: int, full: int) -> Array:
    """Return unsigned samples up to *white* as uint8 or uint16: ``v`` becomes ``v·full/white``, rounded half up."""
    dtype = np.uint8 if full == 255 else np.uint16
    if white == full:
        return samples.astype(dtype, copy=False)
    levels = ((2 * full * np.arange(white + 1, dtype=np.uint64) + white) // (2 * white)).astype(dtype)
    found = np.empty(samples.shape, dtype)
    for rows in bands_of_rows(samples.shape):  # an index takes eight bytes
        found[rows] = levels[samples[rows]]
    return found
