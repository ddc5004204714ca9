"""What a picture was read from: the bytes, and the file that held them then."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ...filters.core.named_tuple import NamedTuple
from ..digest import SourceDigest
from ..file_identity import Identity


class FileState(NamedTuple):
    """What changes when a file changes, or another takes its name."""

    device: int
    inode: int
    size: int
    modified: int
    """In nanoseconds."""

    @property
    def identity(self) -> Identity:
        """What all names of the file share."""
        return self.device, self.inode


class Source(NamedTuple):
    """What an input held when it was read."""

    digest: SourceDigest | None
    """None if nobody asks for it, and of a pipe whose images are filtered as they come."""
    state: FileState | None
    """None of a pipe, of which nothing stays, and of an object in a store."""
    tag: str = ""
    """That of an object in a store, which another content would not have."""

    def has_changed(self, name: str) -> bool:
        """Whether the file *name* is no longer the one that was read."""
        try:
            return self.state is not None and _state(Path(name).stat()) != self.state
        except (OSError, ValueError):  # it is gone
            return True


def state_of(file: int | str) -> FileState | None:
    """Return the state of a file that is open, or has a name; None of a pipe or device. Raises OSError.

    A pipe is not opened for that: who writes into it would be told that nobody reads on.
    """
    return _state(os.fstat(file) if isinstance(file, int) else Path(file).stat())


def _state(found: os.stat_result) -> FileState | None:
    if not stat.S_ISREG(found.st_mode):
        return None
    return FileState(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
