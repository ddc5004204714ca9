"""Writing TIFF: pages of samples of any type and number of channels, in strips, packed by one of several methods.

After TIFF Revision 6.0 (Adobe 1992), its Technical Note 3 for the predictor of floats, and for files of more than 4 GB
BigTIFF (https://www.awaresystems.be/imaging/tiff/bigtiff.html). Deflate is zlib's; the others are libtiff's by way of a
gray picture of the strip's bytes, which Pillow writes.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

from PIL import Image

from ....filters.core.engine.threads import side_by_side
from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from .. import ifd
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
"""The numbers of the methods that are written, by the words of the option."""
OF_BITS = "group4"
"""The method of samples of one bit, unless another is asked for."""
PILLOWS = {LZW: "tiff_lzw", PACKBITS: "packbits", ZSTANDARD: "zstd"}
STRIP_BYTES = 1 << 18
CLASSIC_BYTES = (1 << 32) - (1 << 20)
"""More than this, and offsets need 64 bits."""
CHUNKY, DIFFERENCES, FLOAT_DIFFERENCES = 1, 2, 3
FORMATS = {"u": 1, "i": 2, "f": 3}
LONG_OFFSETS = 16


class Page(NamedTuple):
    """A page, packed."""

    tags: ifd.Directory
    strips: list[bytes]

    @property
    def size(self) -> int:
        """Its bytes."""
        return sum(map(len, self.strips)) + sum(len(value.data) + 20 for value in self.tags.values())


def page(
    samples: Array, photometric: int, extra: Sequence[int], tags: ifd.Directory, method: str = "deflate", cores: int = 1
) -> Page:
    """Return a page of *samples*, ``(height, width)`` or ``(height, width, channels)``, which *cores* threads pack.

    Samples that are bool take a bit each; `OF_BITS` packs those alone. *extra* has the kind of each channel beside the
    colours, *tags* are the page's other ones. Raises ValueError where the method is not there.
    """
    height, width = samples.shape[:2]
    channels = samples.shape[2] if samples.ndim == 3 else 1
    number = GROUP4 if method == OF_BITS else METHODS[method]
    bits = samples.dtype == bool
    predictor = 1 if bits else _predictor(samples.dtype, number)
    rows = max(1, min(height, (8 if bits else 1) * STRIP_BYTES // (width * channels * samples.itemsize)))
    tops = range(0, height, rows)

    def packed(top: int) -> bytes:
        lines = samples[top : top + rows].reshape(-1, width, channels)
        if number == GROUP4:
            return _by_pillow(Image.fromarray(lines[..., 0]), "group4")
        if bits:
            lines = np.packbits(lines[..., 0], axis=1)[..., None]
        return _packed(_differences(lines, predictor), number, len(lines))

    strips = list(side_by_side(packed, tops, cores))
    own: ifd.Directory = {
        WIDTH: ifd.short(width),
        HEIGHT: ifd.short(height),
        BITS: _shorts([1 if bits else 8 * samples.itemsize] * channels),
        COMPRESSION: ifd.short(number),
        PHOTOMETRIC: ifd.short(photometric),
        CHANNELS: ifd.short(channels),
        STRIP_ROWS: ifd.short(rows),
        PLANAR: ifd.short(CHUNKY),
    }
    if predictor > 1:
        own[PREDICTOR] = ifd.short(predictor)
    if extra:
        own[EXTRA_CHANNELS] = _shorts(extra)
    if samples.dtype.kind not in "bu":
        own[FORMAT] = _shorts([FORMATS[samples.dtype.kind]] * channels)
    return Page({**tags, **own}, strips)


def write(file: io.BytesIO, pages: Sequence[Page]) -> None:
    """Write a file of *pages*: of each the strips, and behind them its directory."""
    big = sum(each.size for each in pages) > CLASSIC_BYTES
    file.write(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0) if big else struct.pack("<2sHI", b"II", 42, 0))
    link = struct.Struct("<Q" if big else "<I")
    before = 8 if big else 4
    for each in pages:
        offsets = []
        for strip in each.strips:
            _fill(file)
            offsets.append(file.tell())
            file.write(strip)
        _fill(file)
        at = file.tell()
        tags = each.tags | {
            STRIP_OFFSETS: _longs(offsets, big),
            STRIP_SIZES: _longs([len(strip) for strip in each.strips], big),
        }
        directory, place = _directory(tags, at, big)
        file.write(directory)
        file.seek(before)
        file.write(link.pack(at))
        file.seek(0, io.SEEK_END)
        before = place


def _fill(file: io.BytesIO) -> None:
    """Let what follows begin at an even offset, as the format wants."""
    if file.tell() % 2:
        file.write(b"\0")


def _directory(tags: ifd.Directory, at: int, big: bool) -> tuple[bytes, int]:
    """Return a directory that will be *at* an offset, its values behind it, and where the next one's offset goes."""
    count, entry, word = ("<Q", "<HHQ", 8) if big else ("<H", "<HHI", 4)
    head = struct.pack(count, len(tags))
    link = at + len(head) + len(tags) * (struct.calcsize(entry) + word)
    entries, values = b"", bytearray()
    for tag, value in sorted(tags.items()):
        data = value.data
        if len(data) > word:
            place = link + word + len(values)
            values += data + b"\0" * (len(data) % 2)
            data = struct.pack("<Q", place)[:word]
        entries += struct.pack(entry, tag, value.type, value.many) + data.ljust(word, b"\0")
    return head + entries + bytes(word) + bytes(values), link


def _predictor(dtype: Any, method: int) -> int:
    """Return how the samples are made easier to pack.

    Of floats with deflate, the default, not at all: tifffile by itself does not read that.
    """
    if method in (NONE, PACKBITS):
        return 1
    if dtype.kind == "f":
        return FLOAT_DIFFERENCES if method != METHODS["deflate"] else 1
    return DIFFERENCES


def _differences(lines: Array, predictor: int) -> bytes:
    """Return the bytes of rows ``(rows, width, channels)``, little-endian, each sample less the one to its left."""
    rows, width, channels = lines.shape
    size = lines.dtype.itemsize
    if predictor == DIFFERENCES:
        whole = lines.view(f"u{size}")
        lines = whole.copy()
        lines[:, 1:] -= whole[:, :-1]
    if predictor != FLOAT_DIFFERENCES:
        return np.ascontiguousarray(lines, lines.dtype.newbyteorder("<")).tobytes()
    # The bytes of a row are sorted by weight, the heaviest first, and then taken from each other.
    weights = lines.astype(lines.dtype.newbyteorder(">")).view(np.uint8).reshape(rows, width * channels, size)
    flat = weights.swapaxes(1, 2).reshape(rows, width * size, channels)
    out = flat.copy()
    out[:, 1:] -= flat[:, :-1]
    return out.tobytes()


def _packed(data: bytes, method: int, rows: int) -> bytes:
    if method == NONE:
        return data
    if method not in PILLOWS:
        return zlib.compress(data)
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


def _longs(numbers: Sequence[int], big: bool) -> ifd.Value:
    code = "Q" if big else "I"
    return ifd.Value(LONG_OFFSETS if big else ifd.LONG, len(numbers), struct.pack(f"<{len(numbers)}{code}", *numbers))
