""".npy: arrays of any real type, of one to four channels; a row of numbers is a picture of one row."""

from __future__ import annotations

import contextlib
import io
import math

from ...filters.core import npy_header, npy_samples
from ...filters.core.engine.array_image import white_of_samples
from ...filters.core.engine.quantize import FULL
from ...filters.core.lazy_numpy import np
from .atomic_write import end_with
from .codec import Codec, Content
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture, Samples, real_samples, with_alpha

BANDS = "bands"
"""The word in the header's comment that the channels have no colour, and none is alpha."""


SIZES = {"b1": 1, "u1": 1, "u2": 2, "f2": 4, "f4": 4}
"""Bytes of a sample in memory, by the type in the file; others are double."""
WHITE = "white="
"""What the value that is white stands behind, where it is not that of the samples' type."""


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Read an array; raises `DecodeError`."""
    data = begun.data
    try:
        header = npy_header.read(data)
        shape, dtype = header.shape, npy_samples.dtype_of(header)
        if len(shape) == 1:
            shape = (1, *shape)
        if len(shape) in (2, 3) and all(shape):
            channels, size = math.prod(shape[2:]), SIZES.get(dtype.str[1:], 8)
            # What is converted, or taken apart into colours and alpha, is copied once more.
            again = size != dtype.itemsize or channels in (2, 4)
            decoding = channels * (dtype.itemsize + again * size)
            bands = BANDS in header.words or channels > 4
            options.check_size(shape[1], shape[0], Samples(channels, size, decoding, bands=bands))
        array = npy_samples.read(data, header)
    except ValueError as error:
        raise DecodeError(f"is not a readable .npy file ({error})") from error
    pixels = np.atleast_2d(array)[..., None] if array.ndim in (1, 2) else array
    if pixels.ndim != 3 or pixels.size == 0:
        raise DecodeError(
            f"has the shape {array.shape}; an image is (height, width), (height, width, bands) or (width,)"
        )
    samples = real_samples(pixels)
    picture = Picture(samples, colours="bands") if BANDS in header.words else with_alpha(samples)
    picture.white = _stated_white(header) or white_of_samples(pixels.dtype)
    height, width, bands = pixels.shape
    if picture.colours == "bands" and BANDS not in header.words and height < bands:
        picture.notes.append(
            f"its shape {array.shape} is read as {width}×{height} pixels of {bands} bands; if bands come first, move "
            "that axis to the end"
        )
    return picture


def _stated_white(header: npy_header.Header) -> float | None:
    """Return what the header's comment says is white."""
    for word in header.words:
        if word.startswith(WHITE):
            with contextlib.suppress(ValueError):
                white = float(word.removeprefix(WHITE))
                return white if 0 < white < math.inf else None
    return None


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write an array; its header is a Python literal, in which a comment may stand."""
    as_it_is = content.alpha is None and content.pixels.shape[2] > 1
    samples = content.pixels if as_it_is else content.samples()
    described = np.lib.format.header_data_from_array_1_0(samples)
    header = repr({**described, "fortran_order": False})
    words = [content.software]
    if content.colours == "bands" and content.pixels.shape[2] > 1:
        words.append(BANDS)
    if content.white not in (None, FULL[samples.dtype.name]):
        words.append(f"{WHITE}{content.white:.17g}")
    comment = " ".join(word for word in words if word)
    text = f"{header}  # {comment}" if comment else header
    padding = -(10 + len(text) + 1) % np.lib.format.ARRAY_ALIGN
    text += " " * padding + "\n"
    file.write(np.lib.format.magic(1, 0) + len(text).to_bytes(2, "little") + text.encode())
    if samples.flags.c_contiguous:
        end_with(file, samples)
        return []
    for row in samples:  # planes, as maps come, lie side by side in the file: a row of them fits the cache
        file.write(np.ascontiguousarray(row).data)
    return []


CODEC = Codec(
    finish,
    encode,
    # An array with the alpha, or many maps, which are gathered as planes and written row by row.
    encoding=lambda samples: samples.bytes if samples.channels in (2, 4) or samples.channels > 4 else 0,
    encode_maps=encode,
)
