"""The identity of a file under all its names: device and inode, through links, mounts and open descriptors."""

from __future__ import annotations

import os
import stat
from pathlib import Path

Identity = tuple[int, int]
"""The device and the inode of a file or folder."""


def identity_of(found: os.stat_result) -> Identity:
    """Return the identity of a file that was *found*."""
    return found.st_dev, found.st_ino


def identity(path: str | Path) -> Identity | None:
    """Return the identity of the file or folder that *path* leads to; None if there is none."""
    try:
        return identity_of(Path(path).stat())
    except (OSError, ValueError):
        return None


def identity_of_descriptor(descriptor: int) -> Identity | None:
    """Return the identity of the file that is open as *descriptor*; None if it is a stream or closed."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return identity_of(found) if keeps(found) else None


def keeps(found: os.stat_result) -> bool:
    """Whether what was *found* stores what is written to it, like files and disks, and unlike streams."""
    return stat.S_ISREG(found.st_mode) or stat.S_ISBLK(found.st_mode)
