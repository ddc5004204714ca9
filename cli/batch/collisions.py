"""Two outputs in one file, an output in the place of an input, and links that lead to either."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from ..console.messages import shown
from ..errors import UsageError
from ..streams import STREAM, is_stream
from .inputs import identity, is_folder
from .plan import Job, Target

ANY = "\0"
"""Stands in a path for the number of a frame, which is not known yet; no path has it."""


def check_names(jobs: Sequence[Job]) -> None:
    """Raise UsageError for two outputs with one name, and an output with the name of an input that is not its own."""
    here = os.getcwd()

    def same(path: str) -> str:
        """Return what two names share when they may mean one file, on any file system."""
        return os.path.normpath(os.path.join(here, path)).casefold()

    sources = {same(job.input.name) for job in jobs if job.input.name != STREAM}
    taken: dict[str, Job] = {}
    for job in jobs:
        for target in job.targets.values():
            place = "" if target.path is None else same(_place(target))
            if place in sources and not target.in_place:
                raise UsageError(
                    f"{target.name}: is an input, which is never overwritten; give the output another name, "
                    "or use --in-place"
                )
            if place in taken:
                raise UsageError(f"{target.name}: would hold two outputs{_of(taken[place], job, target)}")
            taken[place] = job
        if job.backup is not None:
            place = same(job.backup)
            if place in sources or place in taken:
                raise UsageError(f"--backup: {shown(job.backup)} is an input or output too; use another suffix")
            taken[place] = job
    if any(ANY in place for place in taken) and (both := meeting([*sources, *taken])) is not None:
        one, other = (_shown(os.path.relpath(place, here)) for place in both)
        raise UsageError(
            f"--name: {one} and {other} may be one file; write the number behind another sign, as in -{{frame:03}}"
        )


def meeting(places: Iterable[str]) -> tuple[str, str] | None:
    """Return two of the paths that may be one for some number in place of `ANY`, which one of them has at least.

    Such paths agree but for the run of digits in which the number stands.
    """
    groups: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}
    for place in places:
        parts = re.split(rf"(\d*{ANY}\d*|\d+)", place)
        groups.setdefault(tuple(parts[::2]), []).append((place, parts[1::2]))
    for members in groups.values():
        open_runs = {at for _, runs in members for at, run in enumerate(runs) if ANY in run}
        seen: dict[tuple[str, ...], str] = {}
        for place, runs in members if open_runs else ():
            fixed = tuple(run for at, run in enumerate(runs) if at not in open_runs)
            if fixed in seen and (ANY in place or ANY in seen[fixed]):
                return seen[fixed], place
            seen.setdefault(fixed, place)
    return None


def _of(one: Job, other: Job, target: Target) -> str:
    """Return of which inputs two outputs are that would meet at *target*, and what would help."""
    if one is other:
        of = f" of {one.name}"
        return f"{of}; give each its folder, or add --name '{{stem}}.{{output}}'" if target.folder else of
    if one.input.name == other.input.name:
        return f": {one.name} is named twice"
    of = f", of {one.name} and of {other.name}"
    return f"{of}; name the folder above both, with -r, or add --name '{{index}}-{{stem}}'" if target.folder else of


def check_files(jobs: Sequence[Job], beside: Sequence[str]) -> None:
    """Raise UsageError where the files behind the names collide, or an output's folder is missing.

    *beside* are the files that are written beside the outputs of the jobs.
    """
    sources = {identity(job.input.name) for job in jobs if job.input.name != STREAM} - {None}
    folders: dict[str, str] = {}
    for root in {target.folder for job in jobs for target in job.targets.values()}:
        if root is not None:
            _check_root(root)
    taken: dict[str, str] = {}
    numbered: list[str] = []
    for target in (
        *(target for job in jobs for target in job.targets.values()),
        *(Target(path, None) for path in beside),
    ):
        if target.path is None or is_stream(target.path):
            continue
        if target.folder is None and not target.in_place:
            _check_folder(target)
        if not target.in_place and identity(target.path) in sources:
            raise UsageError(f"{target.name}: leads to an input, which is never overwritten; choose another name")
        # A link at the output's own name is replaced; but an input is read through one.
        real = os.path.realpath(target.path) if target.in_place else _real(target.path, folders)
        if target.folder is not None and not _is_below(real, _real_folder(target.folder, folders)):
            raise UsageError(f"{target.name}: leads out of the folder {shown(target.folder)}")
        if real in taken:
            raise UsageError(f"{target.name}: leads to the same file as {taken[real]}")
        taken[real] = target.name
        if target.numbered is not None:
            numbered.append(_real(_place(target), folders))
    if numbered and (both := meeting([*numbered, *(os.path.realpath(job.input.name) for job in jobs)])) is not None:
        raise UsageError(f"--name: {' and '.join(map(_shown, both))} may be one file; choose another folder or name")


def _place(target: Target) -> str:
    """Return the path, with `ANY` for the number of a frame."""
    number = target.numbered
    return target.path or "" if number is None else f"{number.before}{ANY}{number.after}"


def _shown(place: str) -> str:
    return "{frame}".join(map(shown, place.split(ANY)))


def check_backups(jobs: Sequence[Job]) -> None:
    """Raise UsageError where a backup would take the place of a file, which nothing ever does."""
    for job in jobs:
        # A run that was killed between the two steps of a replacement has made the input its own backup.
        if job.backup is None or not os.path.lexists(job.backup):
            continue
        if not os.path.islink(job.backup) and identity(job.backup) == identity(job.input.name):
            continue
        raise UsageError(f"--backup: {shown(job.backup)} is there already; move it away, or use another suffix")


def _check_folder(target: Target) -> None:
    assert target.path is not None
    folder = os.path.dirname(target.path)
    if folder and not is_folder(folder):
        raise UsageError(f"{target.name}: there is no folder {shown(folder)}")


def _check_root(folder: str) -> None:
    """Raise UsageError where *folder* is no folder, and none can be made."""
    nearest = folder.rstrip("/") or "/"
    while nearest and not os.path.lexists(nearest):
        nearest = os.path.dirname(nearest)
    if nearest and not is_folder(nearest):
        where = "" if nearest == folder else f"{shown(nearest)} "
        raise UsageError(f"{shown(folder)}: {where}is no folder")


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


def _real(path: str, folders: dict[str, str]) -> str:
    """Return the path without links to folders; those of *folders* are looked up once."""
    folder, name = os.path.split(path)
    return os.path.join(_real_folder(folder, folders), name)


def _real_folder(folder: str, folders: dict[str, str]) -> str:
    if folder not in folders:
        folders[folder] = os.path.realpath(folder)
    return folders[folder]
