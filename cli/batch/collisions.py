"""What a plan's names do not show: links that lead to an input, to one place, or out of the output folder."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..console.messages import shown
from ..errors import UsageError
from ..streams import STREAM, is_stream
from .inputs import identity, is_folder
from .plan import Job, Target, meeting


def check(jobs: Sequence[Job]) -> None:
    """Raise UsageError where the files behind the names of *jobs* collide, or an output's folder is missing."""
    sources = {identity(job.input.name) for job in jobs if job.input.name != STREAM} - {None}
    folders: dict[str, str] = {}
    for root in {target.folder for job in jobs for target in job.targets.values()}:
        if root is not None:
            _check_root(root)
    taken: dict[str, str] = {}
    numbered: list[str] = []
    for job in jobs:
        for target in job.targets.values():
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
                numbered.append(_real(target.place, folders))
    if numbered and (both := meeting([*numbered, *(os.path.realpath(job.input.name) for job in jobs)])) is not None:
        places = " and ".join(shown(place).replace("\\x00", "{frame}") for place in both)
        raise UsageError(f"--name: {places} may be one file; choose another folder or name")


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
