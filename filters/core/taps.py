"""Correlation as a sum of shifted images, one multiply-add for each tap of the kernel.

``out[y, x] = Σ taps[i, j] · in[y·sy + i·dy, x·sx + j·dx]``

Exact to one rounding of the work type for each addition. Time grows with the number of taps that
are not 0; nothing is faster for a handful of them.
"""

from __future__ import annotations

from .lazy import Array, np


def correlate(strip: Array, taps: Array, stride: tuple[int, int] = (1, 1), dilation: tuple[int, int] = (1, 1)) -> Array:
    """Correlate a padded strip with ``taps`` (height, width); stride and dilation are ``(x, y)``.

    >>> import numpy as np
    >>> correlate(np.array([[[1.0], [2.0], [4.0]]]), np.array([[-1.0, 1.0]])).ravel().tolist()
    [1.0, 2.0]
    """
    rows = (strip.shape[0] - dilation[1] * (taps.shape[0] - 1) - 1) // stride[1] + 1
    columns = (strip.shape[1] - dilation[0] * (taps.shape[1] - 1) - 1) // stride[0] + 1
    total = np.zeros((rows, columns, strip.shape[2]), strip.dtype)
    product = np.empty_like(total)
    for i, j in np.argwhere(taps):
        top, left = i * dilation[1], j * dilation[0]
        shifted = strip[
            top : top + (rows - 1) * stride[1] + 1 : stride[1],
            left : left + (columns - 1) * stride[0] + 1 : stride[0],
        ]
        if taps[i, j] == 1:
            total += shifted
        else:
            np.multiply(shifted, float(taps[i, j]), out=product)
            total += product
    return total
