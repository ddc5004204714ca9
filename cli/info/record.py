"""The information on a file as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...filters.core.measure.channel import Histogram
from ..console.report import DEPTHS, SCHEMA
from ..images import description
from ..images.description import Description
from ..images.jpeg import quality
from .contents import Channel, Counted, Found, How
from .header_lines import duration


def record(found: Found, how: How) -> dict[str, Any]:
    """Return the JSON object of a file."""
    told = {} if found.description is None else _told(found.description)
    return {
        "schema": SCHEMA,
        "kind": "info",
        "type": "picture",
        "input": found.name,
        "status": "failed" if found.error else "done",
        "bytes": found.bytes,
        **told,
        "pictures": [_counted(each, how) for each in found.pictures],
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
        "depth": found.bits or DEPTHS[found.dtype],
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


def _counted(found: Counted, how: How) -> dict[str, Any]:
    alpha = found.alpha
    return {
        "frame": found.frame,
        "channels": {channel.name: _figures(channel, how.percentiles) for channel in found.channels},
        "alpha": alpha and {"min": alpha.minimum, "mean": alpha.mean, "max": alpha.maximum},
        "transparent": 0 if alpha is None else alpha.transparent,
        "missing": found.missing,
        "histogram": None
        if how.histogram == "none"
        else {name: _histogram(each) for name, each in found.histograms.items()},
    }


def _figures(channel: Channel, percentiles: Sequence[float]) -> dict[str, Any]:
    return {
        "samples": channel.samples,
        "min": _number(channel.minimum),
        "max": _number(channel.maximum),
        "mean": _number(channel.mean),
        "std": _number(channel.std),
        "percentiles": {
            f"{percent:g}": _number(value) for percent, value in zip(percentiles, channel.percentiles, strict=True)
        },
        "exact": channel.exact,
        "black": channel.black,
        "white": channel.white,
        "nan": channel.nan,
        "infinite": channel.infinite,
    }


def _histogram(found: Histogram) -> dict[str, Any]:
    return {"low": found.low, "high": found.high, "counts": found.counts.tolist()}


def _number(value: float) -> float | None:
    """Return a number as JSON allows it: None for an infinity or NaN."""
    return value if math.isfinite(value) else None
