"""A picture between its file and the filters, and the errors and limits of decoding."""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...filters.core.engine import array_image
from ...filters.core.engine.colour import ColourModel, model_of
from ...filters.core.engine.quantize import white_of
from ...filters.core.engine.streamed import StreamedImage
from ...filters.core.lazy_numpy import np
from ...filters.core.named_tuple import NamedTuple
from ...filters.core.parameters import ImageError
from ..console import faults
from ..console.messages import reason, reason_of
from . import memory_budget
from .archive import Archive
from .labels import Labels
from .metadata import Metadata

if TYPE_CHECKING:
    from PIL import Image


class Samples(NamedTuple):
    """The samples of a pixel, and the memory that it needs in a decoder."""

    channels: int
    """Including alpha."""
    size: int = 1
    """Bytes of a sample."""
    decoding: float = 0
    """Most bytes per pixel in the decoder, including its result, but not the file."""
    held: float = 0
    """Bytes per pixel of its result, if more than the samples; or those it keeps, if it returns rows on demand."""
    bands: bool = False
    """The channels are neither colours nor alpha."""

    @property
    def bytes(self) -> int:
        """The bytes of a pixel."""
        return self.channels * self.size


WINDOW_BYTES = 1 << 26
"""Most bytes held of a picture whose rows are read on demand, besides the requested rows, unless its decoder declares
more."""


class Expected(NamedTuple):
    """A picture before it is decoded."""

    width: int
    height: int
    samples: Samples
    format: str
    file: int
    """Bytes of the file in memory."""
    streamed: bool = False
    """Its rows are read on demand, and few are held."""

    @property
    def pixels(self) -> int:
        """The number of pixels."""
        return self.width * self.height

    @property
    def decoding(self) -> float:
        """The most bytes that the decoder needs, without the file."""
        return self.held if self.streamed else self.pixels * self.samples.decoding

    @property
    def held(self) -> float:
        """The bytes of the decoder's result, which may share memory with the file."""
        if self.streamed:
            return max(WINDOW_BYTES, self.pixels * self.samples.held)
        return self.pixels * max(self.samples.held, self.samples.bytes)


SizeGuard = Callable[[Expected], None]
"""Returns when a picture may be decoded, or raises `DecodeError`."""

TIMES, PIXELS_A_BYTE = 16, 1 << 10
"""The limit for all frames of a file together, in largest pictures, and the pixels per byte of a longer file: a page of
few words in CCITT needs fewer."""
MOST_A_BYTE = 1 << 12
"""The pixels per byte of a shorter file, if its frames exceed one largest picture: enough for a film of a screen on
which little moves."""


class DecodeOptions(NamedTuple):
    """The options for reading files."""

    guard: SizeGuard
    """Checks the picture before memory is allocated."""
    lenient: bool = False
    """Recover what can be read of a damaged file."""
    to_rgb: bool = False
    """Convert colours of other colour spaces."""
    kind: str = ""
    """The format of files that their bytes do not reveal."""
    max_pixels: int = 1 << 28
    """The pixels of the largest picture; the limit for all frames of a file together depends on it."""
    format: str = ""
    """The name of the file's format, and its bytes."""
    file: int = 0
    name: str = ""
    """The name of the file, if it has one."""

    def check_size(self, width: int, height: int, samples: Samples) -> None:
        """Raise `DecodeError` if a picture is too large; called before memory is allocated for it."""
        self.guard(Expected(width, height, samples, self.format, self.file))


class DecodeError(Exception):
    """The bytes are not a picture that can be read without loss; the message says why."""


class LackError(DecodeError):
    """The machine lacks memory, a library or disk space for decoding, or a store fails; the file is not at fault."""


def check_lack(error: Exception) -> None:
    """Raise `LackError` if a decoder's error is about the machine and not the file."""
    if isinstance(error, LackError):
        raise error
    if (lack := faults.lacking(error)) is not None:
        raise LackError(lack) from None
    # Of the system, or a store: errors of decoders have no number.
    if isinstance(error, OSError) and (error.errno is not None or getattr(error, "in_own_words", False)):
        raise LackError(reason(error)) from None


class Palette(NamedTuple):
    """The palette indices of a picture without transparency."""

    indices: Any
    """``(height, width)`` of uint8."""
    colours: Any
    """``(count, 3)`` of uint8."""


