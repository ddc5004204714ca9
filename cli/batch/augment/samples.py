"""Augment data sets: the variants of each image follow each other, with its label."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from ....filters.core.engine import geometry
from ....filters.core.engine.many_plan import Plan
from ....filters.core.engine.output_buffer import Output
from ....filters.core.engine.stage import Stage
from ....filters.core.filter import Names, name_of
from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from ....filters.core.parameters import ImageError
from ...console.messages import shown
from ...errors import FileError, UsageError
from ...images import formats
from ...images.labels import Labels
from ...images.picture import Frames, Picture
from ..frame_output import Computed
from ..job_options import JobOptions
from ..plan import Job
from ..recipe import Recipe
from . import together, variants
from .augmentation import Augmentation, is_itself
from .drawn import Drawn
from .many_draws import ManyDraws

Answer = TypeVar("Answer")


class Samples(NamedTuple):
    """The properties of a data set's images that a manifest needs to repeat the draws."""

    number: int
    width: int
    height: int
    labels: Labels | None = None


DIGITS, TEN = (28, 28), 10
"""The size of digits, as in MNIST, and the number of their classes."""


class Processor(Protocol):
    """Filters the pictures."""

    stages: tuple[Stage, ...]
    draws: ManyDraws | None

    @property
    def options(self) -> JobOptions:
        """The options of the call."""
        ...

    def of_recipe(self, recipe: Recipe, stages: tuple[Stage, ...] = ()) -> Processor:
        """Return a processor for another recipe, or for the images' own stages."""
        ...

    def work_types(self, job: Job, picture: Picture, stages: Iterable[Sequence[Stage]]) -> list[Any]:
        """Return the sample types of a picture between stages."""
        ...

    def takes_stack(self, job: Job, picture: Picture) -> bool:
        """Return whether pictures like this one can be filtered several at a time."""
        ...

    def computed(self, job: Job, picture: Picture) -> Computed:
        """Filter a picture; raises FileError."""
        ...


def doubts(augmentation: Augmentation | None, frames: Frames) -> list[str]:
    """Return notes on operations that are harmful for a data set."""
    labels = frames.labels
    if augmentation is None or labels is None or frames.pictures is None or not augmentation.flips:
        return []
    if frames.pixels != (frames.count or 0) * DIGITS[0] * DIGITS[1] or len(np.unique(labels.values)) != TEN:
        return []
    if frames.pictures(0, 1).pixels.shape != (*DIGITS, 1):
        return []
    return ["looks like digits, most of which make no sense mirrored; leave out flip if they are"]


