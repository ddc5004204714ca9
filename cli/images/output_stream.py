"""Outputs that are streams: pipes, devices, standard output."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from ..file_identity import Identity, identity_of_descriptor
from ..streams import descriptor_of, is_stream, write_all
from ..system import BYTES, NO_TERMINAL
from .spool import Piece

STANDARD_OUTPUT = 1


def send(parts: Sequence[memoryview | Piece], target: Path | None, read: Collection[Identity]) -> None:
    """Write *parts* to a stream; None is standard output. Raises OSError, also if it is a file in *read*."""
    if target is None:
        if sys.stdout is None:
            raise OSError("it is closed")
        _check(STANDARD_OUTPUT, read)
        _write_all(sys.stdout.buffer, parts)
        return
    # Do not create or truncate: another file may have its name by now.
    ours = descriptor_of(target)
    opened = os.open(target, os.O_WRONLY | BYTES | NO_TERMINAL) if ours is None else os.dup(ours)
    with os.fdopen(opened, "wb", buffering=0) as stream:
        _check(opened, read)
        # An open descriptor continues at its position, as whoever opened it intended.
        if ours is None and stat.S_ISREG(os.fstat(opened).st_mode):
            if not is_stream(target):
                raise OSError("it is no longer a stream")
            os.ftruncate(opened, 0)
        _write_all(stream, parts)


def _write_all(stream: Any, parts: Sequence[memoryview | Piece]) -> None:
    for part in parts:
        for data in part.read() if isinstance(part, Piece) else (part,):
            write_all(stream, data)


def _check(descriptor: int, read: Collection[Identity]) -> None:
    if identity_of_descriptor(descriptor) in read:
        raise OSError("it is a file that this call reads")
