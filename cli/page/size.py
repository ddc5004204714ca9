"""The size of a page, and the share of each picture."""

from __future__ import annotations

from ..console.amounts import amount
from ..errors import UsageError

FRAME = 40_000
"""Bytes of a page without its pictures: style, script, parameters."""
OF_ENTRY = 12_000
"""Usual upper limit for the bytes of a picture's text, table and histograms."""
LEAST = 32_000
"""The least bytes with which a picture is worth showing."""
SMALLEST = 100_000
"""The least bytes with which a page can show something."""
DEFAULT_SIZE = 40_000_000
MOST = 1e12
"""More bytes than any browser can open."""


def share(size: int, count: int) -> tuple[int, int]:
    """Return how many of *count* entries a page of *size* bytes shows, and the bytes for the pictures of each.

    >>> share(40_000_000, 100), share(1_000_000, 100)
    ((100, 387600), (30, 20000))
    """
    room = size - FRAME
    shown = min(count, room // LEAST)
    return shown, room // max(shown, 1) - OF_ENTRY if shown else 0


def read(text: str) -> int:
    """Read the size of a page, such as ``25M``; raises UsageError."""
    size = amount(text) if text else DEFAULT_SIZE
    if size is None or not SMALLEST <= size < MOST:
        raise UsageError(f"--report-size: {text!r} is not a number of bytes, 100k or more, such as 40M")
    return int(size)
