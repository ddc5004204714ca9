"""Digests of contents, which identify a file's bytes whatever its name and times."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from typing import Any

from .system import BYTES, NO_WAIT

try:  # hashlib loads all of OpenSSL for it, 2.5 ms of each start
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

PIECE = 1 << 20
"""Bytes of a file read at a time."""
WORTH_A_THREAD = 1 << 18
"""Bytes whose digest takes longer than starting a thread for it."""


def digest(data: bytes, size: int = 64) -> str:
    """Return the digest of *data*, in *size* bytes."""
    return blake2b(data, digest_size=size).hexdigest()


class SourceDigest:
    """The digest of an input's bytes, computed while they are decoded: 40 ms for the 36 MB of a 12 MP TIFF."""

    SIZE = 16

    def __init__(self, data: Any) -> None:
        """*data* are bytes, or an object that reads them from a file."""
        self._hash = blake2b(digest_size=self.SIZE)
        self._thread: threading.Thread | None = None
        if len(data) >= WORTH_A_THREAD:
            thread = threading.Thread(target=self._add, args=(data,), daemon=True)
            with contextlib.suppress(RuntimeError, MemoryError):  # no thread can be started
                thread.start()
                self._thread = thread
                return
        self._add(data)

    def add(self, data: bytes) -> None:
        """Take more bytes."""
        self._hash.update(data)

    def _add(self, data: Any) -> None:
        if isinstance(data, bytes):
            self._hash.update(data)
            return
        with contextlib.suppress(Exception):  # the reader of the data reports it
            for start in range(0, len(data), PIECE):
                self._hash.update(data[start : start + PIECE])

    def hexadecimal(self) -> str:
        """Wait for the digest and return it."""
        if self._thread is not None:
            self._thread.join()
        return self._hash.hexdigest()

    @classmethod
    def of_file(cls, path: str) -> str:
        """Return the digest of a file's contents; raises OSError, also if *path* is not a file."""
        found = blake2b(digest_size=cls.SIZE)
        descriptor = os.open(path, os.O_RDONLY | BYTES | NO_WAIT)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError("is not a file")
            while piece := os.read(descriptor, PIECE):
                found.update(piece)
        finally:
            os.close(descriptor)
        return found.hexdigest()
