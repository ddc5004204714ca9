"""Standard streams and devices, among the names of files."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Any, TextIO

STREAM = "-"
"""Standard input, or standard output."""


def discard(stream: TextIO) -> None:
    """Let what is written to *stream*, and what it still holds, vanish: nobody reads it any more."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write_all(stream: Any, data: bytes | memoryview) -> None:
    """Write *data*, however little the system takes at once; raises OSError.

    They go past the buffer of a binary *stream*: what an interruption left in it would be written later, and might wait
    for a reader for ever.
    """
    stream.flush()
    raw = getattr(stream, "raw", stream)
    left = memoryview(data).cast("B")
    while left:
        written = raw.write(left)
        if written is None:  # of a pipe that is full, but does not let its writers wait
            import select  # hardly any is

            select.select([], [raw], [])
        left = left[written or 0 :]


def is_stream(path: str | Path) -> bool:
    """Whether *path* names no file that can be replaced, but a pipe, a terminal, a device or an open descriptor."""
    absolute = os.path.abspath(path)  # noqa: PTH100 - resolving would follow /dev/stdout to the file behind it
    if absolute.startswith(("/dev/fd/", "/dev/std", "/proc/")):
        return True
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        return False
    # A link to a device is a link, which is replaced like any other.
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))
