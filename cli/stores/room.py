"""The memory for transfers under way: many small objects, or one large one."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

HALF = 1 << 27
"""Bytes of reads, and as many of writes, that may be under way in a process: together 256 MiB."""


class Room:
    """Admits transfers for which there is room, and any that would be alone or is urgent."""

    def __init__(self, most: int = HALF) -> None:
        self._most, self._taken = most, 0
        self._changed = threading.Condition()

    def enter(self, size: int, urgent: threading.Event | None = None) -> None:
        """Wait for room for *size* bytes; an *urgent* transfer, for which others wait, does not wait itself."""
        with self._changed:
            while self._taken and self._taken + size > self._most and not (urgent is not None and urgent.is_set()):
                self._changed.wait(0.05 if urgent is not None else None)
            self._taken += size

    def leave(self, size: int) -> None:
        """Release the room."""
        with self._changed:
            self._taken -= size
            self._changed.notify_all()

    @contextlib.contextmanager
    def held(self, size: int) -> Iterator[None]:
        """Hold room while the context lasts."""
        self.enter(size)
        try:
            yield
        finally:
            self.leave(size)
