"""Read objects ahead, several at a time, because most of the time is spent waiting for the store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from ...filters.core.engine.threads import begun
from .objects import Check, get
from .room import Room


class _Reading:
    """One object that is read in a thread."""

    def __init__(self, name: str, check: Check, room: Room) -> None:
        self._urgent = threading.Event()
        self._room, self._held = room, 0

        def checked(head: bytes, size: int, in_parts: bool) -> None:
            check(head, size, in_parts)
            room.enter(size, self._urgent)
            self._held = size

        self._wait = begun(lambda: get(name, checked), daemon=True)

    def take(self) -> tuple[bytes, str]:
        """Wait for the object and return its bytes, which are no longer kept here."""
        self._urgent.set()
        try:
            return self._wait()
        finally:
            self._room.leave(self._held)


class Ahead:
    """Reads objects before they are needed."""

    def __init__(self, check: Callable[[str, bytes, int, bool], None]) -> None:
        self._check = check
        self._room = Room()
        self._begun: dict[str, _Reading] = {}

    def begin(self, name: str) -> None:
        """Start to read an object, if that has not started yet."""
        if name not in self._begun:
            self._begun[name] = _Reading(name, partial(self._check, name), self._room)

    def take(self, name: str) -> tuple[bytes, str]:
        """Return the bytes of an object, and its tag; raises StoreError, and what the check raises.

        It is always read in a thread, as the library ignores interruptions while it waits.
        """
        self.begin(name)
        return self._begun.pop(name).take()
