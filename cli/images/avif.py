"""AVIF: read and written by Pillow, which passes over samples of more than 8 bits.

After AV1 Image File Format (AVIF), version 1.1.0, and ISO/IEC 23008-12, section 6.5.6, for the property `pixi`.
"""

from __future__ import annotations

import io
from typing import Any

from PIL import AvifImagePlugin, Image

from ..console.messages import reason_of
from . import pillow_decoder
from .codec import Codec, Content
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture

QUALITY = 95
"""Of AVIF's own scale, with full chroma: a photograph is 0.9 levels off in the mean."""
WITHOUT = "Pillow was built without AVIF"


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode into an image of Pillow's."""
    if not AvifImagePlugin.SUPPORTED:
        raise DecodeError(f"cannot be read: {WITHOUT}")
    image = pillow_decoder.opened("AVIF", AvifImagePlugin.AvifImageFile, data)
    pillow_decoder.check_size(image, options)
    if not options.lenient:
        check_depth(data)
    if image.n_frames > 1:
        raise DecodeError(f"has {image.n_frames} frames, which are not read from AVIF; convert it to WebP or APNG")
    return PartialDecode(data, pillow_decoder.decoded(image, data))


def check_depth(data: bytes) -> None:
    """Raise `DecodeError` for samples of more than 8 bits, which Pillow would cut down without a word."""
    at = data.find(b"pixi")
    if at < 0:
        return
    channels = data[at + 8 : at + 9]
    bits = max(data[at + 9 : at + 9 + channels[0]], default=8) if channels else 8
    if bits > 8:
        raise DecodeError(f"has {bits}-bit samples, which are not read from AVIF; convert it to PNG or TIFF")


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture, upright."""
    return pillow_decoder.finish(begun, options)


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file."""
    if not AvifImagePlugin.SUPPORTED:
        raise ValueError(WITHOUT)
    metadata, quality, samples = content.metadata, content.options.quality, content.samples()
    # Another number of threads would give other bytes.
    saved: dict[str, Any] = {"quality": quality or QUALITY, "max_threads": 1}
    if quality is None and samples.shape[2:] in ((3,), (4,)):
        saved["subsampling"] = "4:4:4"
    beside = {"exif": content.exif(), "xmp": metadata.xmp, "icc_profile": metadata.icc}
    saved |= {name: value for name, value in beside.items() if value}
    try:
        Image.fromarray(samples).save(file, "AVIF", **saved)
    except RuntimeError as error:  # what libavif refuses, as sides of more than 65535 pixels
        raise ValueError(reason_of(error)) from None
    return []


CODEC = Codec(finish, encode, load)
