"""Canvases that are packed tile by tile while they are filled, with their smaller copies."""

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
"""Packed tiles of some rows, each with the name that a format gives it."""


class PyramidCanvas(PackedCanvas):
    """A picture that is packed by tiles while it is filled, and its smaller copies with it."""

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
        """*smallest* is the longest side of the last copy, 0 for none; *nearest* takes some samples, not means."""
        super().__init__(shape, dtype, sink, block, alpha=alpha)
        self._tiles = sink
        whole = (*shape[:2], self.channels)
        self.levels = pyramid.shapes(whole, smallest) if smallest else [whole]
        """The shapes of the picture and its copies."""
        self.halve = partial(pyramid.halved, alpha=alpha, nearest=nearest)
        self._pyramid = pyramid.Pyramid(self.levels, block, self.row_of_tiles, self.halve)
        self._placed: list[list[tuple[str, int, int]]] = [[] for _ in self.levels]
        """The tiles of each level by when they were packed: their names, their places among all, their lengths."""
        self._bounds = [0]

    def row_of_tiles(self, level: int, top: int, rows: Array) -> Tiles:
        """Return the rows of a level from *top* on, a block or what the last one has, as tiles."""
        raise NotImplementedError

    def pack(self, number: int, pixels: Array) -> tuple[Tiles, Array | None]:
        """Return a row of tiles, and what the first copy has of it."""
        smaller = self.halve(pixels) if len(self.levels) > 1 else None
        return self.row_of_tiles(0, number * self.block, pixels), smaller

    def ordered(self, number: int, packed: tuple[Tiles, Array | None]) -> Parts:
        """Return tiles, those of the copies among them."""
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
        """Return a tile as it stands in the file."""
        return tile

    def parts(self) -> Sequence[bytes | memoryview | Piece]:
        """Return the tiles by when they were packed."""
        if isinstance(self._tiles, Kept):
            return self._tiles.parts()
        return self._tiles.parts([*zip(self._bounds, self._bounds[1:], strict=False)])

    def fill(self, samples: Array, cores: int) -> None:
        """Fill all of it, in some threads."""

        def fill(top: int) -> None:
            with self.rows(top, min(top + self.block, self.shape[0])) as room:
                room[...] = samples[top : top + self.block]

        for _ in side_by_side(fill, range(0, self.shape[0], self.block), cores):
            pass

    def tiles(self) -> list[list[tuple[str, bytes | memoryview | Piece, int]]]:
        """Return the tiles of each level, with their names and their lengths; raises as `whole`."""
        parts = self.whole()
        return [[(name, parts[at], size) for name, at, size in placed] for placed in self._placed]
