"""The pictures of a file: their number, and each in turn."""

from __future__ import annotations

from collections.abc import Iterator

from ..console.messages import shown
from .decode import TELL_OF_DAMAGE
from .picture import DecodeError, Frames, Picture
from .reader import Reader, naming


class FilePictures:
    """The pictures of a file, or the one that is its *frame*; reading it raises FileError."""

    def __init__(self, name: str, reader: Reader, frame: int | None) -> None:
        self.name = name
        self.whole, _ = reader.read(name)
        """All of it."""
        self.found = self.whole
        self.frame = frame
        self.notes: list[str] = []
        self.damage: list[str] = []
        """The damage of the pictures that were read in part."""
        frames = self.found if isinstance(self.found, Frames) else None
        if frames is not None and frame is None and frames.first is not None:
            self.found = frames.first
            self.notes.append(f"{shown(name)}: is the first of {frames.count} pictures; --frame 1 selects the second")
        self.count = frames.count if frames is not None and self.found is frames and frame is None else 1

    def pictures(self) -> Iterator[Picture]:
        """Yield the selected pictures; raises FileError."""
        for picture in self._asked_for():
            said = [note for note in picture.notes if note.startswith(TELL_OF_DAMAGE)]
            self.damage += [f"{shown(self.name)}: {note}" for note in said]
            yield picture

    def _asked_for(self) -> Iterator[Picture]:
        with naming(self.name):
            if not isinstance(self.found, Frames):
                if self.frame:
                    raise DecodeError(f"has 1 frame; frame {self.frame} is out of range")
                yield self.found
                return
            self.found.check_pixels()
            if self.frame is None:
                yield from self.found.decoded()
            else:
                yield self.found.at(self.frame)
