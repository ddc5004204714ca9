"""What a page shows of one picture: what it was and what became of it, encoded within a share of the page's bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from ...filters.core.lazy_numpy import Array
from ...filters.core.named_tuple import NamedTuple
from ..images import encode, formats
from ..images.codec import EncodeOptions
from ..images.metadata import Metadata
from ..images.on_screen import OnScreen, reduced, size_within
from . import details
from .figures import Figures

WHOLE = 2_000_000
"""Pixels up to which a picture is shown as it is."""
DETAILS = 3


class Grade(NamedTuple):
    """How well pictures are shown."""

    side: int
    """Pixels of the longer side of a picture that is reduced."""
    detail: int
    """Those of a side of what is shown pixel by pixel; 0 is nothing."""
    quality: int
    """That of a JPEG; 0 is a PNG, without loss."""


GRADES = (
    Grade(1600, 400, 0),
    Grade(1600, 400, 92),
    Grade(1280, 320, 92),
    Grade(1000, 280, 90),
    Grade(800, 240, 88),
    Grade(640, 200, 85),
    Grade(480, 160, 85),
    Grade(360, 0, 85),
    Grade(240, 0, 80),
    Grade(160, 0, 75),
)
"""From the best; pictures of up to `WHOLE` pixels are not reduced in the first two."""
USUAL = 88
PACKED = {92: 1.25, 90: 1.1, 88: 1.0, 85: 0.88, 80: 0.75, 75: 0.65}
"""How many bytes a photograph takes in each quality, of those in the usual one."""
SAMPLE = 96
"""Pixels of a side of the part of a picture that tells how well it is packed."""


class Subject(NamedTuple):
    """A picture that is to be shown, in its full size."""

    name: str
    """``before``, ``after``, or what it is else."""
    seen: OnScreen
    figures: tuple[Figures, ...] = ()


class Shown(NamedTuple):
    """A picture on the page."""

    name: str
    data: bytes
    """Of a PNG or JPEG."""
    width: int
    height: int
    full: tuple[int, int]
    """Width and height of the picture itself."""
    note: str
    figures: tuple[Figures, ...] = ()
    """Of its channels, if they were counted."""

    @property
    def type(self) -> str:
        """What the data are."""
        return "image/png" if self.data.startswith(b"\x89PNG") else "image/jpeg"


class Detail(NamedTuple):
    """A part of two pictures, pixel by pixel."""

    left: int
    top: int
    pictures: tuple[Shown, ...]


class Exhibit(NamedTuple):
    """What is shown of one picture."""

    pictures: tuple[Shown, ...]
    """The first two lie one above the other, if they are of one shape: before and after."""
    details: tuple[Detail, ...] = ()
    quality: int = 0
    """That of the JPEGs; 0 where all is as it was computed."""
    compared: bool = True
    """The details are where before and after differ most; else where most is found after."""

    @property
    def size(self) -> int:
        """The bytes that it takes on the page."""
        shown = [*self.pictures, *(picture for detail in self.details for picture in detail.pictures)]
        return sum(encoded_size(len(picture.data)) for picture in shown)


def encoded_size(length: int) -> int:
    """Return how many characters of base64 so many bytes are.

    >>> encoded_size(3), encoded_size(4)
    (4, 8)
    """
    return -(-length // 3) * 4


def exhibit(subjects: Sequence[Subject], share: int, compared: bool = True) -> Exhibit:
    """Return what is shown of pictures, the first two of which are before and after, in *share* bytes of the page.

    *compared* says that both show the same, so that their difference tells something. The worst grade may take more.
    """
    pixels = _pixels(subject.seen.pixels.shape[1::-1] for subject in subjects)
    packed = _packed(subjects[0])
    for grade in GRADES:
        shown = _pixels(_size(subject, grade) for subject in subjects)
        details_too = shown < pixels
        beside = 2 * DETAILS * grade.detail**2 if details_too else 0
        needed = encoded_size(int((shown + beside) * packed[bool(grade.quality)] * PACKED.get(grade.quality, 1)))
        if needed > share and grade is not GRADES[-1]:
            continue
        found = _of_grade(subjects, grade, compared, details_too)
        if found.size <= share or grade is GRADES[-1]:
            return found
    raise AssertionError("the last grade is taken whatever it needs")


def _pixels(sizes: Iterable[tuple[int, ...]]) -> int:
    return sum(width * height for width, height in sizes)


def _packed(subject: Subject) -> tuple[float, float]:
    """Return how many bytes a pixel of a PNG takes, and of a JPEG of `USUAL` quality, by the middle of the picture."""
    height, width = subject.seen.pixels.shape[:2]
    top, left = max(0, (height - SAMPLE) // 2), max(0, (width - SAMPLE) // 2)
    middle = subject.seen.pixels[top : top + SAMPLE, left : left + SAMPLE]
    lossless, lossy = (
        len(_shown(middle, subject, Grade(0, 0, quality)).data) / middle[..., 0].size for quality in (0, USUAL)
    )
    return lossless, lossy


def _size(subject: Subject, grade: Grade) -> tuple[int, int]:
    height, width = subject.seen.pixels.shape[:2]
    if width * height <= WHOLE and grade.side == GRADES[0].side:
        return width, height
    return size_within(width, height, grade.side)


def _of_grade(subjects: Sequence[Subject], grade: Grade, compared: bool, details_too: bool) -> Exhibit:
    pictures = tuple(
        _shown(reduced(subject.seen.pixels, *_size(subject, grade)), subject, grade)._replace(figures=subject.figures)
        for subject in subjects
    )
    pair = [subject.seen.pixels for subject in subjects[:2]]
    found: list[Detail] = []
    if details_too and grade.detail and len(pair) == 2 and pair[0].shape[:2] == pair[1].shape[:2]:
        for left, top in details.places(pair[0] if compared else None, pair[1], grade.detail, DETAILS):
            box = slice(top, top + grade.detail), slice(left, left + grade.detail)
            both = (_shown(subject.seen.pixels[box], subject, grade) for subject in subjects[:2])
            found.append(Detail(left, top, tuple(both)))
    return Exhibit(pictures, tuple(found), grade.quality, compared)


def _shown(pixels: Array, subject: Subject, grade: Grade) -> Shown:
    file = io.BytesIO()
    format = formats.FORMATS["jpeg" if grade.quality else "png"]
    encode.write(file, pixels, None, format, Metadata(), EncodeOptions(grade.quality or None))
    height, width = subject.seen.pixels.shape[:2]
    return Shown(subject.name, file.getvalue(), pixels.shape[1], pixels.shape[0], (width, height), subject.seen.note)
