"""One computation at a time; newer requests replace older ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class OvertakenError(Exception):
    """A newer request has replaced this one."""


class Turns:
    """Lets one thread work at a time. A new request cancels earlier ones of its lane, waiting or running."""

    def __init__(self) -> None:
        self._guard, self._working = threading.Lock(), threading.Lock()
        self._count = 0
        self._newest: dict[str, int] = {}

    @contextmanager
    def turn(self, lane: str) -> Iterator[Callable[[], None]]:
        """Wait for the turn of a request; yields a function that raises OvertakenError once it is cancelled."""
        with self._guard:
            self._count += 1
            own = self._newest[lane] = self._count

        def check() -> None:
            if self._newest.get(lane) != own:
                raise OvertakenError

        try:
            with self._working:
                check()
                yield check
        finally:
            with self._guard:
                if self._newest.get(lane) == own:
                    del self._newest[lane]
