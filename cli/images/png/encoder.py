"""Writing PNG: gray or RGB, with or without alpha, 8 or 16 bits a sample.

After Portable Network Graphics (PNG) Specification, third edition, W3C 2025 (the sections named below), and
RFC 1950 and 1951 for the compressed data. Pillow cannot write 16-bit colour, and tries every filter on every
row in one thread. Here one filter and one way to compress are chosen for the whole image by compressing a small
sample of it, and blocks of rows are compressed side by side. 12 megapixels in ms, and MB of the file:

================  ================  ==========  ===========  ============
content           here, 2 threads   one thread  Pillow 13    OpenCV 5.0
================  ================  ==========  ===========  ============
RGB photograph    186 (16.9)        352         3262 (16.4)  281 (19.0)
gray photograph   57 (5.9)          99          865 (6.1)    85 (6.4)
Sobel magnitude   56 (5.3)          94          1254 (5.6)   86 (5.8)
binary edges      18 (0.22)         29          89 (0.23)    22 (0.27)
screenshot        75 (2.4)          142         341 (2.2)    127 (8.2)
noise, RGB        46 (36.0)         67          1088 (36.0)  195 (36.1)
================  ================  ==========  ===========  ============
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from ....filters.core.engine.threads import side_by_side
from . import chunks

PALETTE = 3
"""The colour type of samples that are numbers of colours, section 11.2.1."""
NONE, SUB, UP, AVERAGE, PAETH = range(5)
"""The filter types, section 9.2."""
BLOCK = 1 << 20
"""Bytes of the image that are compressed on their own: 100 of them are lost to each beginning."""
PIECE = 1 << 17
"""Bytes that are filtered at a time, so that all arrays stay in the cache."""
MEMORY = 9
"""zlib's memory level: the most, 256 KiB."""
METRE = 1 / 0.0254  # inches
ADLER = 65521
"""The modulus of Adler-32, RFC 1950."""


class Deflate(NamedTuple):
    """One way to compress."""

    level: int
    strategy: int
    weight: float
    """What its time is worth: its size counts times this."""
    ratio: float = 1
    """It is tried where the sample shrinks to this part at most, for elsewhere it is too slow."""


# The weights and ratios keep every kind of picture tried, photographs to noise, within 1.1 of Pillow's size.
RUNS = Deflate(1, zlib.Z_RLE, 1.01)
QUICK = Deflate(1, zlib.Z_DEFAULT_STRATEGY, 1)
OTHERS = (
    Deflate(0, zlib.Z_DEFAULT_STRATEGY, 0.99, ratio=2),
    Deflate(1, zlib.Z_HUFFMAN_ONLY, 1, ratio=2),
    Deflate(2, zlib.Z_DEFAULT_STRATEGY, 1.013),
    Deflate(4, zlib.Z_DEFAULT_STRATEGY, 1.05, ratio=1 / 10),
    Deflate(6, zlib.Z_DEFAULT_STRATEGY, 1.05, ratio=1 / 25),
)


