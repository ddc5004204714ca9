"""Undocumented features of Pillow. Each has a test, which fails if another release changes it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from typing import IO, Any

from PIL import Image, ImageFile

# Our own limit is reported and can be raised; Pillow's would first warn and then refuse.
Image.MAX_IMAGE_PIXELS = None
ONE_BLOCK = 1 << 29
"""Most pixels in one block of memory."""


def opened(plugin: Callable[..., Any], data: bytes) -> Any:
    """Return an undecoded image, opened by one plugin without `Image.open`."""
    return plugin(io.BytesIO(data), "")


def save(image: Image.Image, file: IO[bytes], format: str, **options: Any) -> None:
    """Write an image with the imported plugin of *format*; Pillow would first import five, which takes 6 ms."""
    before = Image._initialized
    Image._initialized = max(before, 1)
    try:
        image.save(file, format, **options)
    finally:
        Image._initialized = before


def in_one_block(width: int, height: int) -> None:
    """From now on allocate each image in one block of memory, if that can hold *width* × *height*."""
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
    """Decode the samples of an undecoded image differently: from the raw mode *raw*, into *mode*."""
    image._mode = mode or image.mode
    image.tile = [image.tile[0]._replace(args=raw)]


def without_pixels(image: Any) -> Any:
    """Return an opened PNG that decodes no pixels when its texts are read; only texts before the pixels count."""
    image._text = image.png.im_text
    image.tile, image.im = [], Image.core.new(image.mode, (1, 1))
    return image


_begins_bright = False


@contextlib.contextmanager
def truncated_files(*, bright: bool = False) -> Iterator[None]:
    """Let decoders accept truncated files, and leave the rest black, or *bright*.

    This affects all threads, so no other may decode in the meantime.
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
