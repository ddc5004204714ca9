"""Random variants of images as a function of arrays: what `imfilter augment` does, for Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...filters.core.engine.array_image import ImageLike, one_image
from ...filters.core.filter import Call, ImageFilter
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.parameters import ImageError, ParameterError
from ..batch.augment.augmentation import SEEDS, Action, Augmentation
from ..batch.augment.many_draws import ManyDraws
from ..batch.augment.policies import Policy
from ..batch.filter_chain import Chain, in_python
from .augment_steps import step_of
from .augmented_stack import AugmentedStack, run


class Augmenter:
    """Draws filters for images, and runs them: call it with an image, its name and the number of a variant.

    The steps are those of the command line as text, ``"rotate --angle -15..15"``, or filters and their steps, ``flip``
    or ``blur.step(sigma=2)``, with nothing to draw. The draws depend only on *seed*, name, variant, step and parameter,
    and are those of the command: the same pixels give the same result.

    Raises
    ------
    ParameterError
        A step is wrong, or is wrong for some numbers that may be drawn.

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

        The *name* is the path below the folder that the command would get, with / between folders.
        """
        height, width = one_image(image).pixels.shape[:2]
        return run(self.chain(width, height, name=name, variant=variant), image, name)

    def stack(
        self, images: Sequence[ImageLike] | Array, names: Sequence[str], variant: int = 1, *, jobs: int | None = None
    ) -> tuple[Array, list[list[dict[str, Any]]]]:
        """Return a *variant* of each image as one array, and for each the steps with the numbers that were drawn.

        *jobs* threads share the work, None for all cores.

        Raises `ImageError` if the results differ in size; after ``resize`` or ``crop --size`` they do not.
        """
        if len(images) != len(names):
            raise ParameterError("names", f"there are {len(names)} for {len(images)} images")
        if not len(images):
            raise ImageError("the stack has no images")
        self._check_variant(variant)
        stack, steps = AugmentedStack(images, names, jobs), [[] for _ in names]
        for places, size in stack.parts():
            with in_python():
                drawn = self._draws.drawn([names[place] for place in places], [variant], size)
            for place, described in zip(places, drawn.described(), strict=True):
                steps[place] = described
            stack.filter(places, drawn)
        assert stack.results is not None
        return stack.results, steps

    @staticmethod
    def _check_variant(variant: Any) -> None:
        if isinstance(variant, bool) or not isinstance(variant, int | np.integer) or variant < 0:
            raise ParameterError("variant", f"{variant!r} is not a whole number from 0")

    def chain(self, width: int, height: int, *, name: str = "", variant: int = 1) -> Chain[Any]:
        """Return the filters that are drawn for an image of a *width* and *height*."""
        self._check_variant(variant)
        with in_python():
            return Chain(self.augmentation.drawn(name, int(variant), width, height))


def _step(number: int, step: Any) -> tuple[Action | Policy, ...]:
    """Return the actions of a step; raises UsageError."""
    if isinstance(step, str):
        return step_of(number, step)
    if isinstance(step, ImageFilter):
        step = step.checked()
    if not isinstance(step, Call):
        raise ParameterError("steps", f"{step!r} is neither text, nor a filter, nor a step, as blur.step(sigma=2)")
    return (Action(step.name, step.given),)
