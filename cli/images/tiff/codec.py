"""TIFF: pages are written by our own writer, or by Pillow if it can, and further tags are added."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ....filters.core.lazy_numpy import np
from .. import ifd, photoshop, pillow_buffer
from ..codec import Codec, Content, EncodeOptions, FrameWriter
from ..metadata import Metadata, georeferenced, resolution_tags, tags_of
from ..picture import Samples, Timing
from ..tiff_tags import COLOUR_MAP, ICC_PROFILE, IPTC, PHOTOSHOP, SOFTWARE, XMP
from . import decoder, streaming, words
from .colours import BLACK_IS_ZERO, PALETTE, RGB, SEPARATED, STRAIGHT, UNSPECIFIED, WHITE_IS_ZERO

if TYPE_CHECKING:
    from ....filters.core.engine.output_buffer import CanvasFactory
    from ..spool import MakeSpool

DEFAULT = "deflate"
NUMBERS = 256
"""The number of colours that 8-bit samples can index."""


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file of one page."""
    notes: list[str] = []
    metadata = content.metadata
    numbers = [metadata.words.page] if metadata.words is not None else []
    described = _described([content], numbers, notes)
    if content.streamed:
        page = content.pixels.page(*kind(content))
        _write(file, [page._replace(tags=_beside(metadata, described) | page.tags)], streamed=True)
        return notes
    samples = content.samples()
    if not _is_pillows(samples, content):
        _write(file, [_page(content)])
        return notes + _finish(file, metadata, described)
    beside = {"software": content.software, "icc_profile": metadata.icc}
    image = pillow_buffer.image_of(samples, inks=content.colours == "cmyk")
    given = {name: value for name, value in beside.items() if value}
    image.save(file, "TIFF", compression="tiff_adobe_deflate", **given)
    return notes + _finish(file, metadata, described)


