"""The terminal of standard output, on which pictures are shown: by which protocol, and how large."""

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
"""The size of a character in pixels where the terminal does not tell it."""
SIZE = re.compile(r"([1-9]\d{0,3})[x×]([1-9]\d{0,3})")
MULTIPLEXERS = "TMUX", "STY", "ZELLIJ"
"""Variables by which tmux, screen and Zellij are known: pixels would not pass through them."""
MOST_UNASKED = 1 << 20
"""Bytes of sixel for a terminal that does not know it; others print more than these as text."""
GAP = 2
"""Characters between two pictures side by side."""


class Wanted(NamedTuple):
    """How the call wants pictures to be shown."""

    protocol: Protocol | None
    size: tuple[int, int] | None
    """The columns and rows of characters that a picture has at most."""


def wanted(show_as: str | None, show_size: str | None, environment: Mapping[str, str] = os.environ) -> Wanted:
    """Read how pictures shall be shown; raises UsageError, also where no terminal would show them."""
    protocol = _protocol("--show-as", show_as) or _protocol(VARIABLE, environment.get(VARIABLE))
    size = None
    if show_size is not None:
        match = SIZE.fullmatch(show_size)
        if match is None:
            raise UsageError(f"--show-size: {show_size!r} is not COLSxROWS, such as 80x24")
        size = int(match[1]), int(match[2])
    if sys.stdout is None or not sys.stdout.isatty():
        raise UsageError("standard output is not a terminal, which pictures are shown on; write a file with -o")
    if environment.get("TERM") == "dumb":
        raise UsageError("this terminal (TERM=dumb) shows no pictures; write a file with -o")
    return Wanted(protocol, size)


def _protocol(source: str, name: str | None) -> Protocol | None:
    if not name:
        return None
    for protocol in PROTOCOLS:
        if name == protocol:
            return protocol
    raise UsageError(f"{source}: {name!r} is not one of {', '.join(PROTOCOLS)}")


class Way(NamedTuple):
    """How the pictures of a call are shown."""

    protocol: Protocol
    cell: tuple[int, int]
    """The dots of a character, across and down."""
    room: Room
    """For a picture, or for two and what is between them."""
    colours: int
    answers: Answers


class Screen:
    """A terminal that shows pictures; use it as a context.

    At its beginning the terminal is asked what it can. The answers are waited for when they are needed: in the meantime
    NumPy is imported, and a picture read.
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
        """What there is for a picture, or for two and the gap between them."""
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
            advice = "this terminal knows no sixel, and may print them; use --show-size, or another --show-as"
            raise FileError("--show-as sixel", f"the picture has {size} bytes; {advice}")
        return iter(every)

    def __exit__(self, failure: type[BaseException] | None, *details: object) -> None:
        try:
            if failure is None or issubclass(failure, Exception):  # who interrupts a program does not wait for it
                self._conversation.wait()
        finally:
            self._conversation.end()


def chosen(answers: Answers, environment: Mapping[str, str] = os.environ) -> Protocol:
    """Return the best way to show a picture on a terminal that said so much.

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
    """Leave the sequence that was begun, unless the terminal takes nothing any more."""
    with contextlib.suppress(OSError):  # it was closed, which is why
        if not SELECTS_FILES or select.select([], [descriptor], [], 1)[1]:
            os.write(descriptor, end)
