"""Zarr arrays that are encoded in rows of chunks while they are filled, each chunk once.

With shards the unit is a row of shards, as writing a part of one means reading and writing all of it. OME-Zarr is
version 0.5 (https://ngff.openmicroscopy.org/0.5/).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from ....filters.core.lazy_numpy import Array, np
from ....filters.core.parameters import ImageError
from .. import memory_budget
from ..codec import EncodeOptions
from ..packed_canvas import AHEAD, Kept
from ..pyramid_canvas import PyramidCanvas, Tiles
from ..spool import Piece, Spool
from . import layout

CHUNK = 1024
"""Rows and columns of a chunk."""
PACKING = 5
"""The bytes that the library needs for packing a sample, besides its own."""
METADATA = "zarr.json"
TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
"""OME-Zarr's types of axes, which come in this order."""

Frame = tuple[tuple[str, int, int], ...]
"""The place of a picture among others: the name and length of each axis along which they lie, and its number there."""
Described = tuple[str, list[bytes]]
"""The name and the content of a file of metadata."""


class PackedArray:
    """A version 3 array, whose rows of chunks, or shards, are packed by the library and handed out.

    The library packs one picture. As each chunk is of one *frame*, its bytes are those of a chunk of all frames.
    """

    def __init__(
        self, shape: tuple[int, int, int], dtype: Any, options: EncodeOptions, folder: str = "", frame: Frame = ()
    ) -> None:
        """One channel has no axis; several are the first axis of an OME-Zarr, after a time axis, else the last."""
        zarr = layout.library()
        height, width, channels = shape
        self.axes = "yx" if channels == 1 else "cyx" if options.pyramid else "yxc"
        chunk = options.chunks or CHUNK
        self.frame = frame
        beside = [axis for axis, _, _ in frame]
        self.all_axes = "".join(
            [*beside, "yxc"] if self.axes == "yxc" else sorted([*beside, *self.axes], key=[*TYPES].index)
        )
        self.block = options.shard_size or chunk
        self._lengths = {"y": height, "x": width, "c": channels}
        self._folder, self._stored = folder, dict[str, Any]()
        planes = 1 if options.pyramid else channels
        self._array = zarr.create_array(
            zarr.storage.MemoryStore(self._stored),
            shape=[self._lengths[axis] for axis in self.axes],
            chunks=[planes if axis == "c" else chunk for axis in self.axes],
            shards=[planes if axis == "c" else self.block for axis in self.axes] if options.shard_size else None,
            dtype=dtype,
            fill_value=0,
            dimension_names=[*self.axes],
        )
        self._counts = {"y": 1, "x": -(-width // self.block), "c": channels // planes}
        self._metadata: dict[str, Any] = json.loads(self._stored.pop(METADATA).to_bytes())

    def packed(self, top: int, rows: Array) -> Tiles:
        """Return a row of chunks that begins with the row *top*; chunks with only zeros may be missing."""
        where = tuple(slice(top, top + len(rows)) if axis == "y" else slice(None) for axis in self.axes)
        stored = rows[..., 0] if self.axes == "yx" else rows.transpose(["yxc".index(axis) for axis in self.axes])
        self._array[where] = stored
        found: Tiles = []
        for name, key in self._names(top):
            if (data := self._stored.pop(key, None)) is not None:
                found.append((name, data.to_bytes()))
        return found

    def read(self, top: int, folder: str) -> Array:
        """Return the row of chunks that begins with the row *top*, whose files are in a folder; raises OSError."""
        names = [*self._names(top)]
        for name, key in names:
            with contextlib.suppress(FileNotFoundError):  # all is 0
                data = Path(folder, name).read_bytes()
                self._stored[key] = layout.library().core.buffer.cpu.Buffer.from_bytes(data)
        stop = min(top + self.block, self._lengths["y"])
        found = self._array[tuple(slice(top, stop) if axis == "y" else slice(None) for axis in self.axes)]
        for _, key in names:
            self._stored.pop(key, None)
        rows = found[..., None] if self.axes == "yx" else found.transpose([self.axes.index(axis) for axis in "yxc"])
        return np.ascontiguousarray(rows)

    def _names(self, top: int) -> Iterator[tuple[str, str]]:
        """Yield the names of the chunks of a row of them, and the library's keys for them."""
        key_of = self._array.metadata.encode_chunk_key
        numbers = {axis: number for axis, _, number in self.frame}
        for place in product(
            *([top // self.block] if axis == "y" else range(self._counts[axis]) for axis in self.axes)
        ):
            yield self._folder + key_of(tuple(self._with_frame(place, numbers))), key_of(place)

    def _with_frame(self, values: Sequence[int], of_frame: Mapping[str, int]) -> list[int]:
        """Return the values of all axes, from those of the picture and those of its frame."""
        return [of_frame[axis] if axis in of_frame else values[self.axes.index(axis)] for axis in self.all_axes]

    def description(self, software: str = "") -> Described:
        """Return the file that describes the array; a single array also names the *software* that made it."""
        attributes = {"software": software} if software else {}
        return self._folder + METADATA, [_json(self._of_all_frames() | {"attributes": attributes})]

    def _of_all_frames(self) -> dict[str, Any]:
        """Return the library's description of a picture, with the axes of the frames."""
        described = json.loads(json.dumps(self._metadata))
        one = {axis: 1 for axis, _, _ in self.frame}
        described["shape"] = self._with_frame(described["shape"], {axis: length for axis, length, _ in self.frame})
        for part in (described["chunk_grid"], *described["codecs"]):
            if "chunk_shape" in (configuration := part.get("configuration", {})):
                configuration["chunk_shape"] = self._with_frame(configuration["chunk_shape"], one)
        return described | {"dimension_names": [*self.all_axes]}


class ZarrCanvas(PyramidCanvas):
    """An array, or an OME-Zarr of several, that is encoded while it is filled."""

    folder: str | None = None
    """The folder of its chunks, if others have written them."""

    def __init__(
        self, shape: tuple[int, int, int], dtype: Any, sink: Spool | Kept, options: EncodeOptions, frame: Frame = ()
    ) -> None:
        """Raises `ImageError` if its chunks are too large for the memory."""
        chunk = options.chunks or CHUNK
        super().__init__(shape, dtype, sink, options.shard_size or chunk, smallest=chunk if options.pyramid else 0)
        folders = (f"{level}/" if options.pyramid else "" for level in range(len(self.levels)))
        self._arrays = [
            PackedArray(shape, dtype, options, folder, frame)
            for shape, folder in zip(self.levels, folders, strict=True)
        ]
        self._is_group = options.pyramid
        self._check_memory(options)

    def _check_memory(self, options: EncodeOptions) -> None:
        (_, width, channels), size = self.shape, self.dtype.itemsize
        chunk, planes = options.chunks or CHUNK, 1 if options.pyramid else channels
        rows = min(self.count, options.cores + AHEAD) * min(self.block, self.shape[0])
        at_once = min(-(-width // chunk), layout.at_once())
        needed = rows * width * channels * size + at_once * chunk * chunk * planes * (size + PACKING)
        if (free := memory_budget.short(needed)) is not None:
            found, there = map(memory_budget.gigabytes, (needed, free))
            advice = "smaller --chunks or --shard-size" if options.shard_size else "smaller --chunks"
            raise ImageError(f"chunks of this size need about {found} of memory; {there} are free; {advice} would help")

    def row_of_tiles(self, level: int, top: int, rows: Array) -> Tiles:
        """Return a row of chunks."""
        return self._arrays[level].packed(top, rows)

    def read(self, level: int, top: int, folder: str) -> Array:
        """Return the row of chunks of a level that begins with the row *top*, from a folder's files; raises OSError."""
        return self._arrays[level].read(top, folder)

    def files(self, software: str) -> Iterator[tuple[str, Sequence[bytes | memoryview | Piece]]]:
        """Yield the files by name; the last one makes the folder a Zarr. Raises like `whole`."""
        for tiles in self.tiles():
            for name, part, _ in tiles:
                yield name, [part]
        yield from self.descriptions(software)

    def descriptions(self, software: str, count: int = 0) -> Iterator[Described]:
        """Yield the files of metadata; the last makes the folder a Zarr. *count* is the number of unknown frames."""
        for array in self._arrays:
            array.frame = tuple((axis, length or count, number) for axis, length, number in array.frame)
            yield array.description("" if self._is_group else software)
        if self._is_group:
            attributes = {"ome": _multiscales(self._arrays[0].all_axes, len(self.levels))}
            attributes |= {"software": software} if software else {}
            group = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
            yield METADATA, [_json(group)]


def _multiscales(axes: str, levels: int) -> dict[str, Any]:
    """Return OME-Zarr's description of the levels, whose samples are centred on those of which they are means."""

    def dataset(level: int) -> dict[str, Any]:
        scale = [float(1 << level) if axis in "yx" else 1.0 for axis in axes]
        move = [((1 << level) - 1) / 2 if axis in "yx" else 0.0 for axis in axes]
        steps = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": move}]
        return {"path": str(level), "coordinateTransformations": steps}

    told = [{"name": axis, "type": TYPES[axis]} for axis in axes]
    scales = {"name": "image", "axes": told, "datasets": [dataset(level) for level in range(levels)], "type": "mean"}
    return {"version": "0.5", "multiscales": [scales]}


def _json(described: dict[str, Any]) -> bytes:
    return json.dumps(described, indent=2).encode()
