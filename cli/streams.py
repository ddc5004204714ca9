"""Standard streams, open descriptors and devices, among the names of files."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Any, TextIO

STREAM = "-"
"""Standard input, or standard output."""
DEVICES = Path("/dev")
STANDARD = ("stdin", "stdout", "stderr")
"""What the standard streams are called among the devices."""
DESCRIPTORS = (Path("/dev/fd"), Path("/proc/self/fd"))
"""The folders in which a system names the open descriptors of a process, by their numbers."""
PROCESSES = Path("/proc")


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
    """Whether *path* names no file that can be replaced, but a pipe, a terminal, a device or an open descriptor.

    A link to one of these is replaced like any other link, unless it is the system's own, as ``/dev/stdout``.
    """
    path = Path(path)
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return _is_of_system(path) and not path.is_dir()
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode) or descriptor_of(path) is not None


def _is_of_system(link: Path) -> bool:
    """Whether a link is one of those by which a system names open files."""
    if link.parent.resolve() == DEVICES.resolve():
        return True
    try:
        return link.lstat().st_dev == PROCESSES.stat().st_dev != Path("/").stat().st_dev
    except OSError:
        return False


def descriptor_of(path: Path) -> int | None:
    """Return the number of the open descriptor of this process that *path* names, as ``/dev/stdout`` does, or None."""
    if path.name in STANDARD and path.parent.resolve() == DEVICES.resolve():
        with contextlib.suppress(OSError):  # no link, or none there
            path = path.parent / path.readlink()
    if path.name.isdecimal() and path.parent.resolve() in [folder.resolve() for folder in DESCRIPTORS]:
        return int(path.name)
    return None
