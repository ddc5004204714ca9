"""Zarr arrays that several programs write: each packs some rows of chunks, and puts their files into one folder.

The folder has a temporary name until it is complete. A program that writes some rows again, because another one died
of them, writes the same files; each appears whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from ....filters.core.lazy_numpy import Array, np
from ..codec import EncodeOptions
from ..folder_output import check_place
from ..output_folder import OutputFolder
from ..packed_canvas import Kept, PackedCanvas
from ..write_failures import naming_failures
from .canvas import CHUNK, ZarrCanvas

PARTS = "parts"
"""The subfolder for files that are not yet complete."""
Shape = tuple[int, int, int]


class ZarrBands:
    """A Zarr that is being written into a *folder*, which will become the *target*."""

    def __init__(self, folder: str, target: str, options: EncodeOptions) -> None:
        self.folder, self.target, self.options = folder, target, options

    @property
    def rows(self) -> int:
        """The number of rows that are written together."""
        return self.options.shard_size or self.options.chunks or CHUNK

    def begin(self, folder: OutputFolder) -> None:
        """Make the folder, and in it one for incomplete files; raises OSError, also if no Zarr can be there."""
        check_place(folder, Path(self.target).name)
        folder.make(Path(self.folder).name)
        Path(self.folder, PARTS).mkdir()

    def discard(self) -> None:
        """Remove the folder, if it did not take its place."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def canvas(self, shape: Shape, dtype: Any, alpha: bool = False) -> PackedCanvas:
        """Return the canvas of a part, which writes each row of chunks when it is full."""
        return _Band(shape, dtype, self)

    def whole(self, shape: Shape, dtype: Any) -> ZarrCanvas:
        """Return the canvas of the picture, all of whose rows have been written; raises OSError."""
        shutil.rmtree(Path(self.folder, PARTS))
        return WrittenZarr(shape, dtype, self)

    def blocks(self, shape: Shape) -> list[int]:
        """Return the number of rows of chunks of each smaller copy, for `halve`."""
        levels = ZarrCanvas(shape, np.uint8, Kept(), self.options).levels
        return [-(-height // self.rows) for height, _, _ in levels[1:]]

    def halve(self, shape: Shape, dtype: Any, level: int, blocks: Iterable[int]) -> None:
        """Write some rows of chunks of a copy, made from the existing copy below; raises FileError."""
        copies = ZarrCanvas(shape, dtype, Kept(), self.options)
        for block in blocks:
            top = 2 * block * self.rows
            below = range(top, min(top + 2 * self.rows, copies.levels[level - 1][0]), self.rows)
            with naming_failures(Path(self.target)):
                rows = [copies.halve(copies.read(level - 1, start, self.folder)) for start in below]
            self.write(copies.row_of_tiles(level, block * self.rows, np.concatenate(rows)))

    def write(self, tiles: Iterable[tuple[str, bytes]]) -> None:
        """Write chunks; raises FileError."""
        with naming_failures(Path(self.target)):
            for name, data in tiles:
                part = Path(self.folder, PARTS, os.urandom(8).hex())
                try:
                    part.write_bytes(data)
                    for parent in [*Path(name).parents][-2::-1]:  # the folder itself is not made again
                        Path(self.folder, parent).mkdir(exist_ok=True)
                    part.replace(Path(self.folder, name))
                finally:
                    part.unlink(missing_ok=True)


class _Band(PackedCanvas):
    """Some rows of a Zarr, whose files are written as they are packed."""

    def __init__(self, shape: Shape, dtype: Any, bands: ZarrBands) -> None:
        super().__init__(shape, dtype, Kept(), bands.rows)
        self._bands = bands

    @cached_property
    def _array(self) -> ZarrCanvas:
        return ZarrCanvas(self.shape, self.dtype, Kept(), self._bands.options)

    def pack(self, number: int, pixels: Array) -> tuple[()]:
        """Write a row of chunks."""
        self._bands.write(self._array.row_of_tiles(0, number * self.block, pixels))
        return ()


class WrittenZarr(ZarrCanvas):
    """A Zarr whose chunks have been written into a folder."""

    def __init__(self, shape: Shape, dtype: Any, bands: ZarrBands) -> None:
        super().__init__(shape, dtype, Kept(), bands.options)
        self.folder = bands.folder

    def tiles(self) -> list[list[Any]]:
        """Return the missing rows of each level: none."""
        return [[] for _ in self.levels]
