"""A picture as it stands on a sheet: in 8 bits, opaque, and as large as its cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...filters.core.engine.layout import with_alpha
from ...filters.core.engine.quantize import FULL
from ...filters.core.lazy_numpy import Array
from ...filters.resize import resize
from ..images.picture import DecodeError, Picture
from .cells import WHITE, Colour


def thumbnail(picture: Picture, side: int | None, background: Colour = WHITE) -> Array:
    """Return a picture in a square of *side* pixels: ``(height, width)`` or ``(height, width, 3)`` of uint8.

    A larger one becomes the means of areas. A smaller one is shown by whole squares for its pixels, as large as fit.
    Without a *side* it keeps its size. Raises `DecodeError` for one that has no colours to show.
    """
    if picture.colours not in ("gray", "rgb"):
        raise DecodeError(f"has {picture.pixels.shape[2]} bands, which have no colours to show; use tone, or .tif")
    longest = max(picture.pixels.shape[:2])
    if side is not None and longest > side:
        picture = _reduced(picture, side)
    shown = levels(picture, background)
    factor = 1 if side is None else max(1, side // longest)
    return shown if factor == 1 else shown.repeat(factor, 0).repeat(factor, 1)


def _reduced(picture: Picture, side: int) -> Picture:
    pixels = picture.pixels
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * np.uint8(255)
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
    pixels = picture.pixels
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype != np.uint8 or picture.alpha is not None or picture.full != FULL["uint8"]:
        full = 255.0 if picture.pixels.dtype == bool else picture.full
        values = np.nan_to_num(pixels.astype(np.float64), nan=0, posinf=full, neginf=0) * (255 / full)
        if picture.alpha is not None:
            share = picture.alpha[..., None] / FULL[picture.alpha.dtype.name]
            values = values * share + np.array(background) * (1 - share)
        pixels = np.floor(np.clip(values, 0, 255) + 0.5).astype(np.uint8)
    return np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
