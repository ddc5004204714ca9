"""Signals, and code that they may not interrupt."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

from .interruption import ENDING


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let signals that would end the program wait until the block is done."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are handled in the main thread only
        return
    waiting: list[tuple[Any, ...]] = []
    numbers = [n for n in ENDING if callable(signal.getsignal(n))]
    handlers = {number: signal.signal(number, lambda *signalled: waiting.append(signalled)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for signalled in waiting:
            handlers[signalled[0]](*signalled)  # type: ignore[operator]
