"""Correlation as a sum of shifted images, one multiply-add for each tap of the kernel, or of its column and its row.

``out[y, x] = Σ taps[i, j] · in[y·sy + i·dy, x·sx + j·dx]``

Exact to one rounding of the work type for each addition, and the one algorithm in which a NaN spreads
no further than the kernel reaches. Time grows with the number of taps that are not 0.
"""

from __future__ import annotations

from ..engine.layout import planes_of, strip_of
from ..lazy_numpy import Array, np
from . import tiled_matmul


def correlate(strip: Array, taps: Array, stride: tuple[int, int] = (1, 1), dilation: tuple[int, int] = (1, 1)) -> Array:
    """Correlate a padded strip with ``taps`` (height, width); stride and dilation are ``(x, y)``.

    >>> import numpy as np
    >>> correlate(np.array([[[1.0], [2.0], [4.0]]]), np.array([[-1.0, 1.0]])).ravel().tolist()
    [1.0, 2.0]
    """
    planes = planes_of(strip)
    rows = tiled_matmul.result_count(strip.shape[0], taps.shape[0], stride[1], dilation[1])
    columns = tiled_matmul.result_count(strip.shape[1], taps.shape[1], stride[0], dilation[0])
    total, product = None, None
    for i, j in np.argwhere(taps):
        top, left = i * dilation[1], j * dilation[0]
        shifted = planes[
            :,
            top : top + (rows - 1) * stride[1] + 1 : stride[1],
            left : left + (columns - 1) * stride[0] + 1 : stride[0],
        ]
        weight = float(taps[i, j])
        if total is None:
            total = shifted * planes.dtype.type(weight)
        elif weight == 1:
            total += shifted
        else:
            product = np.multiply(shifted, weight, out=product)
            total += product
    return strip_of(np.zeros((len(planes), rows, columns), strip.dtype) if total is None else total)


def separable(strip: Array, column: Array, row: Array, stride: tuple[int, int], dilation: tuple[int, int]) -> Array:
    """Correlate with ``outer(column, row)``: ``height + width`` multiply-adds in place of ``height · width``."""
    narrow = correlate(strip, column[:, None], (1, stride[1]), (1, dilation[1]))
    return correlate(narrow, row[None, :], (stride[0], 1), (dilation[0], 1))
