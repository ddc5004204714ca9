"""The files that --watch looks at: those of each image, those that all images share, and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from ...filters.core.named_tuple import NamedTuple
from ...filters.core.parameters import FolderName
from ..file_identity import Identity, identity
from ..streams import STREAM
from .options import SharedOptions
from .plan import Input, Job
from .recipe import Recipe
from .request import Request, read_beside

Written = dict[tuple[Identity | None, str], str]
"""The paths of files, by folder and name."""


class WatchedFiles(NamedTuple):
    """All watched files."""

    shared: frozenset[str] = frozenset()
    """Kernels, recipe, mask, list, and the folders of files that go with images: they may affect all images."""
    folders: frozenset[str] = frozenset()
    """The folders of inputs, where new ones appear."""
    own: frozenset[str] = frozenset()
    """The inputs, and the files that go with each."""

    @property
    def all(self) -> Iterator[str]:
        """All files."""
        return chain(self.shared, self.folders, self.own)


def of_image(job: Job) -> tuple[str, ...]:
    """Return the source files of a job, besides those that all jobs share."""
    return job.input.name, *job.read_beside


def of_request(request: Request) -> WatchedFiles:
    """Return the files of a checked call."""
    shared = {*shared_files(request.recipe, request.options, request.inputs.inputs), *request.files.read}
    own = frozenset(name for job in request.jobs for name in of_image(job))
    return WatchedFiles(frozenset(shared), frozenset(request.inputs.folders) - shared, own)


def shared_files(recipe: Recipe, options: SharedOptions, inputs: Iterable[Input] = ()) -> Iterator[str]:
    """Yield the files that all images share, and the folders in which each of the *inputs* may have one of its own."""
    yield from recipe.files()
    beside = [name for name in read_beside(options) if name != STREAM]
    yield from beside
    partners = [value for step in recipe.steps for value in step.values.values() if isinstance(value, FolderName)]
    partners += [*beside, *([] if options.masks is None else [options.masks])]
    below = {os.path.dirname(source.place) for source in inputs}
    for folder in filter(os.path.isdir, partners):
        yield str(folder)
        yield from (os.path.join(folder, inner) for inner in below if inner)


def written_into(folders: Sequence[str], request: Request) -> Written:
    """Return the files that a call writes into the *folders* of its inputs."""
    known: dict[str, Identity | None] = {}
    watched = {identity(folder) for folder in folders}
    found: Written = {}
    for path in _paths(request):
        folder, name = os.path.split(path)
        if folder not in known:
            known[folder] = identity(folder or os.curdir)
        if known[folder] in watched:
            found[known[folder], name] = path
    return found


def _paths(request: Request) -> Iterator[str]:
    yield from request.files.written.values()
    for target in (target for job in request.jobs for target in job.all_targets.values()):
        if target.numbered is not None and not target.numbered.classes:
            number = 0
            while os.path.lexists(path := target.numbered.path(number)):
                yield path
                number += 1
        elif target.path is not None:
            yield target.path
