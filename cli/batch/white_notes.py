"""Notes on what is white: values far above it, and files that cannot say it."""

from __future__ import annotations

from collections.abc import Mapping

from ...filters.core.engine.quantize import Encoding
from ...filters.core.lazy_numpy import np
from ..console.report import depth_in_words
from ..images import formats
from ..images.picture import Picture

FAR = 2.0
"""Values of more than so many times white are far above it: highlights reach that seldom, another unit always."""
COMMON = (255, 4095, 65535)
"""White of 8, 12 and 16 bits."""


def of(picture: Picture, encodings: Mapping[str, Encoding], formats_of: Mapping[str, formats.Format]) -> list[str]:
    """Return the notes on a picture and the outputs that *encodings* make of it."""
    notes = []
    in_float, white = picture.pixels.dtype.kind == "f", picture.full
    clipped = next((encoding for encoding in encodings.values() if _shows_white(encoding)), None)
    if in_float and clipped is not None and (greatest := _greatest(picture)) > FAR * white:
        better = next((common for common in COMMON if greatest <= common), None)
        notes.append(
            f"its values, up to {greatest:.5g}, are far above white, {white:g}, and are clipped in "
            f"{depth_in_words(clipped.dtype)} samples; use --white {greatest if better is None else better:.5g} or "
            "--range stretch"
        )
    image = encodings.get("image")
    if image is not None and image.is_float and image.kind == "picture" and image.white not in (None, 1):
        told = picture.white is not None and formats.FORMATS[picture.format].tells_white
        if told and not (format := formats_of["image"]).tells_white:
            notes.append(
                f"{format.name.upper()} cannot say that {white:g} is white: read it with --white {white:g}, or use "
                "--depth float"
            )
    return notes


def _shows_white(encoding: Encoding) -> bool:
    """Whether what is above white is cut off in an output."""
    fixed = not (encoding.is_float or encoding.stretched or encoding.directed)
    return fixed and encoding.kind != "fraction" and encoding.gain == 1


def _greatest(picture: Picture) -> float:
    """Return the greatest finite sample, 0 where there is none."""
    greatest = float(np.fmax.reduce(picture.pixels, axis=None))
    if np.isinf(greatest):
        greatest = float(np.max(picture.pixels, where=np.isfinite(picture.pixels), initial=0))
    return greatest if greatest == greatest else 0.0
