"""The terminal on stdout, on which pictures are shown: the protocol, and the size."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import select
import shutil
import sys
from collections.abc import Iterator, Mapping

from ...filters.core.lazy_numpy import Array
from ...filters.core.named_tuple import NamedTuple
from .. import signals
from ..errors import FileError, UsageError
from ..streams import write_all
from ..system import SELECTS_FILES
from . import protocols
from .asking import SIXEL, Answers, Conversation
from .protocols import PROTOCOLS, Protocol
from .room import Room

VARIABLE = "IMFILTER_SHOW"
UNKNOWN_CELL = 8, 16
"""The size of a character in pixels if the terminal does not state it."""
SIZE = re.compile(r"([1-9]\d{0,3})[x×]([1-9]\d{0,3})")
MULTIPLEXERS = "TMUX", "STY", "ZELLIJ"
"""Variables that reveal tmux, screen and Zellij, which do not pass pixels on."""
MOST_UNASKED = 1 << 20
"""Most bytes of sixel for a terminal that has not announced it, as it may print them as text."""
GAP = 2
"""Characters between two pictures side by side."""


class Wanted(NamedTuple):
    """The options of the call for showing pictures."""

    protocol: Protocol | None
    size: tuple[int, int] | None
    """The most columns and rows of characters of a picture."""


def wanted(
    show_as: str | None,
    show_size: str | None,
    environment: Mapping[str, str] = os.environ,
    instead: str = "write a file with -o",
) -> Wanted:
    """Read the options for showing pictures; raises UsageError, also if no terminal would show them.

    *instead* says what to do without a terminal.
    """
    protocol = _protocol("--show-as", show_as) or _protocol(VARIABLE, environment.get(VARIABLE))
    size = None
    if show_size is not None:
        match = SIZE.fullmatch(show_size)
        if match is None:
            raise UsageError(f"--show-size: {show_size!r} is not COLSxROWS, such as 80x24")
        size = int(match[1]), int(match[2])
    if sys.stdout is None or not sys.stdout.isatty():
        raise UsageError(f"standard output is not a terminal, so pictures cannot be shown; {instead}")
    if environment.get("TERM") == "dumb":
        raise UsageError(f"this terminal (TERM=dumb) cannot show pictures; {instead}")
    return Wanted(protocol, size)


def _protocol(source: str, name: str | None) -> Protocol | None:
    if not name:
        return None
    for protocol in PROTOCOLS:
        if name == protocol:
            return protocol
    raise UsageError(f"{source}: {name!r} is not one of {', '.join(PROTOCOLS)}")


class Way(NamedTuple):
    """The way in which the pictures of a call are shown."""

    protocol: Protocol
    cell: tuple[int, int]
    """The dots of a character, across and down."""
    room: Room
    """The room for a picture, or for two and the gap between them."""
    colours: int
    answers: Answers


class Screen:
    """A terminal that shows pictures; use it as a context manager.

    On entry the terminal is asked what it can do. The program waits for the answers only when it needs them: in the
    meantime NumPy is imported and a picture read.
    """

    def __init__(self, wanted: Wanted, environment: Mapping[str, str] = os.environ) -> None:
        self._wanted, self._environment = wanted, environment
        self._conversation = Conversation()

    def __enter__(self) -> Screen:
        signals.begin()
        if self._wanted.protocol not in protocols.OF_TEXT:
            self._conversation.begin()
        return self

    @functools.cached_property
    def _way(self) -> Way:
        answers = self._conversation.answers()
        protocol = self._wanted.protocol or chosen(answers, self._environment)
        pixels = answers.cell or UNKNOWN_CELL
        cell = protocols.OF_TEXT.get(protocol, pixels)
        columns, rows = self._wanted.size or _window()
        width, height = columns * cell[0], rows * cell[1]
        if protocol == "sixel" and answers.largest is not None:
            width, height = min(width, answers.largest[0]), min(height, answers.largest[1])
        room = Room(width, height, (pixels[1] / cell[1]) / (pixels[0] / cell[0]))
        return Way(protocol, cell, room, self._colours(protocol, answers), answers)

    def _colours(self, protocol: Protocol, answers: Answers) -> int:
        if protocol == "sixel":
            return answers.registers or 256
        told = self._environment.get("COLORTERM") in ("truecolor", "24bit")
        return protocols.TRUE if told or answers.kitty or answers.cell is not None else 256

    @property
    def room(self) -> Room:
        """The room for a picture, or for two and the gap between them."""
        return self._way.room

    @property
    def gap(self) -> int:
        """The dots between two pictures side by side."""
        return GAP * self._way.cell[0]

    def show(self, dots: Array) -> None:
        """Show ``dots (rows, columns, 3)`` of uint8, which fit into the room; raises FileError, OSError."""
        self._conversation.settle()
        pieces = self._pieces(dots)
        stream = sys.stdout
        assert stream is not None
        stream.flush()
        begun = done = False
        try:
            for piece in pieces:
                begun = True
                write_all(stream.buffer, piece)
            done = True
        finally:
            if begun and not done:
                _break_off(stream.fileno(), protocols.BROKEN_OFF[self._way.protocol])

    def _pieces(self, dots: Array) -> Iterator[bytes]:
        way = self._way
        rows, columns = (-(-side // cell) for side, cell in zip(dots.shape[:2], way.cell[::-1], strict=True))
        exact = way.answers.cell is not None
        pieces = protocols.pieces(way.protocol, dots, (columns, rows), way.colours, exact)
        if way.protocol != "sixel" or SIXEL in way.answers.attributes or not way.answers.complete:
            return pieces
        every = [*pieces]
        if (size := sum(map(len, every))) > MOST_UNASKED:
            advice = "this terminal may not know sixel, and print it as text; use --show-size, or another --show-as"
            raise FileError("--show-as sixel", f"the picture has {size} bytes; {advice}")
        return iter(every)

    def __exit__(self, failure: type[BaseException] | None, *details: object) -> None:
        try:
            if failure is None or issubclass(failure, Exception):  # after an interruption nobody waits for it
                self._conversation.wait()
        finally:
            self._conversation.end()


def chosen(answers: Answers, environment: Mapping[str, str] = os.environ) -> Protocol:
    """Return the best way to show a picture on a terminal that gave these *answers*.

    >>> chosen(Answers(kitty=True), {}), chosen(Answers(attributes=frozenset({4})), {}), chosen(Answers(), {})
    ('kitty', 'sixel', 'blocks')
    """
    if not any(environment.get(name) for name in MULTIPLEXERS):
        if answers.kitty:
            return "kitty"
        if environment.get("TERM_PROGRAM") == "iTerm.app" or environment.get("LC_TERMINAL") == "iTerm2":
            return "iterm"
        if SIXEL in answers.attributes:
            return "sixel"
    return "dots" if environment.get("NO_COLOR") else "blocks"


def _window() -> tuple[int, int]:
    """Return the columns of the terminal, and two thirds of its rows."""
    columns, rows = shutil.get_terminal_size()
    return columns, max(1, rows * 2 // 3)


def _break_off(descriptor: int, end: bytes) -> None:
    """End a sequence that has begun, unless the terminal takes no more bytes."""
    with contextlib.suppress(OSError):  # it was closed
        if not SELECTS_FILES or select.select([], [descriptor], [], 1)[1]:
            os.write(descriptor, end)
