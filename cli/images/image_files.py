"""Image files as arrays, for Python: with the codecs, checks and atomic writing of the command line."""

from __future__ import annotations

import os
import warnings
from itertools import islice
from typing import Literal

from ...filters.core.engine import array_image
from ...filters.core.engine.array_image import ImageLike
from ...filters.core.engine.layout import with_alpha
from ...filters.core.engine.quantize import encoding
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.parameters import ImageError, ParameterError
from ..console.messages import shown
from ..errors import FileError, UsageError
from ..streams import STREAM
from . import decode, encode, formats, prefetch, size_limit
from .atomic_write import Transaction, place_of
from .codec import EncodeOptions
from .encode import EncodeError
from .input_bytes import read_bytes
from .metadata import Metadata
from .picture import DecodeError, DecodeOptions, Frames, Picture, size_guard
from .reader import naming
from .zarr_folder import zarr_bytes

Depth = Literal["keep", "1", "8", "16", "float"]
BITS: dict[str, Depth] = {"uint8": "8", "uint16": "16"}


def imread(
    path: str | os.PathLike[str],
    *,
    frame: int | Literal["all"] | None = None,
    lenient: bool = False,
    max_pixels: int | None = None,
) -> Array:
    """Read an image file as an array, as the command line reads it.

    EXIF rotation is applied, and the depth is kept. CMYK becomes RGB, and the colours of a palette are looked up. The
    metadata are dropped, including the colour profile: the samples are as stored. A warning says what is lost. *frame*
    selects one of several frames or pages, counting from 0, or "all" of them as a stack, which a filter takes with
    ``stack=True``. *lenient* recovers what can be read of a damaged file. *max_pixels* limits the size of the picture;
    its default is ``IMFILTER_MAX_PIXELS``.

    Returns
    -------
    ``(height, width)`` for gray, ``(height, width, 3)`` for RGB; an alpha is one more channel, the last; *frame* "all"
    adds a first axis. Bands without colour are channels: if there are two or four, a filter needs ``bands=True``. The
    samples are uint8, uint16, float32 or float64.

    Raises
    ------
    FileError
        The file cannot be read, is not an image, is damaged, or has several frames and none was chosen.
    """
    name = _name(path)
    limit = prefetch.max_pixels("") if max_pixels is None else max_pixels
    with naming(name):
        options = DecodeOptions(size_guard(limit), lenient, to_rgb=True, max_pixels=limit, name=name)
        size_limit.check_file(name, options)
        data = zarr_bytes(name)
        found = decode.decode(read_bytes(name) if data is None else data, options)
        if isinstance(found, Frames):
            pictures = _chosen(found, frame)
        elif frame in (None, 0, "all"):
            pictures = [found]
        else:
            raise DecodeError(f"has 1 frame; frame {frame} is out of range")
        arrays = [_array(picture) for picture in pictures]
    for note in dict.fromkeys(note for picture in pictures for note in _notes(picture)):
        warnings.warn(f"{shown(name)}: {note}", stacklevel=2)
    if frame != "all":
        return arrays[0]
    if len({array.shape for array in arrays}) > 1 or len({array.dtype for array in arrays}) > 1:
        raise FileError(shown(name), "has frames of different sizes or types; read them one by one")
    return np.stack(arrays)


def _chosen(frames: Frames, frame: int | Literal["all"] | None) -> list[Picture]:
    """Return the selected frames; raises `DecodeError`."""
    count = "several" if frames.count is None else frames.count
    if frame is None and frames.first is not None:
        frames.first.notes.append(f"is the first of {count} pictures; frame=1 reads the second")
        return [frames.first]
    if frame is None and frames.count != 1:
        raise DecodeError(f'has {count} frames; read one with frame=0, for example, or all with frame="all"')
    each = frames.decoded()
    if frame == "all":
        frames.check_pixels()
        return list(each)
    number = frame or 0
    found = list(islice(each, number, number + 1)) if isinstance(number, int) and number >= 0 else []
    if not found:
        raise DecodeError(f"has {count} frames; frame {frame} is out of range")
    return found


def _name(path: str | os.PathLike[str]) -> str:
    """Return a file's name, in which - does not mean standard input."""
    name = os.fspath(path)
    return f"./{name}" if name == STREAM else name


def _notes(picture: Picture) -> list[str]:
    """Return notes on a picture that becomes an array."""
    notes = list(picture.notes)
    if picture.nodata is not None:
        notes.append(f"marks missing samples with {picture.nodata:g}; pass nodata={picture.nodata:g} to the filter")
    if picture.white is not None:
        notes.append(f"its white is {picture.white:g}; pass white={picture.white:g} to the filter")
    return notes


def _array(picture: Picture) -> Array:
    pixels = encode.coloured(picture.pixels, picture.metadata)
    if picture.alpha is not None:
        pixels = with_alpha(pixels, picture.alpha)
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels


def imwrite(
    path: str | os.PathLike[str],
    image: ImageLike,
    *,
    depth: Depth = "keep",
    quality: int | None = None,
    bands: bool = False,
) -> None:
    """Write an array as an image file, whose name implies the format. The file appears whole or not at all.

    The array is one that a filter accepts: of two or four channels the last is alpha, unless they are *bands*. *depth*
    and *quality* are those of the command line: samples keep their bits, and floats (1 is white) are written as floats
    if the format has them, otherwise in 8 bits. An existing file is replaced.

    Raises
    ------
    FileError
        The format cannot hold the samples, or the file cannot be written.
    ImageError
        The array is not an image, or has a mask, which files cannot keep.
    """
    name = _name(path)
    if quality is not None and not 1 <= quality <= 100:
        raise ParameterError("quality", f"{quality} is not a number from 1 to 100")
    given = array_image.one_image(image, bands)
    if given.masked:
        raise ImageError("the image is a masked array; fill it first, for example with image.filled(0)")
    pixels, alpha, own = given.pixels, given.alpha, given.pixels.dtype.name
    try:
        format = formats.of_suffix(name)
        if depth == "keep" and format.raw:  # it takes any type
            depth = BITS.get(own, "float")
        wanted = encode.sample_type(format, own, depth, pixels.shape[2], given.colours, "image")
        encoded = encoding("picture", own, wanted, raw=depth == "keep" or wanted == own, white=given.white)
        if alpha is not None and (not format.alpha or wanted == "bool"):
            raise EncodeError(f"{format.name.upper()} cannot hold alpha; drop it, for example with image[..., :-1]")
        if alpha is not None:
            alpha = encoded.of_alpha()(alpha)
        with Transaction() as transaction:
            place = place_of(name)
            with transaction.open_folder(place) if format.folder else transaction.open(place) as file:
                encode.write(
                    file,
                    encoded(pixels),
                    alpha,
                    format,
                    Metadata(),
                    EncodeOptions(quality),
                    colours=given.colours,
                    white=encoded.white,
                )
            transaction.commit()
    except UsageError as error:
        raise FileError(shown(name), str(error).removeprefix(f"{name}: ")) from None
    except EncodeError as error:
        raise FileError(shown(name), str(error)) from None
    except (ValueError, MemoryError) as error:
        why = str(error) or "it needs more memory than is available"
        raise FileError(shown(name), f"cannot be written: {why}") from None
