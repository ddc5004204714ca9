"""What is found of a file, as JSON has it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...filters.core.measure.channel import Histogram, Statistics
from ..console.report import DEPTHS, SCHEMA
from ..images import description
from ..images.description import Description
from ..images.jpeg import quality
from .contents import Counted, Found
from .header_lines import duration


def record(found: Found, percentiles: Sequence[float], histogram: str, bins: int) -> dict[str, Any]:
    """Return the object of a file."""
    told = {} if found.description is None else _told(found.description)
    return {
        "schema": SCHEMA,
        "kind": "info",
        "type": "picture",
        "input": found.name,
        "status": "failed" if found.error else "done",
        "bytes": found.bytes,
        **told,
        "pictures": [_counted(each, percentiles, histogram, bins) for each in found.pictures],
        "error": str(found.error) if found.error else None,
    }


def _told(found: Description) -> dict[str, Any]:
    metadata, coding, timing = found.metadata, found.metadata.coding, found.timing
    return {
        "format": found.format,
        "width": found.width,
        "height": found.height,
        "orientation": found.orientation,
        "channels": found.channels,
        "colours": found.colours,
        "alpha": found.alpha,
        "depth": DEPTHS[found.dtype],
        "full": found.white,
        "palette": found.palette or None,
        "quality": None if coding is None else quality.quality_of(coding).number,
        "chroma": None if coding is None else quality.chroma_of(coding) or None,
        "dpi": metadata.dpi,
        "profile": description.profile_name(metadata) or None,
        "exif": len(metadata.exif),
        "xmp": len(metadata.xmp),
        "place": description.tells_place(metadata),
        "frames": found.frames,
        "duration": None if timing is None else duration(timing),
        "plays": None if timing is None else timing.plays,
        "notes": list(found.notes),
    }


def _counted(found: Counted, percentiles: Sequence[float], histogram: str, bins: int) -> dict[str, Any]:
    alpha = found.alpha
    own = zip(found.names, found.channels, strict=True)
    drawn = dict(own) if histogram == "each" else {"luma": found.luma} if found.luma is not None else {}
    return {
        "frame": found.frame,
        "channels": {
            name: _figures(channel, percentiles) for name, channel in zip(found.names, found.channels, strict=True)
        },
        "alpha": alpha and {"min": alpha.minimum, "mean": alpha.mean, "max": alpha.maximum},
        "transparent": 0 if alpha is None else alpha.transparent,
        "missing": found.missing,
        "histogram": {name: _histogram(channel.histogram(bins)) for name, channel in drawn.items()}
        if histogram != "none"
        else None,
    }


def _figures(channel: Statistics, percentiles: Sequence[float]) -> dict[str, Any]:
    return {
        "samples": channel.samples,
        "min": _number(channel.minimum),
        "max": _number(channel.maximum),
        "mean": _number(channel.mean),
        "std": _number(channel.std),
        "percentiles": {f"{percent:g}": _number(channel.percentile(percent)) for percent in percentiles},
        "exact": channel.exact,
        "black": channel.black,
        "white": channel.white,
        "nan": channel.nan,
        "infinite": channel.infinite,
    }


def _histogram(found: Histogram) -> dict[str, Any]:
    return {"low": found.low, "high": found.high, "counts": found.counts.tolist()}


def _number(value: float) -> float | None:
    """Return a number as JSON has it: no infinity, and no NaN."""
    return value if math.isfinite(value) else None
