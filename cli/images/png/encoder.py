"""Writing PNG: gray or RGB, with or without alpha, 8 or 16 bits per sample, or 1-bit gray.

After Portable Network Graphics (PNG) Specification, third edition, W3C 2025 (the sections named below), and
RFC 1950 and 1951 for the compressed data. Pillow cannot write 16-bit colour, and tries every filter on every
row in one thread. Here one filter and one way to compress are chosen for the whole image by compressing a small
sample of its beginning, and blocks of rows are compressed in parallel. CPU time in ms for 12 megapixels, and MB:

================  ============  ============  ============  ===========
content           with ISA-L    with zlib     Pillow 13     OpenCV 5.0
================  ============  ============  ============  ===========
RGB photograph    156 (17.1)    458 (16.1)    4494 (15.4)   523 (19.7)
gray photograph   59 (6.9)      115 (6.2)     1281 (6.3)    127 (6.7)
Sobel magnitude   42 (8.3)      118 (8.3)     620 (8.5)     133 (8.8)
binary edges      52 (0.75)     64 (0.75)     393 (0.99)    71 (0.94)
screenshot        188 (0.86)    191 (1.0)     455 (0.89)    280 (9.5)
noise, RGB        72 (36.0)     89 (36.0)     1546 (36.0)   411 (36.1)
================  ============  ============  ============  ===========
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from functools import partial
from typing import Any, BinaryIO

import numpy as np

from ....filters.core import native
from ....filters.core.engine.streamed import StreamedImage
from ....filters.core.engine.threads import side_by_side
from ....filters.core.named_tuple import NamedTuple
from ..atomic_write import end_with_bytes
from ..packed_canvas import PackedCanvas, Parts, Sink, in_flight
from . import chunks
from .deflate import WAYS, Deflate, adler32

PALETTE = 3
"""The colour type of palette indices, section 11.2.1."""
NONE, SUB, UP, AVERAGE, PAETH = range(5)
"""The filter types, section 9.2."""
BLOCK = 1 << 20
"""Bytes of the image that are compressed independently: each block costs 100 bytes."""
SAMPLED = 1 << 25
"""Bytes from the beginning of the image from which the sample is taken: a canvas waits for these."""
REPETITIVE = 1 / 3
"""If the sample shrinks to at most this fraction, more than one filter is tried."""
METRE = 1 / 0.0254  # inches
ADLER = 65521
"""The modulus of Adler-32, RFC 1950."""


class Raster:
    """The samples of an image as the rows of bytes that PNG stores."""

    def __init__(self, pixels: Any, alpha: Any) -> None:
        self.pixels = pixels
        self.alpha = alpha
        self.height, self.width, colours = pixels.shape
        self.channels = colours + (alpha is not None)
        self.step = self.channels * pixels.dtype.itemsize
        """Bytes from a sample to the same one of the next pixel."""
        self.bits = pixels.dtype == bool
        """Whether a sample is one bit."""
        self.row = 1 + (-(-self.width // 8) if self.bits else self.width * self.step)
        """Bytes of a filtered row."""
        self.block = max(1, BLOCK // self.row)
        """Rows that are compressed independently."""
        self.sampled = min(self.height, max(1, SAMPLED // self.row))
        """Rows from which the sample is taken."""

    def header(self) -> chunks.Header:
        """Return the contents of IHDR."""
        colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[self.channels]
        depth = 1 if self.bits else 8 * self.pixels.dtype.itemsize
        return chunks.Header(self.width, self.height, depth, colour_type)

    def filtered(self, start: int, stop: int, filter: int) -> Any:
        """Return the rows from *start* to *stop*, filtered, each after the byte of its filter; section 9.2."""
        above = min(start, 1)
        rows = self._bytes(start - above, stop)
        result = np.empty((stop - start, self.row), np.uint8)
        if native.core is not None:
            native.core.png_rows(rows[None], result[None], self.step, filter)
            return result
        framed = np.pad(rows, ((1 - above, 0), (self.step, 0)))
        x, a = framed[1:, self.step :], framed[1:, : -self.step]
        b, c = framed[:-1, self.step :], framed[:-1, : -self.step]
        result[:, 0] = filter
        np.subtract(x, predicted(filter, a, b, c), out=result[:, 1:])
        return result

    def _bytes(self, start: int, stop: int) -> Any:
        """Return the bytes of rows as PNG stores them, the alpha after the colours and the high byte first."""
        rows = self.pixels[start:stop]
        if self.bits:
            return np.packbits(rows[..., 0], axis=1)
        if self.alpha is not None:
            rows = np.concatenate([rows, self.alpha[start:stop, :, None]], axis=2)
        stored = np.ascontiguousarray(rows, rows.dtype.newbyteorder(">"))
        return stored.reshape(len(rows), -1).view(np.uint8)


def predicted(filter: int, a: Any, b: Any, c: Any) -> Any:
    """Return a filter's prediction of bytes from their neighbours: a to the left, b above, c above a."""
    if filter == AVERAGE:
        return (a & b) + ((a ^ b) >> 1)  # (a + b) // 2 in eight bits
    if filter != PAETH:
        return {NONE: np.uint8(0), SUB: a, UP: b}[filter]
    # Whichever of the three is nearest to a + b - c, ties in this order.
    wide = [values.astype(np.int16) for values in (a, b, c)]
    from_a, from_b, from_c = (abs(wide[0] + wide[1] - wide[2] - values) for values in wide)
    return np.where((from_a <= from_b) & (from_a <= from_c), a, np.where(from_b <= from_c, b, c))


