"""Reading TIFF on demand: rows of a picture in strips or tiles, which is never completely in memory."""

from __future__ import annotations

from typing import Any

from ....filters.core.engine.streamed import StreamedImage
from ....filters.core.lazy_numpy import Array, np
from .. import ifd
from ..file_bytes import FileBytes
from ..picture import DecodeError, DecodeOptions, Picture, Samples
from ..tiff_tags import COMPRESSION, HEIGHT, ORIENTATION, PHOTOMETRIC, WIDTH
from . import camera_raw, colours, compression, decoder, overlap, pages, stacks, strips
from .part_cache import PartCache
from .strips import Layout
from .tag_values import one

LARGEST_PART = 1 << 28
"""Bytes of a strip or tile, packed plus unpacked, from which on a picture is decoded completely: nothing is gained."""
ROOM = 1 << 25
"""Bytes of unpacked parts to keep, or two rows of parts if those have more: the next rows begin in the last ones."""
OF_WHOLE = (colours.PALETTE, colours.CIE_LAB, colours.ICC_LAB)
"""Colours that cannot be converted row by row."""


def stream(data: FileBytes, options: DecodeOptions) -> Picture | None:
    """Return a page whose rows are read on demand; None if it must be decoded completely, or is not the only page."""
    decoder.check_pages(data, options)
    tags, several = decoder.first_page(data)
    others, copies = pages.beside(data) if several else (0, 0)
    if others > copies:
        return None
    camera_raw.check(data)
    packing, photometric = one(tags, COMPRESSION, 1), one(tags, PHOTOMETRIC, colours.BLACK_IS_ZERO)
    compression.check(packing)
    overlap.check(tags, len(data))
    layout = None if decoder.is_pillows(tags) else strips.layout(data, tags)
    width, height = one(tags, WIDTH, 0), one(tags, HEIGHT, 0)
    samples = Samples(1)
    if layout is not None:
        samples = colours.memory(layout, tags)._replace(decoding=0, held=_room(layout) / (width * height))
    options.check_size(width, height, samples)
    if (
        layout is None
        or packing not in compression.AHEAD
        or one(tags, ORIENTATION, 1) != 1
        or photometric in OF_WHOLE
        or (photometric == colours.SEPARATED and options.to_rgb)
        or stacks.found(data, tags) is not None
    ):
        return None
    if packing != compression.NONE and max(layout.part_bytes, *layout.grid.sizes, 0) >= LARGEST_PART:
        return None
    _check_places(layout)
    none = np.empty((0, layout.grid.width, layout.channels), layout.dtype.newbyteorder("="))
    picture = decoder.meant(none, layout, tags, options, [], ifd.File(data))
    picture.notes += pages.left_out(copies)
    parts = PartRows(layout)

    def lazy(channels: Any, name: str) -> StreamedImage:
        def rows(start: int, stop: int) -> Array:
            found = colours.of(parts.rows(start, stop), layout.bits, tags, [])
            return np.ascontiguousarray(getattr(found, name))

        return StreamedImage((layout.grid.height, *channels.shape[1:]), channels.dtype, rows)

    picture.pixels = lazy(picture.pixels, "pixels")
    picture.alpha = None if picture.alpha is None else lazy(picture.alpha, "alpha")
    return picture


def _check_places(layout: Layout) -> None:
    """Raise `DecodeError` if a part lies outside the file, before the first is read."""
    layout.grid.check_count()
    for part in layout.grid.parts():
        start, size = strips.place(layout, part)
        if start + size > len(layout.data):
            raise DecodeError(f"is damaged or truncated (part {part.number + 1} lies outside of it)")


def _room(layout: Layout) -> int:
    """Return how many bytes of unpacked parts to keep."""
    if layout.compression == compression.NONE:
        return 0
    return max(ROOM, 2 * layout.grid.planes * layout.grid.across * layout.part_bytes)


class PartRows:
    """Reads stored rows from strips or tiles, and keeps the last packed ones that were read.

    Several threads may ask at once.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._cache = PartCache(self._unpacked, _room(layout))

    def rows(self, start: int, stop: int) -> Array:
        """Return the rows ``start … stop-1``, ``(rows, width, channels)``; raises `DecodeError`."""
        layout, cut = self._layout, self._layout.grid
        out = np.empty((stop - start, cut.width, layout.channels), layout.dtype.newbyteorder("="))
        numbers = [
            (plane * cut.down + line) * cut.across + column
            for line in range(start // cut.high, -(-stop // cut.high))
            for plane in range(cut.planes)
            for column in range(cut.across)
        ]
        if layout.compression != compression.NONE:
            for number, samples in self._cache.each(numbers):
                strips.put(layout, out, cut.part(number), samples, start)
            return out
        for part in map(cut.part, numbers):
            skipped = max(start - part.top, 0)
            rows = min(part.rows, stop - part.top) - skipped
            some = part._replace(top=part.top + skipped, rows=rows, skipped=skipped)
            strips.put(layout, out, some, strips.block(layout, strips.stored(layout, some), rows), start)
        return out

    def _unpacked(self, number: int) -> Array:
        part = self._layout.grid.part(number)
        return strips.block(self._layout, strips.stored(self._layout, part), part.rows)