def summed(first: Computed, images: int, labels: Labels | None, variants: int) -> Samples:
    """Return the result with the *variants* of each image, from the computed outputs."""
    height, width, _ = first.shape
    return Samples(images // variants, width, height, None if labels is None else labels.every(variants))


def drawn(augmentation: Augmentation, job: Job, number: int, size: Samples) -> Iterator[Recipe]:
    """Yield the recipes of the variants of an image by its *number*; raises FileError."""
    name = name_of(job.input.place, number)
    for variant in job.variants:
        yield variants.drawn(augmentation, job, name, variant, size.width, size.height)


def described(augmentation: Augmentation, job: Job, found: Samples) -> Iterator[list[dict[str, Any]]]:
    """Yield the draws for the variants of each image, one image after the other; raises FileError."""
    draws, size = ManyDraws(augmentation), (found.width, found.height, 1)
    for first in range(0, found.number, DESCRIBED):
        names = Names(job.input.place, range(first, min(first + DESCRIBED, found.number)))
        yield from _of_file(job, lambda names=names: draws.drawn(names, job.variants, size)).described()


def _of_file(job: Job, make: Callable[[], Answer]) -> Answer:
    """Return the variants for a job's file; raises FileError if a filter refuses."""
    try:
        return make()
    except (UsageError, ImageError) as error:
        raise FileError(shown(job.input.name), str(error)) from None


def computed(processor: Processor, job: Job, picture: Picture) -> Computed:
    """Make the variants of images that are stacked vertically; raises FileError."""
    augmentation, count, each = processor.options.augmentation, picture.images, len(job.variants)
    assert augmentation is not None
    size = Samples(count, picture.pixels.shape[1], len(picture.pixels) // count)
    if picture.number == 0:
        _check_sizes(augmentation, job, picture, size)
    names = Names(job.input.place, range(picture.number, picture.number + count))
    drawn = drawn_for(processor, job, names, job.variants, (size.width, size.height, picture.pixels.shape[2]))
    [recipe] = drawn.recipes([0]).values()
    first = processor.of_recipe(recipe).computed(variants.alone(job, recipe), _some(picture, [0]))
    gathered, left = _Gathered(job, first, count * each), {*range(1, count * each)}
    for places, values in _at_once(job, first, picture, drawn, each):
        gathered.put(places, values)
        left.difference_update(places.tolist())
    recipes = drawn.recipes(sorted(left))
    for own, places, part in _parts(processor, job, picture, recipes, each):
        found = own.computed(variants.alone(job, recipes[places[0]]), part).outputs["image"]
        alpha = None if found.alpha is None else found.alpha.reshape(len(places), -1, found.alpha.shape[1])
        gathered.put(places, found.samples.reshape(len(places), -1, *found.samples.shape[1:]), alpha)
    labels = None if picture.labels is None else picture.labels.repeated(each)
    return first._replace(outputs={"image": gathered.output()}, images=count * each, labels=labels)


class _Gathered:
    """The resulting pictures, in order."""

    def __init__(self, job: Job, first: Computed, count: int) -> None:
        self.job, self.first = job, first.outputs["image"]
        samples, alpha = self.first.samples, self.first.alpha
        self.samples = np.empty((count, *samples.shape), samples.dtype)
        self.alpha = None if alpha is None else np.empty((count, *alpha.shape), alpha.dtype)
        self.put([0], samples[None], None if alpha is None else alpha[None])

    def put(self, places: Sequence[int] | Array, samples: Array, alpha: Array | None = None) -> None:
        """Add pictures at their positions; raises FileError if one is unlike the first."""
        if samples.shape[1:] != self.samples.shape[1:]:
            raise FileError(shown(self.job.input.name), f"its variants differ in size, {_DIFFER}")
        if samples.dtype != self.samples.dtype:
            why = "its variants differ in depth; give the last step --depth"
            raise FileError(shown(self.job.input.name), why)
        self.samples[places] = samples
        if self.alpha is not None and alpha is not None:
            self.alpha[places] = alpha

    def output(self) -> Output:
        """Return all pictures, stacked vertically."""
        alpha = None if self.alpha is None else self.alpha.reshape(-1, self.alpha.shape[-1])
        return self.first._replace(samples=self.samples.reshape(-1, *self.samples.shape[2:]), alpha=alpha)


def drawn_for(
    processor: Processor, job: Job, names: Sequence[str], variants: Sequence[int], size: tuple[int, int, int]
) -> Drawn:
    """Return the draws for *variants* of each of the images with these *names*, one image after the other.

    All have one width, height and number of channels. Raises FileError.
    """
    if processor.draws is None:
        assert processor.options.augmentation is not None
        processor.draws = ManyDraws(processor.options.augmentation)
    draws = processor.draws
    return _of_file(job, lambda: draws.drawn(names, variants, size))


def plan_of(job: Job, drawn: Drawn) -> Plan:
    """Return the operations on images of 8 bits filtered together; raises FileError."""
    return _of_file(job, drawn.plan)


def _at_once(job: Job, first: Computed, picture: Picture, drawn: Drawn, each: int) -> Iterator[tuple[Array, Array]]:
    """Yield the results of images filtered together, with their positions, except the first; see `plan_of`.

    The *first* decides the encoding of all.
    """
    encoding = first.encodings["image"]
    height, width, channels = first.shape
    small = picture.pixels.dtype == np.uint8 and picture.alpha is None and picture.colours in ("gray", "rgb")
    told = first.missing is None and picture.white in (None, 255) and not picture.metadata.palette
    if not (small and told and encoding.plain and encoding.dtype == "uint8"):
        return
    plan = plan_of(job, drawn)
    places = plan.places()
    places = places[places > 0]
    images = picture.pixels.reshape(-1, height, width, channels)
    yield from plan.run(images[places // each], places)


DESCRIBED = 1 << 10
"""Images per block of draws if they are not filtered."""
FIRST = 8
"""Images drawn for before the work, to check whether their variants have one size."""


def _parts(
    processor: Processor, job: Job, picture: Picture, recipes: Mapping[int, Recipe], each: int
) -> Iterator[tuple[Processor, Sequence[int], Picture]]:
    """Yield processors, each with the positions of its recipes, and its images."""
    height, width = len(picture.pixels) // picture.images, picture.pixels.shape[1]
    images = together.Images(width, height, picture.full, picture.colours)
    one = _some(picture, [0])
    for group in together.groups(recipes, images):
        left = group.places
        if group.parts:
            recipe = recipes[group.places[0]]
            own, alone = processor.of_recipe(recipe), variants.alone(job, recipe)
            kinds = own.work_types(
                alone, one, ([stage for part in parts for stage in part.stages] for parts in group.parts)
            )
            for some in group.split(kinds):
                own = processor.of_recipe(recipes[some.places[0]], some.stages()[0])
                if own.takes_stack(alone, one):
                    left = [place for place in left if place not in {*some.places}]
                    yield own, some.places, _some(picture, [place // each for place in some.places])
        for place in left:
            yield processor.of_recipe(recipes[place]), [place], _some(picture, [place // each])


_DIFFER = "which a data set cannot hold; end with resize --size or crop --size"


def _some(picture: Picture, numbers: Sequence[int]) -> Picture:
    """Return some of the images that are stacked vertically."""
    height = len(picture.pixels) // picture.images
    pixels = picture.pixels.reshape(picture.images, height, *picture.pixels.shape[1:])[numbers]
    alpha = picture.alpha
    if alpha is not None:
        alpha = alpha.reshape(picture.images, height, -1)[numbers].reshape(-1, alpha.shape[1])
    found = Picture(
        pixels.reshape(-1, *pixels.shape[2:]),
        alpha,
        format=picture.format,
        metadata=picture.metadata,
        nodata=picture.nodata,
        colours=picture.colours,
        white=picture.white,
    )
    found.number, found.images = picture.number + numbers[0], len(numbers)
    found.numbers = [picture.number + number for number in numbers]
    return found


def _check_sizes(augmentation: Augmentation, job: Job, picture: Picture, size: Samples) -> None:
    """Raise FileError if the variants may have several sizes, but their file holds only one."""
    own = formats.FORMATS[picture.format]
    if not any(target.format_for(output, own).data_set for output, target in job.targets.items()):
        return
    recipes = [*augmentation.check(), *augmentation.without(), *([augmentation.kept()] if 0 in job.variants else [])]
    for number in range(FIRST):
        recipes += drawn(augmentation, job, number, size)
    try:
        found = {_size(recipe, size.width, size.height) for recipe in recipes}
    except ImageError as error:
        raise FileError(shown(job.input.name), str(error)) from None
    if len(found) > 1:
        one, other = (f"{across}×{down}" for across, down in sorted(found)[:2])
        raise FileError(
            shown(job.input.name), f"its variants would differ in size, such as {one} and {other}, {_DIFFER}"
        )


def _size(recipe: Recipe, width: int, height: int) -> tuple[int, int]:
    if is_itself(recipe):
        return width, height
    found = geometry.followed([stage for step in recipe.steps for stage in step.part().stages], width, height)
    return found.width, found.height
