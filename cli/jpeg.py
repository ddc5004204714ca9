"""Writing JPEG: Pillow encodes bands of rows side by side, which meet at restart markers.

After ITU-T T.81 (the sections named below). At a restart marker the encoder begins anew, so what follows refers to
nothing before it: bands encoded as images of their own are joined by these markers, and decode to the same pixels
as the whole. 12 megapixels in colour take 24 ms in two threads in place of 44, and no whole copy of the pixels in
Pillow's four bytes each.
"""

from __future__ import annotations

import os
import struct
import sys
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from PIL import Image

from ..filters.core.threads import side_by_side

BAND = 1 << 19
"""Pixels of a band; from 1/8 to 2 megapixels all are as fast. An interval must stay below 2¹⁶ units."""
UNIT = 16
"""Rows of the highest unit, which a band holds a multiple of."""
LONGEST = 65500
"""Pixels of the longest side that libjpeg takes."""
START_OF_FRAME, RESTART, END_OF_IMAGE, START_OF_SCAN = 0xC0, 0xD0, 0xD9, 0xDA


def write(
    file: BinaryIO,
    pixels: Any,
    *,
    quality: int,
    full_chroma: bool,
    icc: bytes = b"",
    exif: bytes = b"",
    dpi: tuple[float, float] | None = None,
    comment: bytes = b"",
    cores: int = 1,
) -> None:
    """Write ``pixels (height, width, 1 or 3)``, uint8; the bytes are the same for any number of *cores*."""
    height, width, channels = pixels.shape
    settings: dict[str, Any] = {"quality": quality}
    if full_chroma:
        settings["subsampling"] = "4:4:4"
    beside = {
        name: value
        for name, value in (("icc_profile", icc), ("exif", exif), ("dpi", dpi), ("comment", comment))
        if value
    }
    rows = max(1, BAND // (width * UNIT)) * UNIT
    if height <= rows or max(height, width) > LONGEST:
        _image(pixels).save(file, "JPEG", **settings, **beside)
        return
    settings["restart_marker_rows"] = rows // (8 if channels == 1 or full_chroma else UNIT)
    bands = range(0, height, rows)

    def encoded(start: int) -> bytes:
        # All the rest stands in the header, which the first band's becomes.
        return _encoded(_image(pixels[start : start + rows]), **settings, **({} if start else beside))

    for number, band in enumerate(side_by_side(encoded, bands, cores)):
        start = _scan(band)
        if number == 0:
            file.write(_header(band[:start], height))
        else:
            file.write(bytes((0xFF, RESTART + (number - 1) % 8)))
        file.write(memoryview(band)[start:-2])
    file.write(bytes((0xFF, END_OF_IMAGE)))


def _image(pixels: Any) -> Image.Image:
    return Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0])


def _encoded(image: Image.Image, **settings: Any) -> bytes:
    """Encode an image into a file without a name: for that Pillow lets go of the interpreter's lock."""
    with _scratch() as file:
        image.save(file, "JPEG", **settings)
        file.seek(0)
        return file.read()


def _scratch() -> BinaryIO:
    if sys.platform == "linux":
        return open(os.memfd_create("imfilter"), "w+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the marker, start and end of each segment up to the scan's header; sections B.1.1 and B.1.2."""
    at, marker = 2, 0
    while marker != START_OF_SCAN:
        marker = data[at + 1]
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield marker, at, end
        at = end


def _scan(data: bytes) -> int:
    """Return where the compressed data begins, behind the scan's header."""
    return next(end for marker, _, end in _segments(data) if marker == START_OF_SCAN)


def _header(header: bytes, height: int) -> bytes:
    """Return a header with another height: two bytes behind the precision in the frame's, section B.2.2."""
    start = next(start for marker, start, _ in _segments(header) if marker == START_OF_FRAME)
    return header[: start + 5] + struct.pack(">H", height) + header[start + 7 :]
