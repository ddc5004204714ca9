"""Strips and tiles that are more than their file and their picture: those that share bytes, and those that stick out.

A few may share theirs, as empty ones do, and those at an edge stick out, but not so that reading them has no end.
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
"""How many times the bytes of the file and of its picture all strips together may have."""
UNSUSPECTED_PIXELS, PADDED = 1 << 26, 4
"""Pixels that all tiles of any picture may have together, and how many times its own of a larger one."""


def check(tags: ifd.Directory, length: int) -> None:
    """Raise `DecodeError` if the strips of a page in a file of *length* bytes are so much."""
    width, height, wide, high = (_one(tags, tag) for tag in (WIDTH, HEIGHT, TILE_WIDTH, TILE_HEIGHT))
    tiles = -(-width // max(wide, 1)) * -(-height // max(high, 1))
    if tiles * wide * high > max(UNSUSPECTED_PIXELS, PADDED * width * height):
        raise DecodeError(f"is damaged ({tiles} tiles of {wide}×{high} pixels make up its {width}×{height})")
    if _one(tags, COMPRESSION) == NONE:  # the length of each is that of its rows
        return
    sizes = sum(sum(tags[tag].integers()) for tag in (STRIP_SIZES, TILE_SIZES) if tag in tags)
    picture = width * height * _one(tags, CHANNELS) * _one(tags, BITS) // 8
    if sizes > TIMES * (length + picture):
        raise DecodeError(f"is damaged (its strips of {sizes} bytes together overlap in a file of {length})")


def _one(tags: ifd.Directory, tag: int) -> int:
    found = tags[tag].integers() if tag in tags else ()
    return found[0] if found else 1
