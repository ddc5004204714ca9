"""Braille dots: each character shows two by four of them, without colour."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from ...filters.core.lazy_numpy import Array, np

BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""What each dot adds to the code of a character."""
EMPTY = 0x2800
"""The code of the character without dots."""


def lines(dots: Array) -> Iterator[bytes]:
    """Yield the lines that show ``dots (rows, columns, 3)`` of uint8: bright dots are set, by error diffusion."""
    bright = np.asarray(Image.fromarray(dots).convert("L").convert("1"))
    rows, columns = (-(-side // step) for side, step in zip(bright.shape, (4, 2), strict=True))
    padded = np.zeros((rows * 4, columns * 2), bool)
    padded[: bright.shape[0], : bright.shape[1]] = bright
    cells = padded.reshape(rows, 4, columns, 2).transpose(0, 2, 1, 3)
    for line in (EMPTY + (cells * np.array(BITS)).sum(axis=(2, 3))).tolist():
        yield f"{''.join(map(chr, line))}\n".encode()
