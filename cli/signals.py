"""Signals, and code that they may not interrupt."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any, NoReturn

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Those that end the program."""

_begun = False
_signalled: int | None = None


def heed() -> None:
    """Let signals end the process, on the spot until `begin` is called.

    Nothing is there to be cleaned up before, and an exception might come out of a library's import as another one.
    What is ignored stays so: that is how nohup works.
    """
    for number in ENDING:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _end)


def begin() -> None:
    """Let signals unwind what is done from now on: outputs that are half written, processes, the terminal."""
    global _begun
    _begun = True


def check() -> None:
    """Raise again what a signal raised, if a library's import or the interpreter made something else of it."""
    if _signalled is not None:
        _unwind(_signalled)


def _end(number: int, frame: object) -> None:
    global _signalled
    if _begun:
        _signalled = number
        _unwind(number)
    if number == signal.SIGINT and sys.stderr is not None:
        with contextlib.suppress(OSError):
            os.write(2, b"imfilter: interrupted\n")
    os._exit(128 + number)


def _unwind(number: int) -> NoReturn:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


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
