"""Properties of an image from its header, without decoding: for plain JPEG and PNG, as in most data sets."""

from __future__ import annotations

import io
import os
import struct
from typing import BinaryIO

from PIL import Image

from ...filters.core.named_tuple import NamedTuple
from ..images.jpeg import segments
from ..images.metadata import SIDEWAYS, orientation_of
from ..images.picture import DecodeError
from ..images.png.chunks import SIGNATURE

JPEG = b"\xff\xd8\xff"
ENOUGH = 1 << 17
"""The number of bytes that hold the header of nearly every JPEG."""
EXIF, SEVERAL = 0xE1, 0xE2
"""Segments with an orientation, and with the offsets of other pictures."""
COLOURS = {0: "gray", 2: "RGB", 4: "gray with alpha", 6: "RGB with alpha"}
"""Colour types of PNG; for palettes, the colours decide."""
PLAIN = frozenset({b"IHDR", b"IDAT", b"IEND", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"pHYs", b"tIME", b"tEXt", b"zTXt"})
"""Chunks that do not affect these properties."""


class Header(NamedTuple):
    """The properties in a header."""

    size: tuple[int, int]
    """Width and height."""
    channels: str
    depth: int


def read(path: str) -> Header | None:
    """Return the properties in the header of a file; None if only the samples have them, or it cannot be read."""
    try:
        with open(path, "rb") as file:
            head = file.read(len(SIGNATURE))
            if head == SIGNATURE:
                return _of_png(file)
            return _of_jpeg(file) if head.startswith(JPEG) else None
    except (OSError, DecodeError, struct.error):
        return None  # the decoder finds the same fault, and reports it


def _of_jpeg(file: BinaryIO) -> Header | None:
    file.seek(-len(segments.END), os.SEEK_END)
    if file.read() != segments.END:
        return None
    file.seek(0)
    data = file.read(ENOUGH)
    turned, found = False, None
    for segment in segments.read(data):
        if segment.marker == SEVERAL and bytes(segment.body[:4]) == b"MPF\0":
            return None
        turned = turned or segment.marker == EXIF
        if segment.marker in segments.FRAMES:
            precision, height, width, components = struct.unpack_from(">BHHB", segment.body)
            if precision != 8 or components not in (1, 3) or not height or not width:
                return None
            found = Header((width, height), "gray" if components == 1 else "RGB", 8)
        if segment.marker == segments.START_OF_SCAN:
            break
    if found is None or not turned:
        return found
    with Image.open(io.BytesIO(data)) as image:
        return found._replace(size=found.size[::-1]) if orientation_of(image) in SIDEWAYS else found


def _of_png(file: BinaryIO) -> Header | None:
    size = os.fstat(file.fileno()).st_size
    at, name, found = len(SIGNATURE), b"", None
    while name != b"IEND":
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(8))
        at += length + 12
        if name not in PLAIN or at > size:
            return None
        if name == b"IHDR":
            width, height, depth, colours = struct.unpack(">IIBB", file.read(10))
            if depth not in (8, 16) or colours not in COLOURS or not width or not height:
                return None
            found = Header((width, height), COLOURS[colours], depth)
    return found
