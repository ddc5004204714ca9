"""Writing several frames into one file: each is encoded as it comes, and the file put together at the end."""

from __future__ import annotations

import io
from typing import Any

from .codec import Content, FrameWriter, Options
from .encode import kept
from .formats import Format
from .metadata import Metadata
from .picture import Timing


class Gathered:
    """One output's frames, on their way into a file of a format that holds them."""

    def __init__(self, format: Format, options: Options, timing: Timing | None, software: str) -> None:
        self.format, self.options, self.software = format, options, software
        self._notes: list[str] = []
        self._shape: tuple[int, ...] | None = None
        frames = format.codec.frames
        assert frames is not None
        self._writer: FrameWriter = frames(timing)

    @property
    def notes(self) -> list[str]:
        """What people should know, each once."""
        return list(dict.fromkeys([*self._notes, *self._writer.notes]))

    def add(self, pixels: Any, alpha: Any, metadata: Metadata) -> None:
        """Take one more frame; the first one's metadata are the file's. Raises ValueError."""
        if self._shape is None:
            self._shape = pixels.shape
            metadata = kept(metadata, pixels, self.options, self._notes)
            self._writer.add(Content(pixels, alpha, metadata, self.options, self.software))
            return
        if self.format.paged and not self.options.strip:
            metadata = Metadata(icc=metadata.icc, dpi=metadata.dpi)
        else:
            metadata = Metadata()
        if pixels.shape != self._shape and not self.format.paged:
            raise ValueError(f"its frames are of several sizes, {_size(self._shape)} and {_size(pixels.shape)}")
        self._writer.add(Content(pixels, alpha, metadata, self.options))

    def write(self, file: io.BytesIO) -> None:
        """Write the file."""
        self._writer.write(file)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}×{shape[0]}"
