"""BMP: a file header before a device-independent bitmap; written by Pillow."""

from __future__ import annotations

import io
import struct

from PIL import Image

from . import bitmap
from .codec import Codec, Content
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture

FILE_HEADER = 14


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture."""
    data = begun.data
    if len(data) < FILE_HEADER + bitmap.CORE:
        raise DecodeError("is damaged or truncated (its header is cut off)")
    (pixels,) = struct.unpack_from("<I", data, 10)
    notes: list[str] = []
    return bitmap.read(data, bitmap.header(data, FILE_HEADER, notes, pixels), notes, options, decode)


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file."""
    image = Image.fromarray(content.samples())
    if content.metadata.palette:
        image.putpalette(content.metadata.palette)
    # Without a resolution Pillow would write 96 dpi; 0 says that none is known.
    image.save(file, "BMP", dpi=content.metadata.dpi or (0, 0))
    file.write(content.software.encode())  # after the pixels, where nobody looks
    return []


CODEC = Codec(finish, encode, encoding=lambda samples: samples.bytes + 4 * (samples.channels > 1))
