"""Pointwise changes of colour: luma, linear light, premultiplied alpha.

Strips ``(rows, columns, channels)`` of float32 or float64 in, the same out; *full* is white.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from ..lazy_numpy import Array, np

LUMA_WEIGHTS = (299, 587, 114)
"""Of red, green and blue, in thousandths (ITU-R BT.601)."""

ColourModel = Literal["gray", "rgb", "cmyk", "bands"]
"""What the channels of an image are; bands have no colour, and are filtered each by itself."""


def model_of(channels: int) -> ColourModel:
    """Return what so many channels are, of which nothing else is known.

    >>> [model_of(channels) for channels in (1, 3, 4)]
    ['gray', 'rgb', 'bands']
    """
    return "gray" if channels == 1 else "rgb" if channels == 3 else "bands"


def luma(strip: Array, work: Any = None) -> Array:
    """Return ``0.299 R + 0.587 G + 0.114 B`` (ITU-R BT.601), unrounded, as one channel in the type *work*.

    The weights are applied in thousandths and divided once, so that gray stays exactly what it was. Channel
    by channel, samples of a file take 1.0 ns a pixel; all at once, with the sums on every third, 1.3 to 3.3.

    >>> import numpy as np
    >>> luma(np.array([[[255, 0, 0], [7, 7, 7]]], np.uint8), np.float32).ravel().tolist()
    [76.24500274658203, 7.0]
    """
    if strip.shape[2] == 1:
        return strip
    work = work or strip.dtype
    red, green, blue = LUMA_WEIGHTS
    total = strip[..., 0:1].astype(work)
    total *= red
    part = strip[..., 1:2].astype(work)
    part *= green
    total += part
    part[...] = strip[..., 2:3]
    part *= blue
    total += part
    total /= 1000
    return total


def strongest(strip: Array, ignoring: bool = False) -> Array:
    """Return each pixel's channel of greatest absolute value, sign kept, as one channel.

    NaN is greater than any, unless missing samples are left out.
    """
    if strip.shape[2] == 1:
        return strip
    size = np.abs(strip)
    if ignoring:
        size = np.where(np.isnan(size), -1, size)
    return np.take_along_axis(strip, size.argmax(axis=2, keepdims=True), axis=2)


def decode_srgb(strip: Array, full: float) -> Array:
    """From sRGB to linear light (IEC 61966-2-1), 0 and *full* staying where they are.

    Values below 0 mirror those above it, so that signed intermediates survive.
    """
    value = np.abs(strip) / full
    value = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.copysign(value * full, strip)


def in_light(value: Any, full: float, linear: bool) -> Array:
    """Return a value in the file's units, such as what fills a border, in those of a filter: *linear* light or not."""
    value = np.asarray(value, np.float64)
    return decode_srgb(value, full) if linear else value


def encode_srgb(strip: Array, full: float) -> Array:
    """From linear light to sRGB: the inverse of `decode_srgb`."""
    value = np.abs(strip) / full
    value = np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)
    return np.copysign(value * full, strip)


@lru_cache(maxsize=4)
def _decoded(dtype: str, work: str, full: float) -> Array:
    return decode_srgb(np.arange(np.iinfo(dtype).max + 1, dtype=np.float64), full).astype(work)


def decode_samples(samples: Array, work: Any, full: float) -> Array:
    """Decode pixels of a file into the work type; 8 and 16 bits by table."""
    if samples.dtype.kind == "u":
        return _decoded(samples.dtype.name, np.dtype(work).name, full)[samples]
    return decode_srgb(samples.astype(work), full)


def unpremultiply(strip: Array, alpha: Array, full: float, least: float) -> Array:
    """Divide the colours by ``alpha / full``; where alpha is *least* or less, they are 0."""
    visible = alpha > least
    return np.where(visible, strip * full / np.where(visible, alpha, 1), 0)
