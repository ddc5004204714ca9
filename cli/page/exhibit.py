"""The pictures of one entry, before and after, encoded within its share of the page's bytes."""

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
"""Pixels up to which a picture is shown in full size."""
DETAILS = 3


class Grade(NamedTuple):
    """The quality in which pictures are shown."""

    side: int
    """Pixels of the longer side of a reduced picture."""
    detail: int
    """Pixels of a side of the details; 0 means no details."""
    quality: int
    """The quality of a JPEG; 0 means a lossless PNG."""


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
"""From best to worst; pictures of up to `WHOLE` pixels are not reduced in the first two."""
USUAL = 88
PACKED = {92: 1.25, 90: 1.1, 88: 1.0, 85: 0.88, 80: 0.75, 75: 0.65}
"""The bytes of a photograph in each quality, relative to the usual one."""
SAMPLE = 96
"""Pixels of a side of the sample that shows how well a picture compresses."""


class Subject(NamedTuple):
    """A picture to show, in its full size."""

    name: str
    """``before``, ``after``, or another role."""
    seen: OnScreen
    figures: tuple[Figures, ...] = ()


class Shown(NamedTuple):
    """A picture on the page."""

    name: str
    data: bytes
    """A PNG or JPEG."""
    width: int
    height: int
    full: tuple[int, int]
    """Width and height of the full picture."""
    note: str
    figures: tuple[Figures, ...] = ()
    """The figures of its channels, if they were counted."""

    @property
    def type(self) -> str:
        """The media type of the data."""
        return "image/png" if self.data.startswith(b"\x89PNG") else "image/jpeg"


class Detail(NamedTuple):
    """A window of two pictures, shown pixel by pixel."""

    left: int
    top: int
    pictures: tuple[Shown, ...]


class Exhibit(NamedTuple):
    """The pictures of one entry."""

    pictures: tuple[Shown, ...]
    """The first two, before and after, are layers of one view if they have the same shape."""
    details: tuple[Detail, ...] = ()
    quality: int = 0
    """The quality of the JPEGs; 0 if everything is lossless."""
    compared: bool = True
    """The details show where before and after differ most; otherwise where the result is strongest."""

    @property
    def size(self) -> int:
        """The bytes it takes on the page."""
        shown = [*self.pictures, *(picture for detail in self.details for picture in detail.pictures)]
        return sum(encoded_size(len(picture.data)) for picture in shown)


def encoded_size(length: int) -> int:
    """Return the number of base64 characters for *length* bytes.

    >>> encoded_size(3), encoded_size(4)
    (4, 8)
    """
    return -(-length // 3) * 4


def exhibit(subjects: Sequence[Subject], share: int, compared: bool = True) -> Exhibit:
    """Return the pictures of an entry, the first two of which are before and after, in *share* bytes of the page.

    *compared* says that both show the same, so that their difference is meaningful. The worst grade may take more.
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
    """Return the bytes per pixel as a PNG, and as a JPEG of `USUAL` quality, measured at the centre of the picture."""
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
