"""QOI: read by Pillow; its end is looked for, which Pillow does not.

After The Quite OK Image Format, specification version 1.0. Its byte for the colour space informs and is not relied on.
"""

from __future__ import annotations

import struct

from PIL import QoiImagePlugin

from . import pillow_decoder
from .codec import Codec, not_written
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture

END = bytes(7) + b"\1"
A_BYTE = 62
"""Pixels that a byte stands for, at most."""


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode into an image of Pillow's."""
    if len(data) < 14:
        raise DecodeError("is damaged or truncated (its header is cut off)")
    width, height, channels, _ = struct.unpack_from(">IIBB", data, 4)
    if channels not in (3, 4) or not width or not height:
        raise DecodeError(f"is damaged: it promises {width}×{height} pixels of {channels} channels")
    image = pillow_decoder.opened("QOI", QoiImagePlugin.QoiImageFile, data)
    pillow_decoder.check_size(image, options, beside=6)  # bytes, before and after they are unpacked
    if width * height > A_BYTE * len(data):
        raise DecodeError(f"is damaged or truncated (it promises {width}×{height} pixels in {len(data)} bytes)")
    if not options.lenient and not data.endswith(END):
        raise DecodeError("is damaged or truncated (it has no end marker)")
    return PartialDecode(data, pillow_decoder.decoded(image, data))


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture."""
    return pillow_decoder.finish(begun, options)


CODEC = Codec(finish, not_written, load)
