"""What a terminal says of itself: one round trip, none of whose answers is left to stand at the prompt.

Environment variables are inherited by what is started from a terminal, and lie. The last question is one that every
terminal answers, so that nobody waits for the answers to those before it that it does not know.

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
"""Seconds after which a terminal that has not answered is taken for one that shows text alone."""
LATE = 0.45
"""Seconds after which an answer comes no more: until then the program keeps what comes from the next prompt."""
QUESTIONS = (
    b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"  # kitty's graphics
    b"\x1b[16t"  # the size of a cell
    b"\x1b[?1;1;0S\x1b[?2;1;0S"  # the registers for colours, and the largest picture, of sixel
    b"\x1b[c"  # the primary attributes of the device
)
termios: Any = module("termios")
"""None on Windows, where no terminal is asked."""
MOST = 1 << 14
"""Bytes of answers that are looked at."""
ATTRIBUTES = re.compile(rb"\x1b\[\?([\d;]*)c")
SIXEL = 4
"""The attribute of a device that draws sixel graphics."""


class Answers(NamedTuple):
    """What a terminal said of itself."""

    complete: bool = False
    """The last question was answered."""
    kitty: bool = False
    cell: tuple[int, int] | None = None
    """The width and height of a character in pixels."""
    attributes: frozenset[int] = frozenset()
    registers: int | None = None
    """How many colours a sixel picture has at most."""
    largest: tuple[int, int] | None = None
    """The width and height of the largest sixel picture."""


def understood(data: bytes) -> Answers:
    r"""Return what a terminal said; whatever else stands in *data* is passed over.

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
    """A terminal that is asked from `begin` on; at the `end` it is as it was, and its answers are gone.

    Only a process in the foreground of the terminal of standard output asks: others would be stopped for it, or read
    what another terminal answers.
    """

    def __init__(self) -> None:
        self._terminal: int | None = None
        self._before: list[Any] = []
        self._asked = 0.0
        self._data = b""

    def begin(self) -> None:
        """Ask, where there is a terminal to ask."""
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
            # Each byte is there at once, and the terminal does not show it.
            silent[3] &= ~(termios.ICANON | termios.ECHO)
            self._terminal = terminal
            termios.tcsetattr(terminal, termios.TCSANOW, silent)
            _, ready, _ = select.select([], [terminal], [], PATIENCE)
            if ready:  # a terminal that is stopped takes nothing
                os.write(terminal, QUESTIONS)
        except BaseException:
            self.end()
            raise
        self._asked = time.monotonic()

    def answers(self) -> Answers:
        """Return what the terminal says within `PATIENCE`."""
        self._listen(PATIENCE)
        found = understood(self._data)
        if found.complete:
            self.end()
        return found

    def _listen(self, seconds: float) -> None:
        """Take what comes until the last question is answered, or for so many seconds since it was asked.

        What has come by then is taken, whenever that is looked for.
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
        """Wait for an answer that is late."""
        self._listen(LATE)

    def settle(self) -> None:
        """End where no answer can come any more; there is no waiting for that."""
        if time.monotonic() > self._asked + LATE:
            self.end()

    def end(self) -> None:
        """Let the terminal be as it was, and forget what it said since."""
        if self._terminal is None:
            return
        with signals.uninterrupted():
            terminal, self._terminal = self._terminal, None
            with contextlib.suppress(OSError, termios.error):
                # TCSAFLUSH would wait for the output too, for ever where the terminal is stopped.
                termios.tcflush(terminal, termios.TCIFLUSH)
                termios.tcsetattr(terminal, termios.TCSANOW, self._before)
                termios.tcflush(terminal, termios.TCIFLUSH)
            with contextlib.suppress(OSError):
                os.close(terminal)
