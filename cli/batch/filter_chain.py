"""Several filters in a row as one function of arrays: `imfilter chain` and `imfilter run` for Python."""

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
        """Run the filters over an image of any kind that a filter accepts; return the result of the last one.

        The keyword arguments have the same meaning as for a filter, and apply to the whole chain: for example, nothing
        changes outside *mask* and *roi*, whatever a step does.
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

        A file that a step names, such as a kernel, is never overwritten.
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
    """Return a function that runs filters in a row, each bare or with parameters, such as ``blur.step(sigma=2)``.

    Its result is that of `imfilter chain`, bit for bit: the filters run in one pass over the image, and nothing is
    rounded or clipped between them, unlike when one is called with the result of another. Parameters for the output,
    such as *depth*, belong to the last step, and *white* to the first.

    Raises
    ------
    ParameterError
        A step has a parameter that only the last or the first one may have, or there are no steps.

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
    """Return the chain in a recipe file, which `Chain.save` and ``imfilter chain --save`` write.

    Raises `ParameterError` for a file that is not a recipe or cannot be read.
    """
    with in_python():
        return Chain(load(os.fspath(path)))


def _told(value: Any) -> str:
    """Describe something that is not a step in one line; an image by its type."""
    text = repr(value)
    return text if len(text) <= 80 and "\n" not in text else f"this {type(value).__name__}"


def _with_pictures(recipe: Recipe) -> Recipe:
    """Return a recipe with the second pictures that it names, decoded; raises UsageError."""
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
    """Turn the UsageError of a wrong call into a ParameterError, which names parameters as in Python."""
    try:
        yield
    except UsageError as error:
        words = re.sub(r"--([a-z][a-z-]*)", lambda found: found[1].replace("-", "_"), str(error))
        raise ParameterError("steps", words) from None
