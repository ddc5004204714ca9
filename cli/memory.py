"""What the C library does with memory that is given back."""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's `mallopt`."""
MOST = 1 << 25
"""Bytes: the most that glibc takes for a threshold on 64-bit machines."""


def keep_freed() -> None:
    """Let freed memory serve the next strip, rather than go back to the system.

    From there it comes page by page, zeroed: a fifth of the processor's time at 12 MP. Other C libraries do as they do.
    To be called when a picture is read and no other thread runs: `mallopt` is not safe among threads, and with these
    thresholds from the start, imports beside a decoding thread failed in one run of 200.
    """
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(MMAP_THRESHOLD, MOST)
        mallopt(TRIM_THRESHOLD, 2 * MOST)
