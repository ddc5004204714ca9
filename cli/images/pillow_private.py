"""What is used of Pillow beside what it documents. Each has its test, which tells when another release has moved it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from typing import IO, Any

from PIL import Image, ImageFile

# The limit is ours, is said, and can be raised; Pillow's would warn first and then refuse.
Image.MAX_IMAGE_PIXELS = None
ONE_BLOCK = 1 << 29
"""Pixels that one block of memory can hold."""


def opened(plugin: Callable[..., Any], data: bytes) -> Any:
    """Return an image that one plugin opens, without `Image.open`: not decoded yet."""
    return plugin(io.BytesIO(data), "")


def save(image: Image.Image, file: IO[bytes], format: str, **options: Any) -> None:
    """Write an image by the plugin of *format*, which was imported, where Pillow would import five first: 6 ms."""
    before = Image._initialized
    Image._initialized = max(before, 1)
    try:
        image.save(file, format, **options)
    finally:
        Image._initialized = before


def in_one_block(width: int, height: int) -> None:
    """Let the images that are made from here on lie in one block each, where one can hold *width* × *height*."""
    Image.core.set_use_block_allocator(width * height < ONE_BLOCK)


def load_in_one_piece(image: Any, length: int) -> None:
    """Decode an image whose file has *length* bytes.

    Between pieces of 64 KiB the decoder would wait for the thread that imports the program.
    """
    image.decodermaxblock = max(length, ImageFile.MAXBLOCK)
    if _begins_bright:
        image.im = Image.core.fill(
            image.mode, image.size, 255 if len(image.getbands()) == 1 else (255,) * len(image.getbands())
        )
    image.load()


def take_bytes_as(image: Any, raw: str, mode: str | None = None) -> None:
    """Let the samples of an image that is not decoded yet be read as others: of the raw mode *raw*, into *mode*."""
    image._mode = mode or image.mode
    image.tile = [image.tile[0]._replace(args=raw)]


def without_pixels(image: Any) -> Any:
    """Return an opened PNG that decodes no pixels when its texts are asked for; all of them stand before those."""
    image._text = image.png.im_text
    image.tile, image.im = [], Image.core.new(image.mode, (1, 1))
    return image


_begins_bright = False


@contextlib.contextmanager
def truncated_files(*, bright: bool = False) -> Iterator[None]:
    """Let decoders take what is there of a file that is cut off, and leave the rest black, or *bright*.

    It holds for all threads, so that no other may decode meanwhile.
    """
    global _begins_bright
    ImageFile.LOAD_TRUNCATED_IMAGES, _begins_bright = True, bright
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES, _begins_bright = False, False


def only_colour(image: Any) -> tuple[tuple[float, float], ...] | None:
    """Return the one colour of an image, None if it has several."""
    extremes = image.getextrema()
    channels = extremes if isinstance(extremes[0], tuple) else (extremes,)
    return tuple(channels) if all(low == high for low, high in channels) else None
