"""Writing JPEG: Pillow encodes bands of rows in parallel, which are joined at restart markers.

After ITU-T T.81 (the sections named below). At a restart marker the encoder starts afresh, so that what follows does
not depend on anything before: bands encoded as separate images are joined by these markers, and decode to the same
pixels as the whole. 12 megapixels in colour take 24 ms in two threads instead of 44, and need no complete copy of the
pixels with Pillow's four bytes each.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, JpegImagePlugin  # noqa: F401 - which `save` goes by

from ....filters.core.engine.output_buffer import Canvas
from ....filters.core.engine.threads import side_by_side
from .. import pillow_private
from ..atomic_write import end_with_bytes
from ..metadata import JpegCoding
from ..packed_canvas import Kept, PackedCanvas, Parts, Sink, in_flight
from ..pillow_buffer import image_of
from ..spool import MakeSpool
from . import segments
from .segments import COMMENT, END, RESTART, START_OF_FRAME, START_OF_SCAN, TABLES

BAND = 1 << 19
"""Pixels of a band; from 1/8 to 2 megapixels the speed is the same. An interval must have fewer than 2¹⁶ units."""
UNIT = 16
"""Rows of the tallest unit; a band has a multiple of it."""
HALVED_BOTH_WAYS = 2
"""Pillow's number for chroma at half width and height, 4:2:0."""
LONGEST_SIDE = 65500
"""Pixels of the longest side that libjpeg accepts."""
TOO_LONG = f"a side has at most {LONGEST_SIDE} pixels"
LONGEST_SEGMENT = 65533
"""Bytes of a segment."""
LONGEST_XMP = LONGEST_SEGMENT - len(b"http://ns.adobe.com/xap/1.0/\0")


class Bands(PackedCanvas):
    """An image that is filled strip by strip and encoded band by band; `write` accepts it in place of pixels.

    The threads that compute the pixels encode them while they are in the cache, and the whole image is never in memory:
    this saves 120 MB at 48 megapixels. A single band is encoded when it is written, with its header.
    """

    joins_alpha = False

    def __init__(
        self,
        shape: tuple[int, int, int],
        *,
        quality: int,
        full_chroma: bool,
        coding: JpegCoding | None = None,
        sink: Sink | None = None,
    ) -> None:
        height, width, channels = shape
        self.band = band_of(width)
        """Rows of a band."""
        super().__init__(shape, np.uint8, sink or Kept(), self.band)
        self._settings: dict[str, Any] = {"quality": quality}
        if full_chroma:
            self._settings["subsampling"] = "4:4:4"
        if coding is not None and channels <= len(coding.tables):
            # Pillow gives the first table to the first component, and the second to the others.
            full_chroma = coding.subsampling != HALVED_BOTH_WAYS
            self._settings = {"qtables": list(dict.fromkeys(coding.tables[: min(channels, 2)]))}
            if channels == 3:
                self._settings["subsampling"] = coding.subsampling
        if height > self.band:
            self._settings["restart_marker_rows"] = self.band // (8 if channels != 3 or full_chroma else UNIT)
        self._only: Any = None

    def pack(self, number: int, pixels: Any) -> bytes:
        """Return a band encoded as a separate image, unless it is the only one; raises ValueError."""
        if max(self.shape) > LONGEST_SIDE:
            raise ValueError(TOO_LONG)
        if self.count == 1:
            self._only = pixels
            return b""
        return _encoded(_image(pixels), **self._settings)

    def ordered(self, number: int, packed: bytes) -> Parts:
        """Return the data of a band, with the marker that joins it to the previous one."""
        if self.count == 1:
            return ()
        marker = bytes((0xFF, RESTART + (number - 1) % 8)) if number else b""
        return marker, memoryview(packed)[_scan(packed) : -2]

    def write(
        self, file: BinaryIO, comments: Sequence[bytes] = (), beside: Sequence[tuple[int, bytes]] = (), **header: Any
    ) -> None:
        """Write the bands as one image; *beside* are further segments, *header* Pillow's options for others.

        Behind the header only `end_with_bytes` writes.
        """
        height, width, channels = self.shape
        more = [*beside, *((COMMENT, body) for body in _cut(comments))]
        bands = self.whole()
        if self.count == 1:
            file.write(_with_segments(_in_memory(_image(self._only), **self._settings, **header), more))
            return
        # An image without data but with the same header: the same width and tables.
        blank = _image(np.zeros((1, width, channels), np.uint8))
        head = _encoded(blank, **self._settings, **header)
        file.write(_with_segments(_with_height(head[: _scan(head)], height), more))
        for part in (*bands, END):
            end_with_bytes(file, part)


