"""From arrays to the bytes of a file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from ...filters.core.engine.colour import ColourModel
from ...filters.core.engine.output_buffer import Canvas, CanvasFactory
from ...filters.core.engine.quantize import float_type
from ...filters.core.lazy_numpy import np
from ..console.report import DEPTHS, depth_in_words
from .codec import Content, EncodeOptions
from .formats import FOR_BANDS, FOR_MAPS, Format, only_read
from .labels import Labels
from .metadata import Metadata, georeferenced, ready, texts_without_tags, without
from .output_colour import fitted
from .tiff_tags import GDAL_NODATA


class EncodeError(Exception):
    """The format cannot hold the samples; the message suggests one that can."""


def sample_type(
    format: Format, dtype: str, depth: str, channels: int, colours: ColourModel, name: str, maps: int = 0
) -> str:
    """Return the dtype in which *format* stores the output *name* of an image of *dtype*.

    The image has *channels* of *colours*. A map is stored raw, as float, in every format that can hold it, and so are
    the *maps* that make up a picture. Raises `EncodeError` if the depth cannot be kept: no sample loses bits unless the
    user asks for it.
    """
    if format.instead:
        raise EncodeError(only_read(format))
    if maps and not format.holds_maps(maps):
        raise EncodeError(f"{format.name.upper()} cannot hold {maps} maps; {FOR_MAPS}")
    held = format.gray if maps not in (0, 3) else format.held(colours, channels)
    if not held and colours == "cmyk":
        raise EncodeError(f"{format.name.upper()} cannot hold CMYK samples; use --to-rgb, or .tif or .jpg")
    if not held and colours == "bands":
        raise EncodeError(f"{format.name.upper()} cannot hold {channels} bands; {FOR_BANDS}")
    if not held and channels == 1:
        raise EncodeError(f"{format.name.upper()} holds only RGB; use --to npz or an -idx3-ubyte name")
    if not held:
        raise EncodeError(f"{format.name.upper()} holds only gray; use --channels luma, or .ppm")
    floating = float_type(dtype) if float_type(dtype) in held else "float32"
    if depth != "keep":
        wanted = {"1": "bool", "8": "uint8", "16": "uint16"}.get(depth, floating)
    elif format.raw or ((name != "image" or maps > 1) and floating in held):
        wanted = floating
    elif dtype in ("float32", "float64"):
        wanted = floating if floating in held else "uint8"
    else:
        wanted = floating if format.only_float else dtype
    if wanted == "bool" and channels != 1:
        raise EncodeError("1-bit samples have no colours; use threshold, or --channels luma if that gives gray")
    if wanted not in held:
        what = "CMYK " if colours == "cmyk" else ""
        raise EncodeError(
            f"{format.name.upper()} cannot hold {depth_in_words(wanted)} {what}samples; "
            f"{other_depths(held)}, or {'.png or .tif' if wanted == 'bool' else '.tif or .npy'}"
        )
    return wanted


def other_depths(held: Sequence[str]) -> str:
    """Return the advice to use one of the depths that are *held*."""
    return f"use --depth {' or '.join(str(DEPTHS[dtype]) for dtype in held if dtype not in ('bool', 'float64'))}"


def canvas(format: Format, options: EncodeOptions, metadata: Metadata) -> CanvasFactory:
    """Return the factory of canvases for an output in *format*."""
    return format.codec.canvas(options, metadata) if format.codec.canvas is not None else Canvas


def write(
    file: io.BytesIO,
    pixels: Any,
    alpha: Any,
    format: Format,
    metadata: Metadata,
    options: EncodeOptions,
    software: str = "",
    colours: ColourModel = "rgb",
    white: float | None = None,
    labels: Labels | None = None,
) -> list[str]:
    """Encode ``pixels (height, width, channels)`` and ``alpha (height, width)``; return notes for the user.

    *pixels* may be a canvas from `canvas` for this format.

    *software*, one line of ASCII, goes into the format's field for the program that wrote a file.
    """
    notes: list[str] = []
    if metadata.palette and not format.palettes:
        pixels, metadata, colours = coloured(pixels, metadata), metadata._replace(palette=b""), "rgb"
    if not metadata.palette:
        pixels, metadata = fitted(pixels, metadata, format, options, notes)
    metadata = kept(metadata, format, pixels, options, notes)._replace(palette=metadata.palette)
    content = Content(pixels, alpha, metadata, options, options.signed(software), colours, white, labels=labels)
    return notes + format.codec.encode(file, content)


def coloured(pixels: Any, metadata: Metadata) -> Any:
    """Return the colours of samples that are palette indices; other samples unchanged."""
    if not metadata.palette:
        return pixels
    return np.frombuffer(metadata.palette, np.uint8).reshape(-1, 3)[pixels[..., 0]]


def write_maps(
    file: io.BytesIO,
    maps: Any,
    format: Format,
    metadata: Metadata,
    options: EncodeOptions,
    software: str = "",
    white: float | None = None,
) -> list[str]:
    """Encode ``maps (height, width, count)``: an array as it is, a TIFF with a page each."""
    notes: list[str] = []
    encode = format.codec.encode_maps
    assert encode is not None
    metadata = kept(metadata, format, maps, options, notes)
    return notes + encode(file, Content(maps, None, metadata, options, options.signed(software), "bands", white))


def stripped(metadata: Metadata, format: Format) -> Metadata:
    """Return what even ``--strip`` keeps: the nodata value, without which missing samples would be data."""
    own = {GDAL_NODATA: metadata.tags[GDAL_NODATA]} if format.georeferenced and GDAL_NODATA in metadata.tags else {}
    return Metadata(own, words=metadata.words and metadata.words.of_samples(), coding=metadata.coding)


def kept(metadata: Metadata, format: Format, pixels: Any, options: EncodeOptions, notes: list[str]) -> Metadata:
    """Return the metadata for a file of *pixels*."""
    if options.strip:
        return stripped(metadata, format)
    name = format.title or format.name.upper()
    if not format.paged and metadata.words is not None and metadata.words.name:
        notes.append(f"{name} cannot hold its {metadata.words.name}; use .tif")
    if not format.georeferenced and (own := georeferenced(metadata)):
        metadata = metadata._replace(tags=without(metadata.tags, own.keys()))
        if own.keys() != {GDAL_NODATA}:
            notes.append(f"{name} cannot hold its georeference; use .tif")
    if metadata.resources and not format.codec.holds_iptc:
        notes.append(f"{name} cannot hold its IPTC; use .jpg or .tif")
    if format.codec.texts in ("tags", "tags and comments"):
        beside = () if format.codec.texts == "tags and comments" else metadata.comments
        lost = texts_without_tags(metadata._replace(comments=beside))
    else:
        lost = []
    if lost:
        notes.append(f"{name} cannot hold its PNG texts {', '.join(lost)}; use .png")
    if metadata.aspect and not format.codec.holds_aspect:
        notes.append(f"{name} cannot hold its pixel aspect ratio; use .png, .jpg or .tif")
    return ready(metadata, pixels.shape[1::-1], f"image/{format.name}", options.strip_gps, notes)
