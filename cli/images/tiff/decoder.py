"""Reading TIFF: samples of more than 8 bits here, in whatever order and packing; the others through Pillow.

After TIFF Revision 6.0 (Adobe 1992). Pillow reads 16-bit colour as 8-bit and no float colour; of 32-bit integers it
turns the sign.
"""

from __future__ import annotations

import io
import struct
from typing import Any

from PIL import Image, TiffImagePlugin

from ....filters.core.lazy_numpy import Array, np
from .. import ifd, pillow_decoder
from ..metadata import of_tiff, plausible, turned
from ..picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Picture, premultiplied, real_samples
from ..silence import silenced
from ..tiff_tags import (
    BITS,
    EXTRA_CHANNELS,
    FORMAT,
    ICC_PROFILE,
    ORIENTATION,
    PHOTOMETRIC,
    UNIT,
    X_RESOLUTION,
    Y_RESOLUTION,
)
from . import strips
from .strips import many, one

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
PREMULTIPLIED, STRAIGHT = 1, 2
CENTIMETRE = 2.54


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode what Pillow does; leave the rest to `finish`."""
    _check_pages(data, options)
    tags = directory(data)
    try:
        bits = max(many(tags, BITS, 1))
    except (TypeError, ValueError):
        bits = 1
    if bits in (8, 16, 24, 32, 64) and (bits > 8 or max(many(tags, FORMAT, 1)) != 1):
        return PartialDecode(data)
    if options.lenient and bits == 8 and many(tags, PHOTOMETRIC, 1)[0] in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB):
        return PartialDecode(data)
    strips.check_count(tags)
    if tags.next:
        return PartialDecode(data)
    image = pillow_decoder.opened("TIFF", TiffImagePlugin.TiffImageFile, data, options)
    pillow_decoder.check_size(image, options)
    with silenced():
        return PartialDecode(data, pillow_decoder.decoded(image, data))


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture | Frames:
    """Return the picture, upright, or the pages."""
    if begun.image is not None:
        return pillow_decoder.finish(begun, options, _colours_and_alpha, begun.data)
    tags = directory(begun.data)
    if tags.next:
        from . import pages

        return pages.read(begun.data, decode)
    layout = strips.layout(begun.data, tags)
    options.check_size(layout.width, layout.height, 2 * layout.channels * layout.dtype.itemsize)
    notes: list[str] = []
    pixels, alpha = _colours(strips.assembled(layout, options.lenient, notes), tags, notes)
    orientation = one(tags, ORIENTATION, 1)
    metadata = of_tiff(begun.data, tags.get(ICC_PROFILE, b""), _resolution(tags), notes)
    return Picture(
        turned(pixels, orientation),
        None if alpha is None else turned(alpha, orientation),
        metadata=metadata,
        notes=notes,
    )


def _colours_and_alpha(image: Image.Image) -> tuple[Any, Any]:
    pixels, alpha = pillow_decoder.colours_and_alpha(image)
    if image.mode.startswith("I;16") and many(getattr(image, "tag_v2", {}), BITS) == (12,):
        pixels = pixels << 4 | pixels >> 8  # 4095 is white
    return pixels, alpha


def directory(data: bytes, offset: int | None = None) -> Any:
    """Return the tags of the first page, or of that whose directory is at *offset*."""
    file = io.BytesIO(data)
    tags = TiffImagePlugin.ImageFileDirectory_v2(data[: 16 if 43 in data[2:4] else 8])
    start = tags.next if offset is None else offset
    file.seek(start)
    tags.load(file)
    if tags.next == start:  # it warned, and gave up
        raise DecodeError("is damaged or truncated (its list of tags is cut off)")
    return tags


def _check_pages(data: bytes, options: DecodeOptions) -> None:
    """Refuse a file whose pages run in circles, or out of it."""
    whole = 0
    try:
        for _ in ifd.File(data).pages():
            whole += 1
    except ifd.LoopError as error:
        if not options.lenient:
            raise DecodeError(f"is damaged: {error}") from None
    except (ValueError, struct.error, OverflowError):
        if not whole or not options.lenient:
            raise DecodeError(f"is damaged or truncated (page {whole + 1} lies outside of it)") from None


def _colours(samples: Array, tags: Any, notes: list[str]) -> tuple[Array, Array | None]:
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


def _resolution(tags: Any) -> tuple[float, float] | None:
    if X_RESOLUTION not in tags or one(tags, UNIT, 2) not in (2, 3):
        return None
    scale = CENTIMETRE if one(tags, UNIT, 2) == 3 else 1
    both = plausible((tags.get(X_RESOLUTION), tags.get(Y_RESOLUTION, tags.get(X_RESOLUTION))))
    return (both[0] * scale, both[1] * scale) if both else None
