"""The pictures of the command line, by number: decoded on request, the last ones kept."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...filters.core.named_tuple import NamedTuple
from ..console.messages import shown
from ..images import prefetch
from ..images.picture import Picture
from ..images.reader import naming

KEPT = 2
"""Pictures that stay decoded: a user who compares two switches back and forth."""


class Opened(NamedTuple):
    """A picture, and its frame number if the file has several."""

    picture: Picture
    frame: int | None = None

    def again(self) -> Opened:
        """Return a copy that may be changed, except for its samples."""
        again = copy.copy(self.picture)
        again.notes = [*self.picture.notes]
        return self._replace(picture=again)


class Pictures:
    """The pictures of a session."""

    def __init__(self, names: Sequence[str], max_pixels: int) -> None:
        self.names = tuple(names)
        self.max_pixels = max_pixels
        self.states: dict[int, Any] = {}
        """The state of the opened files, by which changes are noticed."""
        self._opened: dict[int, Opened] = {}

    def open(self, number: int) -> Opened:
        """Return a picture as its file is now; raises FileError."""
        state = self._state(number)
        opened = self._opened.pop(number, None)
        if opened is None or self.states.get(number) != state:
            opened, self.states[number] = self._read(self.names[number]), state
        self._opened[number] = opened  # the one used last is the last
        while len(self._opened) > KEPT:
            del self._opened[next(iter(self._opened))]
        return opened

    def _state(self, number: int) -> Any:
        """Return a value that changes with the file; raises FileError."""
        with naming(self.names[number]):
            found = Path(self.names[number]).stat()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self, name: str) -> Opened:
        found, _ = prefetch.reader(self.max_pixels).read(name)
        if isinstance(found, Picture):
            return Opened(found)
        if found.first is not None:
            return Opened(found.first, 0)
        from ..batch import multiframe_job  # most pictures have one frame

        return Opened(multiframe_job.one(found, 0, shown(name)), 0)
