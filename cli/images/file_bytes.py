"""The bytes of a file that is read piece by piece, such as a data set larger than memory."""

from __future__ import annotations

import io
import os
from typing import Any

from ..digest import SourceDigest
from ..system import read_at
from .picture import DecodeError
from .source import FileState, state_of

CHANGES = "changed while it was read; try again when it is complete"


class FileBytes:
    """Acts like the bytes of a file: a slice reads them, and none stay in memory.

    The file stays open, so a file that takes its name does not matter. If it is written to, the bytes no longer belong
    together; `check` detects that.
    """

    file_state: FileState | None = None
    """The state of the one file that is read; None if it is something else."""
    tag = ""
    """The tag of an object in a store, which changes with its contents."""

    def __init__(self, descriptor: int, state: FileState) -> None:
        """*descriptor* is copied."""
        self._descriptor, self.state = os.dup(descriptor), state
        self.file_state = state

    def source_digest(self) -> SourceDigest:
        """Return the digest of the bytes, for which they are read in a thread."""
        return SourceDigest(self)

    def __len__(self) -> int:
        return self.state.size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(len(self))
        found = read_at(self._descriptor, stop - start, start) if stop > start else b""
        while (left := stop - start - len(found)) > 0:  # as with more than 2 GB, or on a network disk
            if not (more := read_at(self._descriptor, left, start + len(found))):
                raise DecodeError(CHANGES)
            found += more
        return found

    def check(self) -> None:
        """Raise `DecodeError` if the file has changed since it was opened."""
        if state_of(self._descriptor) != self.state:
            raise DecodeError(CHANGES)

    def __del__(self) -> None:
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)


class HeldBytes(FileBytes):
    """Acts like a file whose bytes are in memory, with the *tag* of the object that they were fetched from."""

    def __init__(self, data: bytes, tag: str = "") -> None:
        self.data, self.tag = data, tag

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, part: slice) -> bytes:
        return self.data[part]

    def check(self) -> None:
        """Do nothing: the bytes do not change."""


class Opened(io.RawIOBase):
    """Bytes as an open file object."""

    def __init__(self, data: Any) -> None:
        self._data, self._at = data, 0

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def seekable(self) -> bool:
        """Whether it can be read from any place on."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._data)}[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes."""
        piece = self._data[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
