"""Pointwise changes of colour: luma, the strongest channel, premultiplied alpha.

Strips ``(rows, columns, channels)`` of float32 or float64 in, the same out; *full* is white.
"""

from __future__ import annotations

from typing import Any, Literal

from .. import native
from ..lazy_numpy import Array, np

LUMA_WEIGHTS = (299, 587, 114)
"""Of red, green and blue, in thousandths (ITU-R BT.601)."""
LUMA_SUM = 1000.0

ColourModel = Literal["gray", "rgb", "cmyk", "bands"]
"""The kind of an image's channels; bands have no colour, and are filtered separately."""


def model_of(channels: int) -> ColourModel:
    """Return the kind of channels that their number alone suggests.

    >>> [model_of(channels) for channels in (1, 3, 4)]
    ['gray', 'rgb', 'bands']
    """
    return "gray" if channels == 1 else "rgb" if channels == 3 else "bands"


def luma(strip: Array, work: Any = None) -> Array:
    """Return ``0.299 R + 0.587 G + 0.114 B`` (ITU-R BT.601), unrounded, as one channel in the type *work*.

    The weights are applied in thousandths and divided once, so that gray stays exactly the same.

    >>> import numpy as np
    >>> luma(np.array([[[255, 0, 0], [7, 7, 7]]], np.uint8), np.float32).ravel().tolist()
    [76.24500274658203, 7.0]
    """
    if strip.shape[2] == 1:
        return strip
    work = np.dtype(work or strip.dtype)
    interleaved = strip.strides[1:] == (3 * strip.itemsize, strip.itemsize)
    if native.core is not None and interleaved and work.kind == "f" and work.itemsize >= 4:
        given, _ = native.rows_of(strip)
        planes = np.empty((1, *strip.shape[:2]), work)
        native.core.luma(given, planes, np.array(LUMA_WEIGHTS, np.float64), LUMA_SUM)
        return native.strip_like(planes, 1)
    red, green, blue = LUMA_WEIGHTS
    total = strip[..., 0:1].astype(work)
    total *= red
    part = strip[..., 1:2].astype(work)
    part *= green
    total += part
    part[...] = strip[..., 2:3]
    part *= blue
    total += part
    total /= LUMA_SUM
    return total


def strongest(strip: Array, ignoring: bool = False) -> Array:
    """Return each pixel's channel of greatest absolute value, with its sign, as one channel.

    NaN counts as the greatest, unless missing samples are ignored.
    """
    if strip.shape[2] == 1:
        return strip
    size = np.abs(strip)
    if ignoring:
        size = np.where(np.isnan(size), -1, size)
    return np.take_along_axis(strip, size.argmax(axis=2, keepdims=True), axis=2)


def premultiply(strip: Array, alpha: Array, full: float, work: Any) -> Array:
    """Return colours times ``alpha / full`` in the type *work*.

    For 12 MP of 8-bit RGBA the compiled core takes a tenth of NumPy's time.

    >>> import numpy as np
    >>> premultiply(np.array([[[10, 20, 30]]], np.uint8), np.array([[[51]]], np.uint8), 255, np.float64)[0, 0].tolist()
    [2.0, 4.0, 6.0]
    """
    found = _by_alpha(strip, alpha, full, 0.0, work, False)
    if found is not None:
        return found
    return strip.astype(work, copy=False) * (alpha.astype(work, copy=False) / np.asarray(full, work))


def unpremultiply(strip: Array, alpha: Array, full: float, least: float) -> Array:
    """Divide the colours by ``alpha / full``; they are 0 where alpha is at most *least*."""
    if strip.dtype.kind == "f" and strip.dtype == alpha.dtype:
        found = _by_alpha(strip, alpha, full, least, strip.dtype, True)
        if found is not None:
            return found
    visible = alpha > least
    return np.where(visible, strip * full / np.where(visible, alpha, 1), 0)


def premultiply_pixels(pixels: Array, full: float, work: Any) -> Array:
    """Return pixels whose last channel is the alpha with their colours times ``alpha / full``, in the type *work*.

    >>> import numpy as np
    >>> premultiply_pixels(np.array([[[10, 20, 30, 51]]], np.uint8), 255, np.float64)[0, 0].tolist()
    [2.0, 4.0, 6.0, 51.0]
    """
    if native.core is None:
        colours, alpha = (part.astype(work) for part in (pixels[..., :-1], pixels[..., -1:]))
        return np.concatenate([colours * (alpha / np.asarray(full, work)), alpha], axis=2)
    return _pixels_by_alpha(pixels, full, 0.0, work, False)


def unpremultiply_pixels(pixels: Array, full: float, least: float, kind: Any) -> Array:
    """Divide the colours of pixels by their last channel, the alpha; they are 0 where that is at most *least*.

    The result has the type *kind*; integers are rounded half up and saturated.

    >>> import numpy as np
    >>> unpremultiply_pixels(np.array([[[2.0, 4.0, 6.0, 51.0]]]), 255, 0.5, np.uint8)[0, 0].tolist()
    [10, 20, 30, 51]
    """
    if native.core is None:
        alpha = pixels[..., -1:]
        colours = unpremultiply(pixels[..., :-1], alpha, full, least)
        return native.converted(np.concatenate([colours, alpha], axis=2), kind)
    return _pixels_by_alpha(pixels, full, least, kind, True)


def _pixels_by_alpha(pixels: Array, full: float, least: float, kind: Any, divide: bool) -> Array:
    given, step = native.rows_of(np.ascontiguousarray(pixels))
    out = native.results(given.shape, kind, step)
    native.core.opacity(given, out, None, step, full, least, divide)
    return native.strip_like(out, step)


def _by_alpha(strip: Array, alpha: Array, full: float, least: float, work: Any, divide: bool) -> Array | None:
    """Multiply or divide colours by their alpha in the compiled core; None if it does not take such strips."""
    taken = np.dtype(work).name in ("float32", "float64") and strip.dtype.isnative
    if (
        native.core is None
        or not taken
        or alpha.shape != (*strip.shape[:2], 1)
        or strip.shape[2] > 4
        or not alpha.dtype.isnative
    ):
        return None
    given, step = native.rows_of(strip)
    out = np.empty(given.shape, work)
    native.core.opacity(given, out, native.rows_of(alpha)[0], step, full, least, divide)
    return native.strip_like(out, step)
