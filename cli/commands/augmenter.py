"""Random variants of images as a function of arrays: what `imfilter augment` does, for Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from ...filters.core.engine import array_image, many
from ...filters.core.engine.array_image import ImageLike, one_image
from ...filters.core.engine.colour import model_of
from ...filters.core.engine.quantize import white_of
from ...filters.core.engine.threads import threads_of
from ...filters.core.filter import Call, ImageFilter, OneStack, Program
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.parameters import ImageError, ParameterError
from ..batch.augment import together
from ..batch.augment.augmentation import SEEDS, Action, Augmentation
from ..batch.augment.many_draws import ManyDraws
from ..batch.augment.policies import Policy
from ..batch.augment.variants import described
from ..batch.filter_chain import Chain, in_python
from .augment_steps import step_of


class Augmenter:
    """Draws filters for images, and runs them: call it with an image, its name and the number of a variant.

    The steps are those of the command line as text, ``"rotate --angle -15..15"``, or filters and their steps,
    ``flip`` or ``blur.step(sigma=2)``, with nothing to draw. What is drawn depends on *seed*, name, variant, step and
    parameter alone, and is what the command draws: of the same pixels it makes the same.

    Raises
    ------
    ParameterError
        A step is wrong, or can be for some of the numbers that may be drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from imfilter.augment import Augmenter
    >>> turned = Augmenter("flip --op {left-right|top-bottom|both}", seed=7)
    >>> image = np.array([[1, 2], [3, 4]], np.uint8)
    >>> turned(image, name="cat/001.png", variant=1)
    array([[3, 4],
           [1, 2]], dtype=uint8)
    >>> turned(image, name="cat/001.png", variant=0)
    array([[1, 2],
           [3, 4]], dtype=uint8)
    """

    def __init__(self, *steps: str | Call[Any] | ImageFilter[Any, Any], seed: int = 0) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < SEEDS:
            raise ParameterError("seed", f"{seed!r} is not a whole number from 0 to {SEEDS - 1}")
        with in_python():
            self.augmentation = Augmentation(tuple(_step(number, step) for number, step in enumerate(steps, 1)), seed)
            self.augmentation.check()
        self._draws = ManyDraws(self.augmentation)

    def __call__(self, image: ImageLike, *, name: str = "", variant: int = 1) -> Any:
        """Return a *variant* of an image, from 1; variant 0 is the image itself.

        The *name* is the path below the folder that the command is given, with / between folders.
        """
        height, width = one_image(image).pixels.shape[:2]
        return self._run(self.chain(width, height, name=name, variant=variant), image, name)

    def stack(
        self, images: Sequence[ImageLike] | Array, names: Sequence[str], variant: int = 1, *, jobs: int | None = None
    ) -> tuple[Array, list[list[dict[str, Any]]]]:
        """Return a *variant* of each image as one array, and for each the steps with the numbers that were drawn.

        *jobs* threads share the work, None for all cores.

        Raises `ImageError` where the results are not of one size, as they are behind ``resize`` or ``crop --size``.
        """
        if len(images) != len(names):
            raise ParameterError("names", f"there are {len(names)} for {len(images)} images")
        if not len(images):
            raise ImageError("the stack has no images")
        results: dict[int, Array] = {}
        self._check_variant(variant)
        chains: dict[int, Chain[Any]] = {}
        sizes = [
            image.shape[:2] if isinstance(image, np.ndarray) else one_image(image).pixels.shape[:2] for image in images
        ]
        with in_python():
            for height, width in dict.fromkeys(sizes):
                places = [place for place, size in enumerate(sizes) if size == (height, width)]
                recipes = self._draws.recipes([names[place] for place in places], [variant], width, height)
                chains.update((place, Chain(recipe)) for place, [recipe] in zip(places, recipes, strict=True))
        if isinstance(images, np.ndarray) and not isinstance(images, np.ma.MaskedArray) and images.ndim in (3, 4):
            results = self._together(chains, images, names, threads_of(jobs))
        for number in range(len(images)):
            if number not in results:
                results[number] = np.asarray(self._run(chains[number], images[number], names[number], jobs))
        if len({(result.shape, result.dtype) for result in results.values()}) > 1:
            raise ImageError("the results differ in size or depth; end with resize --size or crop --size")
        stack = np.stack([results[number] for number in range(len(images))])
        return stack, [described(chains[number].recipe) for number in range(len(images))]

    @staticmethod
    def _check_variant(variant: Any) -> None:
        if isinstance(variant, bool) or not isinstance(variant, int | np.integer) or variant < 0:
            raise ParameterError("variant", f"{variant!r} is not a whole number from 0")

    @staticmethod
    def _together(chains: Mapping[int, Chain[Any]], images: Array, names: Sequence[str], jobs: int) -> dict[int, Array]:
        """Return the results of those that are filtered together, by their numbers."""
        [whole], _ = array_image.images(images, stack=True)
        found: dict[int, Array] = {}
        full = white_of(whole.pixels.dtype.name, whole.white)
        colours = whole.colours or model_of(whole.pixels.shape[2])
        of_size = together.Images(images.shape[2], images.shape[1], full, colours)
        small = whole.pixels.dtype == np.uint8 and whole.pixels.shape[2] in (1, 3) and whole.colours != "bands"
        if small and not whole.masked and whole.alpha is None and whole.nodata is None:
            channels = whole.pixels.shape[2]
            of_all = together.steps({place: chain.recipe for place, chain in chains.items()}, (*of_size[:2], channels))
            for own in together.of_one_size(of_all):
                stack = images if len(own) == len(images) else images[[*own]]
                results = many.run(stack.reshape(-1, *images.shape[1:3], channels), [*own.values()])
                found.update(zip(own, results if images.ndim == 4 else results[..., 0], strict=True))
        if len(found) == len(images):
            return found
        with in_python():
            grouped = together.groups(
                {place: chain.recipe for place, chain in chains.items() if place not in found}, of_size
            )
        for group in grouped:
            if not group.parts:
                continue
            recipe = chains[group.places[0]].recipe
            stages, settings = recipe.stages()
            program = Program(stages, settings, recipe.last, recipe.white)
            stack = OneStack(whole, jobs)
            kinds = [
                stack.work_type(program, [stage for part in parts for stage in part.stages]) for parts in group.parts
            ]
            for some in group.split(kinds):
                recipe = chains[some.places[0]].recipe
                program = Program(*some.stages(), recipe.last, recipe.white)
                part = whole._replace(
                    pixels=images[some.places].reshape(-1, *images.shape[2:], *(() if images.ndim == 4 else (1,))),
                    images=len(some.places),
                )
                result = stack._replace(image=part).result(
                    program, [PurePosixPath(names[at]).name for at in some.places]
                )
                if result is not None:
                    found.update(zip(some.places, result, strict=True))
        return found

    def chain(self, width: int, height: int, *, name: str = "", variant: int = 1) -> Chain[Any]:
        """Return the filters that are drawn for an image of a *width* and *height*."""
        self._check_variant(variant)
        with in_python():
            return Chain(self.augmentation.drawn(name, int(variant), width, height))

    @staticmethod
    def _run(chain: Chain[Any], image: ImageLike, name: str, jobs: int | None = None) -> Any:
        found = chain(image, name=PurePosixPath(name).name, jobs=jobs)  # random fields have a seed for the whole name
        return getattr(found, "image", found)


def _step(number: int, step: Any) -> tuple[Action | Policy, ...]:
    """Return the actions of a step; raises UsageError."""
    if isinstance(step, str):
        return step_of(number, step)
    if isinstance(step, ImageFilter):
        step = step.checked()
    if not isinstance(step, Call):
        raise ParameterError("steps", f"{step!r} is neither text, nor a filter, nor a step, as blur.step(sigma=2)")
    return (Action(step.name, step.given),)
