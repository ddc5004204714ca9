"""What the C library does with memory that is given back."""

from __future__ import annotations

import ctypes
import functools

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's `mallopt`."""
LARGEST_THRESHOLD = 1 << 25
"""Bytes: the most that glibc takes for a threshold on 64-bit machines."""


@functools.cache
def keep_freed() -> None:
    """Let freed memory serve the next strip, rather than go back to the system.

    From there it comes page by page, zeroed: a fifth of the processor's time at 12 MP. Other C libraries do as they do.
    To be called while no other thread runs: `mallopt` is not safe among them.
    """
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(MMAP_THRESHOLD, LARGEST_THRESHOLD)
        mallopt(TRIM_THRESHOLD, 2 * LARGEST_THRESHOLD)