class Picture:
    """A picture: ``pixels (height, width, channels)``, ``alpha (height, width)`` or None, of one dtype."""

    def __init__(
        self,
        pixels: Any,
        alpha: Any = None,
        *,
        format: str = "",
        metadata: Metadata | None = None,
        notes: list[str] | None = None,
        orientation: int = 1,
        nodata: float | None = None,
        colours: ColourModel = "gray",
        white: float | None = None,
        palette: Palette | None = None,
    ) -> None:
        self.pixels, self.alpha = pixels, alpha
        self.format = format
        """The name in the table of formats, set by the caller of the decoder."""
        self.metadata = metadata or Metadata()
        self.notes = [] if notes is None else notes
        """Notes for the user about how it was read."""
        self.number, self.images = 0, 1
        """The number of the frame, or of the first of several that are stacked vertically."""
        self.numbers: Sequence[int] = ()
        """The numbers of several, if they are not consecutive."""
        self.labels: Labels | None = None
        """The labels of the images, if they belong to a data set with labels."""
        self.orientation = orientation
        """The EXIF orientation of the stored samples; the pixels are upright."""
        self.nodata = nodata
        """The file's nodata value."""
        self.colours: ColourModel = model_of(pixels.shape[2]) if colours == "gray" else colours
        """The colour model. Several channels are never gray: three are RGB, other numbers bands without colour."""
        self.white = white
        """The value of white, if the file states another than its sample type implies."""
        self.palette = palette
        """The palette from which *pixels* were made, if the file has one."""
        self.bits: int | None = None
        """The bits of a stored sample, if *pixels* are scaled from fewer bits."""
        self.colour_count = 0
        """The number of the palette's colours if there is no *palette*: with transparency, or in an animation."""

    @property
    def full(self) -> float:
        """The value of white."""
        return white_of(self.pixels.dtype.name, self.white)


MODELS = {"gray": "gray", "rgb": "RGB", "cmyk": "CMYK"}


def channels_of(picture: Picture) -> str:
    """Return the colour model in a word or two."""
    model = MODELS.get(picture.colours) or f"{picture.pixels.shape[2]} bands"
    return model if picture.alpha is None else f"{model} with alpha"


class Timing(NamedTuple):
    """The timing of an animation."""

    durations: Sequence[tuple[int, int]]
    """The duration of each frame in seconds: numerator and denominator."""
    plays: int = 0
    """How often it is played; 0 means for ever."""


class Frames:
    """The contents of a file with several pictures: an animation, the pages of a TIFF, the pictures of an MPO.

    Each is decoded when its turn comes, as the complete visible picture, so that no filter sees another frame's pixels
    and only one is in memory at a time.
    """

    def __init__(
        self,
        count: int | None,
        each: Callable[[], Iterator[Picture]],
        timing: Timing | None = None,
        first: Picture | None = None,
        stream: bool = False,
        format: str = "",
        pixels: int = 0,
        pictures: Callable[[int, int], Picture] | None = None,
        labels: Labels | None = None,
    ) -> None:
        self.count = count
        """None while a pipe is read and filtered: the last frame reveals it."""
        self.each = each
        """Decodes the frames in turn, each with its own metadata."""
        self.timing = timing
        """None if they are pages."""
        self.first = first
        """The main picture, if the others are previews or another eye's view, wanted only on request."""
        self.stream = stream
        """They are images one after the other, each of its own size and format."""
        self.format = format
        """Like that of a `Picture`."""
        self.pixels = pixels
        """The pixels of all frames together, if the file states them in advance."""
        self.most_pixels = sys.maxsize
        """The limit for the pixels of all frames together."""
        self.pictures = pictures
        """Returns several as one picture, from a first up to, but not including, a last: for data sets of many small
        images of one size."""
        self.labels = labels
        """The labels of all images, if the data set's file, or one that goes with it, has them."""
        self.archive: Archive | None = None
        """The arrays of the file, if it has several."""
        self.axes: tuple[tuple[str, int], ...] = ()
        """The axes along which they lie, t and z, with their lengths, if the file names them; the last varies first."""
        self.check_unchanged: Callable[[], None] = lambda: None
        """Raises `DecodeError` if the file, which was read piece by piece, changed since."""

    def check_pixels(self) -> None:
        """Raise `DecodeError` if all frames together are known to have too many pixels before one is decoded."""
        if self.pixels > self.most_pixels:
            raise DecodeError(
                f"has {self.count} frames of {self.pixels} pixels in all; the limit is {self.most_pixels} "
                "(--max-pixels raises it)"
            )

    def decoded(self) -> Iterator[Picture]:
        """Yield the frames in turn; raises `DecodeError` for any failure of a decoder."""
        each, number = self.each(), 0
        while True:
            try:
                picture = next(each)
            except StopIteration:
                return
            except DecodeError:
                raise
            except Exception as error:
                check_lack(error)
                # Decoders raise errors of every type for broken files; they all mean the same to the user.
                raise DecodeError(f"is damaged or truncated (frame {number}: {reason_of(error)})") from None
            yield picture
            number += 1

    def at(self, number: int) -> Picture:
        """Return one of the frames, counting from 0; raises `DecodeError`."""
        picture = next(islice(self.decoded(), number, None), None)
        if picture is None:
            raise DecodeError(f"has {self.count} frames; frame {number} is out of range")
        return picture

    def label(self, picture: Picture) -> None:
        """Give a picture the labels of its images, unless it has its own."""
        if picture.labels is None and self.labels is not None:
            picture.labels = self.labels.part(picture.number, picture.number + picture.images)

    def limited(self, length: int, max_pixels: int) -> Frames:
        """Return the frames of a file of *length* bytes; only as many are decoded as the limits for pixels allow.

        A frame of few bytes may be as large as its canvas, and pages may share pixels.
        """
        short = max(max_pixels, MOST_A_BYTE * length)
        most = max(min(TIMES * max_pixels, short), PIXELS_A_BYTE * length)

        def each() -> Iterator[Picture]:
            pixels = 0
            for picture in self.each():
                pixels += math.prod(picture.pixels.shape[:2])
                if pixels > most:
                    raise DecodeError(f"and those before it have more than {most} pixels (--max-pixels raises it)")
                yield picture

        frames = copy.copy(self)
        frames.each, frames.most_pixels = each, most
        return frames


