"""The interface of codecs, each of which reads and writes the files of one format."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ...filters.core.engine.colour import ColourModel
from ...filters.core.engine.layout import with_alpha
from ...filters.core.lazy_numpy import np
from ...filters.core.named_tuple import NamedTuple
from .archive import Archive
from .description import Description
from .labels import Labels
from .metadata import Metadata, tags_of
from .picture import Decode, DecodeOptions, Frames, PartialDecode, Picture, Samples, Timing

if TYPE_CHECKING:
    from ...filters.core.engine.output_buffer import CanvasFactory
    from .file_bytes import FileBytes
    from .spool import MakeSpool


class EncodeOptions(NamedTuple):
    """The options for writing files."""

    quality: int | None = None
    strip: bool = False
    strip_gps: bool = False
    keep_values: bool = False
    """Samples are not converted if their colour profile is not kept."""
    compression: str = ""
    """The compression, for a format that has several; "" for the format's default."""
    chunks: int = 0
    """Rows and columns of a chunk, for a format with chunks; 0 for its default."""
    shard_size: int = 0
    """Rows and columns of a file of several chunks; 0 if each chunk has its own file."""
    pyramid: bool = False
    """Smaller copies are written too, if the format has them."""
    frame_axes: tuple[tuple[str, int], ...] = ()
    """The axes of several frames, as in `Frames`."""
    cores: int = 1
    """Threads that compress; the bytes are the same for any number."""
    keep_quality: bool = False
    """A JPEG is coded like the JPEG from which it was made."""
    stamp: bool = True
    """Files contain the name of the program that wrote them."""

    @property
    def signs(self) -> bool:
        """Whether files contain the name of the program, and the stamp with it."""
        return self.stamp and not self.strip

    def signed(self, software: str) -> str:
        """Return the name of the program for the file."""
        return software if self.signs else ""


class Content(NamedTuple):
    """The content of a file, or of one of its frames."""

    pixels: Any
    """``(height, width, channels)``, or the codec's canvas."""
    alpha: Any
    """``(height, width)``, or None."""
    metadata: Metadata = Metadata()
    options: EncodeOptions = EncodeOptions()
    software: str = ""
    """A line of ASCII for the format's field for the program that wrote the file."""
    colours: ColourModel = "rgb"
    """The colour model of several channels."""
    white: float | None = None
    """White in the units of the samples, None if they have none."""
    images: int = 1
    """The number of images of the same size in the pixels, stacked vertically."""
    labels: Labels | None = None
    """The labels of the images, if any."""
    archive: Archive | None = None
    """The other arrays of the data set's file, if it has several; only the first image has them."""

    @property
    def has_alpha(self) -> bool:
        """Whether there is alpha, which a canvas may hold with the colours."""
        return self.alpha is not None or (self.streamed and self.pixels.alpha)

    @property
    def streamed(self) -> bool:
        """Whether the samples are a canvas that has packed them while they were computed."""
        from .packed_canvas import PackedCanvas

        return isinstance(self.pixels, PackedCanvas)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the samples in the file."""
        height, width, colours = self.pixels.shape
        channels = colours + self.has_alpha
        return (height, width, channels) if channels > 1 else (height, width)

    def samples(self) -> Any:
        """Return the samples as in a file: alpha is the last channel, and a single channel has no axis."""
        samples = self.pixels if self.alpha is None else with_alpha(self.pixels, self.alpha)
        return np.ascontiguousarray(samples if samples.shape[2] > 1 else samples[..., 0])

    def comments(self) -> list[bytes]:
        """Return the comments of a file: the program's name, then the picture's own."""
        return [comment for comment in (self.software.encode(), *self.metadata.comments) if comment]

    def exif(self) -> bytes:
        """Return the EXIF block of a format that has no other place for texts, resolution and the program's name."""
        if not (tags := tags_of(self.metadata, self.software)):
            return b""
        from . import ifd

        return ifd.block(tags)


class FrameWriter(Protocol):
    """Collects the frames of a file."""

    notes: list[str]
    """Notes for the user."""

    def add(self, frame: Content) -> None:
        """Add a frame; the file takes its metadata and its program's name from the first."""

    def write(self, file: io.BytesIO) -> None:
        """Write the file."""


Encode = Callable[[io.BytesIO, Content], list[str]]
"""Writes a file and returns notes for the user. Raises ValueError if the format cannot hold the content."""


