"""Limits for strips and tiles that together exceed their file and picture, by sharing bytes or extending beyond it.

A few may share bytes, like empty ones, and those at an edge extend beyond it, but not so far that reading takes
forever.
"""

from __future__ import annotations

from .. import ifd
from ..picture import DecodeError
from ..tiff_tags import (
    BITS,
    CHANNELS,
    COMPRESSION,
    HEIGHT,
    STRIP_SIZES,
    TILE_HEIGHT,
    TILE_SIZES,
    TILE_WIDTH,
    WIDTH,
)
from .compression import NONE

TIMES = 3
"""The limit for the bytes of all strips, as a multiple of those of the file and its picture."""
UNSUSPECTED_PIXELS, PADDED = 1 << 26, 4
"""The pixels allowed in all tiles of any picture, and for a larger one the multiple of its own."""


def check(tags: ifd.Directory, length: int) -> None:
    """Raise `DecodeError` if the strips of a page in a file of *length* bytes exceed the limits."""
    width, height, wide, high = (_one(tags, tag) for tag in (WIDTH, HEIGHT, TILE_WIDTH, TILE_HEIGHT))
    tiles = -(-width // max(wide, 1)) * -(-height // max(high, 1))
    if tiles * wide * high > max(UNSUSPECTED_PIXELS, PADDED * width * height):
        raise DecodeError(f"is damaged ({tiles} tiles of {wide}×{high} pixels make up its {width}×{height})")
    if _one(tags, COMPRESSION) == NONE:  # each is as long as its rows
        return
    sizes = sum(sum(tags[tag].integers()) for tag in (STRIP_SIZES, TILE_SIZES) if tag in tags)
    picture = width * height * _one(tags, CHANNELS) * _one(tags, BITS) // 8
    if sizes > TIMES * (length + picture):
        raise DecodeError(f"is damaged (its strips of {sizes} bytes together overlap in a file of {length})")


def _one(tags: ifd.Directory, tag: int) -> int:
    found = tags[tag].integers() if tag in tags else ()
    return found[0] if found else 1
