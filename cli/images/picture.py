"""A picture as it is between its file and the filters, and what refuses a file."""

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
    """What a pixel is, and what memory it takes in a decoder."""

    channels: int
    """With the alpha."""
    size: int = 1
    """Bytes of a sample."""
    decoding: float = 0
    """Bytes a pixel that the decoder takes at most, with those that it returns, beside the file."""
    held: float = 0
    """Bytes a pixel that it returns, if they are more than the samples; or that it keeps, where it returns rows as they
    are needed."""
    bands: bool = False
    """The channels have no colours, and none is an alpha."""

    @property
    def bytes(self) -> int:
        """Of a pixel."""
        return self.channels * self.size


WINDOW_BYTES = 1 << 26
"""The most that is held of a picture whose rows are read on demand, beside what is asked for, unless its
decoder tells of more."""


class Expected(NamedTuple):
    """A picture that is about to be decoded."""

    width: int
    height: int
    samples: Samples
    format: str
    file: int
    """Bytes of the file, which are in memory."""
    streamed: bool = False
    """Its rows are read on demand, and few of them are held."""

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self.width * self.height

    @property
    def decoding(self) -> float:
        """The bytes that the decoder takes at most, beside the file."""
        return self.held if self.streamed else self.pixels * self.samples.decoding

    @property
    def held(self) -> float:
        """The bytes of what the decoder returns; they may be the file's."""
        if self.streamed:
            return max(WINDOW_BYTES, self.pixels * self.samples.held)
        return self.pixels * max(self.samples.held, self.samples.bytes)


SizeGuard = Callable[[Expected], None]
"""Returns when a picture may be decoded, or raises `DecodeError`."""

TIMES, PIXELS_A_BYTE = 16, 1 << 10
"""How many of the largest pictures all frames of a file may be as large as together, and what a byte of a longer file
stands for: of a page of few words, packed by CCITT, it is less."""
MOST_A_BYTE = 1 << 12
"""What a byte of a shorter file stands for, where its frames are more than one of the largest pictures: of a film of a
screen, on which little moves."""


class DecodeOptions(NamedTuple):
    """How files are read."""

    guard: SizeGuard
    """Is told of the picture before memory is taken."""
    lenient: bool = False
    """Of a damaged file, what can be read is taken."""
    to_rgb: bool = False
    """Colours of other spaces are converted."""
    kind: str = ""
    """The name of the files' format, where their bytes do not tell it."""
    max_pixels: int = 1 << 28
    """The largest picture's, by which all frames of a file together are limited, too."""
    format: str = ""
    """The name of the file's format, and its bytes."""
    file: int = 0
    name: str = ""
    """Of the file, where it has one."""

    def check_size(self, width: int, height: int, samples: Samples) -> None:
        """Raise `DecodeError` if a picture is too large; to be called before memory is taken for it."""
        self.guard(Expected(width, height, samples, self.format, self.file))


class DecodeError(Exception):
    """The bytes is not a valid size that can be kept whole; the message says why."""


class LackError(DecodeError):
    """The machine lacks what decoding needs, memory, a library or a disk: nothing is wrong with the file."""


def check_lack(error: Exception) -> None:
    """Raise `LackError` if a decoder's error tells of the machine, and not of the file."""
    if isinstance(error, LackError):
        raise error
    if (lack := faults.lacking(error)) is not None:
        raise LackError(lack) from None
    if isinstance(error, OSError) and error.errno is not None:  # of the system: those of decoders have no number
        raise LackError(reason(error)) from None


class Palette(NamedTuple):
    """The numbers of a picture's colours, where it has no transparency."""

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
        """The name in the table of formats, which whoever decodes the file fills in."""
        self.metadata = metadata or Metadata()
        self.notes = [] if notes is None else notes
        """Notes for the user about how it was read."""
        self.number, self.images = 0, 1
        """Of the frame, or of the first of several of one size, whose pixels lie stacked vertically."""
        self.numbers: Sequence[int] = ()
        """Of several, where they do not follow each other."""
        self.labels: Labels | None = None
        """Of the images, where they are some of a data set that has labels."""
        self.orientation = orientation
        """What EXIF said of the samples as they were stored; the pixels are upright."""
        self.nodata = nodata
        """The value of samples that are missing, as the file tells it."""
        self.colours: ColourModel = model_of(pixels.shape[2]) if colours == "gray" else colours
        """What the channels are. Several are never gray: three are RGB then, and others bands without colour."""
        self.white = white
        """The value that is white, where the file says another than the type of its samples does."""
        self.palette = palette
        """Of what *pixels* are made, where the file has one."""
        self.bits: int | None = None
        """Those of a sample in the file, where *pixels* are scaled from fewer than their own."""
        self.colour_count = 0
        """The colours of the file's palette, where there is no *palette*: of a transparent picture, or of a film."""

    @property
    def full(self) -> float:
        """The value that is white."""
        return white_of(self.pixels.dtype.name, self.white)


MODELS = {"gray": "gray", "rgb": "RGB", "cmyk": "CMYK"}


def channels_of(picture: Picture) -> str:
    """Return what the channels are, in a word or two."""
    model = MODELS.get(picture.colours) or f"{picture.pixels.shape[2]} bands"
    return model if picture.alpha is None else f"{model} with alpha"


class Timing(NamedTuple):
    """How an animation runs."""

    durations: Sequence[tuple[int, int]]
    """Of each frame, in seconds: numerator and denominator."""
    plays: int = 0
    """How often it is shown; 0 is for ever."""


