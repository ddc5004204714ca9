"""Zarr arrays that are packed by rows of chunks while they are filled, each chunk once.

Of a Zarr with shards the unit is a row of shards: who writes a part of one reads and writes it whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ....filters.core.lazy_numpy import Array
from ..codec import EncodeOptions
from ..packed_canvas import Kept, PackedCanvas, Parts
from ..spool import Piece, Spool
from . import layout

CHUNK = 1024
"""Rows and columns of a chunk."""
METADATA = "zarr.json"
Chunks = list[tuple[str, bytes]]
"""Packed chunks, or shards, by their names."""


class PackedArray:
    """An array of version 3, whose rows of chunks are packed by the library and handed out."""

    def __init__(self, shape: tuple[int, int, int], dtype: Any, chunk: int) -> None:
        """Of one channel the array has no axis for it."""
        zarr = layout.library()
        self._planes = shape if shape[2] > 1 else shape[:2]
        self.block = chunk
        self._stored: dict[str, Any] = {}
        self._array = zarr.create_array(
            zarr.storage.MemoryStore(self._stored),
            shape=self._planes,
            chunks=(min(chunk, shape[0]), min(chunk, shape[1]), *self._planes[2:]),
            dtype=dtype,
            fill_value=0,
            dimension_names=["y", "x", "c"][: len(self._planes)],
        )
        self.metadata: dict[str, Any] = json.loads(self._stored.pop(METADATA).to_bytes())

    def packed(self, top: int, rows: Array) -> Chunks:
        """Return a row of chunks, which begins with the row *top*; those of 0 alone need not be there."""
        self._array[top : top + len(rows)] = rows.reshape(len(rows), *self._planes[1:])
        down = top // self.block
        found: Chunks = []
        for across in range(-(-self._planes[1] // self.block)):
            name = self._array.metadata.encode_chunk_key((down, across, 0)[: len(self._planes)])
            if (data := self._stored.pop(name, None)) is not None:
                found.append((name, data.to_bytes()))
        return found


class ZarrCanvas(PackedCanvas):
    """An array that is packed while it is filled."""

    def __init__(self, shape: tuple[int, int, int], dtype: Any, sink: Spool | Kept, options: EncodeOptions) -> None:
        self._array = PackedArray(shape, dtype, CHUNK)
        super().__init__(shape, dtype, sink, CHUNK)
        self._spool = sink
        self._names: list[str] = []
        self._bounds = [0]

    def pack(self, number: int, pixels: Array) -> Chunks:
        """Return a row of chunks."""
        return self._array.packed(number * self.block, pixels)

    def ordered(self, number: int, packed: Chunks) -> Parts:
        """Return the chunks of a row."""
        for name, data in packed:
            self._names.append(name)
            self._bounds.append(self._bounds[-1] + len(data))
        return [data for _, data in packed]

    def fill(self, pixels: Array) -> None:
        """Fill all of it."""
        for start, stop in self.cuts(0, self.shape[0]):
            with self.rows(start, stop) as room:
                room[...] = pixels[start:stop]

    def files(self, software: str) -> Iterator[tuple[str, Sequence[bytes | memoryview | Piece]]]:
        """Yield the files by their names, last what makes the folder a Zarr; raises as `whole`."""
        parts = self.whole()
        for name, part in zip(self._names, parts, strict=True):
            yield name, [part]
        attributes = {"software": software} if software else {}
        yield METADATA, [json.dumps(self._array.metadata | {"attributes": attributes}, indent=2).encode()]

    def parts(self) -> Sequence[bytes | memoryview | Piece]:
        """Return the chunks."""
        if isinstance(self._spool, Kept):
            return self._spool.parts()
        return self._spool.parts([*zip(self._bounds, self._bounds[1:], strict=False)])
