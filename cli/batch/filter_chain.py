"""Several filters in a row as one function of arrays: what `imfilter chain` and `imfilter run` do, for Python."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar, cast

from ...filters.core.engine.array_image import ArrayImage, ImageLike
from ...filters.core.engine.mask import Box
from ...filters.core.filter import INDEX, Call, ImageFilter, Program, run_on_arrays
from ...filters.core.parameters import FolderName, ParameterError
from ..errors import UsageError
from ..images import prefetch
from .call_files import files_read
from .other_pictures import OtherPictures, named
from .recipe import Recipe, in_a_row
from .recipe_file import load, write_recipe

Answer = TypeVar("Answer")
Step = Call[Answer] | ImageFilter[..., Answer]


class Chain(Generic[Answer]):
    """Filters in a row: call it with an image. Nothing is rounded between the steps, as in `imfilter chain`."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    @property
    def steps(self) -> tuple[Call[Any], ...]:
        """The filters with their parameters."""
        return self.recipe.steps

    def __call__(
        self,
        image: ImageLike,
        *,
        mask: ImageLike | None = None,
        roi: Sequence[Box] | Box | None = None,
        nodata: float | None = None,
        keep_holes: bool = False,
        bands: bool = False,
        stack: bool = False,
        maps: Sequence[str] | str | None = None,
        jobs: int | None = None,
        name: str = "",
    ) -> Answer:
        """Run the filters over an image, which may be all that a filter takes; return what the last one does.

        The keyword arguments mean what they do for a filter, and concern the whole chain: nothing changes outside of
        *mask* and *roi*, for example, whatever a step does.
        """
        found = run_on_arrays(
            image,
            self._program,
            mask=mask,
            roi=roi,
            nodata=nodata,
            keep_holes=keep_holes,
            bands=bands,
            stack=stack,
            maps=maps,
            jobs=jobs,
            name=name,
        )
        return cast(Answer, found)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the steps as a recipe, which `imfilter run` and `load_recipe` read; raises `FileError`.

        A file that a step names, as a kernel's, is never overwritten.
        """
        for number, step in enumerate(self.steps, 1):
            for name, value in step.given.items():
                if not isinstance(value, (str, int, float, tuple, list)):
                    raise ParameterError(
                        "steps", f"step {number} ({step.name}): {name}: a recipe cannot hold an array; name a file"
                    )
        with in_python():
            read = files_read(self.recipe._replace(source=None).files())
            write_recipe(os.fspath(path), self.recipe, read.identities)

    def _program(self, image: ArrayImage) -> Program:
        with in_python():
            recipe = self.recipe.for_colours(image.colours, image.pixels.shape[2])
            if any(named(recipe)):
                recipe = _with_pictures(recipe)
            maps = len(recipe.maps())
            stages, settings = recipe.stages()
        by_index = any(step.values["channels"] == INDEX for step in recipe.steps)
        return Program(stages, settings, recipe.last, recipe.white, maps, by_index)

    def __repr__(self) -> str:
        return f"chain({', '.join(map(repr, self.steps))})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (tuple(self.steps),)


def chain(*steps: *tuple[*tuple[Step[Any], ...], Step[Answer]]) -> Chain[Answer]:
    """Return a function that runs filters in a row, each by itself or with parameters, as ``blur.step(sigma=2)``.

    It gives what `imfilter chain` gives, bit for bit: the filters are one pass over the image, and nothing is rounded
    or cut off between them, as it is when one is called with the result of another. What says how a result is written,
    such as *depth*, belongs to the last step, and *white* to the first.

    Raises
    ------
    ParameterError
        A step says what only the last or the first one can, or there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from imfilter.filters.blur import blur
    >>> mean = blur.step(op="mean", size=(3, 1))
    >>> dot = np.array([0, 0, 0, 2, 0, 0, 0], np.uint8)
    >>> chain(mean, mean)(dot)
    array([0, 0, 0, 1, 0, 0, 0], dtype=uint8)
    >>> blur(blur(dot, op="mean", size=(3, 1)), op="mean", size=(3, 1))
    array([0, 0, 1, 1, 1, 0, 0], dtype=uint8)
    """
    if not steps:
        raise ParameterError("steps", "there are none; pass filters, as in chain(blur.step(sigma=2), edges)")
    calls: list[Call[Any]] = []
    for step in cast("tuple[Any, ...]", steps):
        if not isinstance(step, (Call, ImageFilter)):
            raise ParameterError("steps", f"{_told(step)} is neither a filter nor a step, such as blur.step(sigma=2)")
        calls.append(step.checked() if isinstance(step, ImageFilter) else step)
    with in_python():
        return _again(tuple(calls))


def load_recipe(path: str | os.PathLike[str]) -> Chain[Any]:
    """Return the chain that a recipe describes, as `Chain.save` and ``imfilter chain --save`` write it.

    Raises `ParameterError` for a file that is no recipe, or cannot be read.
    """
    with in_python():
        return Chain(load(os.fspath(path)))


def _told(value: Any) -> str:
    """Name what is no step in one line; of an image its type."""
    text = repr(value)
    return text if len(text) <= 80 and "\n" not in text else f"this {type(value).__name__}"


def _with_pictures(recipe: Recipe) -> Recipe:
    """Return a recipe with the second pictures that it names; raises UsageError."""
    for step, name in named(recipe):
        if isinstance(folder := step.values[name], FolderName):
            raise UsageError(f"{name}: {folder} is a folder, but an array has no name to find in it; name a file")
    others = OtherPictures(recipe, prefetch.max_pixels(""))
    others.check()
    return others.complete(recipe, (), "")


def _again(steps: tuple[Call[Any], ...]) -> Chain[Any]:
    return Chain(in_a_row(steps))


@contextmanager
def in_python() -> Iterator[None]:
    """Let a wrong call be a ParameterError, which calls options as Python does."""
    try:
        yield
    except UsageError as error:
        words = re.sub(r"--([a-z][a-z-]*)", lambda found: found[1].replace("-", "_"), str(error))
        raise ParameterError("steps", words) from None
