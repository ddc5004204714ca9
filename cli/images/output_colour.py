"""The colours of an output: its profile, the chunks that describe it, or converted values.

In a format with profiles the samples stay unchanged, and a description from PNG chunks becomes a profile. In a format
without profiles, or without metadata, a picture is converted to sRGB, which other programs assume.
"""

from __future__ import annotations

from typing import Any

from ...filters.core.named_tuple import NamedTuple
from .codec import EncodeOptions
from .colour_description import HLG, NOTHING, PQ, ColourDescription
from .formats import Format
from .metadata import Metadata


class OutputColour(NamedTuple):
    """The pixels to write, and their metadata."""

    pixels: Any
    metadata: Metadata


def is_lost(metadata: Metadata, format: Format, options: EncodeOptions) -> bool:
    """Whether an output cannot describe its colours, so that they may need conversion."""
    told = metadata.icc or metadata.colour != NOTHING
    if format.only_float and metadata.colour.is_linear:
        return False  # which other programs assume for such a file
    return bool(told) and not format.raw and (options.strip or not format.profiles)


def fitted(pixels: Any, metadata: Metadata, format: Format, options: EncodeOptions, notes: list[str]) -> OutputColour:
    """Return a picture's pixels and metadata for *format*."""
    if pixels.shape[2] not in (1, 3):
        return OutputColour(pixels, metadata._replace(colour=NOTHING))
    if is_lost(metadata, format, options):
        return OutputColour(_converted(pixels, metadata, format, options, notes), metadata)
    if metadata.colour == NOTHING or format.describes_colours or format.raw:
        return OutputColour(pixels, metadata)
    icc = metadata.icc or _profile(metadata.colour, pixels.shape[2] == 1, notes)
    return OutputColour(pixels, metadata._replace(icc=icc, colour=NOTHING))


def _converted(pixels: Any, metadata: Metadata, format: Format, options: EncodeOptions, notes: list[str]) -> Any:
    from . import srgb_conversion

    why = "--strip leaves out the colour profile" if options.strip else f"{format.name.upper()} holds no colour profile"
    try:
        if options.keep_values:
            return pixels
        converted = srgb_conversion.to_srgb(pixels, metadata, options.cores)
    except srgb_conversion.ConversionError as error:
        notes.append(f"{why}, and the values were not converted to sRGB: {error}")
        return pixels
    if converted is None:
        return pixels
    notes.append(f"{why}: converted to sRGB (--keep-values leaves the values unchanged)")
    return converted


def _profile(colour: ColourDescription, gray: bool, notes: list[str]) -> bytes:
    """Return a profile equivalent to a PNG's colour chunks; empty for sRGB."""
    if colour.is_srgb:
        return b""
    from . import icc_profile

    points = colour.known_points
    bright = points is not None and points.transfer in (PQ, HLG)
    if bright:
        notes.append(
            "its PQ or HLG colours are described by an ICC profile with a cicp tag, which few programs support"
        )
    return icc_profile.made(gray, colour.chromaticities(), colour.transfer().curves[0], points, _name(colour))


def _name(colour: ColourDescription) -> str:
    points = colour.known_points
    if points is not None:
        return f"Primaries {points.primaries} and transfer {points.transfer} of ITU-T H.273"
    if colour.is_linear:
        return "Linear light"
    return f"Colours of a PNG, gamma {colour.gamma / 100_000:g}" if colour.gamma else "Primaries of a PNG"
