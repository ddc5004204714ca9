"""Cloud-optimised GeoTIFF: tiles, smaller copies, and all directories before the samples.

After OGC 21-026: a reader of the first bytes of a file knows where the tiles of every level are. The smallest copy
comes first, and the picture itself last.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any, BinaryIO

from ....filters.core.lazy_numpy import Array, np
from .. import ifd
from ..atomic_write import end_with_bytes
from ..codec import Codec, Content, EncodeOptions
from ..metadata import Metadata, georeferenced
from ..packed_canvas import Kept, in_flight
from ..picture import Samples
from ..pyramid_canvas import PyramidCanvas, Tiles
from ..spool import Spool
from ..tiff_tags import (
    COLOUR_MAP,
    GDAL_NODATA,
    NEW_SUBFILE_TYPE,
    STRIP_ROWS,
    TILE_HEIGHT,
    TILE_OFFSETS,
    TILE_SIZES,
    TILE_WIDTH,
)
from . import codec, decoder, writer

if TYPE_CHECKING:
    from ....filters.core.engine.output_buffer import CanvasFactory
    from ..spool import MakeSpool

TILE = 512
"""Rows and columns of a tile."""
REDUCED = 1
"""The kind of a page that is a smaller copy."""


class CogCanvas(PyramidCanvas):
    """A picture of tiles."""

    def __init__(
        self, shape: tuple[int, int, int], dtype: Any, alpha: bool, *, sink: Spool | Kept, method: str, nearest: bool
    ) -> None:
        super().__init__(shape, dtype, sink, TILE, alpha=alpha, smallest=TILE, nearest=nearest)
        self._method = method
        self._packing = writer.Packing((TILE, TILE, self.channels), dtype, method)

    def row_of_tiles(self, level: int, top: int, rows: Array) -> Tiles:
        """Return a row of tiles; beyond the picture they repeat the samples of its edge."""
        width = self.levels[level][1]
        whole = np.pad(rows, ((0, TILE - len(rows)), (0, -width % TILE), (0, 0)), mode="edge")
        return [("", self._packing.packed(whole[:, left : left + TILE])) for left in range(0, width, TILE)]

    def stored(self, tile: bytes) -> bytes:
        """Return a tile padded to an even size, as the format requires."""
        return b"".join(writer.filled_up(tile))

    def pages(self, photometric: int, extra: Sequence[int], tags: ifd.Directory) -> list[writer.Page]:
        """Return the picture and its copies, the smallest last; raises like `whole`."""
        found: list[writer.Page] = []
        for shape, tiles in zip(self.levels, self.tiles(), strict=True):
            own = writer.Packing(shape, self.dtype, self._method).tags(photometric, extra)
            del own[STRIP_ROWS]
            own |= {TILE_WIDTH: ifd.short(TILE), TILE_HEIGHT: ifd.short(TILE)}
            if found:
                kind = ifd.Value(ifd.LONG, 1, struct.pack("<I", REDUCED))
                own |= {NEW_SUBFILE_TYPE: kind} | {tag: tags[tag] for tag in (COLOUR_MAP, GDAL_NODATA) if tag in tags}
            else:
                own = {**tags, **own}
            found.append(writer.Page(own, [part for _, part, _ in tiles], [size for *_, size in tiles]))
        return found


def write(file: BinaryIO, pages: Sequence[writer.Page]) -> None:
    """Write a file: the directories of all pages, then the tiles, those of the last page first."""
    big = sum(each.size for each in pages) > writer.CLASSIC_BYTES
    head = writer.head(big)
    writer.anchor(head, pages[0].tags, big)

    def directories(starts: Sequence[int]) -> bytearray:
        """Return the header with all directories, given the offset at which the tiles of each page begin."""
        written, place = bytearray(head), 8 if big else 4
        for page, start in zip(pages, starts, strict=True):
            offsets = [*accumulate((size + size % 2 for size in page.sizes), initial=start)][:-1]
            tags = page.tags | {TILE_OFFSETS: writer.longs(offsets, big), TILE_SIZES: writer.longs(page.sizes, big)}
            at = len(written) + len(written) % 2
            written += bytes(at - len(written))
            directory, link = writer.directory(tags, at, big)
            struct.pack_into("<Q" if big else "<I", written, place, at)
            written += directory
            place = link
        return written

    sizes = [sum(size + size % 2 for size in page.sizes) for page in pages]
    length = len(directories([0] * len(pages)))
    starts = [*accumulate(sizes[::-1], initial=length + length % 2)][:-1][::-1]
    file.write(directories(starts).ljust(length + length % 2, b"\0"))
    for page in reversed(pages):
        for part in page.strips:
            end_with_bytes(file, part)


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file of one picture and its smaller copies."""
    notes: list[str] = []
    canvas = content.pixels
    if not content.streamed:
        samples = content.samples().reshape(*content.pixels.shape[:2], -1)
        made = _made(content.options, content.metadata, Kept())
        canvas = made(content.pixels.shape, samples.dtype, content.alpha is not None)
        canvas.fill(samples, content.options.cores)
    pages = canvas.pages(*codec.kind(content))
    pages[0] = pages[0]._replace(tags=codec.beside(content, notes) | pages[0].tags)
    write(file, pages)
    return notes


def streamed(options: EncodeOptions, metadata: Metadata, spool: MakeSpool) -> CanvasFactory:
    """Return what makes a canvas that is packed while it is filled."""
    return lambda shape, dtype, alpha=False: _made(options, metadata, spool())(shape, dtype, alpha)


def _made(options: EncodeOptions, metadata: Metadata, sink: Spool | Kept) -> Any:
    """Return the factory of canvases, without means of missing samples or of palette indices."""
    nearest = bool(metadata.palette) or GDAL_NODATA in georeferenced(metadata)
    return partial(CogCanvas, sink=sink, method=options.compression or codec.DEFAULT, nearest=nearest)


def _streamed_bytes(width: int, samples: Samples, cores: int) -> float:
    return in_flight(width * samples.bytes, 2 * TILE, cores)  # including rows for which the copies wait


def _encoding(samples: Samples) -> float:
    """Return the bytes per pixel for encoding: an array with the alpha, and tiles that may not shrink."""
    return samples.bytes * (3 if samples.channels in (2, 4) else 2)


CODEC = Codec(
    decoder.finish,
    encode,
    decoder.load,
    encoding=_encoding,
    streamed=streamed,
    streamed_bytes=_streamed_bytes,
    holds_iptc=True,
    holds_aspect=True,
    texts="tags",
)
