"""BMP: read and written by Pillow."""

from __future__ import annotations

import io

from PIL import BmpImagePlugin, Image

from . import pillow_decoder
from .codec import Codec, Content
from .picture import Decode, Loaded, Picture, Terms


def load(data: bytes, terms: Terms) -> Loaded:
    """Decode into an image of Pillow's."""
    image = pillow_decoder.opened("BMP", BmpImagePlugin.BmpImageFile, data, terms)
    pillow_decoder.admit(image, terms)
    return Loaded(data, pillow_decoder.decoded(image, data))


def finish(loaded: Loaded, terms: Terms, decode: Decode) -> Picture:
    """Return the picture."""
    return pillow_decoder.finish(loaded, terms)


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file."""
    saved = {"dpi": content.metadata.dpi} if content.metadata.dpi else {}
    Image.fromarray(content.samples()).save(file, "BMP", **saved)
    file.write(content.software.encode())  # behind the pixels, where nobody looks
    return []


CODEC = Codec(finish, encode, load)
