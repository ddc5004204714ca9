"""The decoded mask of a call: the strength of the filters at each pixel."""

from __future__ import annotations

from typing import Any

from ...filters.core.engine import colour
from ...filters.core.engine.mask import Effect
from ...filters.core.engine.quantize import FULL
from ...filters.core.lazy_numpy import np
from ...filters.core.parameters import ParameterError
from ..errors import UsageError
from ..images import decode
from ..images.picture import DecodeError, DecodeOptions, Frames, Picture, size_guard
from .mask_option import Region


def effect_of(region: Region, max_pixels: int) -> Effect:
    """Decode the mask of a region; raises UsageError."""
    if region.mask is None:
        return Effect(roi=region.boxes)
    try:
        found = decode.decode(region.data, DecodeOptions(size_guard(max_pixels), to_rgb=True))
        if isinstance(found, Frames):
            raise DecodeError("has several frames; a mask must have one")
        return Effect(_gray(found), region.boxes or None)
    except DecodeError as error:
        raise UsageError(f"{region.option}: {error}") from None
    except ParameterError as error:
        raise UsageError(f"{region.option}: {error.reason}") from None


def _gray(picture: Picture) -> Any:
    """Return a mask's picture as one channel: the luma of colours, and 0 for transparent pixels."""
    pixels, alpha = picture.pixels, picture.alpha
    if pixels.shape[2] == 3 and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., :1]
    if picture.colours == "bands":
        raise DecodeError(f"has {pixels.shape[2]} bands; a mask is gray or in colour")
    full = picture.full
    if pixels.shape[2] == 1 and alpha is None and full == FULL[pixels.dtype.name]:
        return pixels[..., 0]
    strength = colour.luma(pixels, np.float64)[..., 0] / full
    return strength if alpha is None else strength * (alpha / full)
