"""Canvases that are encoded tile by tile while they are filled, with their smaller copies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from ...filters.core.engine.threads import side_by_side
from ...filters.core.lazy_numpy import Array
from . import pyramid
from .packed_canvas import Kept, PackedCanvas, Parts
from .spool import Piece, Spool

Tiles = list[tuple[str, bytes]]
"""Packed tiles of some rows, each with its name in the format."""


class PyramidCanvas(PackedCanvas):
    """A picture that is encoded in tiles while it is filled, together with its smaller copies."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        dtype: Any,
        sink: Spool | Kept,
        block: int,
        *,
        alpha: bool = False,
        smallest: int = 0,
        nearest: bool = False,
    ) -> None:
        """*smallest* is the longest side of the last copy, 0 for none; *nearest* selects samples instead of means."""
        super().__init__(shape, dtype, sink, block, alpha=alpha)
        self._tiles = sink
        whole = (*shape[:2], self.channels)
        self.levels = pyramid.shapes(whole, smallest) if smallest else [whole]
        """The shapes of the picture and its copies."""
        self.halve = partial(pyramid.halved, alpha=alpha, nearest=nearest)
        self._pyramid = pyramid.Pyramid(self.levels, block, self.row_of_tiles, self.halve)
        self._placed: list[list[tuple[str, int, int]]] = [[] for _ in self.levels]
        """The tiles of each level in the order of packing: their names, positions and lengths."""
        self._bounds = [0]

    def row_of_tiles(self, level: int, top: int, rows: Array) -> Tiles:
        """Return a block of rows of a level, from *top* on, as tiles; the last block may be smaller."""
        raise NotImplementedError

    def pack(self, number: int, pixels: Array) -> tuple[Tiles, Array | None]:
        """Return a row of tiles, and its rows of the first copy."""
        smaller = self.halve(pixels) if len(self.levels) > 1 else None
        return self.row_of_tiles(0, number * self.block, pixels), smaller

    def ordered(self, number: int, packed: tuple[Tiles, Array | None]) -> Parts:
        """Return tiles, including those of the copies."""
        tiles, smaller = packed
        found = [(0, tiles)]
        if smaller is not None:
            found += self._pyramid.add(smaller)
        parts: list[bytes] = []
        for level, row in found:
            for name, tile in row:
                self._placed[level].append((name, len(self._bounds) - 1, len(tile)))
                parts.append(self.stored(tile))
                self._bounds.append(self._bounds[-1] + len(parts[-1]))
        return parts

    def stored(self, tile: bytes) -> bytes:
        """Return a tile as stored in the file."""
        return tile

    def parts(self) -> Sequence[bytes | memoryview | Piece]:
        """Return the tiles in the order of packing."""
        if isinstance(self._tiles, Kept):
            return self._tiles.parts()
        return self._tiles.parts([*zip(self._bounds, self._bounds[1:], strict=False)])

    def fill(self, samples: Array, cores: int) -> None:
        """Fill the canvas with several threads."""

        def fill(top: int) -> None:
            with self.rows(top, min(top + self.block, self.shape[0])) as room:
                room[...] = samples[top : top + self.block]

        for _ in side_by_side(fill, range(0, self.shape[0], self.block), cores):
            pass

    def tiles(self) -> list[list[tuple[str, bytes | memoryview | Piece, int]]]:
        """Return the tiles of each level, with their names and lengths; raises like `whole`."""
        parts = self.whole()
        return [[(name, parts[at], size) for name, at, size in placed] for placed in self._placed]
