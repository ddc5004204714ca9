"""The mask of a call, decoded: how strongly the filters act at each pixel."""

from __future__ import annotations

from typing import Any

from ...filters.core.engine import colour
from ...filters.core.engine.mask import Effect
from ...filters.core.engine.quantize import FULL
from ...filters.core.lazy_numpy import np
from ...filters.core.parameters import ParameterError
from ..errors import UsageError
from ..images import decode, picture
from .mask_option import Region


def effect_of(region: Region, max_pixels: int) -> Effect:
    """Decode the mask of a region; raises UsageError."""
    if region.mask is None:
        return Effect(roi=region.boxes)
    try:
        found = decode.decode(region.data, picture.DecodeOptions(picture.size_guard(max_pixels), to_rgb=True))
        if isinstance(found, picture.Frames):
            raise picture.DecodeError("has several frames; a mask has one")
        return Effect(_gray(found), region.boxes or None)
    except picture.DecodeError as error:
        raise UsageError(f"{region.option}: {error}") from None
    except ParameterError as error:
        raise UsageError(f"{region.option}: {error.reason}") from None


def _gray(picture: Any) -> Any:
    """Return a mask's picture as one channel: of colours their luma, and nothing where it is transparent."""
    pixels, alpha = picture.pixels, picture.alpha
    if pixels.shape[2] == 3 and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., :1]
    if pixels.shape[2] == 1 and alpha is None:
        return pixels[..., 0]
    full = FULL[pixels.dtype.name]
    strength = colour.luma(pixels, np.float64)[..., 0] / full
    return strength if alpha is None else strength * (alpha / full)
