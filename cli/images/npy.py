""".npy: arrays of any real type, of any number of channels; a row of numbers is a picture of one row.

Four axes are many images of one size, a data set: (count, height, width, channels).
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...filters.core import npy_header, npy_samples
from ...filters.core.engine.array_image import white_of_samples
from ...filters.core.engine.quantize import FULL
from ...filters.core.engine.streamed import StreamedImage
from ...filters.core.lazy_numpy import Array, np
from . import plain_canvas
from .atomic_write import end_with
from .codec import Codec, Content, EncodeOptions
from .file_bytes import FileBytes
from .metadata import Metadata
from .picture import (
    Decode,
    DecodeError,
    DecodeOptions,
    Frames,
    PartialDecode,
    Picture,
    Samples,
    real_samples,
    with_alpha,
)
from .stack import StackWriter, expected, frames_of, with_alpha_in

if TYPE_CHECKING:
    from ...filters.core.engine.output_buffer import CanvasFactory
    from .plain_bands import PlainBands
    from .spool import MakeSpool

STACKED = 4
"""The number of axes of an array of many images."""
BANDS = "bands"
"""The word in the header's comment for channels that are neither colours nor alpha."""


SIZES = {"b1": 1, "u1": 1, "u2": 2, "f2": 4, "f4": 4}
"""Bytes of a sample in memory, by the type in the file; other types become double."""
WHITE = "white="
"""The word before the value of white, if that is not implied by the sample type."""


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture | Frames:
    """Read an array; raises `DecodeError`."""
    data = begun.data
    try:
        header = npy_header.read(data[: npy_header.ENOUGH])
        if len(header.shape) == STACKED:
            return stacked(data, header, options)
        shape, dtype = header.shape, npy_samples.dtype_of(header)
        if len(shape) == 1:
            shape = (1, *shape)
        if len(shape) in (2, 3) and all(shape):
            options.check_size(shape[1], shape[0], pixel_of(shape, dtype, header))
        array = npy_samples.read(data, header)
    except ValueError as error:
        raise DecodeError(f"is not a readable .npy file ({error})") from error
    pixels = np.atleast_2d(array)[..., None] if array.ndim in (1, 2) else array
    if pixels.ndim != 3 or pixels.size == 0:
        raise DecodeError(
            f"has the shape {array.shape}; an image is (height, width), (height, width, bands) or (width,), and many "
            "are (count, height, width, bands)"
        )
    return _picture(real_samples(pixels), pixels.dtype, header)


def stream(data: FileBytes, options: DecodeOptions) -> Picture | None:
    """Return an image whose rows are read on demand; None if they do not lie in the file as rows."""
    try:
        header = npy_header.read(data[: npy_header.ENOUGH])
        dtype = npy_samples.dtype_of(header)
        if len(header.shape) not in (2, 3) or not all(header.shape) or header.fortran_order:
            return None
        height, width, channels = shape = (*header.shape, 1)[:3]
        options.check_size(width, height, pixel_of(shape, dtype, header)._replace(decoding=0))
        part = part_of(data, header)
    except ValueError as error:
        raise DecodeError(f"is not a readable .npy file ({error})") from error

    def rows(start: int, stop: int) -> Array:
        return np.ascontiguousarray(real_samples(part(start, stop).reshape(stop - start, width, channels)))

    kept = real_samples(np.empty((0, width, channels), dtype)).dtype
    return _picture(StreamedImage(shape, kept, rows), dtype, header)


def _picture(samples: Array | StreamedImage, dtype: Any, header: npy_header.Header) -> Picture:
    """Return the picture of samples whose type in the file was *dtype*."""
    picture = Picture(samples, colours="bands") if BANDS in header.words else with_alpha(samples)
    picture.white = stated_white(header) or white_of_samples(dtype)
    picture.notes += doubts(samples.shape, header)
    picture.bits = 1 if np.dtype(dtype).kind == "b" else None
    return picture


def pixel_of(shape: tuple[int, ...], dtype: Any, header: npy_header.Header) -> Samples:
    """Return the memory of a pixel."""
    channels, size = math.prod(shape[2:]), SIZES.get(dtype.str[1:], 8)
    # Conversion, or separation into colours and alpha, makes one more copy.
    again = size != dtype.itemsize or channels in (2, 4)
    return Samples(
        channels, size, channels * (dtype.itemsize + again * size), bands=BANDS in header.words or channels > 4
    )


def many(shape: tuple[int, ...], dtype: Any, header: npy_header.Header, held: float = 0) -> Samples:
    """Return the memory of a pixel of one of many images, if the decoder also *held* some bytes."""
    samples = expected(shape[0], pixel_of(shape[1:], dtype, header), shape[1] * shape[2], dtype.itemsize)
    return samples._replace(decoding=samples.decoding + held / (shape[1] * shape[2]))


