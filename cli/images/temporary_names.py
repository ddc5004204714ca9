"""The names of files that are being written, and of old ones that are kept until their successors are there."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import zlib
from pathlib import Path

PREFIX = ".imfilter-"
NEW, OLD = ".tmp", ".old"


def temporary_name(suffix: str) -> str:
    """Return a name that tells which process of which machine made the file; hardly any file has it yet."""
    return f"{_prefix(os.getpid())}{os.urandom(6).hex()}{suffix}"


def _prefix(process: int) -> str:
    return f"{PREFIX}{_machine()}-{process}-"


@functools.cache
def _machine() -> str:
    """Return what tells this machine from others that write in the same folders: the processes of each count anew."""
    return f"{zlib.crc32(os.fsencode(os.uname().nodename)):08x}"


def remove_temporaries(folder: Path, process: int) -> None:
    """Remove what *process* of this machine, which was killed, left half written in *folder*.

    An old file stays if it has no other name: then its successor has taken its place, but not those of all outputs.
    """
    for path in folder.glob(f"{_prefix(process)}*"):
        with contextlib.suppress(OSError):
            if path.is_dir():
                if path.suffix == NEW:
                    shutil.rmtree(path)
            elif path.suffix == NEW or path.lstat().st_nlink > 1:
                path.unlink()
