"""Asking a terminal what it can do: one round trip, whose answers never end up at the prompt.

Environment variables are inherited by whatever is started from a terminal, so they may be wrong. Every terminal
answers the last question, so nobody waits for answers to earlier questions that it does not know.

The sequences are those of https://invisible-island.net/xterm/ctlseqs/ctlseqs.html and
https://sw.kovidgoyal.net/kitty/graphics-protocol/.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import time
from typing import Any

from ...filters.core.named_tuple import NamedTuple
from .. import signals
from ..system import NO_TERMINAL, module

PATIENCE = 0.25
"""Seconds after which a terminal that has not answered is assumed to show only text."""
LATE = 0.45
"""Seconds after which no answer comes any more: until then the program keeps answers away from the next prompt."""
QUESTIONS = (
    b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"  # kitty's graphics
    b"\x1b[16t"  # the size of a cell
    b"\x1b[?1;1;0S\x1b[?2;1;0S"  # the registers for colours, and the largest picture, of sixel
    b"\x1b[c"  # the primary attributes of the device
)
termios: Any = module("termios")
"""None on Windows, where no terminal is asked."""
MOST = 1 << 14
"""Most bytes of answers that are read."""
ATTRIBUTES = re.compile(rb"\x1b\[\?([\d;]*)c")
SIXEL = 4
"""The attribute of a device that draws sixel graphics."""


class Answers(NamedTuple):
    """The answers of a terminal."""

    complete: bool = False
    """The last question was answered."""
    kitty: bool = False
    cell: tuple[int, int] | None = None
    """The width and height of a character in pixels."""
    attributes: frozenset[int] = frozenset()
    registers: int | None = None
    """The most colours of a sixel picture."""
    largest: tuple[int, int] | None = None
    """The width and height of the largest sixel picture."""


def understood(data: bytes) -> Answers:
    r"""Return the answers of a terminal; anything else in *data* is ignored.

    >>> understood(b"\x1b[6;20;9t\x1b[?62;4;22c")[:4] == (True, False, (9, 20), {4, 22, 62})
    True
    """
    numbers = rb"\d{1,5}"

    def found(pattern: bytes) -> tuple[int, ...]:
        match = re.search(pattern, data)
        return tuple(map(int, match.groups())) if match else ()

    attributes = ATTRIBUTES.search(data)
    height, width = found(rb"\x1b\[6;(%b);(%b)t" % (numbers, numbers)) or (0, 0)
    registers = found(rb"\x1b\[\?1;0;(%b)S" % numbers)
    largest = found(rb"\x1b\[\?2;0;(%b);(%b)S" % (numbers, numbers))
    return Answers(
        attributes is not None,
        b"\x1b_Gi=31;OK\x1b\\" in data,
        (width, height) if width and height else None,
        frozenset(int(number[:5]) for number in attributes[1].split(b";") if number) if attributes else frozenset(),
        registers[0] if registers and registers[0] > 1 else None,
        (largest[0], largest[1]) if largest and all(largest) else None,
    )


class Conversation:
    """A conversation with a terminal from `begin` to `end`, which restores its state and discards its answers.

    Only a foreground process of the terminal on stdout asks: others would be stopped for it, or read the answers of
    another terminal.
    """

    def __init__(self) -> None:
        self._terminal: int | None = None
        self._before: list[Any] = []
        self._asked = 0.0
        self._data = b""

    def begin(self) -> None:
        """Ask the terminal, if there is one."""
        if sys.platform == "win32" or termios is None:
            return
        with contextlib.suppress(OSError, termios.error):
            if os.tcgetpgrp(1) == os.getpgrp():
                self._ask()

    def _ask(self) -> None:
        terminal = os.open("/dev/tty", os.O_RDWR | NO_TERMINAL)
        try:
            self._before = termios.tcgetattr(terminal)
            silent = [*self._before]
            # Each byte arrives at once, and the terminal does not echo it.
            silent[3] &= ~(termios.ICANON | termios.ECHO)
            self._terminal = terminal
            termios.tcsetattr(terminal, termios.TCSANOW, silent)
            _, ready, _ = select.select([], [terminal], [], PATIENCE)
            if ready:  # a stopped terminal takes nothing
                os.write(terminal, QUESTIONS)
        except BaseException:
            self.end()
            raise
        self._asked = time.monotonic()

    def answers(self) -> Answers:
        """Return what the terminal answers within `PATIENCE` seconds."""
        self._listen(PATIENCE)
        found = understood(self._data)
        if found.complete:
            self.end()
        return found

    def _listen(self, seconds: float) -> None:
        """Read until the last question is answered, or until *seconds* after it was asked.

        Answers that arrived in time count, even if they are read later.
        """
        while self._terminal is not None and not ATTRIBUTES.search(self._data) and len(self._data) < MOST:
            left = max(0.0, self._asked + seconds - time.monotonic())
            try:
                ready, _, _ = select.select([self._terminal], [], [], left)
                part = os.read(self._terminal, 4096) if ready else b""
            except OSError:  # it was closed
                part = b""
            if not part:
                return
            self._data += part

    def wait(self) -> None:
        """Wait for a late answer."""
        self._listen(LATE)

    def settle(self) -> None:
        """End the conversation, without waiting, if no answer can come any more."""
        if time.monotonic() > self._asked + LATE:
            self.end()

    def end(self) -> None:
        """Restore the terminal, and discard what it has said since."""
        if self._terminal is None:
            return
        with signals.uninterrupted():
            terminal, self._terminal = self._terminal, None
            with contextlib.suppress(OSError, termios.error):
                # TCSAFLUSH would also wait for the output, for ever if the terminal is stopped.
                termios.tcflush(terminal, termios.TCIFLUSH)
                termios.tcsetattr(terminal, termios.TCSANOW, self._before)
                termios.tcflush(terminal, termios.TCIFLUSH)
            with contextlib.suppress(OSError):
                os.close(terminal)
