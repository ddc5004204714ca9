"""Outputs that are streams: pipes, devices, standard output."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from ..file_identity import Identity, identity_of_descriptor
from ..streams import is_stream, write_all

STANDARD_OUTPUT = 1


def send(parts: Sequence[memoryview], target: Path | None, read: Collection[Identity]) -> None:
    """Write *parts* to a stream; None is standard output. Raises OSError, also where it is a file in *read*."""
    if target is None:
        if sys.stdout is None:
            raise OSError("it is closed")
        _check(STANDARD_OUTPUT, read)
        for part in parts:
            write_all(sys.stdout.buffer, part)
        return
    # Neither made nor cut off: another file may have its name by now.
    descriptor = os.open(target, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(descriptor, "wb", buffering=0) as stream:
        _check(descriptor, read)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            if not is_stream(target):
                raise OSError("it is no stream any more")
            os.ftruncate(descriptor, 0)
        for part in parts:
            write_all(stream, part)


def _check(descriptor: int, read: Collection[Identity]) -> None:
    if identity_of_descriptor(descriptor) in read:
        raise OSError("it is one of the files that this call reads")
