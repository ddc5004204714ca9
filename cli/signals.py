"""Signals that end the program, and code that they must not interrupt."""

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
"""The signals that ask a program to end; Windows has the last one instead of SIGHUP."""

Handler = Callable[[int, FrameType | None], object]

_depth = 0
"""How many uninterruptible blocks the program is in."""
_waiting: list[tuple[Handler, int, FrameType | None]] = []
_handlers: dict[int, Handler] = {}
"""The handlers of the signals that `_hold` receives."""
_modules = 0
"""The number of modules when all handlers were last the program's own: libraries set theirs when imported."""
_begun = False
_signalled: int | None = None


def heed() -> None:
    """Let signals end the process; until `begin` is called, at once.

    Until then there is nothing to clean up, and a library's import might turn an exception into another one. Ignored
    signals stay ignored: nohup relies on that.
    """
    for number in ENDING:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _end_unless_begun)


def begin() -> None:
    """From now on let signals raise an exception, which cleans up half-written outputs, processes and the terminal."""
    global _begun
    _begun = True


def check() -> None:
    """Raise a signal's exception again, in case a library's import or the interpreter has replaced it."""
    if _signalled is not None:
        _unwind(_signalled)


def ended() -> bool:
    """Whether a signal has ended the program, which is now cleaning up."""
    return _signalled is not None


def _end_unless_begun(number: int, frame: FrameType | None) -> None:
    if _begun or _depth:
        end(number, frame)
        return
    if number == signal.SIGINT and sys.stderr is not None:
        with contextlib.suppress(OSError):  # the exit code still reports it
            os.write(2, b"imfilter: interrupted\n")
    os._exit(128 + number)


def _hold(number: int, frame: FrameType | None) -> None:
    """Receive a signal: hold it until the end of an uninterruptible block, else handle it at once."""
    if _depth:
        _waiting.append((_handlers[number], number, frame))
    else:
        _handlers[number](number, frame)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold signals that would end the program until the block is done."""
    global _depth, _modules
    import threading  # the program does not need it to start

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are handled in the main thread only
        return
    if len(sys.modules) != _modules:  # setting them costs 0.12 ms per image, which has five such blocks
        _modules = len(sys.modules)
        for number in ENDING:
            handler = signal.getsignal(number)
            # The program's own handlers know about such blocks: replacing them would cost 36 system calls per image.
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
    """End the program because of a signal; later signals do nothing, so that none interrupts the cleaning up.

    They are still received: Python complains about pending signals that have become ignored.
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
    """Let a signal end the process at once: there is nothing left to clean up."""
    _receive(lambda number, frame: os._exit(128 + number))


def ignore() -> None:
    """Let signals do nothing: during its shutdown the interpreter would let them kill a finished process."""
    _receive(signal.SIG_IGN)


def _pass(number: int, frame: FrameType | None) -> None:
    """Do nothing."""


def _receive(handler: Handler | signal.Handlers) -> None:
    for number in ENDING:
        if callable(signal.getsignal(number)):  # ignored signals stay ignored: nohup relies on that
            signal.signal(number, handler)
