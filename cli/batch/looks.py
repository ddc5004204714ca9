"""What files look like: whether one was changed or replaced is told by its time, its size and its inode."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

Look = tuple[int, int, int] | None
"""The time of the last change in nanoseconds, the size, and the inode; None if there is no file."""
UNSEEN: Look = (-1, -1, -1)
"""Of a file that was never looked at."""


def look(name: str) -> Look:
    """Return what a file or folder looks like, through links."""
    try:
        found = os.stat(name)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def look_at(names: Iterable[str]) -> dict[str, Look]:
    """Return what each of the files looks like."""
    return {name: look(name) for name in names}


def is_still(name: str, now: Mapping[str, Look], before: Mapping[str, Look]) -> bool:
    """Whether a file looked the same twice, and so is written to its end.

    >>> is_still("a", {"a": (1, 2, 3)}, {"a": (1, 2, 3)}), is_still("a", {"a": None}, {"a": (1, 2, 3)})
    (True, False)
    """
    return now.get(name, UNSEEN) == before.get(name, UNSEEN) != UNSEEN
