"""The file names on the standard input of a call with --watch, read as they come."""

from __future__ import annotations

import os
import select
import sys
import time

from ..bounded_read import amount
from ..errors import UsageError
from ..streams import STREAM
from ..system import SELECTS_FILES
from .inputs import names_in

PIECE = 1 << 16
"""Bytes read at a time."""
MOST = 1 << 20
"""The most bytes of a name; systems allow a few thousand."""


class Listing:
    """The names so far, without repetitions. Raises UsageError if the system cannot wait for names."""

    def __init__(self, separator: bytes) -> None:
        if not SELECTS_FILES:
            raise UsageError(f"--files-from {STREAM} cannot be used with --watch on this system; name a file or folder")
        self.ended = sys.stdin is None
        self._separator = separator
        self._names: dict[str, None] = {}
        self._begun = b""

    @property
    def names(self) -> list[str]:
        """Return the names listed so far, in order."""
        return [*self._names]

    def begin(self) -> None:
        """Wait for the first names; raises UsageError, OSError."""
        while not (self._names or self.ended):
            self._take(None)

    def wait(self, seconds: float) -> bool:
        """Wait for names, at most this many *seconds*; return whether some came. Raises UsageError, OSError."""
        before, end = len(self._names), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.ended:
                time.sleep(left)
            else:
                self._take(left)
        return len(self._names) > before

    def _take(self, seconds: float | None) -> None:
        """Read what comes within this many *seconds*."""
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        if not ready:
            return
        piece = os.read(sys.stdin.fileno(), PIECE)
        self.ended = not piece
        data = self._begun + piece
        end = len(data) if self.ended else data.rfind(self._separator) + 1
        lines, self._begun = data[:end], data[end:]
        if len(self._begun) > MOST:
            raise UsageError(f"--files-from {STREAM}: a name exceeds {amount(MOST)}; end each with a line break")
        self._names.update(dict.fromkeys(names_in(lines, STREAM, self._separator)))
