"""The names of files that are being written, and of old ones that are kept until their successors are there."""

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
    """Let the names that this thread makes tell a call: which of its processes died, on which machine, is not known."""
    _owned.call = call
    try:
        yield
    finally:
        del _owned.call


def temporary_name(suffix: str) -> str:
    """Return a name that tells which process of which machine made the file; hardly any file has it yet."""
    return f"{_prefix(getattr(_owned, 'call', os.getpid()))}{os.urandom(6).hex()}{suffix}"


def _prefix(owner: int | str) -> str:
    return f"{PREFIX}{owner}-" if isinstance(owner, str) else f"{PREFIX}{_machine()}-{owner}-"


@functools.cache
def _machine() -> str:
    """Return what tells this machine from others that write in the same folders: the processes of each count anew."""
    return f"{zlib.crc32(os.fsencode(machine())):08x}"


def remove_temporaries(folder: Path, owner: int | str) -> None:
    """Remove what a process of this machine, which was killed, or those of a call left half written in *folder*.

    An old file stays if it has no other name: then its successor has taken its place, but not those of all outputs.
    """
    for path in folder.glob(f"{_prefix(owner)}*"):
        with contextlib.suppress(OSError):
            if path.is_dir():
                if path.suffix == NEW:
                    shutil.rmtree(path)
            elif path.suffix == NEW or path.lstat().st_nlink > 1:
                path.unlink()
