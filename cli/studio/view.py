"""The part of a picture in view, and its samples in a form for browsers."""

from __future__ import annotations

import io
import math
from typing import Any

from ...filters.core.engine.colour import ColourModel
from ...filters.core.engine.quantize import white_of
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from ..images import encode, formats
from ..images.codec import EncodeOptions
from ..images.metadata import Metadata
from ..images.on_screen import eight_bits, of_inks

MOST_ROOM = 1 << 14
"""The most pixels of a window, across or down."""
MOST_REDUCED = 1 << 10


class View(NamedTuple):
    """The size of a window, in its own pixels, and where it looks."""

    width: int
    height: int
    reduce: int = 0
    """Each pixel of the window is the mean of this many by this many of the picture; 0 fits the whole picture."""
    x: float = 0.0
    """The middle, as a fraction of the picture's width."""
    y: float = 0.0

    def part(self, width: int, height: int) -> Part:
        """Return the part in view of a picture of *width* and *height*.

        >>> View(100, 100).part(300, 150)
        Part(left=0, top=0, width=300, height=150, reduce=3)
        >>> View(100, 100, 1, 0.5, 1.0).part(300, 150)
        Part(left=100, top=50, width=100, height=100, reduce=1)
        """
        reduce = self.reduce or max(math.ceil(width / self.width), math.ceil(height / self.height), 1)
        left, across = _span(self.x, self.width, width, reduce)
        top, down = _span(self.y, self.height, height, reduce)
        return Part(left, top, across, down, reduce)


class Part(NamedTuple):
    """A part of a picture, and its reduction."""

    left: int
    top: int
    width: int
    height: int
    reduce: int


def _span(middle: float, room: int, size: int, reduce: int) -> tuple[int, int]:
    """Return the start, a whole number of window pixels, and the length of the part in view."""
    length = min(room * reduce, size)
    begin = min(max(round(middle * size - length / 2), 0), size - length)
    begin -= begin % reduce
    return begin, min(length, size - begin)


class Shown(NamedTuple):
    """Samples in a form for browsers."""

    samples: Array
    """``(height, width, 1 or 3)`` of uint8 or uint16."""
    alpha: Array | None
    said: str = ""
    """A note if the display differs from the samples."""


def shown(
    samples: Array, alpha: Array | None, colours: ColourModel, white: float | None, extent: Array, band: int
) -> Shown:
    """Return samples in a form for browsers: gray and RGB of 8 and 16 bits unchanged.

    For *colours* unknown to browsers, one *band* is shown. Floats are shown from 0 to *white*, or over the range of
    *extent*, the whole picture.
    """
    said, count = "", samples.shape[2]
    if colours == "cmyk":
        full = white_of(samples.dtype.name, white)
        alpha = None if alpha is None else eight_bits(alpha, full)
        return Shown(of_inks(eight_bits(samples, full)), alpha, "CMYK is shown as RGB, roughly")
    if count not in (1, 3) or colours == "bands":
        band = min(band, count - 1)
        samples, extent = samples[..., band : band + 1], extent[..., band : band + 1]
        said = f"band {band + 1} of {count}"
    if samples.dtype == bool:
        return Shown(eight_bits(samples, 1), alpha, said)
    if samples.dtype.kind == "f":
        low, high = (0.0, white) if white is not None else _range(extent)
        samples = eight_bits(samples, high, low)
        alpha = None if alpha is None else eight_bits(alpha, white_of(alpha.dtype.name, white))
        said = f"{said}, " if said else ""
        said += f"{low:.4g} is shown as black, {high:.4g} as white"
    return Shown(samples, alpha, said)


def _range(extent: Array) -> tuple[float, float]:
    finite = extent[np.isfinite(extent)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def reduced(found: Shown, by: int) -> Shown:
    """Return samples in 8 bits, each the mean of *by* × *by*."""
    if by == 1:
        return found
    from PIL import Image

    layers = found.samples if found.alpha is None else np.dstack([found.samples, found.alpha])
    if layers.dtype != np.uint8:
        layers = (layers >> 8).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(layers[..., 0] if layers.shape[2] == 1 else layers))
    layers = np.atleast_3d(np.asarray(image.reduce(by)))
    if found.alpha is None:
        return found._replace(samples=layers)
    return found._replace(samples=layers[..., :-1], alpha=layers[..., -1])


def encoded(found: Shown, metadata: Metadata, cores: int) -> bytes:
    """Return samples as a PNG, with no metadata except their colour space."""
    file = io.BytesIO()
    colours: Any = "gray" if found.samples.shape[2] == 1 else "rgb"
    told = Metadata(icc=metadata.icc, colour=metadata.colour)
    options = EncodeOptions(cores=cores, stamp=False)
    encode.write(file, found.samples, found.alpha, formats.LOSSLESS, told, options, colours=colours)
    return file.getvalue()