class Raster:
    """The samples of an image as the rows of bytes that PNG stores."""

    def __init__(self, pixels: Any, alpha: Any) -> None:
        self.pixels = pixels
        self.alpha = alpha
        self.height, self.width, colours = pixels.shape
        self.channels = colours + (alpha is not None)
        self.step = self.channels * pixels.dtype.itemsize
        """Bytes from a sample to the same one of the next pixel."""
        self.row = 1 + self.width * self.step
        """Bytes of a filtered row."""

    def header(self) -> chunks.Header:
        """Return what IHDR says of it."""
        colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[self.channels]
        return chunks.Header(self.width, self.height, 8 * self.pixels.dtype.itemsize, colour_type)

    def filtered(self, start: int, stop: int, filter: int) -> Any:
        """Return the rows from *start* to *stop* filtered, each behind a byte that says how; section 9.2.

        The filters predict a byte x from its neighbours: c above a, b above x; a left of x.
        """
        # A row above and a pixel left of the rows, which are 0 outside of the image.
        framed = np.zeros((stop - start + 1, self.width + 1, self.channels), self.pixels.dtype.newbyteorder(">"))
        above = min(start, 1)
        framed[1 - above :, 1:, : self.pixels.shape[2]] = self.pixels[start - above : stop]
        if self.alpha is not None:
            framed[1 - above :, 1:, -1] = self.alpha[start - above : stop]
        rows = framed.reshape(len(framed), -1).view(np.uint8)
        x, a = rows[1:, self.step :], rows[1:, : -self.step]
        b, c = rows[:-1, self.step :], rows[:-1, : -self.step]
        result = np.empty((stop - start, self.row), np.uint8)
        result[:, 0] = filter
        np.subtract(x, self._predicted(filter, a, b, c), out=result[:, 1:])
        return result

    @staticmethod
    def _predicted(filter: int, a: Any, b: Any, c: Any) -> Any:
        if filter == NONE:
            return np.uint8(0)
        if filter == SUB:
            return a
        if filter == UP:
            return b
        if filter == AVERAGE:
            return (a & b) + ((a ^ b) >> 1)  # (a + b) // 2 in eight bits
        return paeth(a, b, c)


def paeth(a: Any, b: Any, c: Any) -> Any:
    """Return whichever of a, b and c is nearest to p = a + b - c, ties in that order; section 9.4.

    With |p - a| = |b - c| and |p - b| = |a - c| in eight bits. Where c lies outside of a and b, |p - c| is the
    sum of both, and c is never nearest; between them it is their difference. 0.6 ns a byte; with 16-bit
    numbers and `numpy.where` it would be 7.
    """
    from_a = np.maximum(b, c) - np.minimum(b, c)
    from_b = np.maximum(a, c) - np.minimum(a, c)
    from_c = np.maximum(from_a, from_b) - np.minimum(from_a, from_b)
    between = (np.minimum(a, b) < c) & (c < np.maximum(a, b))
    c_wins = between & (from_c < np.minimum(from_a, from_b))
    found = b ^ ((a ^ b) & _mask(from_a <= from_b))
    return found ^ ((found ^ c) & _mask(c_wins))


def _mask(truth: Any) -> Any:
    """Return all bits set where *truth* is."""
    return -truth.view(np.uint8)