class PngCanvas(PackedCanvas):
    """An image that is filled strip by strip, and compressed as soon as its first rows determine how."""

    def __init__(self, shape: tuple[int, int, int], dtype: Any, alpha: bool, *, sink: Sink) -> None:
        height, width, colours = shape
        self._first_blocks: list[Any] = []
        whole = StreamedImage((height, width, colours + alpha), dtype, partial(_rows_of, self._first_blocks))
        self.raster = Raster(whole, None)
        block, sampled = self.raster.block, self.raster.sampled
        super().__init__(shape, dtype, sink, block, alpha=alpha, above=True, first=-(-sampled // block))
        self._stream = Stream()

    def prepare(self, blocks: Sequence[Any]) -> None:
        """Choose the filter and the compression."""
        self._first_blocks[:] = blocks
        self._filter, self._deflate = _choose(self.raster, 1)
        self._first_blocks.clear()

    def pack(self, number: int, pixels: Any) -> Compressed:
        """Return a block compressed."""
        rows = range(self._carries(number), len(pixels))
        return _compressed(Raster(pixels, None), rows, self._filter, self._deflate, number == self.count - 1)

    def ordered(self, number: int, packed: Compressed) -> Parts:
        """Return the chunk of a block."""
        return self._stream.chunk(packed)


def canvas_bytes(row: int, cores: int) -> int:
    """Return the most bytes of a canvas with rows of *row* bytes, some of which wait for the sample."""
    return in_flight(row, max(1, BLOCK // row), cores, waiting=max(row, SAMPLED))


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

    They may be a `PngCanvas`, which includes the alpha. Pixels of one channel may be bool, without alpha. *beside* are
    further chunks, by name and contents. With a *palette*, samples of one channel are its indices.

    The bytes are the same for any number of *cores*.
    """
    image = pixels.raster if isinstance(pixels, PngCanvas) else Raster(pixels, alpha)
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
    if isinstance(pixels, PngCanvas):
        pixels.end(file)
        end_with_bytes(file, chunks.chunk(b"IEND"))
        return
    starts = range(0, image.height, image.block)
    filter, deflate = _choose(image, cores)

    def compressed(start: int) -> Compressed:
        stop = min(start + image.block, image.height)
        return _compressed(image, range(start, stop), filter, deflate, stop == image.height)

    stream = Stream()
    for block in side_by_side(compressed, starts, cores):
        file.writelines(stream.chunk(block))
    chunks.write(file, b"IEND")


def _rows_of(blocks: Sequence[Any], start: int, stop: int) -> Any:
    """Return rows from blocks, each of which except the first begins with the row above it."""
    height, parts = len(blocks[0]), []
    for number in range(start // height, -(-stop // height)):
        rows = blocks[number][min(number, 1) :]
        parts.append(rows[max(start - number * height, 0) : stop - number * height])
    return np.concatenate(parts)


class Compressed(NamedTuple):
    """A block of rows, compressed."""

    data: bytes
    adler: int
    """The Adler-32 of the uncompressed data."""
    length: int
    """Bytes of the uncompressed data."""
    last: bool


def _compressed(image: Raster, rows: range, filter: int, deflate: Deflate, last: bool) -> Compressed:
    """Return the rows as an independent part of a deflate stream."""
    filtered = image.filtered(rows.start, rows.stop, filter)
    compressor = deflate.compressor()
    # All parts but the last end at a whole byte, where the next can begin.
    end = zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH
    data = compressor.compress(filtered) + compressor.flush(end)
    return Compressed(data, adler32(filtered), filtered.size, last)


class Stream:
    """The blocks of an image, in their order, as one zlib stream; RFC 1950."""

    def __init__(self) -> None:
        self._head = b"\x78\x01"  # deflate with a window of 32 KiB
        self._checksum = 1

    def chunk(self, block: Compressed) -> Parts:
        """Return the parts of the next block's chunk."""
        head, self._head = self._head, b""
        self._checksum = _joined(self._checksum, block.adler, block.length)
        return chunks.framed(b"IDAT", head, block.data, struct.pack(">I", self._checksum) if block.last else b"")


def _joined(first: int, second: int, length: int) -> int:
    """Return the Adler-32 of two joined runs of bytes, the second of *length* bytes, from those of each.

    Adler-32 is b·2¹⁶ + a, where a is 1 plus the sum of all bytes and b the sum of all values that a took.
    """
    a = (first & 0xFFFF) + (second & 0xFFFF) - 1
    b = (first >> 16) + (second >> 16) + length * ((first & 0xFFFF) - 1)
    return b % ADLER << 16 | a % ADLER


def _choose(image: Raster, cores: int) -> tuple[int, Deflate]:
    """Return the filter and the compression that make a sample of the rows small."""
    bands, size = _sample(image)

    def filtered(filter: int) -> bytes:
        return b"".join(image.filtered(band.start, band.stop, filter).ravel()[:size].tobytes() for band in bands)

    def cost(data: bytes, deflate: Deflate) -> float:
        compressor = deflate.compressor()
        return (len(compressor.compress(data)) + len(compressor.flush())) * deflate.weight

    first, *others = WAYS

    def tried(filter: int) -> tuple[float, int]:
        return cost(filtered(filter), first), filter

    by_filter = sorted(side_by_side(tried, list(range(PAETH + 1)), cores))
    smallest, best = by_filter[0]
    found = [(smallest, 0, best)]
    data = {best: filtered(best)}
    if smallest <= REPETITIVE * len(data[best]):
        data[by_filter[1][1]] = filtered(by_filter[1][1])
    for number, way in enumerate(others, 1):
        if min(found)[0] <= way.ratio * len(data[best]):
            found += [(cost(data[filter], way), number, filter) for filter in data]
    _, number, filter = min(found)
    return filter, WAYS[number]


def _sample(image: Raster) -> tuple[list[range], int]:
    """Return bands of rows, evenly spaced over the sampled part, and the bytes of each in the sample.

    It is 1/32 of that, but at least 64 KiB and at most 384: 17 ms in two threads.
    """
    count = 6
    size = min(max(image.sampled * image.row // 32, 1 << 16), 3 << 17) // count
    rows = max(1, size // image.row)
    if rows * count >= image.sampled:
        return [range(image.sampled)], size * count
    return [range(at, at + rows) for at in ((image.sampled - rows) * i // (count - 1) for i in range(count))], size
