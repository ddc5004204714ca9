"""From arrays to the bytes of a file."""

from __future__ import annotations

import io
from typing import Any

from ...filters.core.engine.output_buffer import Canvas, CanvasFactory
from ..console.report import DEPTHS, depth_in_words
from .codec import CMYK, Content, EncodeOptions
from .formats import FOR_MAPS, Format
from .metadata import Metadata, ready
from .output_colour import fitted


class EncodeError(Exception):
    """The format cannot hold the samples; the message says what would."""


def sample_type(format: Format, dtype: str, depth: str, channels: int, name: str, maps: int = 0) -> str:
    """Return the dtype in which the output *name* of an image of *dtype* goes into *format*.

    A map goes raw, as float, into every format that can hold that; so do the several *maps* that a picture is made of.
    Raises `EncodeError` where the depth cannot be kept; no sample loses bits without being told to.
    """
    if maps and not format.holds_maps(maps):
        raise EncodeError(f"{format.name.upper()} cannot hold {maps} maps; {FOR_MAPS}")
    held = {1: format.gray, CMYK: format.inks}.get(channels, format.colour)
    if maps not in (0, 3):
        held = format.gray
    if not held and channels == CMYK:
        raise EncodeError(f"{format.name.upper()} cannot hold CMYK samples; use --to-rgb, or .tif or .jpg")
    if not held:
        raise EncodeError(f"{format.name.upper()} holds gray only; --channels luma, or .ppm")
    if depth != "keep":
        wanted = next(dtype for dtype, word in DEPTHS.items() if str(word) == depth)
    elif format.raw or ((name != "image" or maps > 1) and "float32" in held):
        wanted = "float32"
    elif dtype == "float32" and "float32" not in held:
        # Float values keep their units: 0 to 255 fills eight bits.
        wanted = "uint8"
    else:
        wanted = dtype
    if wanted not in held:
        colours = "gray" if held is format.gray else {CMYK: "CMYK"}.get(channels, "RGB")
        raise EncodeError(
            f"{format.name.upper()} cannot hold {depth_in_words(wanted)} {colours} samples; "
            f"use --depth {' or '.join(str(DEPTHS[dtype]) for dtype in held)}"
            ", or .tif or .npy"
        )
    return wanted


def canvas(format: Format, options: EncodeOptions) -> CanvasFactory:
    """Return what makes the canvas of an output that goes into *format*."""
    return format.codec.canvas(options) if format.codec.canvas is not None else Canvas


def write(
    file: io.BytesIO,
    pixels: Any,
    alpha: Any,
    format: Format,
    metadata: Metadata,
    options: EncodeOptions,
    software: str = "",
) -> list[str]:
    """Encode ``pixels (height, width, 1 or 3)`` and ``alpha (height, width)``; return what people should know.

    *pixels* may be what `canvas` made for the format.

    *software*, one line of ASCII, goes where the format keeps the name of the program that wrote a file.
    """
    notes: list[str] = []
    pixels, metadata = fitted(pixels, metadata, format, options, notes)
    metadata = kept(metadata, pixels, options, notes)
    return notes + format.codec.encode(file, Content(pixels, alpha, metadata, options, software))


def write_maps(
    file: io.BytesIO, maps: Any, format: Format, metadata: Metadata, options: EncodeOptions, software: str = ""
) -> list[str]:
    """Encode ``maps (height, width, count)``: an array as it is, a TIFF with a page each."""
    notes: list[str] = []
    encode = format.codec.encode_maps
    assert encode is not None
    return notes + encode(file, Content(maps, None, kept(metadata, maps, options, notes), options, software))


def kept(metadata: Metadata, pixels: Any, options: EncodeOptions, notes: list[str]) -> Metadata:
    """Return what goes into a file of *pixels*."""
    return Metadata() if options.strip else ready(metadata, pixels.shape[1::-1], options.strip_gps, notes)
