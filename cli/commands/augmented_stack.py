"""Filter the images of a stack with the numbers drawn for them: together where possible, else one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from ...filters.core.engine import array_image
from ...filters.core.engine.array_image import ArrayImage, ImageLike, one_image
from ...filters.core.engine.colour import model_of
from ...filters.core.engine.quantize import white_of
from ...filters.core.engine.threads import threads_of
from ...filters.core.filter import OneStack, Program
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.parameters import ImageError
from ..batch.augment import together
from ..batch.augment.drawn import Drawn
from ..batch.filter_chain import Chain, in_python
from ..batch.recipe import Recipe

AT_ONCE = 1 << 20
"""Samples of the images that are filtered at once."""


class AugmentedStack:
    """Images, and their results."""

    def __init__(self, images: Sequence[ImageLike] | Array, names: Sequence[str], jobs: int | None) -> None:
        self.images, self.names, self.jobs = images, names, jobs
        self.results: Array | None = None
        self.array: Any = None
        self.whole: ArrayImage | None = None
        if isinstance(images, np.ndarray) and not isinstance(images, np.ma.MaskedArray) and images.ndim in (3, 4):
            [self.whole], _ = array_image.images(images, stack=True)
            self.array = images

    def parts(self) -> list[tuple[list[int], tuple[int, int, int]]]:
        """Return the places of images that are drawn for at once; and their width, height and channels."""
        if self.whole is not None:
            height, width = self.array.shape[1:3]
            sizes = {(width, height, self.whole.pixels.shape[2]): list(range(len(self.array)))}
        else:
            sizes: dict[tuple[int, int, int], list[int]] = {}
            for place, image in enumerate(self.images):
                height, width, channels = one_image(image).pixels.shape
                sizes.setdefault((width, height, channels), []).append(place)
        found: list[tuple[list[int], tuple[int, int, int]]] = []
        for size, places in sizes.items():
            each = max(1, AT_ONCE // max(1, size[0] * size[1] * size[2]))
            found += [(places[first : first + each], size) for first in range(0, len(places), each)]
        return found

    def filter(self, places: Sequence[int], drawn: Drawn) -> None:
        """Filter the images in some *places* with their drawn numbers; raises ImageError if the results differ."""
        left = range(len(places))
        if self.whole is not None and _is_small(self.whole):
            with in_python():
                plan = drawn.plan()
            taken = plan.places()
            images = self.array[np.array(places)[taken]]
            images = images.reshape(*images.shape[:3], self.whole.pixels.shape[2])
            for own, results in plan.run(images, taken):
                self._put([places[at] for at in own.tolist()], results)
            left = np.setdiff1d(left, taken).tolist()
        with in_python():
            recipes = {places[at]: recipe for at, recipe in drawn.recipes(left).items()}
        for place in self._in_groups(self.whole, recipes) if self.whole is not None else ():
            del recipes[place]
        for place, recipe in recipes.items():
            self._put([place], np.asarray(run(Chain(recipe), self.images[place], self.names[place], self.jobs))[None])

    def _in_groups(self, whole: ArrayImage, recipes: Mapping[int, Recipe]) -> list[int]:
        """Filter the images that the stages take together, and return their places."""
        full, colours = white_of(whole.pixels.dtype.name, whole.white), whole.colours or model_of(whole.pixels.shape[2])
        done: list[int] = []
        with in_python():
            height, width = self.array.shape[1:3]
            grouped = together.groups(recipes, together.Images(width, height, full, colours))
        for group in grouped:
            if not group.parts:
                continue
            recipe = recipes[group.places[0]]
            stages, settings = recipe.stages()
            program = Program(stages, settings, recipe.last, recipe.white)
            stack = OneStack(whole, threads_of(self.jobs))
            kinds = [
                stack.work_type(program, [stage for part in parts for stage in part.stages]) for parts in group.parts
            ]
            for some in group.split(kinds):
                recipe = recipes[some.places[0]]
                program = Program(*some.stages(), recipe.last, recipe.white)
                pixels = self.array[some.places]
                pixels = pixels.reshape(-1, pixels.shape[2], whole.pixels.shape[2])
                part = whole._replace(pixels=pixels, images=len(some.places))
                names = [PurePosixPath(self.names[at]).name for at in some.places]
                result = stack._replace(image=part).result(program, names)
                if result is not None:
                    self._put(some.places, np.asarray(result))
                    done += some.places
        return done

    def _put(self, places: Sequence[int], results: Array) -> None:
        """Put results in their places; raises ImageError for those that are not like the others."""
        if self.array is not None and self.array.ndim == 3 and results.ndim == 4:
            results = results[..., 0]
        if self.results is None:
            if len(places) == len(self.images):
                self.results = results
                return
            self.results = np.empty((len(self.images), *results.shape[1:]), results.dtype)
        if (self.results.shape[1:], self.results.dtype) != (results.shape[1:], results.dtype):
            raise ImageError("the results differ in size or depth; end with resize --size or crop --size")
        self.results[places] = results


def run(chain: Chain[Any], image: ImageLike, name: str, jobs: int | None = None) -> Any:
    """Return the result of a chain for one image."""
    found = chain(image, name=PurePosixPath(name).name, jobs=jobs)  # random fields have a seed for the whole name
    return getattr(found, "image", found)


def _is_small(whole: ArrayImage) -> bool:
    """Whether the images have only 8-bit samples, gray or in colour."""
    small = whole.pixels.dtype == np.uint8 and whole.pixels.shape[2] in (1, 3) and whole.colours != "bands"
    return small and not whole.masked and whole.alpha is None and whole.nodata is None
