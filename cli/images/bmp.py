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
    saved = {"dpi": content.metadata.dpi} if content.metadata.dpi else {}
    Image.fromarray(content.samples()).save(file, "BMP", **saved)
    file.write(content.software.encode())  # behind the pixels, where nobody looks
    return []


CODEC = Codec(finish, encode)
