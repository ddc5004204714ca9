"""Detect whether a file was changed or replaced, by its time, size and inode."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

Look = tuple[int, int, int] | None
"""The time of the last change in nanoseconds, the size, and the inode; None if there is no file."""
UNSEEN: Look = (-1, -1, -1)
"""The look of a file that was never looked at."""


def look(name: str) -> Look:
    """Return the look of a file or folder, following links."""
    try:
        found = os.stat(name)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def look_at(names: Iterable[str]) -> dict[str, Look]:
    """Return the look of each file."""
    return {name: look(name) for name in names}


def is_still(name: str, now: Mapping[str, Look], before: Mapping[str, Look]) -> bool:
    """Return whether a file looked the same twice, so that it is probably complete.

    >>> is_still("a", {"a": (1, 2, 3)}, {"a": (1, 2, 3)}), is_still("a", {"a": None}, {"a": (1, 2, 3)})
    (True, False)
    """
    return now.get(name, UNSEEN) == before.get(name, UNSEEN) != UNSEEN
