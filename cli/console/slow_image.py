"""The progress line of a single slow image.

It only returns the cursor: importing the bar of batches would take longer than most images do.
"""

from __future__ import annotations

import os
import threading
import time

from .messages import shown

PATIENCE = 2.0
"""Seconds that an image may take without a line."""
INTERVAL = 0.25
"""Seconds between two drawings of the line."""
SURE = 0.05
"""The fraction that must be done before the remaining time is estimated."""


class Progress:
    """The progress of an image: rows of one of its frames.

    It has no lock, which an interruption could leave locked: appending to a list is one step of the interpreter.
    """

    def __init__(self) -> None:
        self._frame, self._frames, self._rows = 0, 1, 1
        self._done: list[int] = []

    def begin(self, frame: int, frames: int) -> None:
        """Begin with one of several frames; the first is 0."""
        self._frame, self._frames, self._done = frame, frames, []

    def add(self, rows: int, of: int) -> None:
        """Count rows of the frame that are done."""
        self._rows = of
        self._done.append(rows)

    @property
    def fraction(self) -> float:
        """The fraction of the image that is done."""
        return min(1.0, (self._frame + sum(self._done) / self._rows) / self._frames)


class SlowImage:
    """Draws the line in a thread of its own, once an image has taken `PATIENCE` seconds, until it is closed.

    The thread wakes only four times a second, so that it does not slow the engine down.
    """

    def __init__(self, name: str, began: float, terminal: int) -> None:
        self.progress = Progress()
        self._name, self._began, self._terminal = shown(name), began, terminal
        self._closed = threading.Event()
        self._drawn = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        try:
            self._thread.start()
        except (RuntimeError, MemoryError):  # without a thread there is no line
            self._closed.set()

    def close(self) -> None:
        """Erase the line."""
        self._closed.set()
        if self._thread.ident is not None:
            self._thread.join()
        if self._drawn:
            self._drawn = False
            self._write("\r\x1b[2K")

    def _work(self) -> None:
        wait = PATIENCE - (time.perf_counter() - self._began)
        while not self._closed.wait(max(0.0, wait)):
            self._drawn = True
            self._write(f"\r\x1b[2K{self.line(time.perf_counter() - self._began)}")
            wait = INTERVAL

    def line(self, seconds: float) -> str:
        """Return the line after *seconds*. It leaves the last columns free, where ^C is echoed."""
        done = self.progress.fraction
        if SURE <= done < 1:
            text = f"{done:.0%}, {_duration(seconds / done - seconds)} left"
        else:
            text = f"{done:.0%}, {_duration(seconds)}" if done else _duration(seconds)
        try:
            room = os.get_terminal_size(self._terminal).columns - len(text) - 5
        except OSError:
            room = 80
        name = self._name
        while name and _width(name) > room:
            name = f"…{name[2:]}" if len(name) > 2 else ""
        return f"{name}: {text}" if name else text

    def _write(self, text: str) -> None:
        try:
            os.write(self._terminal, text.encode("utf-8"))
        except OSError:  # the terminal is gone, of which a signal informs the program
            self._closed.set()


def _width(text: str) -> int:
    """Return at least as many columns as a terminal needs for a text."""
    return sum(1 if ord(letter) < 0x1100 or letter == "…" else 2 for letter in text)


def _duration(seconds: float) -> str:
    """Return a time as people say it.

    >>> _duration(7.4), _duration(83), _duration(7260)
    ('7 s', '1 min 23 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
