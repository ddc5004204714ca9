"""The names that standard input lists for a call that watches, taken as they come."""

from __future__ import annotations

import os
import select
import sys
import time

from ..bounded_read import amount
from ..errors import UsageError
from ..streams import STREAM
from .inputs import names_in

PIECE = 1 << 16
"""Bytes that are read at once."""
MOST = 1 << 20
"""Bytes of a name, of which systems take a few thousand."""


class Listing:
    """The names so far; each counts once."""

    def __init__(self, separator: bytes) -> None:
        self.ended = sys.stdin is None
        self._separator = separator
        self._names: dict[str, None] = {}
        self._begun = b""

    @property
    def names(self) -> list[str]:
        """Return the names that were listed so far, in their order."""
        return [*self._names]

    def wait(self, seconds: float | None) -> bool:
        """Wait so many seconds at most, or for the next names; return whether some came. Raises UsageError, OSError."""
        if self.ended:
            time.sleep(seconds or 0)
            return False
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        return bool(ready) and self._read()

    def _read(self) -> bool:
        piece = os.read(sys.stdin.fileno(), PIECE)
        self.ended = not piece
        lines, between, self._begun = (self._begun + piece).rpartition(self._separator)
        if self.ended:
            lines, self._begun = lines + between + self._begun, b""
        if len(self._begun) > MOST:
            raise UsageError(f"--files-from {STREAM}: a name has more than {amount(MOST)}; end each by a line break")
        before = len(self._names)
        self._names.update(dict.fromkeys(names_in(lines + between, STREAM, self._separator)))
        return len(self._names) > before
