"""What signals that end the program do, from its first line on; imports nothing that takes time."""

from __future__ import annotations

import os
import signal
import sys

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that end the program."""

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
        try:  # noqa: SIM105 - contextlib may be half imported
            os.write(2, b"imfilter: interrupted\n")
        except OSError:
            pass  # the exit code still tells
    os._exit(128 + number)


def _unwind(number: int) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)
