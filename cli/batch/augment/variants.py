"""The variants of an augmentation as jobs: their number, names and sources."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ....filters.core import npy_header
from ....filters.core.filter import Call
from ....filters.core.named_tuple import NamedTuple
from ...console.messages import shown
from ...errors import FileError, UsageError
from ...images import formats
from .. import other_pictures
from ..inputs import is_folder
from ..naming import OutputNaming
from ..plan import Input, Job
from ..recipe import Recipe
from .augmentation import Augmentation, is_itself

PATTERN = "{stem}-{variant:02}{suffix}"
MOST = 10_000
"""The most variants of an image."""
HELD_OUT = frozenset({"val", "valid", "validation", "test"})
"""Folders of evaluation data, which should not be augmented."""


class Variants(NamedTuple):
    """The variants that a call of `imfilter augment` makes of each input."""

    augmentation: Augmentation
    recipes: Sequence[Recipe]
    """Recipes with every range at its ends: the files that the call may read, and its key."""
    variants: int = 1
    keep: bool = False
    all_splits: bool = False
    manifest: str | None = None
    recipe: str | None = None
    """The file of the steps, if they came from one."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """The variants; 0 is the image itself."""
        return tuple(range(0 if self.keep else 1, self.variants + 1))

    def planned(
        self, inputs: Sequence[Input], plan: Callable[..., list[Job]], naming: OutputNaming, kind: str, in_folder: bool
    ) -> list[Job]:
        """Return the jobs made by *plan*: one per variant, but one per data set, whose outputs hold all variants.

        *kind* is the format of inputs that cannot be recognised by their bytes.
        Raises UsageError if several of them would have the same name.
        """
        apart = naming.frame is not None or "frame" in naming.fields
        sets = [] if apart else [source for source in inputs if kind or is_data_set(source.name)]
        images = [source for source in inputs if source not in sets]
        naming, several = naming._replace(filter=self.augmentation.name), len(self.numbers) > 1
        jobs: list[Job] = []
        if images:
            pattern = self._pattern(naming.pattern, in_folder)
            jobs += plan(images, naming._replace(pattern=pattern), several, variants=self.numbers)
        if sets:
            jobs += plan(sets, naming, several=bool(images), together=self.numbers)
        return jobs

    def _pattern(self, given: str | None, in_folder: bool) -> str | None:
        if given is None:
            return PATTERN if in_folder or len(self.numbers) > 1 else None
        if len(self.numbers) > 1 and "{variant" not in given:
            raise UsageError(f"--name {shown(given)}: there are {len(self.numbers)} variants; add {{variant}}")
        return given

    def check_places(self, inputs: Iterable[Input]) -> None:
        """Raise UsageError for evaluation data."""
        for one in inputs if not self.all_splits else ():
            folders = Path(one.place).parts[:-1]
            if (held := next((folder for folder in folders if folder.lower() in HELD_OUT), None)) is not None:
                raise UsageError(
                    f"{shown(one.name)}: is in a {held} folder, whose images are for evaluation, not for training; "
                    f"skip it with --exclude {held}, or add --all-splits"
                )

    def doubts(self, names: Iterable[str]) -> list[str]:
        """Return a note for each given folder of evaluation data."""
        folders = [name for name in names if not self.all_splits and is_folder(name)]
        held = [(name, Path(name).resolve().name) for name in folders]
        return [
            f"{shown(name)}: is a {word} folder, whose images are for evaluation, not for training; "
            "add --all-splits to augment them anyway"
            for name, word in held
            if word.lower() in HELD_OUT
        ]

    def files(self) -> dict[str, str]:
        """Return the files that the results depend on, with their roles."""
        own = {} if self.recipe is None else {self.recipe: "the recipe of this call"}
        return own | {name: what for recipe in self.recipes for name, what in recipe.files().items()}

    def key(self) -> bytes:
        """Return a key that differs for every other augmentation: its steps, its seed, the contents of its files."""
        own = repr(self.augmentation).encode("utf-8", "surrogateescape")
        return b"\0".join([own, *(recipe.key() for recipe in self.recipes)])


def is_data_set(name: str) -> bool:
    """Return whether a file holds the images of a data set, whose variants go into one file again."""
    try:
        with open(name, "rb") as file:
            head, length = file.read(formats.HEAD), os.fstat(file.fileno()).st_size
    except (OSError, ValueError):
        return False
    found = formats.sniff(head, name, length)
    if found is None or found.name != "npy":
        return found is not None and found.data_set
    try:
        return len(npy_header.read(head).shape) == 4
    except ValueError:
        return False


def drawn(augmentation: Augmentation, job: Job, name: str, variant: int, width: int, height: int) -> Recipe:
    """Return the recipe of a *variant* of a job's image with this *name*; raises FileError."""
    try:
        return augmentation.drawn(name, variant, width, height)
    except UsageError as error:
        raise FileError(shown(job.input.name), str(error)) from None


def alone(job: Job, recipe: Recipe) -> Job:
    """Return the job of a variant as in a call with only its *recipe* and its input.

    Random fields go by the name of the file, without its folders: their seed was drawn for the whole path.
    """
    place = Path(job.input.place).name
    others = other_pictures.beside(recipe, job.input.place)
    return job._replace(input=job.input._replace(place=place), variant=None, variants=(), others=others)


def described(recipe: Recipe) -> list[dict[str, Any]]:
    """Return the steps of a drawn recipe as values for JSON: the filters, and their parameters by name."""
    if is_itself(recipe):
        return []
    return [described_call(step) for step in recipe.steps]


def described_call(step: Call[Any]) -> dict[str, Any]:
    """Return one step as values for JSON."""
    return {"filter": step.name, **{name: step.values[name] for name in step.given}}
