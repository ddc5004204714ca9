"""What packs the bytes of a TIFF's strips and tiles: which methods are read, by what, and how the others are called.

After TIFF Revision 6.0 (Adobe 1992) and the registered tags since. Deflate, LZMA and WebP are unpacked here, LZW,
PackBits and Zstandard by libtiff by way of a file of one strip of bytes, which is all that Pillow is told about the
picture. CCITT and JPEG are left to Pillow, with the picture around them.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

from PIL import TiffImagePlugin

from .. import pillow_private
from ..picture import DecodeError
from ..silence import silenced
from ..tiff_tags import (
    BITS,
    CHANNELS,
    COMPRESSION,
    FILL_ORDER,
    HEIGHT,
    PHOTOMETRIC,
    STRIP_OFFSETS,
    STRIP_ROWS,
    STRIP_SIZES,
    WIDTH,
)

NONE, RLE, GROUP3, GROUP4, LZW, OLD_JPEG, JPEG, RLE_WORDS, PACKBITS = 1, 2, 3, 4, 5, 6, 7, 32771, 32773
DEFLATE = (8, 32946)
LZMA, ZSTANDARD, WEBP = 34925, 50000, 50001
FAX = frozenset({RLE, GROUP3, GROUP4, RLE_WORDS})
WITH_PICTURE = FAX | {OLD_JPEG, JPEG}
"""Those that Pillow unpacks only together with the picture."""
AHEAD = frozenset({NONE, LZW, PACKBITS, ZSTANDARD, *DEFLATE})
"""Those that are unpacked without another import."""
READ = AHEAD | WITH_PICTURE | {LZMA, WEBP}
NAMES = {
    OLD_JPEG: "old-style JPEG",
    JPEG: "JPEG",
    RLE: "CCITT RLE",
    GROUP3: "CCITT Group 3",
    GROUP4: "CCITT Group 4",
    RLE_WORDS: "CCITT RLE of words",
    LZW: "LZW",
    PACKBITS: "PackBits",
    LZMA: "LZMA",
    ZSTANDARD: "Zstandard",
    WEBP: "WebP",
    9: "JBIG",
    10: "JBIG",
    32766: "NeXT RLE",
    32809: "ThunderScan",
    32895: "IT8 CT",
    32896: "IT8 LW",
    32897: "IT8 MP",
    32898: "IT8 BL",
    32908: "PixarFilm",
    32909: "PixarLog",
    32947: "DCS",
    33003: "JPEG 2000",
    33004: "JPEG 2000",
    33005: "JPEG 2000",
    33007: "JPEG",
    34661: "JBIG",
    34676: "SGILog",
    34677: "SGILog24",
    34712: "JPEG 2000",
    34718: "MDI binary",
    34719: "MDI progressive transform",
    34720: "MDI vector",
    34887: "LERC",
    34892: "lossy JPEG of DNG",
    34926: "Zstandard",
    34927: "WebP",
    34933: "PNG",
    34934: "JPEG XR",
    22610: "JPEG XR",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
"""What the methods are called that have a number, but deflate and none."""
ADVICE = "convert it first, for example with GDAL: gdal_translate -co COMPRESS=DEFLATE in.tif out.tif"
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in the other order."""
MOST_AT_ONCE = 1 << 16
"""Bytes that are unpacked at a time of what is only checked."""
TAIL = 16
"""Equal bytes at the end of a strip that make it worth another look."""


class DamagedPartError(DecodeError):
    """A strip is damaged; what could be read of it is there."""

    def __init__(self, why: str, there: bytes) -> None:
        super().__init__(why)
        self.there = there


def check(compression: int) -> None:
    """Raise `DecodeError` for a method that is not read, by its name."""
    if compression not in READ:
        raise DecodeError(f"is a TIFF compressed with {name(compression)}, which is not supported; {ADVICE}")


def name(compression: int) -> str:
    """Return what a method is called."""
    return NAMES.get(compression, "deflate" if compression in DEFLATE else f"the unknown method {compression}")