def encode_maps(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file with a page for each map."""
    metadata = content.metadata
    content = content._replace(metadata=metadata._replace(words=metadata.words and metadata.words.of_map()))
    pages = []
    for number in range(content.pixels.shape[2]):
        software = content.software if number == 0 else ""
        pages.append(_page(content._replace(pixels=content.pixels[..., number : number + 1], software=software)))
    _write(file, pages)
    return _finish(file, metadata, {})


class Pages:
    """Collects pages, which are packed as they come."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._pages: list[Any] = []
        self._first: Content | None = None
        self._alike = True
        self._numbers: list[int] = []

    def add(self, frame: Content) -> None:
        """Add a page."""
        if self._first is None:
            # Of its samples only the description is kept.
            self._first = frame._replace(pixels=frame.pixels[:0], alpha=None)
            self._shape = frame.pixels.shape
        self._alike &= frame.pixels.shape == self._shape and frame.pixels.dtype == self._first.pixels.dtype
        self._numbers.append(frame.metadata.words.page if frame.metadata.words is not None else -1)
        self._pages.append(_page(frame))

    def write(self, file: io.BytesIO) -> None:
        """Write all pages."""
        _write(file, self._pages)
        assert self._first is not None
        metadata = self._first.metadata
        described: ifd.Directory = {}
        if metadata.words is not None and self._alike:
            described = _tags_of_words(
                metadata.words, self._shape, self._first.pixels.dtype.name, self._numbers, self.notes
            )
        elif metadata.words is not None and metadata.words.name:
            self.notes.append(f"its {metadata.words.name} was not kept, as the pages differ in kind")
        self.notes += _finish(file, metadata, described)


def frames(timing: Timing | None) -> FrameWriter:
    """Return the writer of several pages."""
    return Pages()


def _is_pillows(samples: Any, content: Content) -> bool:
    """Whether Pillow writes such samples equally fast and small."""
    if content.metadata.palette or content.colours == "bands" or content.options.compression not in ("", DEFAULT):
        return False
    if content.colours == "cmyk" and content.alpha is not None:
        return False
    return samples.dtype == "uint8" or (samples.dtype == "uint16" and samples.ndim == 2)


def _page(content: Content) -> Any:
    """Return a page, packed."""
    from . import writer

    samples, method, options = content.samples(), DEFAULT, content.options
    if samples.dtype == bool:
        samples, method = ~samples, writer.OF_BITS
    return writer.page(samples, *kind(content), options.compression or method, options.cores)


def kind(content: Content) -> tuple[int, Sequence[int], ifd.Directory]:
    """Return a page's photometric interpretation, the meaning of its extra channels, and its tags."""
    metadata, channels = content.metadata, content.pixels.shape[2]
    photometric, extra = BLACK_IS_ZERO, ()
    if channels > 1:
        photometric = {"rgb": RGB, "cmyk": SEPARATED}.get(content.colours, BLACK_IS_ZERO)
    if content.colours == "bands":
        extra = (UNSPECIFIED,) * (channels - 1)
        bands = metadata.words.bands if metadata.words is not None else None
        if bands is not None and bands.channels == channels:
            photometric, extra = bands.photometric, bands.extra
    if content.has_alpha:
        extra = (*extra, STRAIGHT)
    tags: ifd.Directory = {**georeferenced(metadata)}
    if metadata.palette:
        photometric = PALETTE
        tags[COLOUR_MAP] = _colour_map(metadata.palette)
    tags |= _resolution(metadata)
    if metadata.icc:
        tags[ICC_PROFILE] = ifd.Value(ifd.UNDEFINED, len(metadata.icc), metadata.icc)
    if content.software:
        tags[SOFTWARE] = ifd.text(content.software.encode())
    if content.pixels.dtype == bool:  # white is 0 in faxes, whose codes are short for white
        photometric = WHITE_IS_ZERO
    return photometric, extra, tags


def _resolution(metadata: Metadata) -> ifd.Directory:
    """Return the tags of a resolution, with a unit or without."""
    own = metadata.words.density_tags() if metadata.words is not None and not metadata.dpi else {}
    return own or resolution_tags(metadata)


def _colour_map(palette: bytes) -> ifd.Value:
    """Return a palette in TIFF's form: 256 16-bit reds, then greens, then blues."""
    colours = palette.ljust(3 * NUMBERS, b"\0")
    each = [257 * value for channel in range(3) for value in colours[channel::3]]
    return ifd.Value(ifd.SHORT, len(each), struct.pack(f"<{len(each)}H", *each))


def _write(file: io.BytesIO, pages: list[Any], streamed: bool = False) -> None:
    from . import writer

    writer.write(file, pages, streamed)


def streamed(options: EncodeOptions, metadata: Metadata, spool: MakeSpool) -> CanvasFactory:
    """Return the factory of canvases that are encoded while they are filled."""
    from . import canvas, writer

    def made(shape: tuple[int, int, int], dtype: Any, alpha: bool = False) -> canvas.TiffCanvas:
        method = options.compression or (writer.OF_BITS if np.dtype(dtype).kind == "b" else DEFAULT)
        return canvas.TiffCanvas(shape, dtype, alpha, sink=spool(), method=method)

    return made


def _streamed_bytes(width: int, samples: Samples, cores: int) -> float:
    from . import canvas

    return canvas.canvas_bytes(width * samples.bytes, cores)


def beside(content: Content, notes: list[str]) -> ifd.Directory:
    """Return the further tags of the picture in a file of one page."""
    words = content.metadata.words
    return _beside(content.metadata, _described([content], [words.page] if words is not None else [], notes))


def _described(contents: list[Content], numbers: list[int], notes: list[str]) -> ifd.Directory:
    """Return the description tags of a picture, updated from those of the old file."""
    content = contents[0]
    if content.metadata.words is None:
        return {}
    pixels = content.pixels
    return _tags_of_words(content.metadata.words, pixels.shape, pixels.dtype.name, numbers, notes)


def _tags_of_words(
    said: words.Words, shape: tuple[int, ...], dtype: str, numbers: list[int], notes: list[str]
) -> ifd.Directory:
    height, width, channels = shape
    return said.tags((width, height), dtype, channels, numbers, notes)


def _finish(file: io.BytesIO, metadata: Metadata, described: ifd.Directory) -> list[str]:
    """Add the further metadata of the picture to the first page."""
    tags = _beside(metadata, described)
    return ["its EXIF and XMP were not kept, as the file is too large"] if tags and not ifd.add(file, tags) else []


def _beside(metadata: Metadata, described: ifd.Directory) -> ifd.Directory:
    """Return the tags of a picture's further metadata, each with its own type."""
    tags = tags_of(metadata) | _resolution(metadata) | described
    if metadata.xmp:
        tags[XMP] = ifd.Value(ifd.BYTE, len(metadata.xmp), metadata.xmp)
    if metadata.resources:
        # Programs look for IPTC in its own tag, and for the rest in Photoshop's.
        if photoshop.IPTC in metadata.resources:
            iptc = metadata.resources[photoshop.IPTC]
            tags[IPTC] = ifd.Value(ifd.UNDEFINED, len(iptc), iptc)
        if metadata.resources.keys() - {photoshop.IPTC}:
            block = photoshop.block(metadata.resources)
            tags[PHOTOSHOP] = ifd.Value(ifd.BYTE, len(block), block)
    return tags


def _encoding(samples: Samples) -> float:
    """Return the bytes per pixel for encoding: a Pillow image, an array with the alpha, and the strips twice."""
    image = 4 if samples.size == 1 and samples.channels > 1 else 0
    return image + samples.bytes * (3 if samples.channels in (2, 4) else 2)


CODEC = Codec(
    decoder.finish,
    encode,
    decoder.load,
    encoding=_encoding,
    streamed=streamed,
    streamed_bytes=_streamed_bytes,
    encode_maps=encode_maps,
    holds_iptc=True,
    holds_aspect=True,
    texts="tags",
    frames=frames,
    stream=streaming.stream,
)
