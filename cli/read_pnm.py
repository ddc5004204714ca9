"""Reading PGM and PPM whose bytes are the pixels as they stand."""

from __future__ import annotations

import re

from ..filters.core.lazy import np
from .picture import Loaded, Picture, Terms, UnreadableError

RAW_PIXELS = re.compile(
    rb"P([56])" + 2 * rb"(?:\s|#[^\n\r]*[\n\r])+(\d{1,9})" + rb"(?:\s|#[^\n\r]*[\n\r])+(255|65535)\s"
)
"""The header of a PGM or PPM whose samples use all of one byte or of two."""


def load(data: bytes, terms: Terms) -> Loaded:
    """Leave all to `picture`: there is nothing to do without NumPy."""
    return Loaded(data)


def picture(loaded: Loaded, terms: Terms) -> Picture:
    """Read a PGM or PPM, whose bytes are the pixels as they stand: no copy, where Pillow takes 30 ms at 12 MP."""
    data = loaded.data
    header = RAW_PIXELS.match(data)
    assert header is not None
    channels, dtype = {b"5": 1, b"6": 3}[header[1]], np.dtype(">u2" if header[4] == b"65535" else np.uint8)
    width, height = int(header[2]), int(header[3])
    terms.admit(width, height)
    size = width * height * channels * dtype.itemsize
    if size == 0 or len(data) - header.end() < size:
        raise UnreadableError(f"is damaged or truncated ({len(data) - header.end()} of {size} bytes of pixels)")
    pixels = np.frombuffer(data, dtype, width * height * channels, header.end()).reshape(height, width, channels)
    return Picture(pixels.astype(dtype.newbyteorder("="), copy=False), None, "pgm" if channels == 1 else "ppm")
