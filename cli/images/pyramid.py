"""Smaller copies of a picture, each half the size of the previous, made from its rows as they arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ...filters.core.lazy_numpy import Array, np

Shape = tuple[int, int, int]
PackRows = Callable[[int, int, Array], Any]
"""Packs a block of a level, given the level's number, the block's first row, and its rows."""


def shapes(shape: Shape, smallest: int) -> list[Shape]:
    """Return the shapes of all levels, ``(height, width, channels)``, down to the first with no side over *smallest*.

    >>> shapes((1000, 1025, 3), 512)
    [(1000, 1025, 3), (500, 513, 3), (250, 257, 3)]
    """
    found = [shape]
    while max(found[-1][:2]) > smallest:
        height, width, channels = found[-1]
        found.append((-(-height // 2), -(-width // 2), channels))
    return found


def halved(rows: Array, *, alpha: bool = False, nearest: bool = False) -> Array:
    """Return the means of 2×2 samples, or of fewer at odd ends; whole numbers are rounded half up.

    Colours are weighted by *alpha*, the last channel, if there is one. With *nearest*, for samples such as palette
    indices, the sample above and to the left is taken.

    >>> import numpy as np
    >>> halved(np.array([[[0], [2], [9]], [[4], [5], [10]]], np.uint8))[..., 0].tolist()
    [[3, 10]]
    """
    if nearest or rows.dtype == bool:
        return np.ascontiguousarray(rows[::2, ::2])
    down, across = (side % 2 for side in rows.shape[:2])
    padded = np.pad(rows, ((0, down), (0, across), (0, 0)), mode="edge") if down or across else rows
    exact = {"uint8": np.uint16, "uint16": np.uint32}.get(rows.dtype.name, np.float64)
    if alpha:
        return _weighted(padded).astype(rows.dtype)
    pairs = padded[::2].astype(exact)
    pairs += padded[1::2]
    sums = pairs[:, ::2] + pairs[:, 1::2]
    return (sums * 0.25 if exact is np.float64 else (sums + 2) >> 2).astype(rows.dtype)


def _weighted(rows: Array) -> Array:
    """Return the means of 2×2 pixels weighted by their last channel, unless that is 0 everywhere."""
    height, width, channels = rows.shape
    blocks = rows.astype(np.float64).reshape(height // 2, 2, width // 2, 2, channels)
    means = blocks.mean(axis=(1, 3))
    weights = blocks[..., -1:].mean(axis=(1, 3))
    products = (blocks[..., :-1] * blocks[..., -1:]).mean(axis=(1, 3))
    np.divide(products, weights, out=means[..., :-1], where=weights > 0)
    return np.floor(means + 0.5) if rows.dtype.kind == "u" else means


class Pyramid:
    """Collects the rows of levels 1 and up, and packs each block when it is full."""

    def __init__(self, levels: list[Shape], block: int, pack: PackRows, halve: Callable[[Array], Array]) -> None:
        """*levels* are those of `shapes`; *block* is an even number of rows."""
        self._levels, self._block, self._pack, self.halve = levels, block, pack, halve
        self._waiting: list[list[Array]] = [[] for _ in levels]
        self._tops = [0] * len(levels)

    def add(self, rows: Array, level: int = 1) -> Iterator[tuple[int, Any]]:
        """Add rows to a level; yield the packed blocks of it and of higher levels, each with its level."""
        if level >= len(self._levels):
            return
        waiting = self._waiting[level]
        waiting.append(rows)
        have, top = sum(map(len, waiting)), self._tops[level]
        if have < self._block and top + have < self._levels[level][0]:
            return
        block = np.concatenate(waiting)
        waiting.clear()
        self._tops[level] += len(block)
        yield level, self._pack(level, top, block)
        if level + 1 < len(self._levels):
            yield from self.add(self.halve(block), level + 1)
