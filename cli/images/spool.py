"""Nameless temporary files, in which data wait until the part of the output before them is known."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ...filters.core.named_tuple import NamedTuple
from ..streams import write_all
from .output_folder import NAMELESS
from .write_failures import naming_failures

PIECE = 1 << 20
"""Bytes read back at a time."""
NOT_ALIKE = frozenset({errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP, errno.EBADF})
"""The errors of a system that cannot copy between two such files by itself."""


class Piece(NamedTuple):
    """A part of a spool, which an output accepts in place of bytes."""

    spool: Spool
    start: int
    stop: int

    def read(self) -> Iterator[bytes]:
        """Yield the bytes, a few at a time; raises OSError."""
        for at in range(self.start, self.stop, PIECE):
            yield self.spool.read(at, min(at + PIECE, self.stop))

    def copy_to(self, file: BinaryIO) -> None:
        """Write the bytes to *file*; the system copies them if both are files. Raises OSError."""
        copied = self.spool.copied(self.start, self.stop, file)
        for part in self._replace(start=copied).read():
            file.write(part)


Parts = Sequence[bytes | memoryview | Piece]
"""The data of a file."""


def pieces(parts: Parts) -> Iterator[bytes | memoryview]:
    """Yield the data of *parts*, those in a spool a few bytes at a time; raises OSError."""
    for part in parts:
        yield from part.read() if isinstance(part, Piece) else (part,)


def put(file: BinaryIO, part: bytes | bytearray | memoryview | Piece) -> None:
    """Write bytes, or a part of a spool; raises OSError."""
    if isinstance(part, Piece):
        part.copy_to(file)
    else:
        file.write(part)


def size_of(parts: Parts) -> int:
    """Return the number of bytes of *parts*."""
    return sum(part.stop - part.start if isinstance(part, Piece) else len(part) for part in parts)


class Spool:
    """A file that grows at its end, and vanishes when it is closed, or the process with it.

    It is in *folder*, or its nearest existing parent, and so on the disk of the output; without a folder it is where
    temporary files are. If *written* is given, it is that existing file instead. Failures name the *target*, if given.
    Raises `FileError`.

    >>> with Spool(None) as spool:
    ...     spool.append([b"head", b"tail"])
    ...     spool.size, spool.read(2, 6)
    (8, b'adta')
    """

    def __init__(self, folder: Path | None, target: Path | None = None, written: Path | None = None) -> None:
        place = _temporaries() if folder is None else _nearest(folder)
        self._named = place if target is None else target
        self._lock = threading.Lock()
        with naming_failures(self._named):
            self._file: Any = _nameless(place) if written is None else _opened(written)
            self.size = self._file.seek(0, io.SEEK_END)
        # An abandoned canvas releases its spool.
        self._close = weakref.finalize(self, self._file.close)

    def append(self, parts: Iterable[bytes | memoryview]) -> None:
        """Append *parts*, unless it is closed and nobody needs them; raises `FileError`."""
        with self._lock, naming_failures(self._named):
            for part in () if self._file.closed else parts:
                write_all(self._file, part)
                self.size += len(part)

    def parts(self, bounds: Sequence[tuple[int, int]] | None = None) -> list[Piece]:
        """Return everything, or the parts within *bounds*, as pieces for an output."""
        return [Piece(self, start, stop) for start, stop in ([(0, self.size)] if bounds is None else bounds)]

    def read(self, start: int, stop: int) -> bytes:
        """Return some bytes; raises OSError, also if they no longer exist."""
        with self._lock:
            self._file.seek(start)
            found = bytearray()
            while len(found) < stop - start:
                if not (part := self._file.read(stop - start - len(found))):
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                found += part
            self._file.seek(0, io.SEEK_END)
        return bytes(found)

    def copied(self, start: int, stop: int, file: BinaryIO) -> int:
        """Let the system copy bytes to the position of *file*, and return how far it came; raises OSError."""
        copy: Callable[..., int] | None = getattr(os, "copy_file_range", None)
        try:
            target = file.fileno()
        except (AttributeError, OSError):  # not a real file
            return start
        if copy is None:
            return start
        file.flush()
        try:
            while start < stop and (count := copy(self._file.fileno(), target, stop - start, start)):
                start += count
        except OSError as error:
            if error.errno not in NOT_ALIKE:
                raise
        return start

    def copy_to(self, file: BinaryIO) -> None:
        """Write all of it to *file*; raises OSError."""
        for piece in self.parts():
            piece.copy_to(file)

    def close(self) -> None:
        """Close the file when no thread is using it."""
        with self._lock:
            self._close()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


MakeSpool = Callable[[], Spool]


def _temporaries() -> Path:
    import tempfile  # hardly any output is such a large stream

    return Path(tempfile.gettempdir())


def _nearest(folder: Path) -> Path:
    """Return a folder, or its nearest existing parent."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder


def _opened(path: Path) -> Any:
    return path.open("rb", buffering=0)


def _nameless(folder: Path) -> Any:
    if NAMELESS:
        with contextlib.suppress(OSError):  # this file system has no nameless files
            return os.fdopen(os.open(folder, os.O_RDWR | NAMELESS, 0o600), "w+b", buffering=0)
    import tempfile  # hardly any file system

    return tempfile.TemporaryFile(buffering=0, dir=folder)
