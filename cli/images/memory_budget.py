"""The available memory, and how much of it the images of a batch may use together.

Swap never counts: filtering a picture there takes hours.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

from ..system import module

UNCHECKED_BYTES = 1 << 28
"""Bytes that are used without checking the free memory."""
LEAST_ADDRESSES = 1 << 28
"""Bytes of address space that the program needs: with less, the OpenBLAS of NumPy or SciPy may end the process with
its own message, or retry for ever; with 180 MB SciPy's did, and no signal that Python handles could end it."""
PART = 0.75
"""The usable fraction of the free memory: other programs need some."""
ACCURACY = 1.2
"""An image needs at most this many times the estimate; it is refused only if the estimate exceeds the free memory by
more. The tests measure it."""


def budget() -> int:
    """Return how many bytes all images together may take: a part of what is free now."""
    return int(PART * free())


def free() -> int:
    """Return how many bytes are available to this process."""
    from . import control_groups  # a small picture does not ask

    sizes = [_available(), control_groups.left(), _addresses(), _data()]
    return min((size for size in sizes if size is not None), default=1 << 30)


def check_addresses() -> None:
    """Raise MemoryError if ``ulimit -v`` is too low for the libraries to be loaded."""
    if (most := _limit("RLIMIT_AS")) is not None and most < LEAST_ADDRESSES:
        raise MemoryError


def short(needed: float) -> int | None:
    """Return the number of free bytes if an estimate of *needed* bytes certainly exceeds it, else None.

    Small amounts are not checked.
    """
    surely = needed / ACCURACY
    if surely <= UNCHECKED_BYTES:
        return None
    there = free()
    return there if surely > there else None


class Growth:
    """Data that grow piece by piece: the free memory is checked each time they may have grown by `UNCHECKED_BYTES`."""

    def __init__(self) -> None:
        self._unchecked = 0

    def short(self, size: int) -> int | None:
        """Return how many bytes are free if they are fewer than one more piece of at most *size* bytes, else None."""
        self._unchecked += size
        if self._unchecked <= UNCHECKED_BYTES:
            return None
        self._unchecked = 0
        there = free()
        return there if size > there else None


def refusal(width: int, height: int, needed: float, free: float, advice: str = "") -> str:
    """Return the message that memory is short; *advice* is what would help other than more memory."""
    helps = " or ".join(text for text in (advice, "more memory") if text)
    return (
        f"has {width}×{height} pixels and needs about {gigabytes(needed)} of memory; {gigabytes(free)} are free; "
        f"{helps} would help"
    )


def gigabytes(size: float) -> str:
    """Return a number of bytes in words.

    >>> gigabytes(31.4e9), gigabytes(2.34e9), gigabytes(12e6)
    ('31 GB', '2.3 GB', '0.012 GB')
    """
    return f"{size / 1e9:.0f} GB" if size >= 9.95e9 else f"{size / 1e9:.2g} GB"


def _available() -> int | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    if sys.platform == "win32":
        return _available_of_windows()
    with contextlib.suppress(ValueError, OSError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None


def _available_of_windows() -> int | None:
    """Return what ``GlobalMemoryStatusEx`` of kernel32 has in ``ullAvailPhys``."""
    import ctypes

    status = (ctypes.c_uint64 * 8)()  # a length and a load of 32 bits, then seven sizes
    ctypes.memmove(status, ctypes.byref(ctypes.c_uint32(ctypes.sizeof(status))), 4)
    library: Any = getattr(ctypes, "windll")  # noqa: B009 (other systems have none)
    return status[2] if library.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else None


def _addresses() -> int | None:
    """Return what ``ulimit -v`` leaves."""
    return _below("RLIMIT_AS", "VmSize:")


def _data() -> int | None:
    """Return what ``ulimit -d`` leaves."""
    return _below("RLIMIT_DATA", "VmData:")


def _below(limit: str, taken: str) -> int | None:
    """Return what a limit leaves, given the entry of ``/proc/self/status`` that it limits."""
    if (most := _limit(limit)) is None:
        return None
    with contextlib.suppress(ValueError, OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(taken):
                return max(most - (int(line.split()[1]) << 10), 0)
    return None


def _limit(name: str) -> int | None:
    """Return one of the limits that the system sets this process; None if there is none."""
    resource = module("resource")
    with contextlib.suppress(AttributeError, ValueError, OSError):
        most = resource.getrlimit(getattr(resource, name))[0]
        return None if most == resource.RLIM_INFINITY else most
    return None
