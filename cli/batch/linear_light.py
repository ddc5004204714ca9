"""Convert float pictures in linear light, as renderers write them, to sRGB for integer outputs.

Integers have too few levels for the shadows of linear light, and most programs assume sRGB.
"""

from __future__ import annotations

import copy

from ...filters.core.engine import transfer
from ...filters.core.engine.quantize import Encoding
from ...filters.core.engine.streamed import StreamedImage
from ...filters.core.engine.working_space import Settings
from ...filters.core.lazy_numpy import np
from ..console.report import depth_in_words
from ..images.picture import Picture, bands_of_rows

SRGB = transfer.DEFAULT


def encoded(picture: Picture, encoding: Encoding, settings: Settings) -> tuple[Picture, Settings]:
    """Return a picture by the curve of sRGB, and settings by which filters see its light; what it says follows."""
    pixels = picture.pixels
    if isinstance(pixels, StreamedImage):
        pixels = pixels.mapped(
            pixels.shape, lambda rows: SRGB.encode(rows, picture.full).astype(rows.dtype, copy=False)
        )
    else:
        pixels = np.empty_like(pixels)
        for rows in bands_of_rows(pixels.shape):
            pixels[rows] = SRGB.encode(picture.pixels[rows], picture.full)
    picture.metadata = picture.metadata._replace(colour=picture.metadata.colour.by_srgb_curve())
    picture.notes.append(
        f"its linear light was converted to sRGB for {depth_in_words(encoding.dtype)} samples "
        "(--keep-values leaves the values unchanged)"
    )
    # Values in the units of the file are converted too.
    fill = settings.fill
    if fill is not None:
        encoded = SRGB.encode(np.asarray([fill], np.float64).ravel(), picture.full).tolist()
        fill = tuple(encoded) if len(encoded) > 1 else encoded[0]
    settings = settings._replace(linear=True, linear_out=None, transfer=SRGB, fill=fill)
    picture = copy.copy(picture)
    picture.pixels = pixels
    return picture, settings
