"""The results of a sweep, one after the other: each is measured, written and reduced before the next is made."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...filters.core.engine.mask import Box, Effect, keeps_size
from ...filters.core.lazy_numpy import Array
from ...filters.core.named_tuple import NamedTuple
from .. import signals
from ..batch import other_pictures
from ..batch.frame_output import Computed, kept_of, opened, writable
from ..batch.image_job import ImageProcessor
from ..batch.job_options import JobOptions
from ..batch.plan import Input, Job, Target
from ..compare.comparable import comparable
from ..compare.measured import How, Measured, measured
from ..console.slow_image import Progress
from ..drawing.cells import WHITE, Colour
from ..drawing.thumbnail import thumbnail
from ..errors import UsageError
from ..images import encode, formats
from ..images.atomic_write import Transaction
from ..images.picture import DecodeError, Picture
from ..images.reader import naming
from .arrangement import Variant

if TYPE_CHECKING:
    from ..page.exhibit import Exhibit

HOW = How(("diff", "psnr", "ssim"))


class Shown(NamedTuple):
    """A result as the sheet shows it, with its figures; or the input, which comes first."""

    variant: Variant | None
    pixels: Array
    size: tuple[int, int]
    """The width and height of the whole result."""
    seconds: float = 0.0
    found: Measured | None = None
    """How close it is to the reference."""
    why: str = ""
    """The reason why it cannot be measured."""
    kept: int | None = None
    """The bytes of its own file."""
    exhibit: Exhibit | None = None
    """What the page shows of it."""

    @property
    def rank(self) -> tuple[float, float]:
        """A sort key that grows with the similarity to the reference."""
        if self.found is None or self.found.psnr is None:
            return float("-inf"), 0.0
        return self.found.psnr, self.found.ssim or 0.0


class HowShown(NamedTuple):
    """How each result is shown and written."""

    transaction: Transaction
    """Writes the results' files."""
    marks: Mapping[int, str]
    """The stamps of these files."""
    reference: Picture | None = None
    crop: Box | None = None
    """The part to show."""
    side: int | None = None
    """Pixels of the longer side; None for its own size."""
    background: Colour = WHITE
    exhibit_of: Callable[[Picture], Exhibit] | None = None
    """Makes the exhibit of a picture; None without a page."""
    progress: Progress | None = None


class Results:
    """Makes all results of one picture."""

    def __init__(self, variants: Sequence[Variant], options: JobOptions, targets: Mapping[int, Target]) -> None:
        """Prepare all filters; raises UsageError. *targets* are the results' own files, if any."""
        self.variants, self.options, self.targets = variants, options, targets
        self.processors = [self._processor(variant, options) for variant in variants]

    def _processor(self, variant: Variant, options: JobOptions) -> ImageProcessor:
        maps = variant.recipe.maps()
        if len(maps) not in (0, 1, 3):
            raise UsageError(f"{variant.text}: gives {len(maps)} maps, but a cell shows one picture; use conv --sheet")
        return ImageProcessor(variant.recipe, maps, options)

    def job(self, number: int, name: str) -> Job:
        """Return the job for one result of the picture in the file *name*."""
        target = self.targets.get(number) or Target(self.variants[number].text, formats.LOSSLESS)
        recipe, place = self.variants[number].recipe, Path(name).name
        others = other_pictures.beside(recipe, place) if any(other_pictures.named(recipe)) else ()
        return Job(Input(name, place), {"image": target}, others=others)

    def each(self, name: str, picture: Picture, how: HowShown) -> Iterator[Shown]:
        """Yield the results of the picture in the file *name*, once; raises FileError."""
        for number in range(len(self.variants)):
            signals.check()
            if how.progress is not None:
                how.progress.begin(number, len(self.variants))
            yield self._one(number, name, picture, how)  # its samples are freed before the next result is made

    def _one(self, number: int, name: str, picture: Picture, how: HowShown) -> Shown:
        began = time.perf_counter()
        variant, processor = self.variants[number], self.processors.pop(0)  # with its second pictures
        job, again = self.job(number, name), copy.copy(picture)
        again.notes = []
        whole = how.reference is not None or number in self.targets
        if how.crop is not None and not whole and self._in_place(processor, job, again):
            render = self.options.render._replace(effect=Effect(roi=[how.crop]))
            processor = self._processor(variant, self.options._replace(render=render))
        processor.progress = how.progress
        computed = processor.computed(job, again)
        seconds = time.perf_counter() - began
        result = _picture(computed, again)
        kept = None
        if number in self.targets:
            kept = _written(how.transaction, processor, job, computed, again, how.marks[number])
        return as_shown(name, variant, result, how, seconds, kept)

    def _in_place(self, processor: ImageProcessor, job: Job, picture: Picture) -> bool:
        """Return whether a part of the result can be computed from that part of the picture alone."""
        if not keeps_size(processor.stages) or picture.palette is not None:
            return False
        _, encodings = processor.rendered(job, picture)
        return not encodings["image"].stretched


def _picture(computed: Computed, read: Picture) -> Picture:
    """Return a result as a picture."""
    output, encoding = computed.outputs["image"], computed.encodings["image"]
    samples, colours = encode.coloured(output.samples, read.metadata), computed.colours_of("image")
    alpha = None if output.alpha is None else output.alpha.reshape(output.alpha.shape[:2])
    return Picture(samples, alpha, colours="rgb" if read.metadata.palette else colours, white=encoding.white)


def part(picture: Picture, crop: Box | None) -> Picture:
    """Return a part of a picture; raises `DecodeError` if a result is too small for it."""
    if crop is None:
        return picture
    x, y, width, height = crop
    pixels = picture.pixels[y : y + height, x : x + width]
    if not pixels.size:
        rows, columns = picture.pixels.shape[:2]
        raise DecodeError(f"a result has {columns}×{rows} pixels; --crop {x},{y},{width},{height} lies outside")
    alpha = None if picture.alpha is None else picture.alpha[y : y + height, x : x + width]
    return Picture(pixels, alpha, colours=picture.colours, white=picture.white)


def as_shown(
    name: str, variant: Variant | None, picture: Picture, how: HowShown, seconds: float = 0.0, kept: int | None = None
) -> Shown:
    """Return a result of the file *name* as it is shown, or the file's own picture."""
    found, why = compared(picture, how.reference)
    with naming(name):
        seen = part(picture, how.crop)
        pixels = thumbnail(seen, how.side, how.background)
    exhibit = None if how.exhibit_of is None else how.exhibit_of(seen)
    height, width = picture.pixels.shape[:2]
    return Shown(variant, pixels, (width, height), seconds, found, why, kept, exhibit)


def compared(result: Picture, reference: Picture | None) -> tuple[Measured | None, str]:
    """Return how close a result is to the reference, or why that is unknown."""
    if reference is None:
        return None, ""
    both = comparable(result, reference, strict=False)
    return (None, both) if isinstance(both, str) else (measured(both, HOW), "")


def _written(
    transaction: Transaction, processor: ImageProcessor, job: Job, computed: Computed, read: Picture, mark: str
) -> int:
    """Write a result into its own file, and return the number of bytes."""
    target, notes = job.targets["image"], list[str]()
    with opened(transaction, job, target, processor.options.write) as file:
        with writable(target, computed.formats_of["image"]):
            processor.encode(file, "image", computed, kept_of(read.metadata, "image", computed, notes), mark)
        return sum(len(part) for part in file.parts())
