"""The inline images of iTerm2: a PNG in base 64.

https://iterm2.com/documentation-images.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from ...filters.core.lazy_numpy import Array
from .png_bytes import png

PIECE = 1 << 16
"""Characters written at a time."""


def pieces(dots: Array, columns: int, rows: int) -> Iterator[bytes]:
    """Yield the bytes that show ``dots (rows, columns, 3)`` of uint8 in *columns* and *rows* of characters."""
    data = png(dots)
    text = base64.standard_b64encode(data)
    size = b"width=%d;height=%d;preserveAspectRatio=1" % (columns, rows)
    yield b"\x1b]1337;File=inline=1;size=%d;%b:" % (len(data), size)
    for start in range(0, len(text), PIECE):
        yield text[start : start + PIECE]
    yield b"\a\n"
