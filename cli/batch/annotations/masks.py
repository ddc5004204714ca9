"""Masks: pictures of class numbers with the size of their image. They are moved, and never mixed."""

from __future__ import annotations

import io
from typing import Any

from ....filters.core.lazy_numpy import Array, np
from ...console.messages import shown
from ...errors import FileError
from ...images import decode, encode, formats
from ...images.input_bytes import read_bytes
from ...images.metadata import Metadata
from ...images.picture import DecodeError, DecodeOptions, Frames, Picture, size_guard
from ...images.reader import naming
from .way import Way

ONE_BIT_GRAY = b"\1\0"
"""The bytes of a PNG's header for 1-bit gray, and their place."""
HEADER = slice(24, 26)


def read(path: str, max_pixels: int) -> Picture:
    """Return a mask, with palette indices as pixels if it has a palette; raises FileError."""
    with naming(path):
        data = read_bytes(path)
        picture = decode.decode(data, DecodeOptions(size_guard(max_pixels), max_pixels=max_pixels))
        if isinstance(picture, Frames):
            raise DecodeError("has several frames; a mask must have one")
        if picture.format != "png":
            raise DecodeError("is not a PNG; masks must be PNG files")
        if picture.alpha is not None:
            raise DecodeError("has transparency; a mask holds class numbers, in gray or with a palette")
    if data[HEADER] == ONE_BIT_GRAY:
        picture.pixels = picture.pixels > 0
    palette = picture.palette
    picture.metadata = Metadata()
    if palette is not None:
        picture.pixels, picture.colours = palette.indices[..., None], "gray"
        picture.metadata = Metadata(palette=palette.colours.tobytes())
    return picture


def check_size(path: str, mask: Picture, image: tuple[int, int], orientation: int) -> None:
    """Raise FileError if a mask does not have the size of its upright image."""
    height, width = mask.pixels.shape[:2]
    if (width, height) == image:
        return
    turned = orientation > 4 and (height, width) == image
    hint = ", rotated as its EXIF says; rotate the mask too" if turned else ""
    raise FileError(shown(path), f"has {width}×{height} pixels, but the image has {image[0]}×{image[1]}{hint}")


def moved(path: str, mask: Picture, way: Way, fill: int) -> Picture:
    """Return the mask of a filter's result; raises FileError if it cannot hold the number to fill with."""
    pixels, palette = mask.pixels, mask.metadata.palette
    most = {"bool": 1, "uint8": 255, "uint16": 65535}[pixels.dtype.name]
    if fill > most:
        raise FileError(shown(path), f"holds numbers up to {most}; --mask-fill {fill} is too large")
    if palette and len(palette) <= 3 * fill:
        palette = palette.ljust(3 * (fill + 1), b"\xff")
    return Picture(way.mask(pixels, fill), metadata=Metadata(palette=palette), colours=mask.colours)


def write(file: io.BytesIO, mask: Picture, options: encode.EncodeOptions, stamp: str) -> list[str]:
    """Write a mask as PNG."""
    png: Any = formats.FORMATS["png"]
    samples: Array = np.ascontiguousarray(mask.pixels)
    return encode.write(file, samples, None, png, mask.metadata, options, stamp, mask.colours)
