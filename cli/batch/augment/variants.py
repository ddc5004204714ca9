"""The variants of an augmentation as jobs: which there are, what they are called, what they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ....filters.core.named_tuple import NamedTuple
from ...console.messages import shown
from ...errors import FileError, UsageError
from .. import other_pictures
from ..plan import Input, Job
from ..recipe import Recipe
from .augmentation import Augmentation, is_itself

PATTERN = "{stem}-{variant:02}{suffix}"
MOST = 10_000
"""Variants of an image."""
HELD_OUT = frozenset({"val", "valid", "validation", "test"})
"""Folders whose pictures measure what was learned; of augmented ones the measure is wrong."""


class Variants(NamedTuple):
    """What a call of `imfilter augment` makes of each input."""

    augmentation: Augmentation
    recipes: Sequence[Recipe]
    """All that can be drawn, at its ends: what the call may read, and what tells it from others."""
    variants: int = 1
    keep: bool = False
    all_splits: bool = False
    manifest: str | None = None

    @property
    def title(self) -> str:
        """What the recipe is called in a file's name."""
        return self.augmentation.name

    @property
    def numbers(self) -> tuple[int, ...]:
        """The variants; 0 is the image itself."""
        return tuple(range(0 if self.keep else 1, self.variants + 1))

    def pattern(self, given: str | None, in_folder: bool) -> str | None:
        """Return the pattern of the outputs' names; raises UsageError for one that names several alike."""
        if given is None:
            return PATTERN if in_folder or len(self.numbers) > 1 else None
        if len(self.numbers) > 1 and "{variant" not in given:
            raise UsageError(f"--name {shown(given)}: there are {len(self.numbers)} variants; add {{variant}}")
        return given

    def check_places(self, inputs: Iterable[Input]) -> None:
        """Raise UsageError for pictures that measure what was learned."""
        for one in inputs if not self.all_splits else ():
            folders = Path(one.place).parts[:-1]
            if (held := next((folder for folder in folders if folder.lower() in HELD_OUT), None)) is not None:
                raise UsageError(
                    f"{shown(one.name)}: is in a folder {held}, whose images measure what was learned from others; "
                    f"leave it out with --exclude {held}, or add --all-splits"
                )

    def files(self) -> dict[str, str]:
        """Return the files that the results depend on, and what they are."""
        return {name: what for recipe in self.recipes for name, what in recipe.files().items()}

    def key(self) -> bytes:
        """Return what tells this augmentation from every other: its steps and seed, and the contents of its files."""
        own = repr(self.augmentation).encode("utf-8", "surrogateescape")
        return b"\0".join([own, *(recipe.key() for recipe in self.recipes)])


def drawn(augmentation: Augmentation, job: Job, width: int, height: int) -> Recipe:
    """Return the recipe of a job's variant; raises FileError where what was drawn cannot be done."""
    try:
        return augmentation.drawn(job.input.place, job.variant or 0, width, height)
    except UsageError as error:
        raise FileError(shown(job.input.name), str(error)) from None


def alone(job: Job, recipe: Recipe) -> Job:
    """Return the job of a variant as a call with its *recipe* and its input alone has it.

    Random fields go by the name of the file, without its folders: their seed was drawn for the whole path.
    """
    place = Path(job.input.place).name
    others = other_pictures.beside(recipe, job.input.place)
    return job._replace(input=job.input._replace(place=place), variant=None, others=others)


def described(recipe: Recipe) -> list[dict[str, Any]]:
    """Return the steps of a drawn recipe as JSON can hold them: the filters, and their parameters by name."""
    if is_itself(recipe):
        return []
    return [{"filter": step.name, **{name: step.values[name] for name in step.given}} for step in recipe.steps]
