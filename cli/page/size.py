"""How large a page may be, and what of it each picture has."""

from __future__ import annotations

from ..console.amounts import amount
from ..errors import UsageError

FRAME = 40_000
"""Bytes that a page takes beside its pictures: style, script, parameters."""
OF_ENTRY = 12_000
"""Bytes that a picture's words, table and histograms take at most, as a rule."""
LEAST = 32_000
"""Bytes of the page below which a picture is not worth showing."""
SMALLEST = 100_000
"""Bytes of a page that can show something."""
DEFAULT_SIZE = 40_000_000
MOST = 1e12
"""More bytes than any browser opens."""


def share(size: int, count: int) -> tuple[int, int]:
    """Return how many of *count* entries a page of *size* bytes shows, and the bytes that the pictures of each have.

    >>> share(40_000_000, 100), share(1_000_000, 100)
    ((100, 387600), (30, 20000))
    """
    room = size - FRAME
    shown = min(count, room // LEAST)
    return shown, room // max(shown, 1) - OF_ENTRY if shown else 0


def read(text: str) -> int:
    """Read the bytes of a page, as ``25M``; raises UsageError."""
    size = amount(text) if text else DEFAULT_SIZE
    if size is None or not SMALLEST <= size < MOST:
        raise UsageError(f"--report-size: {text!r} is not a number of bytes, 100k or more, such as 40M")
    return int(size)
