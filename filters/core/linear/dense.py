"""Correlation with arbitrary kernels: one for every channel, or a filter bank.

``out[y, x] = Σ taps[i, j] · in[y·sy + i·dy, x·sx + j·dx] / divisor``, and NaN spreads only as far as the nonzero taps
reach. Sums have the type *work*, by default float32 unless samples or results are float64. Results in 8 and 16 bits are
rounded half up and saturated.
"""

from __future__ import annotations

from typing import Any

from .. import native
from ..lazy_numpy import Array, np
from .separable import results_along

Pair = tuple[int, int]
LARGE = 1 << 11
"""The most taps for SciPy, and for sums in float32. SciPy stores the offsets of all taps for each tap: 32 MiB for 2048,
31 GiB for 255×255."""


def correlate(
    strip: Array,
    taps: Array,
    dilation: Pair = (1, 1),
    stride: Pair = (1, 1),
    out: Any = "float64",
    divisor: float = 1.0,
    work: Any = "float32",
) -> Array:
    """Correlate a padded strip with ``taps (height, width)`` and divide by *divisor*; the result has the type *out*.

    *dilation* and *stride* are ``(x, y)``.

    >>> import numpy as np
    >>> correlate(np.array([[[1.0], [2.0], [4.0]]]), np.array([[-1.0, 1.0]])).ravel().tolist()
    [1.0, 2.0]
    """
    if native.core is None:
        total = _sums(strip, taps, dilation, stride)
        return native.converted(total if divisor == 1 else total / divisor, out, work)
    if stride != (1, 1):
        channels = strip.shape[2]
        weights = np.broadcast_to(taps, (channels, 1, *taps.shape))
        return correlate_bank(strip, weights, np.zeros(channels), dilation, stride, out, divisor, work)
    (across, down), (height, width) = dilation, taps.shape
    given, step = native.rows_of(strip)
    size = results_along(strip.shape[0], height, down), results_along(strip.shape[1], width, across) * step
    result = native.results((len(given), *size), out, step)
    # With so many taps float32 would round 1 % of 8-bit results the other way.
    precise = taps.size > LARGE or _precise(strip, taps, out, divisor, work)
    native.core.dense(given, result, _listed(taps), height, width, down, across * step, divisor, precise)
    return native.strip_like(result, step)


def correlate_bank(
    strip: Array,
    weights: Array,
    bias: Array,
    dilation: Pair = (1, 1),
    stride: Pair = (1, 1),
    out: Any = "float64",
    divisor: float = 1.0,
    work: Any = "float32",
) -> Array:
    """Correlate a padded strip with ``weights (maps, inputs, height, width)``; the result's channels are the maps.

    Each map's *bias* is added before the division. If the strip has more channels than *inputs*, maps and channels form
    groups: ``out[m] = Σ weights[m, c] ⋆ in[c of the group of m]``.

    >>> import numpy as np
    >>> correlate_bank(np.array([[[1.0, 2.0]]]), np.array([[[[3.0]], [[4.0]]]]), np.array([0.5])).tolist()
    [[[11.5]]]
    """
    maps, inputs, height, width = weights.shape
    rows = results_along(strip.shape[0], height, dilation[1], stride[1])
    columns = results_along(strip.shape[1], width, dilation[0], stride[0])
    if native.core is None:
        total = np.empty((rows, columns, maps))
        for m, kernels in enumerate(weights):
            first = m // (maps * inputs // strip.shape[2]) * inputs
            total[:, :, m] = bias[m]
            for c, taps in enumerate(kernels, first):
                total[:, :, m] += _sums(strip[:, :, c : c + 1], taps, dilation, stride)[:, :, 0]
        return native.converted(total / divisor, out, work)
    given, step = native.rows_of(strip)
    result = np.empty((1, rows, columns * maps), out)
    sizes = inputs, height, width, step, *stride[::-1], *dilation[::-1]
    precise = _precise(strip, weights, out, divisor, work)
    native.core.bank(given, result, _listed(weights), _listed(bias), *sizes, divisor, precise)
    return result.reshape(rows, columns, maps)


def _precise(strip: Array, weights: Array, out: Any, divisor: float, work: Any) -> bool:
    """Whether sums must be float64. Sums of whole numbers with whole weights are exact in float32 up to a size."""
    if np.float64 in (strip.dtype, np.dtype(out)):
        return True
    if np.dtype(work) == np.float32:
        return False
    most = np.iinfo(strip.dtype).max if strip.dtype.kind == "u" else np.inf
    exact = np.abs(weights).sum() * most < 1 << 24 and abs(divisor) * most < 1 << 22
    return not (exact and (weights == np.rint(weights)).all())


def _listed(numbers: Array) -> Array:
    return np.ascontiguousarray(numbers, np.float64).ravel()


def _sums(strip: Array, taps: Array, dilation: Pair, stride: Pair) -> Array:
    from scipy import ndimage

    (across, down), (height, width) = dilation, taps.shape
    spread = np.zeros(((height - 1) * down + 1, (width - 1) * across + 1, 1))
    spread[::down, ::across, 0] = taps
    rows, columns = strip.shape[0] - len(spread) + 1, strip.shape[1] - spread.shape[1] + 1
    if taps.size > LARGE:
        total = np.zeros((rows, columns, strip.shape[2]))
        for y, x in np.argwhere(spread[..., 0]):
            total += spread[y, x] * strip[y : y + rows, x : x + columns]
        return total[:: stride[1], :: stride[0]]
    origin: Any = [-(size // 2) for size in spread.shape]
    total = ndimage.correlate(strip.astype(np.float64), spread, mode="constant", origin=origin)
    return total[: rows : stride[1], : columns : stride[0]]