def band_of(width: int) -> int:
    """Return the number of rows of a band."""
    return max(1, BAND // (width * UNIT)) * UNIT


def canvas(
    shape: tuple[int, int, int],
    dtype: Any,
    *,
    quality: int,
    full_chroma: bool,
    coding: JpegCoding | None = None,
    spool: MakeSpool | None = None,
) -> Bands | Canvas:
    """Return the canvas for a result of *shape*: bands in memory, or in a spool."""
    if max(shape) > LONGEST_SIDE and spool is None:
        return Canvas(shape, dtype)
    sink = None if spool is None else spool()
    return Bands(shape, quality=quality, full_chroma=full_chroma, coding=coding, sink=sink)


def canvas_bytes(row: int, width: int, cores: int) -> int:
    """Return the most bytes of bands in a spool, including the Pillow images from which they are encoded."""
    return in_flight(row, band_of(width), cores) + 4 * width * band_of(width) * cores


def write(
    file: BinaryIO,
    pixels: Any,
    *,
    quality: int,
    full_chroma: bool,
    coding: JpegCoding | None = None,
    icc: bytes = b"",
    exif: bytes = b"",
    dpi: tuple[float, float] | None = None,
    xmp: bytes = b"",
    comments: Sequence[bytes] = (),
    beside: Sequence[tuple[int, bytes]] = (),
    cores: int = 1,
) -> None:
    """Write ``pixels (height, width, 1 or 3)``, uint8, or `Bands` of them; the bytes do not depend on *cores*."""
    header = {"icc_profile": icc, "exif": exif, "dpi": dpi, "xmp": xmp, "comments": comments, "beside": beside}
    given: dict[str, Any] = {name: value for name, value in header.items() if value}
    if isinstance(pixels, Bands):
        pixels.write(file, **given)
        return
    if max(pixels.shape) > LONGEST_SIDE:
        raise ValueError(TOO_LONG)
    bands = Bands(pixels.shape, quality=quality, full_chroma=full_chroma, coding=coding)

    def fill(start: int) -> None:
        stop = min(start + bands.band, len(pixels))
        with bands.rows(start, stop) as place:
            place[...] = pixels[start:stop]

    for _ in side_by_side(fill, range(0, len(pixels), bands.band), cores):
        pass
    bands.write(file, **given)


def _image(pixels: Any) -> Image.Image:
    return image_of(pixels if pixels.shape[2] > 1 else pixels[..., 0], inks=pixels.shape[2] == len("CMYK"))


def _encoded(image: Image.Image, **settings: Any) -> bytes:
    """Encode an image into a nameless file, for which Pillow releases the interpreter's lock."""
    with contextlib.suppress(OSError), _scratch() as file:
        pillow_private.save(image, file, "JPEG", **settings)
        file.seek(0)
        # Pillow does not check how much of its data was written.
        if (encoded := file.read()).endswith(END) and _has_scan(encoded):
            return encoded
    # There is no such file, or no room for it: encode in one thread at a time.
    return _in_memory(image, **settings)


def _in_memory(image: Image.Image, **settings: Any) -> bytes:
    """Encode an image in memory: this blocks other threads, but is 0.1 ms faster for a small one."""
    memory = io.BytesIO()
    pillow_private.save(image, memory, "JPEG", **settings)
    return memory.getvalue()


def _has_scan(data: bytes) -> bool:
    """Whether data reach the scan, which can contain no end marker but the last."""
    return any(segment.marker == START_OF_SCAN for segment in segments.read(data))


def _scratch() -> Any:
    make: Callable[[str], int] | None = getattr(os, "memfd_create", None)
    if make is not None:
        return open(make("imfilter"), "w+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)


def _scan(data: bytes) -> int:
    """Return where the compressed data begins, after the scan's header."""
    return next(segment.end for segment in segments.read(data) if segment.marker == START_OF_SCAN)


def _with_segments(data: bytes, more: Sequence[tuple[int, bytes]]) -> bytes:
    """Return a file, or its header, with *more* segments before its tables; Pillow itself writes one comment."""
    if not more:
        return data
    at = next(segment.start for segment in segments.read(data) if segment.marker == TABLES)
    parts = [struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body for marker, body in more]
    return b"".join((data[:at], *parts, data[at:]))


def _cut(comments: Sequence[bytes]) -> Iterator[bytes]:
    for comment in comments:
        for at in range(0, len(comment), LONGEST_SEGMENT):
            yield comment[at : at + LONGEST_SEGMENT]


def _with_height(header: bytes, height: int) -> bytes:
    """Return a header with another height: two bytes after the precision in the frame's, section B.2.2."""
    start = next(segment.start for segment in segments.read(header) if segment.marker == START_OF_FRAME)
    return header[: start + 5] + struct.pack(">H", height) + header[start + 7 :]
