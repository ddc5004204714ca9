"""Memory for bytes that are on their way: those of many small objects, or those of one large one."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

HALF = 1 << 27
"""Bytes of reads, and as many of writes, that may be on their way in one process: together 256 MiB."""


class Room:
    """Lets those in who find room, and whoever finds nobody inside or is waited for."""

    def __init__(self, most: int = HALF) -> None:
        self._most, self._taken = most, 0
        self._changed = threading.Condition()

    def enter(self, size: int, urgent: threading.Event | None = None) -> None:
        """Wait for room for *size* bytes; who is *urgent* is waited for by others, and waits for nobody."""
        with self._changed:
            while self._taken and self._taken + size > self._most and not (urgent is not None and urgent.is_set()):
                self._changed.wait(0.05 if urgent is not None else None)
            self._taken += size

    def leave(self, size: int) -> None:
        """Give the room back."""
        with self._changed:
            self._taken -= size
            self._changed.notify_all()

    @contextlib.contextmanager
    def held(self, size: int) -> Iterator[None]:
        """Hold room for a while."""
        self.enter(size)
        try:
            yield
        finally:
            self.leave(size)
