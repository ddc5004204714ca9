"""The source of a picture: its bytes, and the state of the file at that time."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ...filters.core.named_tuple import NamedTuple
from ..digest import SourceDigest
from ..file_identity import Identity


class FileState(NamedTuple):
    """Properties that change when a file changes, or another takes its name."""

    device: int
    inode: int
    size: int
    modified: int
    """In nanoseconds."""

    @property
    def identity(self) -> Identity:
        """The identity of the file under all its names."""
        return self.device, self.inode


class Source(NamedTuple):
    """The state of an input when it was read."""

    digest: SourceDigest | None
    """None if it is not needed, and for a pipe whose images are filtered as they arrive."""
    state: FileState | None
    """None for a pipe, which does not last, and for an object in a store."""
    tag: str = ""
    """The tag of an object in a store, which changes with its contents."""

    def has_changed(self, name: str) -> bool:
        """Whether the file *name* is no longer the one that was read."""
        try:
            return self.state is not None and _state(Path(name).stat()) != self.state
        except (OSError, ValueError):  # it is gone
            return True


def state_of(file: int | str) -> FileState | None:
    """Return the state of an open or named file; None for a pipe or device. Raises OSError.

    A pipe is not opened for this: when it is closed, its writer would be told that nobody is reading.
    """
    return _state(os.fstat(file) if isinstance(file, int) else Path(file).stat())


def _state(found: os.stat_result) -> FileState | None:
    if not stat.S_ISREG(found.st_mode):
        return None
    return FileState(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
