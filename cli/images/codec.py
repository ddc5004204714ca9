"""A codec: what reads and writes the files of one format."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ...filters.core.lazy_numpy import np
from .metadata import Metadata, tags_of
from .picture import Decode, DecodeOptions, Frames, PartialDecode, Picture, Timing

if TYPE_CHECKING:
    from ...filters.core.engine.output_buffer import CanvasFactory


CMYK = 4
"""The number of its channels."""


class EncodeOptions(NamedTuple):
    """How files are written."""

    quality: int | None = None
    strip: bool = False
    strip_gps: bool = False
    cores: int = 1
    """Threads that compress; the bytes are the same for any number."""


class Content(NamedTuple):
    """What goes into a file, or into one of its frames."""

    pixels: Any
    """``(height, width, 1, 3, or 4 of CMYK)``, or what the codec's canvas made; maps are ``(height, width, count)``."""
    alpha: Any
    """``(height, width)``, or None."""
    metadata: Metadata = Metadata()
    options: EncodeOptions = EncodeOptions()
    software: str = ""
    """A line of ASCII, to stand where the format keeps the name of the program that wrote a file."""

    def samples(self) -> Any:
        """Return the samples as files hold them: the alpha as the last channel, ``(height, width)`` of one channel."""
        samples = self.pixels if self.alpha is None else np.dstack([self.pixels, self.alpha])
        return np.ascontiguousarray(samples if samples.shape[2] > 1 else samples[..., 0])

    def comments(self) -> list[bytes]:
        """Return the comments of a file: its program's name, and the picture's own."""
        return [comment for comment in (self.software.encode(), *self.metadata.comments) if comment]

    def exif(self) -> bytes:
        """Return the EXIF block of a format that has no other place for texts, resolution and the program's name."""
        if not (tags := tags_of(self.metadata, self.software)):
            return b""
        from . import ifd

        return ifd.block(tags)


class FrameWriter(Protocol):
    """Gathers the frames of a file."""

    notes: list[str]
    """What people should know."""

    def add(self, frame: Content) -> None:
        """Take one more frame; the first one's metadata and program are the file's."""

    def write(self, file: io.BytesIO) -> None:
        """Write the file."""


Encode = Callable[[io.BytesIO, Content], list[str]]
"""Writes a file; returns what people should know. Raises ValueError where the format cannot hold the content."""


def _nothing(head: bytes) -> None:
    pass


def _all_later(data: bytes, options: DecodeOptions) -> PartialDecode:
    return PartialDecode(data)


class Codec(NamedTuple):
    """What reads and writes the files of one format; its module holds it as `CODEC`, and the table `formats` names it.

    Reading has two halves, the first of which runs ahead, in a thread, while the program is still being imported.
    """

    finish: Callable[[PartialDecode, DecodeOptions, Decode], Picture | Frames]
    """Does what `load` left to do. What it is handed last decodes a file that is a part of this one."""
    encode: Encode
    load: Callable[[bytes, DecodeOptions], PartialDecode] = _all_later
    """Does what needs no NumPy and, after `prepare`, imports nothing."""
    prepare: Callable[[bytes], None] = _nothing
    """Imports what `load` needs for a file that begins so, beside the codec's own module."""
    canvas: Callable[[EncodeOptions], CanvasFactory] | None = None
    """Returns what makes the canvas that a result is gathered in, where it is not a plain one."""
    encode_maps: Encode | None = None
    """For a format that holds any number of maps."""
    frames: Callable[[Timing | None], FrameWriter] | None = None
    """For a format that holds several frames."""
