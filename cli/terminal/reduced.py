"""A picture as a terminal shows it: 8-bit sRGB, reduced by means, with a checkerboard after transparent parts."""

from __future__ import annotations

from typing import Any

from PIL import Image

from ...filters.core.engine.colour import ColourModel
from ...filters.core.lazy_numpy import Array, np
from ..images import pillow_buffer, srgb_conversion
from ..images.metadata import Metadata
from ..images.on_screen import eight_bits, of_inks, on_ground
from .room import Room

CHECKERBOARD = (204, 153)
"""Its two grays."""


def reduced(
    pixels: Any,
    alpha: Any,
    room: Room,
    *,
    white: float,
    colours: ColourModel = "rgb",
    metadata: Metadata | None = None,
    background: tuple[int, int, int] | None = None,
) -> Array:
    """Return a picture as it is shown, ``(rows, columns, 3)`` of uint8.

    *pixels* are ``(height, width, channels)`` of any sample type, *alpha* is ``(height, width)`` or None, *white* is
    the value of white in both. CMYK is converted without a profile; of other pictures with more than three channels the
    first three are shown, of two the first.
    """
    if metadata is not None and pixels.dtype.kind == "f" and metadata.colour.is_linear:
        pixels, metadata = _as_srgb(pixels, metadata), None  # before the reduction to 8 bits
    if colours == "cmyk":
        levels = of_inks(eight_bits(pixels, white))
    else:
        levels = eight_bits(pixels[..., : 3 if pixels.shape[2] > 2 else 1], white)
    if alpha is not None:
        levels = np.concatenate([levels, eight_bits(alpha[..., None], white)], axis=2)
    image = pillow_buffer.image_of(levels[..., 0] if levels.shape[2] == 1 else levels)
    size = room.fitted(*image.size)
    if size != image.size:
        image = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)  # takes a third of the time for 12 MP
    found = np.asarray(image).reshape(*image.size[::-1], -1)
    seen = found if alpha is None else found[..., :-1]
    if metadata is not None:
        seen = _as_srgb(seen, metadata)
    seen = np.broadcast_to(seen, (*seen.shape[:2], 3))
    return np.ascontiguousarray(seen) if alpha is None else on_ground(seen, found[..., -1], background or CHECKERBOARD)


def _as_srgb(pixels: Array, metadata: Metadata) -> Array:
    """Return the colours converted to sRGB, if that is possible; else unchanged."""
    try:
        converted = srgb_conversion.to_srgb(pixels, metadata, 1)
    except srgb_conversion.ConversionError:
        return pixels
    return pixels if converted is None else converted


def side_by_side(left: Array, right: Array, gap: int) -> Array:
    """Return two pictures as one, with a black gap between them.

    >>> side_by_side(np.ones((2, 1, 3), np.uint8), np.ones((1, 2, 3), np.uint8), 1)[..., 0].tolist()
    [[1, 0, 1, 1], [1, 0, 0, 0]]
    """
    both = np.zeros((max(len(left), len(right)), left.shape[1] + gap + right.shape[1], 3), np.uint8)
    both[: len(left), : left.shape[1]] = left
    both[: len(right), left.shape[1] + gap :] = right
    return both
