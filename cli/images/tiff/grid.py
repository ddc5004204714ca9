"""The strips or tiles of a picture, and their places in its file; after TIFF Revision 6.0."""

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
"""The limit for a tile or strip as a multiple of its picture, and the rows that are always allowed."""


class Part(NamedTuple):
    """A strip or a tile."""

    number: int
    plane: int
    left: int
    top: int
    rows: int
    """The rows that it holds: the last strip may have fewer than the others, a tile has all."""
    skipped: int = 0
    """The rows before these in an unpacked strip or tile."""


class Grid(NamedTuple):
    """The division of a picture into parts."""

    width: int
    height: int
    planes: int
    """1 if a plane holds all channels, else one per channel."""
    wide: int
    """The width of a tile; of a strip, the picture's."""
    high: int
    full_high: int
    """The declared rows per strip, to which a writer may have padded the last one; may exceed the picture's."""
    tiled: bool
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def needed(self) -> int:
        """The number of parts that there must be."""
        return self.planes * self.across * self.down

    @property
    def across(self) -> int:
        """The number of parts side by side."""
        return -(-self.width // self.wide)

    @property
    def down(self) -> int:
        """The number of parts from top to bottom."""
        return -(-self.height // self.high)

    def part(self, number: int) -> Part:
        """Return the part with this number."""
        line, column = divmod(number, self.across)
        plane, line = divmod(line, self.down)
        top = line * self.high
        rows = self.high if self.tiled else min(self.high, self.height - top)
        return Part(number, plane, column * self.wide, top, rows)

    def parts(self) -> Iterator[Part]:
        """Yield the parts in the order of storage."""
        return map(self.part, range(self.needed))

    def check_count(self) -> None:
        """Raise `DecodeError` if there are fewer parts than the picture needs."""
        if len(self.offsets) < self.needed:
            raise DecodeError(f"is damaged or truncated (it has {len(self.offsets)} of {self.needed} parts)")

    def place(self, number: int, plain: int | None = None) -> tuple[int, int]:
        """Return the offset of a part, and its stored bytes, which are *plain* if it is not compressed.

        Raises `DecodeError` if the file has no such part.
        """
        if number >= len(self.offsets):
            self.check_count()
        return self.offsets[number], plain or (self.sizes[number] if number < len(self.sizes) else 0)


def grid(tags: Directory) -> Grid:
    """Return the grid of the picture that *tags* describe; raises `DecodeError`."""
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
