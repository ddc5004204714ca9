"""The memory that Linux control groups leave to a process: version 1, version 2, or both at once.

After the kernel's documentation, cgroup-v1/memory.rst and cgroup-v2.rst, and cgroups(7).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...filters.core.named_tuple import NamedTuple

PROCESS = Path("/proc/self")


class Files(NamedTuple):
    """The names of the files of a version."""

    limits: tuple[str, ...]
    """Each may be "max", or so large that it is no limit."""
    taken: str
    reclaimable: tuple[str, ...]
    """Entries of `memory.stat`: cached files, whose memory is released on demand."""


VERSION_1 = Files(("memory.limit_in_bytes",), "memory.usage_in_bytes", ("total_inactive_file", "total_active_file"))
VERSION_2 = Files(("memory.max", "memory.high"), "memory.current", ("inactive_file", "active_file"))


def left(process: Path = PROCESS, root: Path = Path("/")) -> int | None:
    """Return how many bytes the group of a process and its ancestors leave; None without a limit."""
    found = (_left(folder, files) for folder, files in _groups(process, root))
    return min((size for size in found if size is not None), default=None)


def _groups(process: Path, root: Path) -> Iterator[tuple[Path, Files]]:
    """Yield the folders of the group of a process and its ancestors, as far as they are visible."""
    own = {parts[1]: parts[2] for line in _lines(process / "cgroup") if len(parts := line.split(":", 2)) == 3}
    for line in _lines(process / "mountinfo"):
        mount, _, kind = line.partition(" - ")
        words, kinds = mount.split(" "), kind.split(" ")
        if len(words) < 5:
            continue  # it does not have the documented form, so it is ignored
        if kinds[0] == "cgroup2":
            path, files = own.get(""), VERSION_2
        elif kinds[0] == "cgroup" and "memory" in kinds[-1].split(","):
            path = next((path for names, path in own.items() if "memory" in names.split(",")), None)
            files = VERSION_1
        else:
            continue
        top = root / _plain(words[4]).lstrip("/")
        folder = top / _below(path or "/", _plain(words[3]))
        # In a container the path may be that of the host, of which only the container's own part is mounted. An
        # unreadable or invalid path does not count; for these `Path.is_dir` would raise an error.
        if not os.path.isdir(folder):  # noqa: PTH112
            folder = top
        for each in (folder, *folder.parents):
            yield each, files
            if each == top:
                break


def _lines(file: Path) -> Sequence[str]:
    with contextlib.suppress(OSError):
        return os.fsdecode(file.read_bytes()).splitlines()
    return ()


def _plain(text: str) -> str:
    r"""Return a path of the table of mounts, in which blanks are written as ``\040``."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _below(path: str, mounted: str) -> str:
    """Return the path of a group below a mount whose top is *mounted*; "" if it is outside.

    >>> _below("/docker/1/job", "/docker/1"), _below("/user", "/docker/1"), _below("/../other", "/")
    ('job', '', '')
    """
    if ".." in path.split("/"):
        return ""
    if mounted in ("/", path):
        return "" if path == mounted else path.lstrip("/")
    return path.removeprefix(mounted).lstrip("/") if path.startswith(f"{mounted}/") else ""


def _left(folder: Path, files: Files) -> int | None:
    """Return the bytes that one group leaves, None if it has no limit."""
    limits = [size for name in files.limits if (size := _number(folder / name)) is not None]
    if not limits:
        return None
    # If the usage is unknown, the limit itself still counts.
    taken = (_number(folder / files.taken) or 0) - _cached(folder, files)
    return max(min(limits) - max(taken, 0), 0)


def _number(file: Path) -> int | None:
    """Return what a file says."""
    return next((_size(line) for line in _lines(file)), None)


def _size(text: str) -> int | None:
    """Return a number of bytes; None, no limit, for "max" and anything else that is not a number.

    >>> _size("4096"), _size("max"), _size("-1"), _size("9" * 5000)
    (4096, None, None, None)
    """
    return int(text) if re.fullmatch("[0-9]{1,20}", text) else None


def _cached(folder: Path, files: Files) -> int:
    lines = (line.partition(" ") for line in _lines(folder / "memory.stat"))
    return sum(_size(value) or 0 for name, _, value in lines if name in files.reclaimable)
