"""File names that mean standard streams, open descriptors or devices."""

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
"""The names of the standard streams among the devices."""
DESCRIPTORS = (Path("/dev/fd"), Path("/proc/self/fd"))
"""The folders in which the system lists the open descriptors of a process by number."""
PROCESSES = Path("/proc")


def current_folder() -> str:
    """Return the path of the current folder; "" if it was removed, so that relative names stay relative."""
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return ""


def occupy_closed() -> None:
    """Give each closed standard stream a descriptor that cannot be written to.

    Otherwise the next file that is opened would take its place, and receive what a C library prints.
    """
    for number, way in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open("/dev/full" if number and Path("/dev/full").exists() else os.devnull, way)


def discard(stream: TextIO) -> None:
    """Discard what *stream* still holds and what is written to it later: nobody reads it any more."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write_all(stream: Any, data: bytes | memoryview) -> None:
    """Write *data*, however little the system takes at once; raises OSError.

    They bypass the buffer of a binary *stream*: data that an interruption left there would be written later, and might
    wait for a reader for ever.
    """
    stream.flush()
    raw = getattr(stream, "raw", stream)
    left = memoryview(data).cast("B")
    while left:
        written = raw.write(left)
        if written is None:  # the pipe is full, but not blocking
            import select  # hardly any pipe is

            select.select([], [raw], [])
        left = left[written or 0 :]


def is_stream(path: str | Path) -> bool:
    """Whether *path* names a pipe, a terminal, a device or an open descriptor, not a file that can be replaced.

    A link to one of these is replaced like any other link, unless it is the system's own, such as ``/dev/stdout``.
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
    """Whether a link is one of those with which the system names open files."""
    if link.parent.resolve() == DEVICES.resolve():
        return True
    try:
        return link.lstat().st_dev == PROCESSES.stat().st_dev != Path("/").stat().st_dev
    except OSError:
        return False


def descriptor_of(path: Path) -> int | None:
    """Return the number of the open descriptor of this process that *path* names, as ``/dev/stdout`` does, or None."""
    if path.name in STANDARD and path.parent.resolve() == DEVICES.resolve():
        with contextlib.suppress(OSError):  # not a link, or it does not exist
            path = path.parent / path.readlink()
    if path.name.isdecimal() and path.parent.resolve() in [folder.resolve() for folder in DESCRIPTORS]:
        return int(path.name)
    return None
