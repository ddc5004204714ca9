"""Calls that some systems lack, with their substitutes; PLATFORMS.md lists the differences."""

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
"""Opens a file in binary: otherwise Windows translates line ends."""
NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)
"""Refuses to open a link."""
NO_WAIT: int = getattr(os, "O_NONBLOCK", 0)
"""Opens a pipe without waiting for a writer."""
NO_TERMINAL: int = getattr(os, "O_NOCTTY", 0)
"""Opens a terminal without making it the controlling one."""
A_FOLDER: int = getattr(os, "O_DIRECTORY", 0)
"""Opens only a folder."""
FOLLOWS_ALWAYS = os.utime not in os.supports_follow_symlinks
"""Whether the system can set only the times of a link's target."""
SELECTS_FILES = sys.platform != "win32"
"""Whether `select` can wait for pipes and terminals; otherwise only for sockets."""

_reading = threading.Lock()


def module(name: str) -> Any:
    """Return a module of the standard library; None if this system lacks it."""
    with suppress(ImportError):
        return importlib.import_module(name)
    return None


def read_at(descriptor: int, count: int, start: int) -> bytes:
    """Read at most *count* bytes at an offset, whatever else reads the file; raises OSError."""
    read: Any = getattr(os, "pread", None)
    return _read_from(descriptor, count, start) if read is None else read(descriptor, count, start)


def _read_from(descriptor: int, count: int, start: int) -> bytes:
    """Do so on a system without `pread`: all readers share one offset, so a lock protects it."""
    with _reading:
        before = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            os.lseek(descriptor, start, os.SEEK_SET)
            return os.read(descriptor, count)
        finally:
            os.lseek(descriptor, before, os.SEEK_SET)


def set_times(name: str | Path, times: tuple[int, int], folder: int | None = None) -> None:
    """Set a file's access and modification *times*, in nanoseconds; raises OSError.

    The name is relative to an open *folder*, if there is one. The times of a link itself are set, if possible.
    """
    os.utime(name, ns=times, dir_fd=folder, follow_symlinks=FOLLOWS_ALWAYS)


def machine() -> str:
    """Return the network name of this machine."""
    if sys.platform != "win32":
        return os.uname().nodename
    import platform

    return platform.node()


@contextmanager
def held_back(numbers: Collection[int]) -> Iterator[None]:
    """Block signals in this process and in those that it starts meanwhile; Windows cannot block any."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def track_resources() -> None:
    """Start the process that cleans up after others, if this system has one.

    It must not start while signals are blocked, as its start unblocks them.
    """
    if sys.platform != "win32":
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()


def let_through(numbers: Collection[int]) -> None:
    """Unblock signals that were blocked when this process started."""
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)


def signal_to_main_thread(number: signal.Signals) -> None:
    """Send the main thread a signal; on Windows it arrives when a system call has ended."""
    if sys.platform != "win32":
        signal.pthread_kill(threading.main_thread().ident or 0, number)
        return
    import _thread

    _thread.interrupt_main(number)