def write(
    file: BinaryIO,
    pixels: Any,
    alpha: Any = None,
    *,
    icc: bytes = b"",
    exif: bytes = b"",
    dpi: tuple[float, float] | None = None,
    software: str = "",
    beside: Sequence[tuple[bytes, bytes]] = (),
    palette: bytes = b"",
    cores: int = 1,
) -> None:
    """Write ``pixels (height, width, 1 or 3)``, uint8 or uint16, and ``alpha (height, width)`` of their type.

    *beside* are more chunks, by name and contents. Samples of one channel are numbers of the colours of a *palette*, if
    there is one.

    The bytes are the same for any number of *cores*.
    """
    image = Raster(pixels, alpha)
    file.write(chunks.SIGNATURE)
    header = image.header()
    chunks.write(file, b"IHDR", (header._replace(colour_type=PALETTE) if palette else header).encoded())
    if software:
        chunks.write(file, b"tEXt", b"Software\0" + software.encode("latin-1"))
    if icc:
        chunks.write(file, b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc))
    if dpi:
        chunks.write(file, b"pHYs", struct.pack(">IIB", *(round(value * METRE) for value in dpi), 1))
    if exif:
        chunks.write(file, b"eXIf", exif.removeprefix(b"Exif\0\0"))
    for name, contents in beside:
        chunks.write(file, name, contents)
    if palette:
        chunks.write(file, b"PLTE", palette)
    rows = max(1, BLOCK // image.row)
    starts = range(0, image.height, rows)
    filter, deflate = _choose(image, cores)

    def compressed(start: int) -> tuple[bytes, int]:
        return _compressed(image, range(start, min(start + rows, image.height)), filter, deflate)

    checksum = 1
    data = b"\x78\x01"  # RFC 1950: deflate with a window of 32 KiB
    for start, (block, adler) in zip(starts, side_by_side(compressed, starts, cores), strict=True):
        checksum = _joined(checksum, adler, min(rows, image.height - start) * image.row)
        last = start + rows >= image.height
        chunks.write(file, b"IDAT", data, block, struct.pack(">I", checksum) if last else b"")
        data = b""
    chunks.write(file, b"IEND")


def _compressed(image: Raster, rows: range, filter: int, deflate: Deflate) -> tuple[bytes, int]:
    """Return the rows as a part of a deflate stream that refers to no other part, and their Adler-32."""
    compressor = _compressor(deflate)
    parts = []
    checksum = 1
    few = max(1, PIECE // image.row)
    for start in rows[::few]:
        piece = image.filtered(start, min(start + few, rows.stop), filter)
        checksum = zlib.adler32(piece, checksum)
        parts.append(compressor.compress(piece))
    # All but the last end at a whole byte, where the next can begin.
    parts.append(compressor.flush(zlib.Z_FINISH if rows.stop == image.height else zlib.Z_SYNC_FLUSH))
    return b"".join(parts), checksum


def _compressor(deflate: Deflate) -> Any:
    return zlib.compressobj(deflate.level, zlib.DEFLATED, -zlib.MAX_WBITS, MEMORY, deflate.strategy)


def _joined(first: int, second: int, length: int) -> int:
    """Return the Adler-32 of two runs of bytes, the second of *length*, from theirs.

    Adler-32 is b·2¹⁶ + a, where a is 1 plus the sum of all bytes and b the sum of all values that a took.
    """
    a = (first & 0xFFFF) + (second & 0xFFFF) - 1
    b = (first >> 16) + (second >> 16) + length * ((first & 0xFFFF) - 1)
    return b % ADLER << 16 | a % ADLER


def _choose(image: Raster, cores: int) -> tuple[int, Deflate]:
    """Return the filter and the way to compress that make a sample of the rows small."""
    bands, size = _sample(image)

    def filtered(filter: int) -> bytes:
        return b"".join(image.filtered(band.start, band.stop, filter).ravel()[:size].tobytes() for band in bands)

    def cost(data: bytes, deflate: Deflate) -> float:
        compressor = _compressor(deflate)
        return (len(compressor.compress(data)) + len(compressor.flush())) * deflate.weight

    def under(deflate: Deflate, filters: Iterable[int]) -> list[tuple[float, int, Deflate]]:
        def tried(filter: int) -> tuple[float, int, Deflate]:
            return cost(filtered(filter), deflate), filter, deflate

        return sorted(side_by_side(tried, list(filters), cores))

    by_runs = under(RUNS, range(PAETH + 1))
    # What has runs is small with either; what repeats, as a screenshot, is smallest as it stands.
    likely = {NONE, *(filter for _, filter, _ in by_runs[:2])}
    smallest, filter, deflate = min(by_runs[0], under(QUICK, likely)[0])
    data = filtered(filter)
    tried = [deflate] + [other for other in OTHERS if smallest <= other.ratio * len(data)]
    return filter, min(tried, key=lambda deflate: cost(data, deflate))


def _sample(image: Raster) -> tuple[list[range], int]:
    """Return bands of rows, evenly over the image, and how many bytes of each make the sample.

    It is 1/32 of the image, but at least 64 KiB and at most 384: 17 ms in two threads.
    """
    count = 6
    size = min(max(image.height * image.row // 32, 1 << 16), 3 << 17) // count
    rows = max(1, size // image.row)
    if rows * count >= image.height:
        return [range(image.height)], size * count
    return [range(at, at + rows) for at in ((image.height - rows) * i // (count - 1) for i in range(count))], size
