"""The variants of a data set's images: those of each image follow each other, with its label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from ....filters.core.engine import geometry
from ....filters.core.engine.executor import with_branches
from ....filters.core.engine.stage import Stage
from ....filters.core.filter import name_of
from ....filters.core.lazy_numpy import np
from ....filters.core.named_tuple import NamedTuple
from ....filters.core.parameters import ImageError
from ...console.messages import shown
from ...errors import FileError
from ...images import formats
from ...images.labels import Labels, joined
from ...images.picture import Picture
from ..frame_output import Computed
from ..job_options import JobOptions
from ..plan import Job
from ..recipe import Recipe
from . import variants
from .augmentation import Augmentation, is_itself


class Samples(NamedTuple):
    """What a manifest must know of the images of a data set to draw for them again."""

    number: int
    width: int
    height: int
    labels: Labels | None = None


class Processor(Protocol):
    """What filters pictures."""

    stages: tuple[Stage, ...]

    @property
    def options(self) -> JobOptions:
        """What the call asks for."""
        ...

    def of_recipe(self, recipe: Recipe) -> Processor:
        """Return what filters by another recipe."""
        ...

    def takes_stack(self, job: Job, picture: Picture) -> bool:
        """Whether pictures like this one can be filtered several at a time."""
        ...

    def computed(self, job: Job, picture: Picture) -> Computed:
        """Filter a picture; raises FileError."""
        ...


def summed(frames: Sequence[Computed], variants: int) -> Samples:
    """Return what was augmented, from what was computed of it: so many *variants* of each image."""
    height, width, _ = frames[0].shape
    labels = joined([frame.labels for frame in frames])
    count = sum(frame.images for frame in frames) // variants
    return Samples(count, width, height, None if labels is None else labels.every(variants))


def drawn(augmentation: Augmentation, job: Job, number: int, size: Samples) -> Iterator[Recipe]:
    """Yield the recipes of the variants of an image by its *number*; raises FileError."""
    name = name_of(job.input.place, number)
    for variant in job.variants:
        yield variants.drawn(augmentation, job, name, variant, size.width, size.height)


def computed(processor: Processor, job: Job, picture: Picture) -> Computed:
    """Make the variants of images that lie one below the other; raises FileError."""
    augmentation, count, each = processor.options.augmentation, picture.images, len(job.variants)
    assert augmentation is not None
    size = Samples(count, picture.pixels.shape[1], len(picture.pixels) // count)
    if picture.number == 0:
        _check_sizes(augmentation, job, picture, size)
    groups: dict[object, tuple[Recipe, list[int]]] = {}
    for sample in range(count):
        for at, recipe in enumerate(drawn(augmentation, job, picture.number + sample, size)):
            place = sample * each + at
            key: object = repr([(step.name, step.given) for step in recipe.steps])
            groups.setdefault(key, (recipe, []))[1].append(place)
    results: list[Computed] = []
    samples = alphas = None
    for recipe, places in groups.values():
        own = processor.of_recipe(recipe)
        alone = variants.alone(job, recipe)
        together = not any(stage.by_name for stage in with_branches(own.stages))
        pictures = [_some(picture, [place // each for place in places])] if together else None
        if pictures is None or not own.takes_stack(alone, _some(picture, [0])):
            pictures = [_some(picture, [place // each]) for place in places]
        first = 0
        for part in pictures:
            found = own.computed(alone, part)
            results.append(found)
            output = found.outputs["image"]
            one = len(output.samples) // part.images, *output.samples.shape[1:]
            if samples is None:
                samples = np.empty((count * each, *one), output.samples.dtype)
                alphas = None if output.alpha is None else np.empty((count * each, *one[:2]), output.alpha.dtype)
            if samples.shape[1:] != one:
                raise FileError(shown(job.input.name), f"its variants are of several sizes, {_DIFFER}")
            if samples.dtype != output.samples.dtype:
                raise FileError(
                    shown(job.input.name), "its variants are of several depths; use --depth in the last step"
                )
            mine = places[first : first + part.images]
            samples[mine] = output.samples.reshape(-1, *one)
            if alphas is not None and output.alpha is not None:
                alphas[mine] = output.alpha.reshape(-1, *one[:2])
            first += part.images
    assert samples is not None
    alpha = None if alphas is None else alphas.reshape(-1, alphas.shape[2])
    output = results[0].outputs["image"]._replace(samples=samples.reshape(-1, *samples.shape[2:]), alpha=alpha)
    labels = None if picture.labels is None else picture.labels.repeated(each)
    return results[0]._replace(outputs={"image": output}, images=count * each, labels=labels)


FIRST = 8
"""So many images are drawn for before the work, to see whether their variants are of one size."""
_DIFFER = "which a data set does not hold; end with resize --size or crop --size"


def _some(picture: Picture, numbers: Sequence[int]) -> Picture:
    """Return some of the images that lie one below the other."""
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
    return found


def _check_sizes(augmentation: Augmentation, job: Job, picture: Picture, size: Samples) -> None:
    """Raise FileError where the variants may be of several sizes, and their file is to hold one."""
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
            shown(job.input.name), f"its variants would be of several sizes, as {one} and {other}, {_DIFFER}"
        )


def _size(recipe: Recipe, width: int, height: int) -> tuple[int, int]:
    if is_itself(recipe):
        return width, height
    found = geometry.followed([stage for step in recipe.steps for stage in step.part().stages], width, height)
    return found.width, found.height
