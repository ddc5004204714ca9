"""Refuse --watch for inputs that can be read only once, and outputs that cannot be written again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from ...filters.core.parameters import FileContent
from ..console.messages import flag, shown
from ..errors import UsageError
from ..streams import STREAM, is_stream
from .options import SharedOptions
from .recipe import Recipe
from .request import Request, read_beside
from .watched_files import of_image

REFUSED = {
    "in_place": "which would filter its own results again; write into another folder with -o",
    "dry_run": "which writes whenever a file changes; omit one of them",
    "fail_fast": "which tries a failed image again when its file changes; omit it",
    "shard": "which never ends, so its images cannot be divided; give each machine its own folder",
    "cluster": "which filters the few changed images on this machine; omit it",
    "report": "which never ends, so it would never be written; repeat the call without --watch",
}
"""The options that --watch excludes, with advice."""


def check_options(options: SharedOptions, map_files: Mapping[str, str]) -> None:
    """Raise UsageError for options that exclude --watch."""
    for name, why in REFUSED.items():
        if getattr(options, name) != options._field_defaults[name]:
            raise UsageError(f"{flag(name)} cannot be used with --watch, {why}")
    if STREAM in options.inputs:
        raise UsageError("--watch cannot read standard input (-) again; name a file or folder")
    if STREAM in (options.output, options.sheet, *map_files.values()):
        raise UsageError("--watch writes its outputs again and again; name a file or folder in place of -")


def check_recipe(recipe: Recipe) -> None:
    """Raise UsageError if a recipe, or a kernel, is a pipe or a device."""
    contents = [value for step in recipe.steps for value in step.values.values() if isinstance(value, FileContent)]
    _check([*contents, *([] if recipe.source is None else [recipe.source])])


def check_request(request: Request) -> None:
    """Raise UsageError if another input file, or an output, is a pipe or a device."""
    beside = [name for name in read_beside(request.options) if name != STREAM]
    _check([*beside, *(name for job in request.jobs for name in of_image(job))])
    for target in (target for job in request.jobs for target in job.all_targets.values()):
        if target.path is not None and is_stream(target.path):
            raise UsageError(f"{target.name}: is a pipe or device, and --watch writes again and again; name a file")


def _check(names: Iterable[str]) -> None:
    for name in names:
        if os.path.exists(name) and not (os.path.isfile(name) or os.path.isdir(name)):
            raise UsageError(f"{shown(name)}: is a pipe or device, which --watch cannot read again; name a file")
