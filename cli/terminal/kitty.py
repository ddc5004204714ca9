"""The graphics protocol of kitty, WezTerm, Ghostty and Konsole: a PNG in chunks of base 64.

https://sw.kovidgoyal.net/kitty/graphics-protocol/
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from ...filters.core.lazy_numpy import Array
from .png_bytes import png

CHUNK = 4096
"""Most characters of a chunk, by the protocol."""


def pieces(dots: Array, columns: int = 0) -> Iterator[bytes]:
    """Yield the bytes that show ``dots (rows, columns, 3)`` of uint8, in full size or *columns* characters wide.

    The terminal is told not to answer.
    """
    text = base64.standard_b64encode(png(dots))
    for start in range(0, len(text), CHUNK):
        first = b"a=T,f=100,q=2," + (b"c=%d," % columns if columns else b"") if not start else b""
        more = start + CHUNK < len(text)
        yield b"\x1b_G%bm=%d;%b\x1b\\" % (first, more, text[start : start + CHUNK])
    yield b"\n"