def single(found: Picture | Frames, several: str) -> Picture:
    """Return the only or main picture of a file; raises `DecodeError` with the message *several*."""
    if isinstance(found, Picture):
        return found
    if found.first is not None:
        return found.first
    raise DecodeError(several)


Decode = Callable[[bytes], Picture | Frames]
"""Decodes a whole file; passed to the decoders of files that contain others."""


class PartialDecode(NamedTuple):
    """The state that a codec's `load` passes to its `finish`."""

    data: Any
    """Bytes, or an object that reads those of a file piece by piece."""
    image: Image.Image | None = None
    """Opened by Pillow; None if Pillow is not used."""
    notes: tuple[str, ...] = ()
    low: Image.Image | None = None
    """The low bytes of 16-bit samples, whose high bytes *image* holds."""
    stream: bool = False
    """The file has several images, none of which was decoded."""
    parts: list[Any] | None = None
    """The unpacked bytes of the picture's parts, for decoding with NumPy; each becomes None after use."""
    damage: str | None = None
    """Why a lenient `load` was needed."""
    pixels: Any = None
    """The samples of *image*, of which only the header was read; None if it holds them itself."""
    end: int = 0
    """The end of the picture in the file, which may continue; 0 if that is not known."""


def check_pixels(width: int, height: int, most: int, beside: str = "") -> None:
    """Raise `DecodeError` if a picture has no pixels, or more than *most*; *beside* is added to the message."""
    if width < 1 or height < 1:
        raise DecodeError(f"is damaged ({width}×{height} pixels is not a valid size)")
    if width * height > most:
        raises = f"--max-pixels raises it{beside}"
        raise DecodeError(f"has {width}×{height} = {width * height} pixels; the limit is {most} ({raises})")


def size_guard(
    max_pixels: int,
    needed: Callable[[Expected], float] = lambda expected: 0,
    wait_for_room: Callable[[float], None] = lambda needed: None,
    advice: str = "",
) -> SizeGuard:
    """Return a function that refuses pictures with more than *max_pixels*, or for which there is no memory.

    *advice* is what would help other than more memory.

    *needed* returns the bytes that a picture needs from the decoder to the written file. Memory held by other pictures
    is no reason to refuse it: *wait_for_room* gets those bytes and the file's, and returns when they are available.
    """

    def check(expected: Expected) -> None:
        width, height = expected.width, expected.height
        if width * height > max_pixels and expected.streamed:
            beside = f"; it would be streamed in {memory_budget.gigabytes(needed(expected))} of memory"
            check_pixels(width, height, max_pixels, beside)
        check_pixels(width, height, max_pixels)
        total = max(expected.decoding, needed(expected))
        wait_for_room(expected.file + total)
        if (free := memory_budget.short(total)) is not None:
            raise DecodeError(memory_budget.refusal(width, height, total, free, advice))

    return check


def with_alpha(pixels: Any) -> Picture:
    """Return a picture whose alpha, if any, is the last channel."""
    if pixels.shape[2] in (2, 4):
        if isinstance(pixels, StreamedImage):
            return Picture(*pixels.apart())
        return Picture(pixels[..., :-1].copy(), pixels[..., -1].copy())
    return Picture(pixels)


def premultiplied(pixels: Any, alpha: Any) -> Any:
    """Return colours that were stored multiplied by alpha, divided by it."""
    full = 1 if alpha.dtype.kind == "f" else np.iinfo(alpha.dtype).max
    found = np.empty(pixels.shape, pixels.dtype)
    for rows in bands_of_rows(pixels.shape):
        part = alpha[rows, ..., None].astype(np.float64)
        colours = np.divide(pixels[rows] * float(full), part, out=np.zeros(pixels[rows].shape), where=part > 0)
        found[rows] = colours if full == 1 else np.floor(np.minimum(colours, full) + 0.5)
    return found


def bands_of_rows(shape: tuple[int, ...]) -> Iterator[slice]:
    """Yield the rows of an image in bands of about 2¹⁸ samples, for operations that need several times their memory."""
    rows = max(1, (1 << 18) // max(math.prod(shape[1:]), 1))
    return (slice(start, start + rows) for start in range(0, shape[0], rows))


def real_samples(pixels: Any) -> Any:
    """Return samples as uint8, uint16, float32 or float64; raises `DecodeError` if that would lose information."""
    try:
        return array_image.real_samples(pixels)
    except ImageError as error:
        raise DecodeError(str(error)) from None
