"""QOI: read by Pillow; its end is checked, which Pillow does not do.

After The Quite OK Image Format, specification version 1.0. The byte for the colour space is only informative, and
ignored.
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
"""Most pixels per byte."""
CHUNK = re.compile(rb"\xfe...|\xff....|[\x80-\xbf].|[\x00-\x7f]|([\xc0-\xfd])", re.DOTALL)
"""The code of a pixel or, in the group, of a run."""
CHUNKS = re.compile(rb"(?:" + CHUNK.pattern + rb"){1,65535}+", re.DOTALL)
"""The codes that are counted at a time: each needs 80 bytes."""
MORE_PIXELS = bytes(max(byte - 0xC0, 0) for byte in range(256))
"""The number of pixels in a run after the first."""


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
    """Return the number of pixels."""
    there = end = 0
    for some in CHUNKS.finditer(data):
        runs, chunks = CHUNK.subn(rb"\1", some[0])
        there += chunks + sum(runs.translate(MORE_PIXELS))
        end = some.end()
    return there + len(data) - end  # a truncated code counts as too many pixels


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture."""
    return pillow_decoder.finish(begun, options)


CODEC = Codec(finish, not_written, load)
