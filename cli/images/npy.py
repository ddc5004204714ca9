""".npy: arrays of any real type, of any number of channels; a row of numbers is a picture of one row.

Four axes are many images of one size, a data set: (count, height, width, channels).
"""

from __future__ import annotations

import contextlib
import io
import math
from typing import Any

from ...filters.core import npy_header, npy_samples
from ...filters.core.engine.array_image import white_of_samples
from ...filters.core.engine.quantize import FULL
from ...filters.core.lazy_numpy import np
from .atomic_write import end_with
from .codec import Codec, Content
from .picture import (
    Decode,
    DecodeError,
    DecodeOptions,
    Frames,
    PartialDecode,
    Picture,
    Samples,
    Timing,
    real_samples,
    with_alpha,
)
from .stack import Stack, frames_of, samples_of

STACKED = 4
"""So many axes has an array of many images."""
BANDS = "bands"
"""The word in the header's comment that the channels have no colour, and none is alpha."""


SIZES = {"b1": 1, "u1": 1, "u2": 2, "f2": 4, "f4": 4}
"""Bytes of a sample in memory, by the type in the file; others are double."""
WHITE = "white="
"""What the value that is white stands behind, where it is not that of the samples' type."""


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture | Frames:
    """Read an array; raises `DecodeError`."""
    data = begun.data
    try:
        header = npy_header.read(data)
        if len(header.shape) == STACKED:
            return stacked(data, header, options)
        shape, dtype = header.shape, npy_samples.dtype_of(header)
        if len(shape) == 1:
            shape = (1, *shape)
        if len(shape) in (2, 3) and all(shape):
            options.check_size(shape[1], shape[0], _samples(shape, dtype, header))
        array = npy_samples.read(data, header)
    except ValueError as error:
        raise DecodeError(f"is not a readable .npy file ({error})") from error
    pixels = np.atleast_2d(array)[..., None] if array.ndim in (1, 2) else array
    if pixels.ndim != 3 or pixels.size == 0:
        raise DecodeError(
            f"has the shape {array.shape}; an image is (height, width), (height, width, bands) or (width,), and many "
            "are (count, height, width, bands)"
        )
    samples = real_samples(pixels)
    picture = Picture(samples, colours="bands") if BANDS in header.words else with_alpha(samples)
    picture.white = _stated_white(header) or white_of_samples(pixels.dtype)
    picture.notes += _doubts(pixels.shape, header)
    return picture


def _samples(shape: tuple[int, ...], dtype: Any, header: npy_header.Header, images: int = 0) -> Samples:
    """Return what a pixel of an image takes; so many *images* lie in the file, of which some are copied."""
    channels, size = math.prod(shape[2:]), SIZES.get(dtype.str[1:], 8)
    # What is converted, or taken apart into colours and alpha, is copied once more.
    again = size != dtype.itemsize or channels in (2, 4)
    decoding = channels * (0 if images else dtype.itemsize + again * size)
    return Samples(channels, size, decoding, bands=BANDS in header.words or channels > 4)


def stacked(data: Any, header: npy_header.Header, options: DecodeOptions) -> Frames:
    """Return the images of an array with four axes; raises `DecodeError`, or ValueError where it is none."""
    shape, dtype = header.shape, npy_samples.dtype_of(header)
    if not all(shape):
        raise DecodeError(f"has the shape {shape}, which holds no images")
    options.check_size(shape[2], shape[1], _samples(shape[1:], dtype, header, shape[0]))
    array = npy_samples.view(data, header)
    real_samples(array[:0])  # what holds no real numbers is refused before the first image
    return frames_of(
        array,
        white=_stated_white(header),
        colours="bands" if BANDS in header.words else "gray",
        notes=_doubts(shape[1:], header),
    )


def _doubts(shape: tuple[int, ...], header: npy_header.Header) -> list[str]:
    """Return a note where the channels of an image may come first."""
    height, width, bands = shape
    if bands <= 4 or BANDS in header.words or height >= bands:
        return []
    return [
        f"its shape {header.shape} is read as {width}×{height} pixels of {bands} bands; if bands come first, "
        "move that axis to the end"
    ]


def _stated_white(header: npy_header.Header) -> float | None:
    """Return what the header's comment says is white."""
    for word in header.words:
        if word.startswith(WHITE):
            with contextlib.suppress(ValueError):
                white = float(word.removeprefix(WHITE))
                return white if 0 < white < math.inf else None
    return None


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write an array."""
    as_it_is = content.alpha is None and content.pixels.shape[2] > 1
    samples = content.pixels if as_it_is else content.samples()
    file.write(_head(samples.shape, samples.dtype, content))
    if samples.flags.c_contiguous:
        end_with(file, samples)
        return []
    for row in samples:  # planes, as maps come, lie side by side in the file: a row of them fits the cache
        file.write(np.ascontiguousarray(row).data)
    return []


def _head(shape: tuple[int, ...], dtype: Any, content: Content) -> bytes:
    """Return the header of an array; it is a Python literal, in which a comment may stand."""
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


class Writer:
    """Gathers images of one size."""

    def __init__(self, timing: Timing | None = None) -> None:
        self.notes: list[str] = []
        self._stack = Stack()
        self._first: Content | None = None

    def add(self, frame: Content) -> None:
        """Take one image, or several one below the other."""
        self._first = self._first or frame._replace(pixels=frame.pixels[:1], alpha=None)
        self._stack.add(samples_of(frame), frame.images)

    def write(self, file: io.BytesIO) -> None:
        """Write the array of all."""
        assert self._first is not None
        parts = self._stack.parts
        file.write(_head(self._stack.shape, parts[0].dtype, self._first))
        for part in parts:
            file.write(part.data)


CODEC = Codec(
    finish,
    encode,
    # An array with the alpha, or many maps, which are gathered as planes and written row by row.
    encoding=lambda samples: samples.bytes if samples.channels in (2, 4) or samples.channels > 4 else 0,
    encode_maps=encode,
    frames=Writer,
)
