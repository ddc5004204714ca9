"""How much memory the images of a batch may take together."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

UNCHECKED_BYTES = 1 << 28
"""Bytes that are taken without a look at what is free."""
PART = 0.6
"""Of what is free: estimates are rough, and others want some."""
BYTES_A_PIXEL = 24
"""What an 8-bit colour image takes at most between its decoder and its encoder, maps included."""
TIMES = 3
"""The same beside what its samples take before they are filtered and after: files and maps are as large."""


def budget() -> int:
    """Return how many bytes all images together may take: a part of what is free now."""
    return int(PART * free())


def free() -> int:
    """Return how many bytes there are for this process."""
    sizes = [_available(), _limit(), _addresses()]
    return min((size for size in sizes if size is not None), default=1 << 30)


def short(needed: int) -> int | None:
    """Return how many bytes are free where *needed* are more, else None; a little is had without a look."""
    if needed <= UNCHECKED_BYTES:
        return None
    there = free()
    return there if needed > there else None


def estimate(width: int, height: int, a_pixel: int) -> int:
    """Return how many bytes an image takes while it is filtered, *a_pixel* for its samples before and after.

    >>> estimate(1000, 1000, 8), estimate(1000, 1000, 2 * 5 * 8)
    (24000000, 240000000)
    """
    return width * height * max(BYTES_A_PIXEL, TIMES * a_pixel)


def _available() -> int | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    with contextlib.suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None


def _addresses() -> int | None:
    """Return what ``ulimit -v`` leaves."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        if most != resource.RLIM_INFINITY:
            taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            return max(most - taken, 0)
    return None


def _limit(group: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return what the control group of a container leaves; what it caches of files is given back when asked for."""
    with contextlib.suppress(OSError, ValueError):  # "max" is no number, and no limit
        free = int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
        cached = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return free + int(cached.get("inactive_file", 0)) + int(cached.get("active_file", 0))
    return None
