"""The compressions of a TIFF's strips and tiles: how each is read, and the names of unsupported ones.

After TIFF Revision 6.0 (Adobe 1992) and the registered tags since. Deflate, LZMA and WebP are unpacked here; LZW,
PackBits and Zstandard by libtiff, through a file with one strip of bytes, so that Pillow sees nothing else of the
picture. CCITT and JPEG are left to Pillow together with the picture.
"""

from __future__ import annotations

import contextlib
import struct
import zlib
from typing import Any

from PIL import TiffImagePlugin

from ....filters.core.named_tuple import NamedTuple
from ...console.messages import reason_of
from .. import pillow_private
from ..picture import DecodeError
from ..png import deflate
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
"""Compressions that Pillow unpacks only together with the picture."""
AHEAD = frozenset({NONE, LZW, PACKBITS, ZSTANDARD, *DEFLATE})
"""Compressions that need no further import."""
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
"""The names of registered compressions, except deflate and none."""
ADVICE = "convert it first, for example with GDAL: gdal_translate -co COMPRESS=DEFLATE in.tif out.tif"
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits reversed."""
MOST_AT_ONCE = 1 << 16
"""Bytes unpacked at a time if data are only checked."""
A_BYTE = {PACKBITS: 64, LZW: 2731, ZSTANDARD: 1 << 15}
"""Most bytes per packed byte, for strips that are unpacked in one go."""
LZMA_MEMORY = 1 << 28
"""Most bytes for the dictionary of LZMA: its highest preset needs a quarter."""
MARK, PACKED_MARK = b"\x80" * 8 + bytes(8), bytes((257 - 8, 0x80, 257 - 8, 0))
"""Bytes after a strip of PackBits that show where it ends: two runs, which have another meaning inside one."""


class Extent(NamedTuple):
    """The size of a strip or tile."""

    width: int
    """Its pixels in a row."""
    rows: int
    row_bytes: int
    full_rows: int
    """The rows of the other strips, to which some writers pad the last one."""

    @property
    def size(self) -> int:
        """The bytes that it must have."""
        return self.rows * self.row_bytes

    @property
    def most(self) -> int:
        """The bytes that it may have."""
        return self.full_rows * self.row_bytes


class DamagedPartError(DecodeError):
    """A strip is damaged; its readable part is included."""

    def __init__(self, why: str, there: bytes) -> None:
        super().__init__(why)
        self.there = there


def check(compression: int) -> None:
    """Raise `DecodeError` for an unsupported compression, by name."""
    if compression not in READ:
        raise DecodeError(f"is a TIFF compressed with {name(compression)}, which is not supported; {ADVICE}")


def name(compression: int) -> str:
    """Return the name of a compression."""
    return NAMES.get(compression, "deflate" if compression in DEFLATE else f"the unknown method {compression}")


def unpacked(compression: int, fill_order: int, packed: memoryview, extent: Extent) -> Any:
    """Return the bytes of a strip, or fewer if it ends early.

    Raises `DecodeError` if the strip is damaged or holds more, and whatever the decoders raise.
    """
    check(compression)
    stored = _in_order(compression, fill_order, packed)
    if compression == NONE:
        return stored
    if compression in DEFLATE:
        return _inflated(stored, extent)
    if compression == LZMA:
        return _by_lzma(stored, extent)
    if compression == WEBP:
        return _webp(bytes(stored), extent)
    if extent.size > A_BYTE[compression] * len(packed):
        raise DamagedPartError(
            f"is damaged ({name(compression)} cannot hold {extent.size} bytes in {len(packed)})", b""
        )
    if compression == PACKBITS:
        return _by_packbits(bytes(stored), extent)
    found = _by_libtiff(compression, stored, extent.row_bytes, extent.rows)
    if compression == ZSTANDARD and not _is_one_frame(bytes(stored)):
        raise _too_long(compression, found)
    # A strip that needs more bytes than it has ends correctly.
    if _holds(compression, stored, extent.size + 1) and (
        extent.most == extent.size
        or _holds(compression, stored, extent.most + 1)
        or not _holds(compression, stored, extent.most)
    ):
        raise _too_long(compression, found)
    return found


def beginning(compression: int, fill_order: int, packed: memoryview, extent: Extent) -> bytes:
    """Return the first bytes of a truncated strip, if its compression allows it."""
    stored = _in_order(compression, fill_order, packed)
    if compression == NONE:
        return bytes(stored)
    return _inflated_so_far(stored, extent.size) if compression in DEFLATE else b""


def _in_order(compression: int, fill_order: int, packed: memoryview) -> Any:
    return bytes(packed).translate(REVERSED) if fill_order == 2 and compression != WEBP else packed


def _too_long(compression: int, found: bytes) -> DamagedPartError:
    return DamagedPartError(f"is damaged (a strip of {name(compression)} data holds more than its rows)", found)


def _no_end(compression: int, found: bytes) -> DamagedPartError:
    return DamagedPartError(f"is damaged or truncated (a strip of {name(compression)} data has no end)", found)


def _inflated(packed: Any, extent: Extent) -> bytes:
    """Return the bytes of a zlib stream, and verify its checksum."""
    stream = deflate.decompressobj()
    try:
        found = stream.decompress(packed, extent.size)
    except deflate.ERRORS as error:
        raise DamagedPartError(f"is damaged ({error})", _inflated_so_far(packed, extent.size)) from None
    whole = len(found)
    try:
        more, tail = found, None
        # ISA-L may withhold the checksum when no input is left.
        while not stream.eof and (more or stream.unconsumed_tail != tail):
            tail = stream.unconsumed_tail
            more = stream.decompress(tail, MOST_AT_ONCE)
            whole += len(more)
            if whole > extent.most:
                raise _too_long(DEFLATE[0], found)
    except deflate.ERRORS as error:
        raise DamagedPartError(f"is damaged ({error})", found) from None
    if not stream.eof and len(found) >= extent.size:
        raise _no_end(DEFLATE[0], found)
    return found


def _inflated_so_far(packed: Any, size: int) -> bytes:
    """Return at most *size* bytes of a zlib stream before its damage."""
    stream, found = zlib.decompressobj(), bytearray()
    with contextlib.suppress(zlib.error):  # the known damage
        for at in range(0, len(packed), 64):
            found += stream.decompress(packed[at : at + 64])
            if len(found) >= size:
                break
    return bytes(found[:size])


def _by_lzma(packed: Any, extent: Extent) -> bytes:
    import lzma

    stream = lzma.LZMADecompressor(memlimit=LZMA_MEMORY)
    try:
        found = stream.decompress(packed, extent.size)
        whole = len(found)
        while not stream.eof and not stream.needs_input and whole <= extent.most:
            whole += len(stream.decompress(b"", MOST_AT_ONCE))
    except lzma.LZMAError as error:
        raise DecodeError(f"is damaged ({reason_of(error)})") from None
    if whole > extent.most:
        raise _too_long(LZMA, found)
    if not stream.eof and len(found) >= extent.size:
        raise _no_end(LZMA, found)
    return found


def _webp(packed: bytes, extent: Extent) -> bytes:
    """Return the pixels of a strip that is a WebP file."""
    from PIL import WebPImagePlugin

    image = pillow_private.opened(WebPImagePlugin.WebPImageFile, packed)
    if image.height < extent.rows:
        raise DecodeError(f"is damaged ({image.height} of {extent.rows} rows in a strip of WebP data)")
    channels = extent.row_bytes // extent.width
    if channels not in (3, 4) or image.width != extent.width or image.height > extent.full_rows:
        raise DecodeError("is damaged (a strip of WebP data has another size than the picture)")
    return image.convert("RGB" if channels == 3 else "RGBA").tobytes()[: extent.size]


def _by_packbits(packed: bytes, extent: Extent) -> bytes:
    """Return the bytes of a strip of PackBits, which must end with its last row, except for a padding byte."""
    ends = [(data, size) for data in (packed, packed.removesuffix(b"\0")) for size in (extent.size, extent.most)]
    for data, size in dict.fromkeys(ends):
        with contextlib.suppress(DecodeError):
            found = _by_libtiff(PACKBITS, data + PACKED_MARK, size + len(MARK), 1)
            if found[size:] == MARK:
                return found[: extent.size]
    raise _too_long(PACKBITS, _by_libtiff(PACKBITS, packed, extent.row_bytes, extent.rows))


def _is_one_frame(packed: bytes) -> bool:
    """Whether a strip ends with its first Zstandard frame, except for padding zeros; after RFC 8878.

    A block with a damaged type may be shorter than stored, and libtiff ignores the rest.
    """
    descriptor = packed[4]
    single, checked = descriptor >> 5 & 1, descriptor >> 2 & 1
    size_bytes = (single, 2, 4, 8)[descriptor >> 6]
    at, last = 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3] + size_bytes, 0
    while not last and at + 3 <= len(packed):
        block = int.from_bytes(packed[at : at + 3], "little")
        last, repeated = block & 1, block >> 1 & 3 == 1
        at += 3 + (1 if repeated else block >> 3)
    return not packed[at + 4 * checked :].strip(b"\0")


def _holds(compression: int, packed: Any, size: int) -> bool:
    """Whether a strip holds *size* bytes."""
    try:
        _by_libtiff(compression, packed, size, 1)
    except DecodeError:
        return False
    return True


def _by_libtiff(compression: int, packed: Any, width: int, rows: int) -> bytes:
    """Return the bytes of a strip; raises `DecodeError` if it has fewer."""
    head = struct.pack("<2sHIH", b"II", 42, 8, 10)
    end = len(head) + 10 * 12 + 4
    values = {
        WIDTH: width,
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
