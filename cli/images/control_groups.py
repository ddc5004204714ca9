"""What the control groups of Linux leave a process of its memory: those of version 1, of version 2, and both at once.

After the kernel's documentation, cgroup-v1/memory.rst and cgroup-v2.rst, and cgroups(7).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

PROCESS = Path("/proc/self")


class Files(NamedTuple):
    """What the files of a version are called."""

    limits: tuple[str, ...]
    """Each of them may be "max", or so large that it is none."""
    taken: str
    reclaimable: tuple[str, ...]
    """Entries of `memory.stat`: what is cached of files is given back when it is asked for."""


VERSION_1 = Files(("memory.limit_in_bytes",), "memory.usage_in_bytes", ("total_inactive_file", "total_active_file"))
VERSION_2 = Files(("memory.max", "memory.high"), "memory.current", ("inactive_file", "active_file"))


def left(process: Path = PROCESS, root: Path = Path("/")) -> int | None:
    """Return how many bytes the groups of a process leave, the group itself and all around it; None without a limit."""
    found: list[int | None] = []
    with contextlib.suppress(ValueError, IndexError):  # a table that reads otherwise says nothing
        found += (_left(folder, files) for folder, files in _groups(process, root))
    return min((size for size in found if size is not None), default=None)


def _groups(process: Path, root: Path) -> Iterator[tuple[Path, Files]]:
    """Yield the folders of the group of a process and of those around it, as far as they can be seen."""
    try:
        groups = (process / "cgroup").read_text()
        mounts = (process / "mountinfo").read_text()
    except (OSError, ValueError):
        return
    own = {controllers: path for _, controllers, path in (line.split(":", 2) for line in groups.splitlines())}
    for line in mounts.splitlines():
        words = line.split(" ")
        kind, options = words[words.index("-") + 1], words[-1].split(",")
        if kind == "cgroup2":
            path, files = own.get(""), VERSION_2
        elif kind == "cgroup" and "memory" in options:
            path = next((path for names, path in own.items() if "memory" in names.split(",")), None)
            files = VERSION_1
        else:
            continue
        top = root / _plain(words[4]).lstrip("/")
        folder = top / _below(path or "/", _plain(words[3]))
        # In a container the path may be that of the host, of which only the container's own part is mounted.
        if not folder.is_dir():
            folder = top
        for each in (folder, *folder.parents):
            yield each, files
            if each == top:
                break


def _plain(text: str) -> str:
    r"""Return a path of the table of mounts, in which blanks are written as ``\040``."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _below(path: str, mounted: str) -> str:
    """Return where a group lies below a mount of which *mounted* is the top; there, where it is outside.

    >>> _below("/docker/1/job", "/docker/1"), _below("/user", "/docker/1"), _below("/../other", "/")
    ('job', '', '')
    """
    if ".." in path.split("/"):
        return ""
    if mounted in ("/", path):
        return "" if path == mounted else path.lstrip("/")
    return path.removeprefix(f"{mounted}/") if path.startswith(f"{mounted}/") else ""


def _left(folder: Path, files: Files) -> int | None:
    """Return what one group leaves, None where it has no limit."""
    limits = []
    for name in files.limits:
        with contextlib.suppress(OSError, ValueError):  # "max" is no number, and no limit
            limits.append(int((folder / name).read_text()))
    if not limits:
        return None
    with contextlib.suppress(OSError, ValueError):
        taken = int((folder / files.taken).read_text()) - sum(_cached(folder, files).values())
        return max(min(limits) - max(taken, 0), 0)
    return None


def _cached(folder: Path, files: Files) -> Mapping[str, int]:
    with contextlib.suppress(OSError, ValueError):
        lines = [line.split() for line in (folder / "memory.stat").read_text().splitlines()]
        return {name: int(value) for name, value in lines if name in files.reclaimable}
    return {}
