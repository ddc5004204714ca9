"""What not every system has, and what stands for it there; PLATFORMS.md lists what becomes of each."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

BYTES: int = getattr(os, "O_BINARY", 0)
"""Opens a file as it is: without it Windows translates the ends of lines."""
NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)
"""Opens no link."""
NO_WAIT: int = getattr(os, "O_NONBLOCK", 0)
"""Opens a pipe without waiting for who writes into it."""
NO_TERMINAL: int = getattr(os, "O_NOCTTY", 0)
"""Opens a terminal, which does not become that of the program."""
A_FOLDER: int = getattr(os, "O_DIRECTORY", 0)
"""Opens nothing but a folder."""
FOLLOWS_ALWAYS = os.utime not in os.supports_follow_symlinks
"""Whether the times of a link cannot be set, but only those of what it leads to."""
SELECTS_FILES = sys.platform != "win32"
"""Whether pipes and terminals can be waited for; else only connections of a network."""

_reading = threading.Lock()


def module(name: str) -> Any:
    """Return a module of the standard library; None where the system has nothing that it is for."""
    with suppress(ImportError):
        return importlib.import_module(name)
    return None


def read_at(descriptor: int, count: int, start: int) -> bytes:
    """Read at most *count* bytes from a place of a file on, whatever else is read from it; raises OSError."""
    read: Any = getattr(os, "pread", None)
    return _read_from(descriptor, count, start) if read is None else read(descriptor, count, start)


def _read_from(descriptor: int, count: int, start: int) -> bytes:
    """Do so where a file has one place from which all read that have it open: nobody else is at it meanwhile."""
    with _reading:
        before = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            os.lseek(descriptor, start, os.SEEK_SET)
            return os.read(descriptor, count)
        finally:
            os.lseek(descriptor, before, os.SEEK_SET)


def set_times(name: str | Path, times: tuple[int, int], folder: int | None = None) -> None:
    """Let a file, below an open *folder* if there is one, have *times* of reading and changing; raises OSError.

    They are in nanoseconds. Of a link they are its own, where links have some.
    """
    os.utime(name, ns=times, dir_fd=folder, follow_symlinks=FOLLOWS_ALWAYS)


def machine() -> str:
    """Return the name of this machine in its network."""
    if sys.platform != "win32":
        return os.uname().nodename
    import platform

    return platform.node()


@contextmanager
def held_back(numbers: Collection[int]) -> Iterator[None]:
    """Let signals wait for the block, also in what begins in it; on Windows they come, as none has a mask there."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def track_resources() -> None:
    """Begin the process that clears up behind others, if this system has one: begun later, it would let signals in.

    It does that while they are held back.
    """
    if sys.platform != "win32":
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()


def start_method(*wanted: str) -> str:
    """Return the first of the *wanted* ways in which a process can begin on this system, or the one of all systems."""
    import multiprocessing

    there = multiprocessing.get_all_start_methods()
    return next((method for method in wanted if method in there), "spawn")


def let_through(numbers: Collection[int]) -> None:
    """Let signals come that were held back where this process began."""
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)


def signal_to_main_thread(number: signal.Signals) -> None:
    """Let the main thread have a signal, at once where a signal ends a wait of the system's."""
    if sys.platform != "win32":
        signal.pthread_kill(threading.main_thread().ident or 0, number)
        return
    import _thread

    _thread.interrupt_main(number)
