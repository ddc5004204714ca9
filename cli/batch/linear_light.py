"""Float pictures in linear light, as renderers write them, on their way into whole numbers.

Those have too few levels for the shadows of linear light, and most programs take them for sRGB.
"""

from __future__ import annotations

import dataclasses

from ...filters.core.engine import transfer
from ...filters.core.engine.quantize import Encoding
from ...filters.core.engine.working_space import Settings
from ...filters.core.lazy_numpy import np
from ..console.report import depth_in_words
from ..images.picture import Picture

SRGB = transfer.DEFAULT


def is_encoded(picture: Picture, encoding: Encoding | None) -> bool:
    """Whether an output of a picture is written by the curve of sRGB."""
    if encoding is None or encoding.is_float or picture.pixels.dtype.kind != "f":
        return False
    return picture.colours in ("gray", "rgb") and picture.metadata.colour.is_linear


def encoded(picture: Picture, encoding: Encoding) -> Picture:
    """Return a picture with the curve of sRGB; what is said of it follows."""
    pixels = SRGB.encode(picture.pixels, picture.full).astype(picture.pixels.dtype)
    picture.metadata = picture.metadata._replace(colour=picture.metadata.colour.by_srgb_curve())
    picture.notes.append(
        f"its linear light was converted to sRGB for {depth_in_words(encoding.dtype)} samples "
        "(--keep-values leaves the values unchanged)"
    )
    return dataclasses.replace(picture, pixels=pixels)


def settings_of(settings: Settings, full: float) -> Settings:
    """Return the settings by which filters see the light that the file holds, and what is given in its units."""
    fill = float(SRGB.encode(np.asarray([settings.fill], np.float64), full)[0])
    return settings._replace(linear=True, linear_out=None, transfer=SRGB, fill=fill)