Peek = Callable[[int], bytes | bytearray | memoryview]
"""Takes a number of bytes, and returns what was read of a stream: at least so many, unless it has fewer."""


def not_written(file: io.BytesIO, content: Content) -> list[str]:
    """Refuse to write: the `encode` of a format that can only be read."""
    raise ValueError("is read but not written")


def _no_labels(labels: Labels | None) -> list[str]:
    return [] if labels is None else ["its labels were not written; use --to npz, --to tar or -idx3-ubyte"]


def _nothing(head: bytes) -> None:
    pass


def _all_later(data: bytes, options: DecodeOptions) -> PartialDecode:
    return PartialDecode(data)


class Codec(NamedTuple):
    """Reads and writes the files of one format. The format's module holds it as `CODEC`; `formats` names the module.

    Reading has two halves: `load` runs ahead, in a thread, while the program is still being imported; `finish` does
    the rest. A codec without a `load` reads in `finish` alone, from `PartialDecode.data`.
    """

    finish: Callable[[PartialDecode, DecodeOptions, Decode], Picture | Frames]
    """Finishes the work of `load`. The last argument decodes a file embedded in this one."""
    encode: Encode
    load: Callable[[bytes, DecodeOptions], PartialDecode] = _all_later
    """Decodes as much as possible ahead. It imports nothing: that is left to `prepare`, which imports NumPy only for
    JPEG."""
    prepare: Callable[[bytes], None] = _nothing
    """Imports what `load` needs for a file with this head, apart from the codec's own module."""
    canvas: Callable[[EncodeOptions, Metadata], CanvasFactory] | None = None
    """Returns a factory of canvases, which collect a result, depending on the picture's metadata; None for plain
    ones."""
    encoding: Callable[[Samples], float] = lambda samples: 2 * samples.bytes
    """Returns how many bytes per pixel encoding needs besides the samples (with alpha), including the file; tests
    measure it."""
    canvas_share: float = 1.0
    """The size of the canvas's contents, as a fraction of the samples."""
    streamed: Callable[[EncodeOptions, Metadata, MakeSpool], CanvasFactory] | None = None
    """Returns a factory of canvases that are packed into spools while they are filled; it takes the shape of the
    colours, and *alpha* if there is one. None if the samples must be in memory."""
    streamed_bytes: Callable[[int, Samples, int], float] = lambda width, samples, cores: 0
    """Returns the most bytes of such a canvas, from the picture's width, its samples and the number of threads."""
    bands: Callable[[str, str, EncodeOptions], Any] | None = None
    """Returns the object through which several programs write one output, as `zarr.bands` does, from a temporary name
    next to it and its own name. None if one program must write all of it."""
    encode_maps: Encode | None = None
    """Writes maps, ``(height, width, count)``, for a format that holds any number of them."""
    holds_iptc: bool = False
    """Whether the format can hold IPTC."""
    texts: Literal["none", "tags", "tags and comments", "all"] = "none"
    """Which texts of a PNG the format can hold: all, or those with a tag in EXIF. A comment uses the tag of a
    description unless the format has its own comments."""
    holds_aspect: bool = False
    """Whether the format can hold a resolution without a unit."""
    files: Callable[[], Any] | None = None
    """Returns a `FilesWriter` of `shard`, for a format that holds samples as files."""
    frames: Callable[[Timing | None], FrameWriter] | None = None
    """Returns a writer of frames with these times, for a format that holds several."""
    stacked: Callable[[Timing | None, MakeSpool], FrameWriter] | None = None
    """Returns a writer of frames of one size, which are packed into a spool as they come."""
    labels: Callable[[Labels | None], list[str]] = _no_labels
    """Called before the work with the labels of all images, or None; returns notes for the user. Raises ValueError if
    the format cannot hold labels, or needs some."""
    describe: Callable[[Any, DecodeOptions, Decode], Description | None] | None = None
    """Returns a description from the header of a file, read in slices on demand; None if it needs the samples. The last
    argument decodes a file made of parts of this one. Without this function, pictures are decoded."""
    stream: Callable[[FileBytes, DecodeOptions], Picture | None] | None = None
    """Returns a picture whose samples are read from the file on demand; None if it must be decoded as a whole. Raises
    `DecodeError`, as its samples do."""
    extent: Callable[[Peek], int] | None = None
    """Returns the length of the first image of a stream, for a format whose files may follow each other."""
    ending: bytes = b""
    """What an image of a stream ends with: where none follows these bytes, its extent need not be known."""
