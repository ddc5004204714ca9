"""Standard streams and devices, among the names of files."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TextIO

STREAM = "-"
"""Standard input, or standard output."""


def occupy_closed() -> None:
    """Open what cannot be written to at the standard streams that are closed.

    Else the next file that is opened would be in their place, and have in it what a library in C prints.
    """
    for number, way in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open("/dev/full" if number and Path("/dev/full").exists() else os.devnull, way)


def discard(stream: TextIO) -> None:
    """Let what is written to *stream*, and what it still holds, vanish: nobody reads it any more."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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
