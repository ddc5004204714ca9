"""A picture of any kind as a screen shows it: 8-bit gray or RGB, and opaque."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...filters.core.engine.colour import ColourModel
from ...filters.core.engine.quantize import white_of
from ...filters.core.engine.streamed import strips_of
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from ...filters.core.resampling.separable import resample
from ...filters.core.resampling.weights import Span, weights
from .picture import Picture, bands_of_rows

FAR = 2.0
"""Values above this multiple of white are far above it: rare in highlights, certain in another unit."""
COMMON = (255, 4095, 65535)
"""White of 8, 12 and 16 bits."""
SQUARE = 8
"""Pixels per side of the squares behind transparent pixels."""
SQUARES = (255, 204)
"""Their grays."""
BLACK = (0, 0, 0)
AT_A_TIME = 32
"""Rows that are reduced together: the sums along columns, as wide as the picture, stay in the cache."""


class OnScreen(NamedTuple):
    """A picture as a screen shows it."""

    pixels: Array
    """``(height, width, 1)`` or ``(height, width, 3)`` of uint8."""
    note: str = ""
    """Notes on the range of values, or the channels, that are shown."""


def on_screen(pixels: Array, alpha: Any = None, colours: ColourModel = "gray", white: float | None = None) -> OnScreen:
    """Return ``pixels (height, width, channels)``, and an ``alpha (height, width)``, as a screen shows them.

    *colours* is the colour model of the channels, *white* the value of white, unless the sample type implies it.
    Fractions below black or above white stretch the range. Transparent pixels are shown on squares.

    >>> import numpy as np
    >>> on_screen(np.array([[[0], [32768], [65535]]], np.uint16)).pixels.ravel().tolist()
    [0, 128, 255]
    >>> found = on_screen(np.array([[[-1.0], [0.0], [3.0]]]))
    >>> found.pixels.ravel().tolist(), found.note
    ([0, 64, 255], 'black is -1, white is 3')
    """
    low, high = 0.0, white_of(pixels.dtype.name, white)
    notes = []
    if pixels.dtype.kind == "f":
        least, most = finite_range(pixels)
        if least < low or most > high:
            low, high = least, most
            notes.append(f"black is {low:.4g}, white is {high:.4g}")
    channels = pixels.shape[2]
    if colours == "bands":
        kept = 3 if channels >= 3 else 1
        notes += [f"bands 1 to 3 of {channels} are red, green and blue" if kept == 3 else f"band 1 of {channels}"]
        pixels = pixels[..., :kept]
    elif colours == "cmyk":
        notes.append("CMYK, converted without a profile")
    seen = eight_bits(pixels, high, low)
    if colours == "cmyk":
        seen = of_inks(seen)
    if alpha is not None:
        seen = on_ground(seen, eight_bits(alpha, white_of(alpha.dtype.name, white)))
    return OnScreen(seen, "; ".join(notes))


def finite_range(samples: Array) -> tuple[float, float]:
    """Return the least and the greatest finite sample; 0 and 0 if there are none.

    >>> import numpy as np
    >>> finite_range(np.array([np.nan, 3.0, -np.inf, 2.0])), finite_range(np.array([np.nan]))
    ((2.0, 3.0), (0.0, 0.0))
    """
    ends = [_finite_ends(part) for part in strips_of(samples)]
    least, most = min(low for low, _ in ends), max(high for _, high in ends)
    return (least, most) if least <= most else (0.0, 0.0)


def _finite_ends(samples: Array) -> tuple[float, float]:
    """Return the least and the greatest finite sample; infinity and its negative if there are none."""
    least, most = (float(find.reduce(samples, axis=None)) for find in (np.fmin, np.fmax))
    if math.isfinite(least) and math.isfinite(most):
        return least, most
    kept = np.isfinite(samples)
    return float(np.min(samples, where=kept, initial=np.inf)), float(np.max(samples, where=kept, initial=-np.inf))


def unseen(picture: Picture) -> str:
    """Return a note if much of a float picture is above white or below black, and shown as such; else "".

    >>> import numpy as np
    >>> unseen(Picture(np.array([[[0.2], [4000.0]]])))
    'its values, up to 4000, are far above white, 1, and shown as white; imfilter tone --white 4095 changes that'
    >>> unseen(Picture(np.array([[[-3.0], [0.5]]])))
    'its values, from -3, are far below black and shown as black; imfilter tone --range stretch changes that'
    """
    if picture.pixels.dtype.kind != "f":
        return ""
    white = picture.full
    least, most = finite_range(picture.pixels)
    if (far := most > FAR * white) or least >= white < most:
        return (
            f"its values, up to {most:.5g}, are {'far' if far else 'all'} above white, {white:g}, and shown as white; "
            f"imfilter tone --white {white_for(most):.5g} changes that"
        )
    if (far := least < (1 - FAR) * white) or most <= 0 > least:
        return (
            f"its values, from {least:.5g}, are {'far' if far else 'all'} below black and shown as black; "
            "imfilter tone --range stretch changes that"
        )
    return ""


def white_for(greatest: float) -> float:
    """Return the likely value of white if *greatest* is the greatest value.

    >>> white_for(200), white_for(3000), white_for(1e6)
    (255, 4095, 1000000.0)
    """
    return next((common for common in COMMON if greatest <= common), greatest)


def eight_bits(samples: Array, high: float, low: float = 0.0) -> Array:
    """Return samples of any type as uint8, of which 0 is *low* and 255 is *high*; NaN is 0.

    Samples that need no change are returned as they are.

    >>> import numpy as np
    >>> eight_bits(np.array([-np.inf, np.nan, -1.0, 1.0, 3.0, np.inf]), 3.0, -1.0).tolist()
    [0, 0, 0, 128, 255, 255]
    """
    if samples.dtype == np.uint8 and (low, high) == (0, 255):
        return samples
    dtype = np.result_type(samples.dtype, np.float32)
    scale = 255 / (high - low if high > low else 1.0)
    found = np.empty(samples.shape, np.uint8)
    for rows in bands_of_rows(samples.shape):
        levels = samples[rows].astype(dtype)
        levels -= low
        levels *= scale
        np.fmax(levels, 0, out=levels)  # which is 0 for NaN
        np.minimum(levels, 255, out=levels)
        levels += 0.5
        found[rows] = levels
    return found


def of_inks(inks: Array) -> Array:
    """Return the RGB of cyan, magenta, yellow and black ink on white paper; both are uint8.

    >>> import numpy as np
    >>> of_inks(np.array([[[0, 255, 0, 0], [0, 0, 0, 55]]], np.uint8)).tolist()
    [[[255, 0, 255], [200, 200, 200]]]
    """
    light = ~inks
    return on_ground(light[..., :3], light[..., 3], BLACK)


def on_ground(pixels: Array, alpha: Array, ground: Sequence[int] = SQUARES) -> Array:
    """Return uint8 pixels composited with *alpha* on squares of two grays, or on a colour of three numbers.

    *alpha* is ``(height, width)`` of uint8. Gray pixels on a colour become RGB.

    >>> import numpy as np
    >>> on_ground(np.full((1, 2, 1), 100, np.uint8), np.array([[255, 51]], np.uint8), (0, 50, 250)).tolist()
    [[[100, 100, 100], [20, 60, 220]]]
    """
    found = np.empty((*alpha.shape, max(pixels.shape[2], 1 if len(ground) == 2 else 3)), np.uint8)
    for rows in bands_of_rows(found.shape):
        cover = alpha[rows, :, None].astype(np.uint16)
        below = _squares(rows.start, cover.shape, ground) if len(ground) == 2 else np.array(ground, np.uint16)
        found[rows] = (pixels[rows] * cover + below * (255 - cover) + 127) // 255
    return found


def _squares(top: int, shape: tuple[int, ...], grays: Sequence[int]) -> Array:
    """Return the squares for the rows from *top* on."""
    down, along = (np.arange(start, start + count) // SQUARE for start, count in ((top, shape[0]), (0, shape[1])))
    return np.array(grays, np.uint16)[(down[:, None] + along) % 2, None]


def size_within(width: int, height: int, most: int) -> tuple[int, int]:
    """Return the size of a picture whose longer side is reduced to *most* pixels; smaller ones keep theirs.

    >>> size_within(4000, 3000, 1600), size_within(40, 30, 1600), size_within(4000, 1, 1600)
    ((1600, 1200), (40, 30), (1600, 1))
    """
    longer = max(width, height)
    if longer <= most:
        return width, height
    return max(1, round(width * most / longer)), max(1, round(height * most / longer))


def reduced(pixels: Array, width: int, height: int) -> Array:
    """Return uint8 pixels in a smaller size: each is the mean of the area that it covers.

    It takes 11 ms for 12 megapixels, Pillow's ``reduce`` 44 with the copy that it needs.

    >>> import numpy as np
    >>> reduced(np.array([[[0], [10], [20], [40]]], np.uint8), 2, 1).tolist()
    [[[5], [30]]]
    """
    if (height, width) == pixels.shape[:2]:
        return pixels
    sizes = zip(pixels.shape[:2], (height, width), strict=True)
    column, row = (weights("area", size, Span.whole(size, results)) for size, results in sizes)
    found = np.empty((height, width, pixels.shape[2]), np.uint8)
    for top in range(0, height, AT_A_TIME):
        rows = slice(top, min(top + AT_A_TIME, height))
        part, low, high = column.part(rows.start, rows.stop)
        found[rows] = resample(pixels[low:high], part, row, np.uint8, np.float32)
    return found
