"""What libtiff passes over in silence: strips of CCITT and JPEG data that end early, or go on as no encoder writes."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from PIL import ImageChops

from .. import ifd
from ..picture import DecodeError
from ..tiff_tags import (
    CHANNELS,
    COMPRESSION,
    FILL_ORDER,
    GROUP_3_OPTIONS,
    GROUP_4_OPTIONS,
    HEIGHT,
    JPEG_TABLES,
    PHOTOMETRIC,
    PLANAR,
    STRIP_OFFSETS,
    STRIP_ROWS,
    STRIP_SIZES,
    TILE_HEIGHT,
    TILE_OFFSETS,
    TILE_SIZES,
    TILE_WIDTH,
    WIDTH,
)
from . import compression, fax
from .strips import many, one

PILLOWS = {
    compression.RLE: "tiff_ccitt",
    compression.GROUP3: "group3",
    compression.GROUP4: "group4",
}
"""What Pillow calls the methods that it writes."""


class Part(NamedTuple):
    """A strip or a tile."""

    number: int
    packed: bytes
    width: int
    rows: int
    top: int
    whole_width: bool


def check(data: bytes, tags: ifd.Directory, image: Any, is_whole_jpeg: Callable[[bytes], object]) -> None:
    """Raise `DecodeError` where a part of *image*, which Pillow decoded, is not whole in the file.

    *is_whole_jpeg* raises it where a JPEG is not.
    """
    method = one(tags, COMPRESSION, 1)
    if method in compression.FAX:
        _check_fax(data, tags, image, method)
    elif method == compression.JPEG:
        tables = tags[JPEG_TABLES].data if JPEG_TABLES in tags else b""
        for part in _parts(data, tags):
            try:
                is_whole_jpeg(_complete(tables, part.packed))
            except DecodeError as error:
                raise DecodeError(f"{error}, in part {part.number + 1}") from None


def _parts(data: bytes, tags: ifd.Directory) -> Iterator[Part]:
    """Yield the strips or tiles."""
    tiled = TILE_OFFSETS in tags
    width, height = one(tags, WIDTH, 0), one(tags, HEIGHT, 0)
    wide = one(tags, TILE_WIDTH, width) if tiled else width
    high = one(tags, TILE_HEIGHT, height) if tiled else min(one(tags, STRIP_ROWS, height), height)
    offsets = many(tags, TILE_OFFSETS if tiled else STRIP_OFFSETS)
    sizes = many(tags, TILE_SIZES if tiled else STRIP_SIZES, *[len(data)] * len(offsets))
    across, down = -(-width // max(wide, 1)), -(-height // max(high, 1))
    needed = across * down * (one(tags, CHANNELS, 1) if one(tags, PLANAR, 1) == 2 else 1)
    for number, (offset, size) in enumerate(zip(offsets[:needed], sizes, strict=False)):
        top = number // across % down * high
        rows = high if tiled else min(high, height - top)
        yield Part(number, data[offset : offset + size], wide, rows, top, not tiled)


def _check_fax(data: bytes, tags: ifd.Directory, image: Any, method: int) -> None:
    options = one(tags, GROUP_3_OPTIONS if method == compression.GROUP3 else GROUP_4_OPTIONS, 0)
    inverted = one(tags, PHOTOMETRIC, 0) == 0
    for part in _parts(data, tags):
        packed = part.packed
        if one(tags, FILL_ORDER, 1) == 2:
            packed = packed.translate(compression.REVERSED)
        if part.whole_width and method in PILLOWS:
            strip = image.crop((0, part.top, part.width, part.top + part.rows))
            if _is_what_is_written(packed, strip, method, options, inverted):
                continue
        there = fax.whole_rows(packed, method, options, part.width, part.rows)
        if there < part.rows:
            name = compression.name(method)
            raise DecodeError(
                f"is damaged or truncated ({there} of {part.rows} rows of {name} data are whole in part "
                f"{part.number + 1})"
            )


def _is_what_is_written(packed: bytes, strip: Any, method: int, options: int, inverted: bool) -> bool:
    """Whether a strip's data are those that libtiff writes of its pixels: 30 times as fast as reading them here."""
    file = io.BytesIO()
    pixels = ImageChops.invert(strip) if inverted else strip
    info = {GROUP_3_OPTIONS: options} if method == compression.GROUP3 else {}
    pixels.save(file, "TIFF", compression=PILLOWS[method], tiffinfo=info, strip_size=1 << 30)
    written = file.getvalue()
    try:
        tags = ifd.File(written).tags(ifd.File(written).offset(4))
        offset, size = one(tags, STRIP_OFFSETS, 0), one(tags, STRIP_SIZES, 0)
    except (ValueError, struct.error):
        return False
    again = written[offset : offset + size]
    # Zeros may fill a word, and mean nothing without a one behind them.
    return packed.rstrip(b"\0") == again.rstrip(b"\0")


def _complete(tables: bytes, packed: bytes) -> bytes:
    """Return a JPEG file of a strip and the tables that all strips share."""
    if len(tables) < 4 or not tables.startswith(b"\xff\xd8"):
        return packed
    return tables[: -2 if tables.endswith(b"\xff\xd9") else None] + packed[2:]
