"""Correlation with a kernel of any weights.

``out[y, x] = Σ taps[i, j] · in[y·sy + i·dy, x·sx + j·dx] / divisor``, and NaN spreads no further than the taps that are
not 0 reach.
"""

from __future__ import annotations

from typing import Any

from .. import native
from ..lazy_numpy import Array, np


def correlate(
    strip: Array,
    taps: Array,
    dilation: tuple[int, int] = (1, 1),
    stride: tuple[int, int] = (1, 1),
    out: Any = np.float64,
    divisor: float = 1.0,
) -> Array:
    """Correlate a padded strip with ``taps (height, width)``, and divide; the result has the type *out*.

    In 8 and 16 bits the result is rounded half up and saturated. Sums are in float32 for whole numbers of up to 16
    bits, and in float64 for others. *dilation* and *stride* are those along x and along y.

    >>> import numpy as np
    >>> correlate(np.array([[[1.0], [2.0], [4.0]]]), np.array([[-1.0, 1.0]])).ravel().tolist()
    [1.0, 2.0]
    """
    (across, down), (height, width) = dilation, taps.shape
    if native.core is None:
        return _reference(strip, taps, dilation, stride, out, divisor)
    given, step = native.rows_of(strip)
    size = strip.shape[0] - (height - 1) * down, (strip.shape[1] - (width - 1) * across) * step
    result = np.empty((len(given), *size), out)
    weights = np.ascontiguousarray(taps, np.float64).ravel()
    native.core.dense(given, result, weights, height, width, down, across * step, divisor)
    return native.strip_like(result, step)[:: stride[1], :: stride[0]]


def _reference(
    strip: Array, taps: Array, dilation: tuple[int, int], stride: tuple[int, int], out: Any, divisor: float
) -> Array:
    from scipy import ndimage

    (across, down), (height, width) = dilation, taps.shape
    spread = np.zeros(((height - 1) * down + 1, (width - 1) * across + 1, 1))
    spread[::down, ::across, 0] = taps
    origin = [-(size // 2) for size in spread.shape]
    total = ndimage.correlate(strip.astype(np.float64), spread, mode="constant", origin=origin)
    total = total[: strip.shape[0] - len(spread) + 1 : stride[1], : strip.shape[1] - spread.shape[1] + 1 : stride[0]]
    return (total / divisor).astype(out) if np.dtype(out).kind == "f" else native.rounded(total / divisor, out)
