"""Reading TIFF: samples of more than 8 bits here, in whatever order and packing; the others through Pillow.

After TIFF Revision 6.0 (Adobe 1992). Pillow reads 16-bit colour as 8-bit and no float colour; of 32-bit integers it
turns the sign.
"""

from __future__ import annotations

import struct
from functools import partial
from typing import Any

from PIL import Image, TiffImagePlugin

from ....filters.core.lazy_numpy import Array, np
from .. import georeference, ifd, pillow_decoder, placement
from ..metadata import of_tiff, plausible, turned
from ..picture import (
    Decode,
    DecodeError,
    DecodeOptions,
    Frames,
    PartialDecode,
    Picture,
    premultiplied,
    real_samples,
    white_of_samples,
)
from ..silence import silenced
from ..tiff_tags import (
    BITS,
    EXTRA_CHANNELS,
    FORMAT,
    HEIGHT,
    ICC_PROFILE,
    ORIENTATION,
    PHOTOMETRIC,
    UNIT,
    WIDTH,
    X_RESOLUTION,
    Y_RESOLUTION,
)
from . import pages, strips
from .strips import many, one

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
PREMULTIPLIED, STRAIGHT = 1, 2
INCH, CENTIMETRE = 2, 3
"""Units of the resolution."""
INCH_IN_CENTIMETRES = 2.54


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode what Pillow does; leave the rest to `finish`."""
    _check_pages(data, options)
    tags, several = _first_page(data)
    bits = max(many(tags, BITS, 1))
    if bits in (8, 16, 24, 32, 64) and (bits > 8 or max(many(tags, FORMAT, 1)) != 1):
        return PartialDecode(data)
    if options.lenient and bits == 8 and one(tags, PHOTOMETRIC, 1) in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB):
        return PartialDecode(data)
    strips.check_count(tags)
    if several:
        return PartialDecode(data)
    image = pillow_decoder.opened("TIFF", TiffImagePlugin.TiffImageFile, data)
    pillow_decoder.check_size(image, options)
    with silenced():
        return PartialDecode(data, pillow_decoder.decoded(image, data))


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture | Frames:
    """Return the picture, upright, or the pages."""
    tags, several = _first_page(begun.data)
    if begun.image is not None:
        parts = partial(_colours_and_alpha, many(tags, BITS, 1))
        return _with_nodata(_upright(pillow_decoder.finish(begun, options, parts, begun.data), tags), tags)
    if several:
        return pages.read(begun.data, decode, begun.notes)
    layout = strips.layout(begun.data, tags)
    options.check_size(layout.width, layout.height, 2 * layout.channels * layout.dtype.itemsize)
    notes: list[str] = []
    pixels, alpha = _colours(strips.assembled(layout, options.lenient, notes), tags, notes)
    orientation = one(tags, ORIENTATION, 1)
    icc = tags[ICC_PROFILE].data if ICC_PROFILE in tags else b""
    metadata = of_tiff(begun.data, icc, _resolution(tags), notes)
    metadata = placement.upright(metadata, orientation, layout.width, layout.height, notes)
    picture = Picture(
        turned(pixels, orientation),
        None if alpha is None else turned(alpha, orientation),
        metadata=metadata,
        notes=notes,
        white=white_of_samples(layout.dtype),
    )
    return _with_nodata(picture, tags)


def _upright(picture: Picture, tags: ifd.Directory) -> Picture:
    """Return a picture that Pillow turned as it decoded it, which it does without a word."""
    size = one(tags, WIDTH, 0), one(tags, HEIGHT, 0)
    picture.orientation = one(tags, ORIENTATION, 1)
    picture.metadata = placement.upright(picture.metadata, picture.orientation, *size, picture.notes)
    return picture


def _with_nodata(picture: Picture, tags: ifd.Directory) -> Picture:
    """Return a picture that knows the value of its missing samples, in the units of its pixels."""
    value = georeference.nodata(picture.metadata.tags, picture.notes) if picture.metadata.tags else None
    if value is None:
        return picture
    dtype, bits = picture.pixels.dtype, max(many(tags, BITS, 1))
    photometric = one(tags, PHOTOMETRIC, BLACK_IS_ZERO)
    if photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB):
        picture.notes.append("its nodata value is one of the samples as they were stored, and was ignored")
        return picture
    if dtype.kind == "u" and value.is_integer() and 0 <= value < 1 << bits:
        if bits < 8:
            value = value * 255 // ((1 << bits) - 1)
        elif 8 < bits < 16:
            value = int(value) << 16 - bits | int(value) >> 2 * bits - 16
        if photometric == WHITE_IS_ZERO:
            value = np.iinfo(dtype).max - value
    picture.nodata = float(value)
    return picture


def _colours_and_alpha(bits: tuple[int, ...], image: Image.Image) -> tuple[Any, Any]:
    pixels, alpha = pillow_decoder.colours_and_alpha(image)
    if image.mode.startswith("I;16") and bits == (12,):
        pixels = pixels << 4 | pixels >> 8  # 4095 is white
    return pixels, alpha


def _first_page(data: bytes) -> tuple[ifd.Directory, bool]:
    """Return the tags of the first page, and whether others follow."""
    try:
        file = ifd.File(data)
        page = next(file.pages())
        return file.tags(page.at), file.offset(page.link) != 0
    except (ValueError, struct.error, OverflowError):
        raise DecodeError("is damaged or truncated (its list of tags is cut off)") from None


def _check_pages(data: bytes, options: DecodeOptions) -> None:
    """Refuse a file whose pages run in circles, or out of it."""
    whole = 0
    try:
        for _ in ifd.File(data).pages():
            whole += 1
        if not whole:
            raise ValueError("it has no page")
    except ifd.LoopError as error:
        if not options.lenient:
            raise DecodeError(f"is damaged: {error}") from None
    except (ValueError, struct.error, OverflowError):
        if not whole or not options.lenient:
            raise DecodeError(f"is damaged or truncated (page {whole + 1} lies outside of it)") from None


def _colours(samples: Array, tags: ifd.Directory, notes: list[str]) -> tuple[Array, Array | None]:
    """Return the colours and the alpha."""
    photometric, channels = one(tags, PHOTOMETRIC, 1), samples.shape[2]
    colours = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3}.get(photometric)
    extra = many(tags, EXTRA_CHANNELS)
    if colours is None or colours > channels or (colours == 1 and channels > 2):
        what = {3: "a palette", 5: "CMYK", 6: "YCbCr", 8: "Lab", 9: "Lab"}.get(photometric)
        kind = f"has {what} in " if what else f"has {channels} channels of "
        raise DecodeError(f"{kind}{samples.dtype.name}, which cannot be kept; convert it to RGB")
    kind = (extra or (STRAIGHT if photometric == RGB else 0,))[0]
    samples = real_samples(samples)
    pixels = samples[..., :colours]
    if photometric == WHITE_IS_ZERO and samples.dtype.kind == "u":
        pixels = np.iinfo(samples.dtype).max - pixels
    alpha = samples[..., colours] if channels > colours and kind in (PREMULTIPLIED, STRAIGHT) else None
    left = channels - colours - (alpha is not None)
    if left:
        notes.append(
            f"{left} of its {channels} channels, of unknown meaning, {'was' if left == 1 else 'were'} left out"
        )
    if alpha is not None and kind == PREMULTIPLIED:
        pixels = premultiplied(pixels, alpha)
    return pixels, alpha


def _resolution(tags: ifd.Directory) -> tuple[float, float] | None:
    if X_RESOLUTION not in tags or (unit := one(tags, UNIT, INCH)) not in (INCH, CENTIMETRE):
        return None
    scale = INCH_IN_CENTIMETRES if unit == CENTIMETRE else 1
    both = plausible((tags[X_RESOLUTION].real(), tags.get(Y_RESOLUTION, tags[X_RESOLUTION]).real()))
    return (both[0] * scale, both[1] * scale) if both else None
