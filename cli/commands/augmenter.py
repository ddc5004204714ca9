"""Random variants of images as a function of arrays: what `imfilter augment` does, for Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from ...filters.core.engine import array_image
from ...filters.core.engine.array_image import ArrayImage, ImageLike, one_image
from ...filters.core.engine.colour import model_of
from ...filters.core.engine.quantize import white_of
from ...filters.core.filter import Call, ImageFilter, OneStack, Program, threads_of
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.parameters import ImageError, ParameterError
from ..batch.augment import together
from ..batch.augment.augmentation import SEEDS, Action, Augmentation
from ..batch.augment.drawn import Drawn
from ..batch.augment.many_draws import ManyDraws
from ..batch.augment.policies import Policy
from ..batch.filter_chain import Chain, in_python
from ..batch.recipe import Recipe
from .augment_steps import step_of


AT_ONCE = 1 << 20
"""Samples of images that are drawn for and filtered at once."""


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
        self._check_variant(variant)
        sizes = [
            image.shape[:2] if isinstance(image, np.ndarray) else one_image(image).pixels.shape[:2] for image in images
        ]
        whole = _whole(images)
        found, steps = _Results(len(images)), [[] for _ in images]
        for height, width in dict.fromkeys(sizes):
            places = [place for place, size in enumerate(sizes) if size == (height, width)]
            channels = 1 if whole is None else whole.pixels.shape[2]
            each = max(1, AT_ONCE // (width * height * channels))
            for own in (places[first : first + each] for first in range(0, len(places), each)):
                with in_python():
                    drawn = self._draws.drawn([names[place] for place in own], [variant], (width, height, channels))
                for place, described in zip(own, drawn.described(), strict=True):
                    steps[place] = described
                self._filter(drawn, whole, images, own, names, jobs, found)
        assert found.images is not None
        return found.images, steps

    @staticmethod
    def _check_variant(variant: Any) -> None:
        if isinstance(variant, bool) or not isinstance(variant, int | np.integer) or variant < 0:
            raise ParameterError("variant", f"{variant!r} is not a whole number from 0")

    def _filter(
        self,
        drawn: Drawn,
        whole: ArrayImage | None,
        images: Sequence[ImageLike] | Array,
        places: Sequence[int],
        names: Sequence[str],
        jobs: int | None,
        found: _Results,
    ) -> None:
        """Find what becomes of the images in some *places* by what is drawn for them; *whole* are all, if one array."""
        left = set(range(len(places)))
        if whole is not None and _is_small(whole):
            with in_python():
                plan = drawn.plan()
            taken = plan.places()
            given = images[np.array(places)[taken]]  # type: ignore[index]
            for own, results in plan.run(given.reshape(-1, *images.shape[1:3], whole.pixels.shape[2]), taken):
                found.put([places[at] for at in own.tolist()], results if images.ndim == 4 else results[..., 0])
                left.difference_update(own.tolist())
        recipes = {places[at]: recipe for at, recipe in drawn.recipes(sorted(left)).items()}
        if whole is not None:
            for done in self._in_groups(recipes, whole, images, names, threads_of(jobs), found):
                del recipes[done]
        for place, recipe in recipes.items():
            found.put([place], np.asarray(self._run(Chain(recipe), images[place], names[place], jobs))[None])

    @staticmethod
    def _in_groups(
        recipes: Mapping[int, Recipe],
        whole: ArrayImage,
        images: Array,
        names: Sequence[str],
        jobs: int,
        found: _Results,
    ) -> list[int]:
        """Filter together what stages take together, and return the places of these images."""
        full, colours = white_of(whole.pixels.dtype.name, whole.white), whole.colours or model_of(whole.pixels.shape[2])
        done: list[int] = []
        with in_python():
            grouped = together.groups(recipes, together.Images(images.shape[2], images.shape[1], full, colours))
        for group in grouped:
            if not group.parts:
                continue
            recipe = recipes[group.places[0]]
            stages, settings = recipe.stages()
            program = Program(stages, settings, recipe.last, recipe.white)
            stack = OneStack(whole, jobs)
            kinds = [
                stack.work_type(program, [stage for part in parts for stage in part.stages]) for parts in group.parts
            ]
            for some in group.split(kinds):
                recipe = recipes[some.places[0]]
                program = Program(*some.stages(), recipe.last, recipe.white)
                part = whole._replace(
                    pixels=images[some.places].reshape(-1, *images.shape[2:], *(() if images.ndim == 4 else (1,))),
                    images=len(some.places),
                )
                result = stack._replace(image=part).result(
                    program, [PurePosixPath(names[at]).name for at in some.places]
                )
                if result is not None:
                    found.put(some.places, np.asarray(result))
                    done += some.places
        return done

    def chain(self, width: int, height: int, *, name: str = "", variant: int = 1) -> Chain[Any]:
        """Return the filters that are drawn for an image of a *width* and *height*."""
        self._check_variant(variant)
        with in_python():
            return Chain(self.augmentation.drawn(name, int(variant), width, height))

    @staticmethod
    def _run(chain: Chain[Any], image: ImageLike, name: str, jobs: int | None = None) -> Any:
        found = chain(image, name=PurePosixPath(name).name, jobs=jobs)  # random fields have a seed for the whole name
        return getattr(found, "image", found)


class _Results:
    """The images of a stack, in whatever order they come."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.images: Array | None = None

    def put(self, places: Sequence[int], images: Array) -> None:
        """Put images in their places; raises ImageError for those that are not like the others."""
        if self.images is None:
            if len(places) == self.count:
                self.images = images
                return
            self.images = np.empty((self.count, *images.shape[1:]), images.dtype)
        if (self.images.shape[1:], self.images.dtype) != (images.shape[1:], images.dtype):
            raise ImageError("the results differ in size or depth; end with resize --size or crop --size")
        self.images[places] = images


def _whole(images: Sequence[ImageLike] | Array) -> ArrayImage | None:
    """Return the images of a stack as one, if they are one array."""
    if isinstance(images, np.ndarray) and not isinstance(images, np.ma.MaskedArray) and images.ndim in (3, 4):
        [whole], _ = array_image.images(images, stack=True)
        return whole
    return None


def _is_small(whole: ArrayImage) -> bool:
    """Whether images have nothing but samples of 8 bits, gray or in colour."""
    small = whole.pixels.dtype == np.uint8 and whole.pixels.shape[2] in (1, 3) and whole.colours != "bands"
    return small and not whole.masked and whole.alpha is None and whole.nodata is None


def _step(number: int, step: Any) -> tuple[Action | Policy, ...]:
    """Return the actions of a step; raises UsageError."""
    if isinstance(step, str):
        return step_of(number, step)
    if isinstance(step, ImageFilter):
        step = step.checked()
    if not isinstance(step, Call):
        raise ParameterError("steps", f"{step!r} is neither text, nor a filter, nor a step, as blur.step(sigma=2)")
    return (Action(step.name, step.given),)
