"""A picture as a sheet shows it: in 8 bits, opaque, and as large as its cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...filters.core.engine.layout import with_alpha
from ...filters.core.lazy_numpy import Array
from ...filters.resize import resize
from ..images.on_screen import eight_bits, on_ground
from ..images.picture import DecodeError, Picture
from .cells import WHITE, Colour


def thumbnail(picture: Picture, side: int | None, background: Colour = WHITE) -> Array:
    """Return a picture in a square of *side* pixels: ``(height, width)`` or ``(height, width, 3)`` of uint8.

    A larger picture is reduced by area means. In a smaller one, each pixel becomes a square, as large as fits. Without
    a *side* it keeps its size. Raises `DecodeError` if it has no colours that can be shown.
    """
    if picture.colours == "cmyk":
        raise DecodeError("has CMYK colours; use --to-rgb")
    if picture.colours not in ("gray", "rgb"):
        raise DecodeError(f"has {picture.pixels.shape[2]} bands, which cannot be shown as colours; use tone, or .tif")
    longest = max(picture.pixels.shape[:2])
    if side is not None and longest > side:
        picture = _reduced(picture, side)
    shown = levels(picture, background)
    factor = 1 if side is None else max(1, side // longest)
    return shown if factor == 1 else shown.repeat(factor, 0).repeat(factor, 1)


def _reduced(picture: Picture, side: int) -> Picture:
    pixels = eight_bits(picture.pixels, 1) if picture.pixels.dtype == bool else picture.pixels
    given: Any = pixels if picture.alpha is None else with_alpha(pixels, picture.alpha)
    found: Any = resize(given, longest=side, interpolation="area")
    found = found.reshape(*found.shape[:2], -1)
    alpha = None
    if picture.alpha is not None:
        found, alpha = found[..., :-1], found[..., -1]
    return Picture(found, alpha, colours=picture.colours, white=picture.white)


def levels(picture: Picture, background: Colour = WHITE) -> Array:
    """Return a picture in 8 bits on a *background*: ``(height, width)`` or ``(height, width, 3)`` of uint8.

    White is 255, whatever it was; NaN is black.
    """
    found = eight_bits(picture.pixels, picture.full)
    if picture.alpha is not None:
        found = on_ground(found, eight_bits(picture.alpha, picture.full), background)
    return np.ascontiguousarray(found[..., 0] if found.shape[2] == 1 else found)
