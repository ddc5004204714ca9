"""Writing TIFF: pages with any sample type and number of channels, in strips, with one of several compressions.

After TIFF Revision 6.0 (Adobe 1992), its Technical Note 3 for the predictor of floats, and for files of more than 4 GB
BigTIFF (https://www.awaresystems.be/imaging/tiff/bigtiff.html). Deflate uses ISA-L or zlib; the other compressions use
libtiff, through a gray picture of the strip's bytes that Pillow writes.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, BinaryIO

from PIL import Image

from ....filters.core.engine.threads import side_by_side
from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from .. import ifd
from ..atomic_write import end_with_bytes
from ..png import deflate
from ..spool import Piece, put
from ..tiff_tags import (
    BITS,
    CHANNELS,
    COMPRESSION,
    EXTRA_CHANNELS,
    FORMAT,
    HEIGHT,
    PHOTOMETRIC,
    PLANAR,
    PREDICTOR,
    STRIP_OFFSETS,
    STRIP_ROWS,
    STRIP_SIZES,
    WIDTH,
)
from .compression import GROUP4, LZW, NONE, PACKBITS, ZSTANDARD

METHODS = {"none": NONE, "deflate": 8, "lzw": LZW, "packbits": PACKBITS, "zstd": ZSTANDARD}
"""The numbers of the compressions that can be written, by the values of the option."""
OF_BITS = "group4"
"""The default compression of 1-bit samples."""
PILLOWS = {LZW: "tiff_lzw", PACKBITS: "packbits", ZSTANDARD: "zstd"}
STRIP_BYTES = 1 << 18
CLASSIC_BYTES = (1 << 32) - (1 << 20)
"""Above this, offsets need 64 bits."""
CHUNKY, DIFFERENCES, FLOAT_DIFFERENCES = 1, 2, 3
FORMATS = {"u": 1, "i": 2, "f": 3}
LONG_OFFSETS = 16


Strips = Sequence[bytes | memoryview | Piece]


class Page(NamedTuple):
    """A packed page."""

    tags: ifd.Directory
    strips: Strips
    """The strips as stored, each padded to an even size, as the format requires."""
    sizes: Sequence[int]
    """Their lengths without the padding."""

    @property
    def size(self) -> int:
        """Its bytes."""
        return sum(map(_even, self.sizes)) + _bytes_of(self.tags)


class Packing:
    """Divides the rows of a page into strips and packs them.

    Boolean samples take one bit each; only for them is `OF_BITS`.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: Any, method: str) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)
        height, width, channels = shape
        self.number = GROUP4 if method == OF_BITS else METHODS[method]
        self.bits = self.dtype == bool
        self.predictor = 1 if self.bits else _predictor(self.dtype, self.number)
        row = width * channels * self.dtype.itemsize
        self.rows = max(1, min(height, (8 if self.bits else 1) * STRIP_BYTES // row))
        """Rows of a strip."""

    def packed(self, lines: Array) -> bytes:
        """Return rows ``(rows, width, channels)`` as a strip; raises ValueError if the compression is not available."""
        if self.number == GROUP4:
            return _by_pillow(Image.fromarray(lines[..., 0]), "group4")
        if self.bits:
            lines = np.packbits(lines[..., 0], axis=1)[..., None]
        return _packed(_differences(lines, self.predictor), self.number, len(lines))

    def tags(self, photometric: int, extra: Sequence[int]) -> ifd.Directory:
        """Return the tags for this; *extra* has the kind of each extra channel."""
        height, width, channels = self.shape
        own: ifd.Directory = {
            WIDTH: ifd.short(width),
            HEIGHT: ifd.short(height),
            BITS: _shorts([1 if self.bits else 8 * self.dtype.itemsize] * channels),
            COMPRESSION: ifd.short(self.number),
            PHOTOMETRIC: ifd.short(photometric),
            CHANNELS: ifd.short(channels),
            STRIP_ROWS: ifd.short(self.rows),
            PLANAR: ifd.short(CHUNKY),
        }
        if self.predictor > 1:
            own[PREDICTOR] = ifd.short(self.predictor)
        if extra:
            own[EXTRA_CHANNELS] = _shorts(extra)
        if self.dtype.kind not in "bu":
            own[FORMAT] = _shorts([FORMATS[self.dtype.kind]] * channels)
        return own


def page(
    samples: Array, photometric: int, extra: Sequence[int], tags: ifd.Directory, method: str = "deflate", cores: int = 1
) -> Page:
    """Return a page of *samples*, ``(height, width)`` or ``(height, width, channels)``, which *cores* threads pack.

    *extra* has the kind of each extra channel, *tags* are the page's other tags. Raises ValueError if the compression
    is not available.
    """
    height, width = samples.shape[:2]
    channels = samples.shape[2] if samples.ndim == 3 else 1
    packing = Packing((height, width, channels), samples.dtype, method)

    def packed(top: int) -> bytes:
        return packing.packed(samples[top : top + packing.rows].reshape(-1, width, channels))

    strips = list(side_by_side(packed, range(0, height, packing.rows), cores))
    own = packing.tags(photometric, extra)
    return Page({**tags, **own}, [part for strip in strips for part in filled_up(strip)], [*map(len, strips)])


def filled_up(strip: bytes) -> tuple[bytes, ...]:
    """Return a strip, with a padding byte if its size is odd."""
    return (strip, b"\0") if len(strip) % 2 else (strip,)


def write(file: BinaryIO, pages: Sequence[Page], streamed: bool = False) -> None:
    """Write a file of *pages*: the strips of each, followed by its directory.

    After the header of a *streamed* file only `end_with_bytes` may write.
    """
    big = sum(each.size for each in pages) > CLASSIC_BYTES
    link = struct.Struct("<Q" if big else "<I")
    begun = head(big)
    parts: list[tuple[Strips, bytearray]] = []
    anchor(begun, pages[0].tags, big)
    place, before, at = begun, 8 if big else 4, len(begun)
    for each in pages:
        offsets = [*accumulate(map(_even, each.sizes), initial=at)]
        at = offsets.pop()
        tags = each.tags | {STRIP_OFFSETS: longs(offsets, big), STRIP_SIZES: longs(each.sizes, big)}
        own, next_one = directory(tags, at, big)
        link.pack_into(place, before, at)
        place, before = own, next_one - at
        parts.append((each.strips, own))
        at += len(own)
    file.write(begun)
    write_part = end_with_bytes if streamed else put
    for strips, own in parts:
        for part in (*strips, own):
            write_part(file, part)


def head(big: bool) -> bytearray:
    """Return the header of a file whose first directory has no place yet."""
    return bytearray(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0) if big else struct.pack("<2sHI", b"II", 42, 0))


def anchor(head: bytearray, tags: ifd.Directory, big: bool) -> None:
    """Put a value that must stay at its offset there, before all strips."""
    value = ifd.anchored_in(tags)
    if value is not None and (at := _place_of(value, big)):
        head += bytes(at - len(head)) + value.data
        head += bytes(len(head) % 2)


def _place_of(value: ifd.Value, big: bool) -> int:
    """Return the offset at which a value must stay, after the header; 0 if it may be anywhere."""
    return value.anchor.at if value.anchor is not None and value.anchor.at >= (16 if big else 8) else 0


def _even(size: int) -> int:
    return size + size % 2


def _bytes_of(tags: ifd.Directory) -> int:
    return sum(len(value.data) + 20 + (_bytes_of(value.below) if value.below else 0) for value in tags.values())


def directory(tags: ifd.Directory, at: int, big: bool) -> tuple[bytearray, int]:
    """Return a directory for the offset *at*, followed by its values, and the place for the next one's offset."""
    count, entry, word = ("<Q", "<HHQ", 8) if big else ("<H", "<HHI", 4)
    head = struct.pack(count, len(tags))
    link = at + len(head) + len(tags) * (struct.calcsize(entry) + word)
    entries, values = b"", bytearray()
    for tag, value in sorted(tags.items()):
        data, kind, place = value.data, value.type, link + word + len(values)
        if value.below is not None:
            values += directory(value.below, place, big)[0]
            data, kind = struct.pack("<Q", place)[:word], LONG_OFFSETS if big else ifd.LONG
        elif stays := _place_of(value, big):
            data = struct.pack("<Q", stays)[:word]
        elif len(data) > word:
            values += data + b"\0" * (len(data) % 2)
            data = struct.pack("<Q", place)[:word]
        entries += struct.pack(entry, tag, kind, value.many) + data.ljust(word, b"\0")
    return bytearray(head + entries + bytes(word)) + values, link


def _predictor(dtype: Any, method: int) -> int:
    """Return the predictor for the samples.

    Floats with deflate, the default, have none: tifffile alone cannot read that.
    """
    if method in (NONE, PACKBITS):
        return 1
    if dtype.kind == "f":
        return FLOAT_DIFFERENCES if method != METHODS["deflate"] else 1
    return DIFFERENCES


def _differences(lines: Array, predictor: int) -> bytes:
    """Return the bytes of rows ``(rows, width, channels)``, little-endian, each sample minus the one to its left."""
    rows, width, channels = lines.shape
    size = lines.dtype.itemsize
    if predictor == DIFFERENCES:
        whole = lines.view(f"u{size}")
        lines = whole.copy()
        lines[:, 1:] -= whole[:, :-1]
    if predictor != FLOAT_DIFFERENCES:
        return np.ascontiguousarray(lines, lines.dtype.newbyteorder("<")).tobytes()
    # The bytes of a row are sorted by significance, the most significant first, then differenced.
    weights = lines.astype(lines.dtype.newbyteorder(">")).view(np.uint8).reshape(rows, width * channels, size)
    flat = weights.swapaxes(1, 2).reshape(rows, width * size, channels)
    out = flat.copy()
    out[:, 1:] -= flat[:, :-1]
    return out.tobytes()


def _packed(data: bytes, method: int, rows: int) -> bytes:
    if method == NONE:
        return data
    if method not in PILLOWS:
        return deflate.compressed(data)
    return _by_pillow(Image.frombytes("L", (len(data) // rows, rows), data), PILLOWS[method])


def _by_pillow(image: Image.Image, compression: str) -> bytes:
    """Return the one strip of a file that Pillow writes."""
    file = io.BytesIO()
    try:
        image.save(file, "TIFF", compression=compression, strip_size=2 * image.width * image.height)
    except OSError:
        raise ValueError(f"this Pillow cannot compress with {compression.removeprefix('tiff_')}") from None
    written = file.getvalue()
    found = ifd.File(written)
    tags = found.tags(found.offset(found.first))
    start, size = tags[STRIP_OFFSETS].integers()[0], tags[STRIP_SIZES].integers()[0]
    return written[start : start + size]


def _shorts(numbers: Sequence[int]) -> ifd.Value:
    return ifd.Value(ifd.SHORT, len(numbers), struct.pack(f"<{len(numbers)}H", *numbers))


def longs(numbers: Sequence[int], big: bool) -> ifd.Value:
    """Return offsets or sizes as a value."""
    code = "Q" if big else "I"
    return ifd.Value(LONG_OFFSETS if big else ifd.LONG, len(numbers), struct.pack(f"<{len(numbers)}{code}", *numbers))
