"""BMP: read and written by Pillow."""

from __future__ import annotations

import io

from PIL import BmpImagePlugin, Image

from . import pillow_decoder
from .codec import Codec, Content
from .picture import Decode, DecodeOptions, PartialDecode, Picture


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode into an image of Pillow's."""
    image = pillow_decoder.opened("BMP", BmpImagePlugin.BmpImageFile, data)
    pillow_decoder.check_size(image, options)
    return PartialDecode(data, pillow_decoder.decoded(image, data))


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture."""
    return pillow_decoder.finish(begun, options)


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file."""
    saved = {"dpi": content.metadata.dpi} if content.metadata.dpi else {}
    Image.fromarray(content.samples()).save(file, "BMP", **saved)
    file.write(content.software.encode())  # behind the pixels, where nobody looks
    return []


CODEC = Codec(finish, encode, load)