def unpacked(compression: int, fill_order: int, packed: memoryview, size: int, rows: int) -> Any:
    """Return the bytes of a strip of *rows* rows and *size* bytes, or fewer where it ends early.

    Raises `DecodeError` where the strip is damaged, and whatever the decoders raise.
    """
    check(compression)
    stored: Any = bytes(packed).translate(REVERSED) if fill_order == 2 and compression != WEBP else packed
    if compression == NONE:
        return stored
    if compression in DEFLATE:
        return _inflated(stored, size)
    if compression == LZMA:
        import lzma

        return lzma.decompress(stored)
    if compression == WEBP:
        return _webp(bytes(stored), size, rows)
    found = _by_libtiff(compression, stored, size, rows)
    if _ends_badly(compression, bytes(stored), size):
        raise DamagedPartError(f"is damaged (a strip of {name(compression)} data has no proper end)", found)
    return found


def _inflated(packed: Any, size: int) -> bytes:
    """Return the bytes of a zlib stream, with its checksum compared."""
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(packed, size)
    except zlib.error as error:
        raise DamagedPartError(f"is damaged ({error})", _inflated_so_far(packed)) from None
    # Some writers fill the last strip to its full height, so that more may follow; a checksum does.
    try:
        while stream.unconsumed_tail and not stream.eof:
            stream.decompress(stream.unconsumed_tail, MOST_AT_ONCE)
    except zlib.error as error:
        raise DamagedPartError(f"is damaged ({error})", found) from None
    if not stream.eof and len(found) >= size:
        raise DamagedPartError("is damaged or truncated (a strip of deflate data has no end)", found)
    return found


def _inflated_so_far(packed: Any) -> bytes:
    """Return the bytes of a zlib stream up to where it is damaged."""
    stream, parts = zlib.decompressobj(), list[bytes]()
    try:
        for at in range(0, len(packed), 64):
            parts.append(stream.decompress(packed[at : at + 64]))
    except zlib.error:
        pass  # as was known
    return b"".join(parts)


def _webp(packed: bytes, size: int, rows: int) -> bytes:
    """Return the pixels of a WebP file, which a strip is then."""
    from PIL import WebPImagePlugin

    image = pillow_private.opened(WebPImagePlugin.WebPImageFile, packed)
    if image.height < rows:
        raise DecodeError(f"is damaged ({image.height} of {rows} rows in a strip of WebP data)")
    channels = size // (rows * image.width)
    if channels not in (3, 4) or channels * rows * image.width != size:
        raise DecodeError("is damaged (a strip of WebP data has another size than the picture)")
    return image.convert("RGB" if channels == 3 else "RGBA").tobytes()[:size]


def _by_libtiff(compression: int, packed: Any, size: int, rows: int) -> bytes:
    head = struct.pack("<2sHIH", b"II", 42, 8, 10)
    end = len(head) + 10 * 12 + 4
    values = {
        WIDTH: size // rows,
        HEIGHT: rows,
        BITS: 8,
        COMPRESSION: compression,
        PHOTOMETRIC: 1,
        FILL_ORDER: 1,
        STRIP_OFFSETS: end,
        CHANNELS: 1,
        STRIP_ROWS: rows,
        STRIP_SIZES: len(packed),
    }
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in values.items())
    strip = pillow_private.opened(TiffImagePlugin.TiffImageFile, head + entries + bytes(4) + packed)
    with silenced():
        try:
            return strip.tobytes()
        except OSError:
            raise DecodeError(f"is damaged or truncated (a strip of {name(compression)} data is broken)") from None


def _ends_badly(compression: int, packed: bytes, size: int) -> bool:
    """Whether a strip that gave enough bytes has a tail that no encoder writes: of zeros or ones, and no end."""
    tail = packed[-TAIL:]
    if len(tail) < TAIL or tail not in (bytes(TAIL), b"\xff" * TAIL):
        return False
    if compression == LZW:
        # The last code is 257; what follows fills its byte, or pads the strip to whole words.
        bits = int.from_bytes(packed.rstrip(b"\0")[-3:])
        bits >>= (bits & -bits).bit_length() - 1 if bits else 0
        return len(packed) - len(packed.rstrip(b"\0")) > 4 or bits & 0x1FF != 0b100000001
    if compression == PACKBITS:
        return _packbits_length(packed) != size
    return False


def _packbits_length(packed: bytes) -> int:
    """Return how many bytes a strip of PackBits has."""
    at = length = 0
    while at < len(packed):
        head = packed[at]
        if head < 128:
            at, length = at + head + 2, length + head + 1
        else:
            at, length = at + 2 - (head == 128), length + (257 - head if head > 128 else 0)
    return length
