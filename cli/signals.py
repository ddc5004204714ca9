"""Signals that end the program, and code that they may not interrupt."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType

ENDING: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)
"""Those that ask a program to end; Windows has the last of them in place of the one before."""

Handler = Callable[[int, FrameType | None], object]

_depth = 0
"""How many blocks that may not be interrupted the program is in."""
_waiting: list[tuple[Handler, int, FrameType | None]] = []
_handlers: dict[int, Handler] = {}
"""What signals do that `_hold` receives."""
_modules = 0
"""How many modules there were when all handlers were the program's own: libraries set theirs as they are imported."""
_begun = False
_signalled: int | None = None


def heed() -> None:
    """Let signals end the process, on the spot until `begin` is called.

    Nothing is there to be cleaned up before, and an exception might come out of a library's import as another one.
    What is ignored stays so: that is how nohup works.
    """
    for number in ENDING:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _end_unless_begun)


def begin() -> None:
    """Let signals unwind what is done from now on: outputs that are half written, processes, the terminal."""
    global _begun
    _begun = True


def check() -> None:
    """Raise again what a signal raised, if a library's import or the interpreter made something else of it."""
    if _signalled is not None:
        _unwind(_signalled)


def ended() -> bool:
    """Whether a signal has ended the program, which is cleaning up."""
    return _signalled is not None


def _end_unless_begun(number: int, frame: FrameType | None) -> None:
    if _begun or _depth:
        end(number, frame)
        return
    if number == signal.SIGINT and sys.stderr is not None:
        with contextlib.suppress(OSError):  # the exit code still tells
            os.write(2, b"imfilter: interrupted\n")
    os._exit(128 + number)


def _hold(number: int, frame: FrameType | None) -> None:
    """Receive a signal, which waits for the end of the block, or does at once what it does."""
    if _depth:
        _waiting.append((_handlers[number], number, frame))
    else:
        _handlers[number](number, frame)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let signals that would end the program wait until the block is done."""
    global _depth, _modules
    import threading  # the program does not need it to start

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are handled in the main thread only
        return
    if len(sys.modules) != _modules:  # to look costs 0.12 ms an image, of five of such blocks
        _modules = len(sys.modules)
        for number in ENDING:
            handler = signal.getsignal(number)
            # The program's own know of such blocks: to put others in their place would cost 36 system calls an image.
            if callable(handler) and handler not in (_hold, end, _end_unless_begun, _pass):
                _handlers[number] = handler
                signal.signal(number, _hold)
                _modules = 0
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if not _depth:
            _let_go()


def _let_go() -> None:
    # A signal may come between any two of these lines: `_hold` passes on what it receives now.
    for number in list(_handlers):
        if signal.getsignal(number) is _hold:
            signal.signal(number, _handlers[number])
    while _waiting:
        handler, number, frame = _waiting.pop(0)
        handler(number, frame)


def end(number: int, frame: FrameType | None) -> None:
    """End the program by a signal; those that follow find nothing to do, so that none breaks off the cleaning up.

    They are received all the same: Python complains of signals that came before and are ignored now.
    """
    global _signalled
    if _depth:
        _waiting.append((end, number, frame))
        return
    _receive(_pass)
    _waiting.clear()
    _signalled = number
    _unwind(number)


def _unwind(number: int) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


def leave_at_once() -> None:
    """Let a signal end the process on the spot: there is nothing left to clean up."""
    _receive(lambda number, frame: os._exit(128 + number))


def ignore() -> None:
    """Let signals do nothing: as it is taken apart, the interpreter would let them end what is done already."""
    _receive(signal.SIG_IGN)


def _pass(number: int, frame: FrameType | None) -> None:
    """Do nothing."""


def _receive(handler: Handler | signal.Handlers) -> None:
    for number in ENDING:
        if callable(signal.getsignal(number)):  # what is ignored stays so: that is how nohup works
            signal.signal(number, handler)
