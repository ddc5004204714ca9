"""Notes on the white level: values far above it, and files that cannot record it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...filters.core.engine.quantize import Encoding
from ...filters.core.filter import Call
from ..console.messages import flag
from ..console.report import depth_in_words
from ..images import formats
from ..images.on_screen import FAR, finite_range, white_for
from ..images.picture import Picture

VALUES = {"threshold": ("value",), "tone": ("levels", "threshold")}
"""The parameters in sample values, by filter."""


def far_above(picture: Picture, encodings: Mapping[str, Encoding]) -> str:
    """Return the note that a float picture's values are far above white, where outputs cut them off; else nothing."""
    white = picture.full
    clipped = next((encoding for encoding in encodings.values() if _shows_white(encoding)), None)
    if clipped is None or picture.pixels.dtype.kind != "f":
        return ""
    _, greatest = finite_range(picture.pixels)
    if greatest <= FAR * white:
        return ""
    return (
        f"its values, up to {greatest:.5g}, are far above white, {white:g}, and are clipped in "
        f"{depth_in_words(clipped.dtype)} samples; use --white {white_for(greatest):.5g} or --range stretch"
    )


def of_8_bits(picture: Picture, steps: Sequence[Call]) -> str:
    """Return the note that values are given as of 8 bits to a picture whose white is another; else nothing."""
    white = picture.full
    for step in steps:
        for name in VALUES.get(step.name, ()):
            if (given := step.values[name]) is None or (isinstance(given, str) and "%" in given):
                continue
            numbers = [float(part) for part in (given.split(",") if isinstance(given, str) else _listed(given))][:2]
            most = max(numbers)
            if not (white < most <= 255 or (white > 16 * 255 and 1 < most <= 255)):
                continue
            _, greatest = finite_range(picture.pixels)
            if greatest > 16 * 255 or (white < most and greatest <= FAR * white):
                meant = ",".join(f"{number * white / 255:.5g}" for number in numbers)
                what = ",".join(f"{number:g}" for number in numbers)
                units = f"{flag(name)} is in the picture's units, in which white is {white:g}"
                return f"{units}; {what} of 255 is {flag(name)} {meant}"
    return ""


def _listed(given: Any) -> Sequence[float]:
    return given if isinstance(given, (tuple, list)) else (given,)


def untold(picture: Picture, encodings: Mapping[str, Encoding], formats_of: Mapping[str, formats.Format]) -> str:
    """Return the note that a picture's file does not say what is white, as its input did; else nothing."""
    image = encodings.get("image")
    told = picture.white is not None and formats.FORMATS[picture.format].tells_white
    if image is None or not (told and image.is_float and image.kind == "picture" and image.white not in (None, 1)):
        return ""
    if (format := formats_of["image"]).tells_white:
        return ""
    return (
        f"{format.name.upper()} cannot store that {image.white:g} is white: read it with --white "
        f"{image.white:g}, or use --depth float"
    )


def _shows_white(encoding: Encoding) -> bool:
    """Whether what is above white is cut off in an output."""
    fixed = not (encoding.is_float or encoding.stretched or encoding.directed)
    return fixed and encoding.kind != "fraction"
