"""Zarr: level 0 of an OME-Zarr or an array is read by rows of chunks, and arrays are written in rows of chunks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ....filters.core.engine.array_image import white_of_samples
from ....filters.core.engine.streamed import StreamedImage
from ....filters.core.lazy_numpy import Array, np
from ..codec import Codec, Content, EncodeOptions, FrameWriter
from ..file_bytes import FileBytes
from ..metadata import Metadata
from ..packed_canvas import Kept, in_flight
from ..picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Picture, Samples, Timing, real_samples
from ..tiff.part_cache import PartCache
from ..zarr_folder import FolderBytes
from . import layout
from .layout import Layout

if TYPE_CHECKING:
    from ....filters.core.engine.output_buffer import CanvasFactory
    from ..spool import MakeSpool
    from .bands import ZarrBands

LARGEST_CHUNK = 1 << 28
"""Bytes of an unpacked chunk above which a picture is decoded whole, because reading by rows gains nothing."""
ROOM = 1 << 25
"""Bytes of rows of chunks to keep, or two rows if those have more: the next rows begin in the last ones. Frames in
shared chunks are read together, as far as they have no more bytes."""
COLOURS = 1, 3


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture | Frames:
    """Return the picture, or the frames along t and z; raises `DecodeError`."""
    source = _source(begun.data, options)
    if source.frames == 1:
        return _picture(source, _samples(source.rows(0, 0, source.shape[0])))

    def each() -> Iterator[Picture]:
        number = 0
        while number < source.frames:
            stack = source.stack(number, ROOM)
            yield from (_picture(source, _samples(frame)) for frame in stack)
            number += len(stack)

    height, width, _ = source.shape
    frames = Frames(source.frames, each, pixels=source.frames * height * width)
    frames.axes = tuple((axis, source.length(axis)) for axis in "tz" if axis in source.axes)
    return frames


def stream(data: FileBytes, options: DecodeOptions) -> Picture | None:
    """Return a picture whose rows are read on demand; None if there are several, or chunks are large."""
    source = layout.found(_folder(data))
    height, width, channels = source.shape
    dtype = _samples(np.empty((0, width, channels), source.array.dtype)).dtype
    high, row = source.chunk("y"), width * channels * source.array.dtype.itemsize
    room = max(ROOM, 2 * high * row)
    held = (room + max(high * row, source.unpacking("xc"))) / (width * height)
    options.check_size(width, height, _expected(source)._replace(decoding=0, held=held))
    if source.frames > 1 or source.chunk_bytes >= LARGEST_CHUNK:
        return None
    cache = PartCache(lambda number: source.rows(0, number * high, min((number + 1) * high, height)), room)

    def rows(start: int, stop: int) -> Array:
        out = np.empty((stop - start, width, channels), source.array.dtype.newbyteorder("="))
        for number, found in cache.each(range(start // high, -(-stop // high))):
            top = number * high
            first, last = max(start, top), min(stop, top + len(found))
            out[first - start : last - start] = found[first - top : last - top]
        return _samples(out)

    return _picture(source, StreamedImage(source.shape, dtype, rows))


def _folder(data: Any) -> str:
    if not isinstance(data, FolderBytes):
        raise DecodeError("is a file, but a Zarr is a folder")
    return data.folder


def _source(data: Any, options: DecodeOptions) -> Layout:
    """Return the layout after checking its size."""
    source = layout.found(_folder(data))
    height, width, _ = source.shape
    options.check_size(width, height, _expected(source))
    return source


def _expected(source: Layout) -> Samples:
    """Return the memory of a pixel, including chunks, which may be larger than the picture."""
    (height, width, channels), stored = source.shape, source.array.dtype.itemsize
    size = _samples(np.empty((0, 1, 1), source.array.dtype)).dtype.itemsize
    unpacking = max(channels * stored, source.unpacking("yxc") / (width * height))
    return Samples(channels, size, channels * (stored + size) + unpacking, bands=channels not in COLOURS)


def _samples(found: Array) -> Array:
    """Return samples in a type that filters accept; raises `DecodeError`."""
    return np.ascontiguousarray(real_samples(found))


def _picture(source: Layout, samples: Array | StreamedImage) -> Picture:
    picture = Picture(samples, colours="gray" if source.shape[2] in COLOURS else "bands")
    picture.white = white_of_samples(source.array.dtype)
    picture.bits = 1 if source.array.dtype.kind == "b" else None
    return picture


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write an array."""
    from . import canvas
    from .frames import new_folder

    folder, found = new_folder(file), content.pixels
    if not content.streamed:
        found = canvas.ZarrCanvas(content.pixels.shape, content.pixels.dtype, Kept(), content.options)
        found.fill(content.pixels, content.options.cores)
    folder.begun = found.folder
    for name, parts in found.files(content.software):
        folder.put(name, parts)
    return []


def stacked(timing: Timing | None, spool: MakeSpool) -> FrameWriter:
    """Return the writer of several frames."""
    from . import frames

    return frames.stacked(timing, spool)


def streamed(options: EncodeOptions, metadata: Metadata, spool: MakeSpool) -> CanvasFactory:
    """Return the factory of canvases that are encoded while they are filled."""
    from . import canvas

    def made(shape: tuple[int, int, int], dtype: Any, alpha: bool = False) -> canvas.ZarrCanvas:
        return canvas.ZarrCanvas(shape, dtype, spool(), options)

    return made


def bands(folder: str, target: str, options: EncodeOptions) -> ZarrBands:
    """Return the writer of parts of a Zarr in a folder."""
    from .bands import ZarrBands

    return ZarrBands(folder, target, options)


def _streamed_bytes(width: int, samples: Samples, cores: int) -> float:
    from . import canvas

    return in_flight(width * samples.bytes, canvas.CHUNK, cores)


CODEC = Codec(
    finish, encode, stacked=stacked, stream=stream, streamed=streamed, streamed_bytes=_streamed_bytes, bands=bands
)
