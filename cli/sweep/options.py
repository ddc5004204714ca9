"""The options that `imfilter sweep` and `imfilter sheet` share."""

from __future__ import annotations

from ...filters.core.named_tuple import NamedTuple
from ..images import prefetch


class Options(NamedTuple):
    """How pictures are read, and how a sheet is made."""

    frame: int | None = None
    max_pixels: int = prefetch.MAX_PIXELS
    lenient: bool = False
    to_rgb: bool = False
    quality: int | None = None
    stamp: bool = True
    cores: int = 1
    update: bool = False
    dry_run: bool = False
    json: bool = False
    quiet: bool = False
