"""Silencing C libraries that print what their exceptions already say."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Iterator

_lock = threading.Lock()
_silencers = Counter[int]()
"""How many threads keep each descriptor silent."""
_screens: dict[int, int] = {}
"""Where each descriptor led before."""


@contextlib.contextmanager
def silenced(descriptor: int = 2) -> Iterator[None]:
    """Discard output to standard error, as from libtiff, or to another descriptor, within this context.

    Several threads may do so at once.
    """
    with _lock:
        _silencers[descriptor] += 1
        if _silencers[descriptor] == 1:
            _begin(descriptor)
    try:
        yield
    finally:
        with _lock:
            _silencers[descriptor] -= 1
            if not _silencers[descriptor] and (screen := _screens.pop(descriptor, None)) is not None:
                os.dup2(screen, descriptor)
                os.close(screen)


def _begin(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # closed
        _screens[descriptor] = os.dup(descriptor)
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), descriptor)
