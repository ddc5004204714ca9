"""Writing several frames into one file: each is encoded as it comes, and the file is assembled at the end."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO

from ...filters.core.engine.colour import ColourModel
from .archive import Archive
from .codec import Codec, Content, EncodeOptions, FrameWriter
from .encode import coloured, kept, stripped
from .formats import Format
from .labels import Labels
from .metadata import Metadata, of_map, weight
from .output_colour import fitted
from .picture import Timing
from .stack import StackWriter

if TYPE_CHECKING:
    from .spool import MakeSpool

MOST_REPEATED = 1 << 27
"""Most bytes of metadata of all frames but the first together, if each frame has its own."""


class Alone:
    """The one frame of a file that can hold only one."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._frame: Content | None = None
        self.notes: list[str] = []

    def add(self, frame: Content) -> None:
        """Take the frame."""
        assert self._frame is None
        self._frame = frame

    def write(self, file: io.BytesIO) -> None:
        """Write the file."""
        assert self._frame is not None
        self.notes += self._codec.encode(file, self._frame)


class Stream:
    """Files one after the other, each of its own size."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._frames: list[io.BytesIO] = []
        self.notes: list[str] = []

    def add(self, frame: Content) -> None:
        """Add a frame."""
        file = io.BytesIO()
        self.notes += self._codec.encode(file, frame)
        self._frames.append(file)

    def write(self, file: io.BytesIO) -> None:
        """Write them all."""
        for frame in self._frames:
            file.write(frame.getbuffer())


class Gathered:
    """Collects the frames of one output."""

    def __init__(
        self,
        format: Format,
        options: EncodeOptions,
        timing: Timing | None,
        software: str,
        spool: MakeSpool,
        archive: Archive | None = None,
    ) -> None:
        self.format, self.options, self.software = format, options, options.signed(software)
        self.own_notes: list[str] = []
        """Notes on the frames' metadata."""
        self._archive = archive
        self._shape: tuple[int, ...] | None = None
        self._repeated = 0
        self._apart = format.is_stream(timed=timing is not None)
        self._writer = self._writer_for(timing, spool)

    @property
    def takes_images_as_they_come(self) -> bool:
        """Whether the format stores the number of images, then one image after the other."""
        return isinstance(self._writer, StackWriter)

    def begin(self, file: io.BytesIO | BinaryIO, count: int) -> None:
        """Write *count* images into a file as they come."""
        assert isinstance(self._writer, StackWriter)
        self._writer.begin(file, count)

    def _writer_for(self, timing: Timing | None, spool: MakeSpool) -> FrameWriter:
        if self._apart:
            return Stream(self.format.codec)
        if self.format.codec.stacked is not None:
            return self.format.codec.stacked(timing, spool)
        frames = self.format.codec.frames if self.format.holds_frames(timed=timing is not None) else None
        return Alone(self.format.codec) if frames is None else frames(timing)

    @property
    def notes(self) -> list[str]:
        """Notes for the user, each once."""
        return list(dict.fromkeys([*self.own_notes, *self._writer.notes]))

    def add(
        self,
        pixels: Any,
        alpha: Any,
        metadata: Metadata,
        colours: ColourModel = "rgb",
        white: float | None = None,
        images: int = 1,
        labels: Labels | None = None,
    ) -> None:
        """Add a frame, or several *images* stacked vertically, with their *labels*.

        The file gets the metadata of the first frame.

        Raises ValueError.
        """
        if images > 1 and not self.format.data_set:
            height = len(pixels) // images
            for part in (slice(top, top + height) for top in range(0, len(pixels), height)):
                self.add(pixels[part], None if alpha is None else alpha[part], metadata, colours, white)
            return
        if metadata.palette:  # each frame may have another
            pixels, metadata, colours = coloured(pixels, metadata), metadata._replace(palette=b""), "rgb"
        pixels, metadata = fitted(pixels, metadata, self.format, self.options, self.own_notes)
        if self._shape is None:
            self._shape = pixels.shape
            metadata = kept(metadata, self.format, pixels, self.options, self.own_notes)
            self._writer.add(
                Content(
                    pixels,
                    alpha,
                    metadata,
                    self.options,
                    self.software,
                    colours,
                    white,
                    images,
                    labels,
                    archive=self._archive,
                )
            )
            return
        if self._apart:
            metadata = kept(metadata, self.format, pixels, self.options, self.own_notes)
        elif self.options.strip:
            metadata = stripped(metadata, self.format)
        elif self.format.paged:
            metadata = of_map(metadata)._replace(icc=metadata.icc)
        else:
            metadata = Metadata()
        self._repeated += weight(metadata)
        if self._repeated > MOST_REPEATED:
            metadata = Metadata(dpi=metadata.dpi, aspect=metadata.aspect)
            self.own_notes.append("its metadata are too long to repeat in each frame, and are in the first ones only")
        differs = self.format.paged or self.format.data_set or self.format.stacked or self._apart
        if pixels.shape != self._shape and not differs:
            raise ValueError(f"its frames differ in size, {_size(self._shape)} and {_size(pixels.shape)}")
        self._writer.add(Content(pixels, alpha, metadata, self.options, "", colours, white, images, labels))

    def write(self, file: Any) -> None:
        """Write the file."""
        self._writer.write(file)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}×{shape[0]}"
