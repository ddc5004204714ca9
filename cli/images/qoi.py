"""QOI: read by Pillow; its end is looked for, which Pillow does not.

After The Quite OK Image Format, specification version 1.0. Its byte for the colour space informs and is not relied on.
"""

from __future__ import annotations

import re
import struct

from PIL import QoiImagePlugin

from . import pillow_decoder
from .codec import Codec, not_written
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture

END = bytes(7) + b"\1"
HEADER = 14
A_BYTE = 62
"""Pixels that a byte stands for, at most."""
CHUNK = re.compile(rb"\xfe...|\xff....|[\x80-\xbf].|[\x00-\x7f]|([\xc0-\xfd])", re.DOTALL)
"""What stands for a pixel, or in the group for a run of them."""
CHUNKS = re.compile(rb"(?:" + CHUNK.pattern + rb"){1,65535}+", re.DOTALL)
"""As many as are counted at a time: each takes 80 bytes then."""
MORE_PIXELS = bytes(max(byte - 0xC0, 0) for byte in range(256))
"""How many pixels a run stands for beside its first."""


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode into a Pillow image."""
    if len(data) < HEADER:
        raise DecodeError("is damaged or truncated (its header is cut off)")
    width, height, channels, _ = struct.unpack_from(">IIBB", data, 4)
    if channels not in (3, 4) or not width or not height:
        raise DecodeError(f"is damaged: it declares {width}×{height} pixels of {channels} channels")
    image = pillow_decoder.opened("QOI", QoiImagePlugin.QoiImageFile, data)
    pillow_decoder.check_size(image, options, beside=6)  # bytes, before and after they are unpacked
    if width * height > A_BYTE * len(data):
        raise DecodeError(f"is damaged or truncated (it declares {width}×{height} pixels in {len(data)} bytes)")
    if not options.lenient:
        if not data.endswith(END):
            raise DecodeError("is damaged or truncated (it has no end marker)")
        if (there := _pixels(data[HEADER : -len(END)])) != width * height:
            raise DecodeError(f"is damaged (it declares {width * height} pixels and has {there})")
    return PartialDecode(data, pillow_decoder.decoded(image, data))


def _pixels(data: bytes) -> int:
    """Return how many pixels there are."""
    there = end = 0
    for some in CHUNKS.finditer(data):
        runs, chunks = CHUNK.subn(rb"\1", some[0])
        there += chunks + sum(runs.translate(MORE_PIXELS))
        end = some.end()
    return there + len(data) - end  # of a chunk that is cut off, which stands for none, so that they are too many


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture."""
    return pillow_decoder.finish(begun, options)


CODEC = Codec(finish, not_written, load)
