"""One computation at a time, of which the newest counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class OvertakenError(Exception):
    """Something newer was asked for."""


class Turns:
    """Lets one thread work at a time. What was asked for earlier in the same lane is given up, waiting or not."""

    def __init__(self) -> None:
        self._guard, self._working = threading.Lock(), threading.Lock()
        self._count = 0
        self._newest: dict[str, int] = {}

    @contextmanager
    def turn(self, lane: str) -> Iterator[Callable[[], None]]:
        """Wait for the turn of a request; what is given raises OvertakenError when it is to be given up."""
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
