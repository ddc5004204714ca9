"""The strips or tiles that a picture is cut into, and where they lie in its file; after TIFF Revision 6.0."""

from __future__ import annotations

from collections.abc import Iterator

from ....filters.core.named_tuple import NamedTuple
from ..ifd import Directory
from ..picture import DecodeError
from ..tiff_tags import (
    CHANNELS,
    HEIGHT,
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
from .tag_values import many, one

MOST_TIMES, FEW_ROWS = 4, 256
"""How many times its picture a tile or a strip may be, and rows that it may have by all means."""


class Part(NamedTuple):
    """A strip or a tile."""

    number: int
    plane: int
    left: int
    top: int
    rows: int
    """Those that it holds: the last strip may have fewer than the others, a tile has all."""


class Grid(NamedTuple):
    """How a picture is cut into parts."""

    width: int
    height: int
    planes: int
    """One that holds all channels, or one for each."""
    wide: int
    """The width of a tile; of a strip, the picture's."""
    high: int
    full_high: int
    """The rows that a writer may have filled the last strip up to: those told, which may be more than there are."""
    tiled: bool
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def needed(self) -> int:
        """How many parts there have to be."""
        return self.planes * -(-self.width // self.wide) * -(-self.height // self.high)

    def parts(self) -> Iterator[Part]:
        """Yield the parts as they are stored."""
        number = 0
        for plane in range(self.planes):
            for top in range(0, self.height, self.high):
                rows = self.high if self.tiled else min(self.high, self.height - top)
                for left in range(0, self.width, self.wide):
                    yield Part(number, plane, left, top, rows)
                    number += 1

    def check_count(self) -> None:
        """Raise `DecodeError` where there are fewer parts than the picture needs."""
        if len(self.offsets) < self.needed:
            raise DecodeError(f"is damaged or truncated (it has {len(self.offsets)} of {self.needed} parts)")

    def stored(self, data: bytes, number: int, plain: int | None = None) -> tuple[memoryview, bool]:
        """Return the bytes of a part as they are stored, *plain* where nothing packs them, and whether all are there.

        Raises `DecodeError` where the file tells of no such part.
        """
        if number >= len(self.offsets):
            self.check_count()
        start = self.offsets[number]
        size = plain or (self.sizes[number] if number < len(self.sizes) else 0)
        found = memoryview(data)[start : start + size]
        return found, len(found) == size > 0


def grid(tags: Directory) -> Grid:
    """Return how the picture is cut that *tags* describe; raises `DecodeError`."""
    width, height, channels = (one(tags, tag, default) for tag, default in ((WIDTH, 0), (HEIGHT, 0), (CHANNELS, 1)))
    if min(width, height, channels) < 1:
        raise DecodeError(f"is damaged: {width}×{height} pixels of {channels} channels is not a valid size")
    tiled = TILE_OFFSETS in tags
    wide = one(tags, TILE_WIDTH, 0) if tiled else width
    told = one(tags, TILE_HEIGHT if tiled else STRIP_ROWS, height)
    high = told if tiled else min(told, height)
    # A tile may be larger than its picture, but not by much.
    if min(wide, high) < 1 or wide * high > max(MOST_TIMES * width * height, 1 << 22):
        raise DecodeError(f"is damaged: a part of it has {wide}×{high} pixels")
    return Grid(
        width,
        height,
        channels if one(tags, PLANAR, 1) == 2 else 1,
        wide,
        high,
        told if told <= max(MOST_TIMES * height, FEW_ROWS) else high,
        tiled,
        many(tags, TILE_OFFSETS if tiled else STRIP_OFFSETS),
        many(tags, TILE_SIZES if tiled else STRIP_SIZES),
    )