class Frames:
    """What a file holds that has several pictures: an animation, the pages of a TIFF, the pictures of an MPO.

    Each is decoded when its turn comes, as the whole picture that is seen then, so that no filter meets another
    frame's pixels, and one is in memory at a time.
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
        """None where a pipe is read while its frames are filtered: it becomes known with the last."""
        self.each = each
        """Decodes one after the other; they come with the metadata of their own."""
        self.timing = timing
        """None if they are pages."""
        self.first = first
        """The picture of which the others are previews, or what another eye sees: only who asks for them wants them."""
        self.stream = stream
        """They are images one after the other, each of its own size and format."""
        self.format = format
        """As of a `Picture`."""
        self.pixels = pixels
        """Of all frames together, where the file says that beforehand."""
        self.most_pixels = sys.maxsize
        """Of all frames together at most."""
        self.pictures = pictures
        """Returns several as one picture, from a first to a last that is not among them: those of a data set, which are
        small, of one size, and many."""
        self.labels = labels
        """Of all images, where the file of a data set holds them, or another beside it."""
        self.archive: Archive | None = None
        """The arrays of the file, where it holds several."""
        self.check_unchanged: Callable[[], None] = lambda: None
        """Raises `DecodeError` if the file, which was read piece by piece, changed since."""

    def check_pixels(self) -> None:
        """Raise `DecodeError` if all frames together have too many pixels, as is known before one is decoded."""
        if self.pixels > self.most_pixels:
            raise DecodeError(
                f"has {self.count} frames of {self.pixels} pixels in all; the limit is {self.most_pixels} "
                "(--max-pixels raises it)"
            )

    def decoded(self) -> Iterator[Picture]:
        """Yield one after the other; raises `DecodeError` for whatever a decoder meets."""
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
                # Decoders answer broken files with errors of every type; each means the same to the user.
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
        """Return the frames of a file of *length* bytes, no more of which are decoded than have pixels within limits.

        A frame of some bytes is as large as its canvas, and a page may share its pixels with others.
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
    """Return the one picture of a file, or that of which its others are previews; raises `DecodeError`, *several*."""
    if isinstance(found, Picture):
        return found
    if found.first is not None:
        return found.first
    raise DecodeError(several)


Decode = Callable[[bytes], Picture | Frames]
"""Decodes a whole file; handed to the decoders of files that hold others."""


class PartialDecode(NamedTuple):
    """What a codec's `load` leaves to its `finish`."""

    data: Any
    """Bytes, or what stands for those of a file that is read piece by piece."""
    image: Image.Image | None = None
    """Opened by Pillow; None for what is read without it."""
    notes: tuple[str, ...] = ()
    low: Image.Image | None = None
    """The low bytes of 16-bit samples, whose high bytes *image* holds."""
    stream: bool = False
    """They are several images, of which none was decoded."""
    parts: list[Any] | None = None
    """The bytes of the picture's parts, unpacked, for what is decoded with NumPy; each is None once it was used."""
    damage: str | None = None
    """Why a lenient `load` was needed."""
    pixels: Any = None
    """The samples of *image*, of which only the header was read; None if it holds them itself."""
    end: int = 0
    """Where the picture ends in the file, which may go on; 0 if that is not known."""


def check_pixels(width: int, height: int, most: int, beside: str = "") -> None:
    """Raise `DecodeError` if a picture has no pixels, or more than *most*; *beside* is said then, too."""
    if width < 1 or height < 1:
        raise DecodeError(f"is damaged ({width}×{height} pixels is not a valid size)")
    if width * height > most:
        raises = f"--max-pixels raises it{beside}"
        raise DecodeError(f"has {width}×{height} = {width * height} pixels; the limit is {most} ({raises})")


def size_guard(
    max_pixels: int,
    needed: Callable[[Expected], float] = lambda expected: 0,
    wait_for_room: Callable[[float], None] = lambda needed: None,
) -> SizeGuard:
    """Return what refuses pictures of more than *max_pixels*, or for which there is no memory.

    *needed* returns the bytes that a picture takes on the way from the decoder to the written file. What others hold is
    no reason to refuse it: *wait_for_room* takes those bytes and the file's, and returns when they had their turn.
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
            raise DecodeError(memory_budget.refusal(width, height, total, free))

    return check


def with_alpha(pixels: Any) -> Picture:
    """Return a picture whose alpha, if there is one, is the last channel."""
    if pixels.shape[2] in (2, 4):
        if isinstance(pixels, StreamedImage):
            return Picture(*pixels.apart())
        return Picture(pixels[..., :-1].copy(), pixels[..., -1].copy())
    return Picture(pixels)


def premultiplied(pixels: Any, alpha: Any) -> Any:
    """Return colours that were stored multiplied by the alpha as they are without it."""
    full = 1 if alpha.dtype.kind == "f" else np.iinfo(alpha.dtype).max
    found = np.empty(pixels.shape, pixels.dtype)
    for rows in bands_of_rows(pixels.shape):
        part = alpha[rows, ..., None].astype(np.float64)
        colours = np.divide(pixels[rows] * float(full), part, out=np.zeros(pixels[rows].shape), where=part > 0)
        found[rows] = colours if full == 1 else np.floor(np.minimum(colours, full) + 0.5)
    return found


def bands_of_rows(shape: tuple[int, ...]) -> Iterator[slice]:
    """Yield the rows of an image in bands of some 2¹⁸ samples, for what takes several times their memory."""
    rows = max(1, (1 << 18) // max(math.prod(shape[1:]), 1))
    return (slice(start, start + rows) for start in range(0, shape[0], rows))


def real_samples(pixels: Any) -> Any:
    """Return samples as uint8, uint16, float32 or float64; raises `DecodeError` if that would lose something."""
    try:
        return array_image.real_samples(pixels)
    except ImageError as error:
        raise DecodeError(str(error)) from None
