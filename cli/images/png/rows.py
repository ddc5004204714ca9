"""The rows of a PNG that is not interlaced: gray or RGB, with or without alpha, of 8 or 16 bits, from its stream.

Pillow decodes the same in 240 ms per 12 megapixels of RGB, needs as much again to see that nothing is missing, and
cuts 16 bits down to 8. Here the stream is unpacked once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from ....filters.core import native
from ....filters.core.lazy_numpy import Array, np
from ..picture import DecodeError, Samples
from . import chunks, integrity
from .chunks import Header


def samples_of(data: bytes, header: Header) -> Samples | None:
    """Return what a pixel of a sound file takes; None where Pillow decodes it, or chunks after its pixels matter."""
    behind = [name for name, _, _ in chunks.read(data)][-2:]
    plain = header.depth in (8, 16) and header.colour_type in (0, 2, 4, 6) and not header.interlace
    if native.core is None or not plain or behind != [b"IDAT", b"IEND"]:
        return None
    return Samples(header.channels, header.depth // 8)


def decoded(data: bytes, header: Header) -> Array:
    """Return the samples ``(height, width, channels)``; raises `DecodeError` if the stream is not whole."""
    pixels = np.empty((header.height, row_bytes(header)), np.uint8)
    for _ in _unfiltered(
        integrity.inflated(data, header), header, lambda top, count: pixels[max(top - 1, 0) :][:count]
    ):
        pass
    return samples(pixels, header)


def row_bytes(header: Header) -> int:
    """Return the bytes of a row, without the number of its filter."""
    return header.width * header.pixel_bits // 8


def samples(rows: Array, header: Header) -> Array:
    """Return rows of bytes, which nobody else needs, as samples ``(rows, width, channels)``."""
    if header.depth == 16:
        rows = rows.view(np.uint16)
        if sys.byteorder == "little":
            rows.byteswap(inplace=True)
    return rows.reshape(len(rows), header.width, header.channels)


def blocks(packed: Iterator[bytes], header: Header) -> Iterator[Array]:
    """Yield the rows of *packed* pixels as bytes, some at a time; raises `DecodeError` if they are not whole."""
    above = np.empty((0, row_bytes(header)), np.uint8)

    def room(top: int, count: int) -> Array:
        found = np.empty((count, row_bytes(header)), np.uint8)
        found[: len(above)] = above
        return found

    for found in _unfiltered(integrity.unpacked(packed, header), header, room):
        above = found[-1:]
        yield found
    for _ in packed:
        pass  # what is too much is left out, but for its checksums


def _unfiltered(stream: Iterator[bytes], header: Header, room: Callable[[int, int], Array]) -> Iterator[Array]:
    """Yield rows as they come; raises `DecodeError` at their end where a filter is none.

    *room* returns where rows from a first one on belong: so many in all, with the one above them, if there is one.
    """
    step = header.pixel_bits // 8
    length = 1 + row_bytes(header)
    done = highest = 0
    held = bytearray()
    for piece in stream:
        held += piece
        if not (count := min(len(held) // length, header.height - done)):
            if done == header.height:
                held.clear()
            continue
        filtered = np.frombuffer(held, np.uint8, count * length).reshape(count, length)
        highest = max(highest, int(filtered[:, 0].max()))
        found = room(done, count + (done > 0))
        native.core.png_unfilter(filtered[None], found[None], step)
        done += count
        del filtered  # it holds the bytes
        del held[: count * length]
        yield found[-count:]
    if highest > 4:
        raise DecodeError(f"is damaged (its rows have the unknown filter type {highest})")