def part_of(data: Any, header: npy_header.Header) -> Callable[[int, int], Array]:
    """Return a function that reads some images of an array with this *header*; raises ValueError.

    They are read on demand, unless the first index runs fastest and each image is scattered over the file.
    """
    shape, dtype, start = header.shape, npy_samples.dtype_of(header), header.start
    size = math.prod(shape[1:]) * dtype.itemsize
    if (held := len(data) - start) < (needed := shape[0] * size):
        raise ValueError(f"it holds {held} of {needed} bytes of samples")
    if header.fortran_order:
        array = npy_samples.view(data[: start + needed], header)
        return lambda first, last: array[first:last]

    def part(first: int, last: int) -> Array:
        piece = data[start + first * size : start + last * size]
        return np.frombuffer(piece, dtype).reshape(last - first, *shape[1:])

    return part


def stacked(data: Any, header: npy_header.Header, options: DecodeOptions) -> Frames:
    """Return the images of an array with four axes; raises `DecodeError`, or ValueError where it is none."""
    shape, dtype = header.shape, npy_samples.dtype_of(header)
    if not all(shape):
        raise DecodeError(f"has the shape {shape}, so it holds no images")
    held = math.prod(shape) * dtype.itemsize if header.fortran_order else 0
    options.check_size(shape[2], shape[1], many(shape, dtype, header, held))
    real_samples(np.empty(0, dtype))  # refuses other than real numbers before the first image
    return frames_of(
        part_of(data, header),
        (shape[0], shape[1], shape[2], shape[3]),
        dtype,
        white=stated_white(header),
        colours="bands" if BANDS in header.words else "gray",
        notes=doubts(shape[1:], header),
    )


def doubts(shape: tuple[int, ...], header: npy_header.Header) -> list[str]:
    """Return a note if the channels of an image may come first."""
    height, width, bands = shape
    if bands <= 4 or BANDS in header.words or height >= bands:
        return []
    return [
        f"its shape {header.shape} is read as {width}×{height} pixels of {bands} bands; if bands come first, "
        "move that axis to the end"
    ]


def stated_white(header: npy_header.Header) -> float | None:
    """Return the value of white in the header's comment."""
    for word in header.words:
        if word.startswith(WHITE):
            with contextlib.suppress(ValueError):
                white = float(word.removeprefix(WHITE))
                return white if 0 < white < math.inf else None
    return None


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write an array."""
    if content.streamed:
        file.write(head(content.shape, content.pixels.dtype, content))
        content.pixels.end(file)
        return []
    as_it_is = content.alpha is None and content.pixels.shape[2] > 1
    samples = content.pixels if as_it_is else content.samples()
    file.write(head(samples.shape, samples.dtype, content))
    if samples.flags.c_contiguous:
        end_with(file, samples)
        return []
    for row in samples:  # maps, which are planes, are interleaved in the file: a row of them fits the cache
        file.write(np.ascontiguousarray(row).data)
    return []


def head(shape: tuple[int, ...], dtype: Any, content: Content) -> bytes:
    """Return the header of an array, a Python literal, which may contain a comment."""
    header = repr({"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape})
    words = [content.software]
    if content.colours == "bands" and content.pixels.shape[2] > 1:
        words.append(BANDS)
    if content.white not in (None, FULL[dtype.name]):
        words.append(f"{WHITE}{content.white:.17g}")
    comment = " ".join(word for word in words if word)
    text = f"{header}  # {comment}" if comment else header
    padding = -(10 + len(text) + 1) % np.lib.format.ARRAY_ALIGN
    text += " " * padding + "\n"
    return np.lib.format.magic(1, 0) + len(text).to_bytes(2, "little") + text.encode()


def streamed(options: EncodeOptions, metadata: Metadata, spool: MakeSpool) -> CanvasFactory:
    """Return the factory of canvases that store samples unchanged."""
    return plain_canvas.streamed(_unchanged, spool)


def bands(path: str, target: str, options: EncodeOptions) -> PlainBands:
    """Return the writer of parts of an array."""
    from .plain_bands import PlainBands  # few are written by several programs

    return PlainBands(path, target, _unchanged)


def _unchanged(samples: Array) -> Array:
    return samples


class Writer(StackWriter):
    """Writes images of one size."""

    def checked(self, frame: Content) -> Content:
        """Return images whose alpha is the last channel."""
        return with_alpha_in(frame)

    def head(self, file: Any, count: int, first: Content) -> None:
        """Write the header."""
        file.write(head((count, *self.alike.shape), first.pixels.dtype, first))

    def put(self, file: Any, frame: Content) -> None:
        """Write the next images."""
        end_with(file, frame.pixels)


CODEC = Codec(
    finish,
    encode,
    # An array with alpha, or many maps, which are collected as planes and written row by row.
    encoding=lambda samples: samples.bytes if samples.channels in (2, 4) or samples.channels > 4 else 0,
    streamed=streamed,
    streamed_bytes=plain_canvas.streamed_bytes,
    encode_maps=encode,
    frames=Writer,
    stream=stream,
    bands=bands,
)
