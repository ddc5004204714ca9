"""The names of unfinished files, and of old files that are kept until they are replaced."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

from ..system import machine

PREFIX = ".imfilter-"
NEW, OLD = ".tmp", ".old"

_owned = threading.local()


@contextlib.contextmanager
def owned_by(call: str) -> Iterator[None]:
    """Let the names that this thread makes identify a call, whose processes may die on any machine."""
    _owned.call = call
    try:
        yield
    finally:
        del _owned.call


def temporary_name(suffix: str) -> str:
    """Return a random name that identifies the process and machine that made the file."""
    return f"{_prefix(getattr(_owned, 'call', os.getpid()))}{os.urandom(6).hex()}{suffix}"


def _prefix(owner: int | str) -> str:
    return f"{PREFIX}{owner}-" if isinstance(owner, str) else f"{PREFIX}{_machine()}-{owner}-"


@functools.cache
def _machine() -> str:
    """Return an identifier of this machine among others that write to the same folders, as process ids repeat."""
    return f"{zlib.crc32(os.fsencode(machine())):08x}"


def remove_temporaries(folder: Path, owner: int | str) -> None:
    """Remove unfinished files in *folder* of a killed process of this machine, or of the processes of a call.

    An old file without another name is kept: its successor has replaced it, but not all outputs were replaced.
    """
    for path in folder.glob(f"{_prefix(owner)}*"):
        with contextlib.suppress(OSError):
            if path.is_dir():
                if path.suffix == NEW:
                    shutil.rmtree(path)
            elif path.suffix == NEW or path.lstat().st_nlink > 1:
                path.unlink()
