"""Two outputs in one file, an output in the place of an input, and links that lead to either."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from ..console.messages import shown
from ..errors import UsageError
from ..file_identity import Identity, identity, identity_of_descriptor
from ..streams import STREAM, is_stream
from .inputs import is_folder
from .plan import Job, Target
from .provenance import is_stamped
from .twin_names import Places, are_one, folded

ANY = "\0"
"""Stands in a path for the number of a frame, which is not known yet; no path has it."""


def check_names(jobs: Sequence[Job]) -> None:
    """Raise UsageError for two outputs with one name, and an output with the name of an input that is not its own."""
    sources: Places[Job] = Places()
    for job in jobs:
        if job.input.name != STREAM:
            sources.add(_absolute(job.input.name), job)
    taken: Places[Job] = Places()
    for job in jobs:
        for target in job.targets.values():
            place = "" if target.path is None else _absolute(_place(target))
            if not target.in_place and sources.get(place):
                raise UsageError(
                    f"{target.name}: is an input, which is never overwritten; give the output another name, "
                    "or use --in-place"
                )
            if (other := taken.get(place)) is not None:
                if target.in_place and other.input.name != job.input.name:
                    raise UsageError(f"--in-place: {other.name} and {job.name} are one file; --exclude one of them")
                raise UsageError(f"{target.name}: would hold two outputs{_of(other, job, target)}")
            taken.add(place, job)
        if job.backup is not None:
            place = _absolute(job.backup)
            if sources.get(place) or taken.get(place):
                raise UsageError(f"--backup: {shown(job.backup)} is an input or output too; use another suffix")
            taken.add(place, job)
    if any(ANY in place for place in taken) and (both := meeting([*sources, *taken])) is not None:
        one, other = (_shown(os.path.relpath(place)) for place in both)
        raise UsageError(
            f"--name: {one} and {other} may be one file; write the number behind another sign, as in -{{frame:03}}"
        )


def _absolute(path: str) -> str:
    return os.path.normpath(os.path.join(os.getcwd(), path))


RUN = re.compile(rf"(\d*{ANY}\d*|\d+)")
"""Digits, or what stands for them."""


def meeting(places: Iterable[str]) -> tuple[str, str] | None:
    """Return two of the paths that may be one for some number in place of `ANY`, which one of them has at least.

    Such paths agree but for the run of digits in which the number stands.
    """
    groups: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}
    for place in places:
        parts = RUN.split(folded(place))
        groups.setdefault(tuple(parts[::2]), []).append((place, parts[1::2]))
    for members in groups.values():
        open_runs = {at for _, runs in members for at, run in enumerate(runs) if ANY in run}
        seen: dict[tuple[str, ...], list[str]] = {}
        for place, runs in members if open_runs else ():
            fixed = tuple(run for at, run in enumerate(runs) if at not in open_runs)
            for other in seen.setdefault(fixed, []):
                if (ANY in place or ANY in other) and are_one(RUN.sub("0", other), RUN.sub("0", place)):
                    return other, place
            seen[fixed].append(place)
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


def check_files(jobs: Sequence[Job], beside: Sequence[str], read: Mapping[str, str]) -> None:
    """Raise UsageError where the files behind the names collide, or an output's folder is missing.

    *beside* are the files that are written beside the outputs of the jobs; *read* are those that are read beside the
    inputs, with what they are.
    """
    inputs = {_source(job.input.name) for job in jobs} - {None}
    others = {identity(name): what for name, what in read.items()}
    folders: dict[str, str] = {}
    for root in {target.folder for job in jobs for target in job.targets.values()}:
        if root is not None:
            _check_root(root)
    taken: Places[str] = Places()
    numbered: list[str] = []
    for name, target in (
        *((job.name, target) for job in jobs for target in job.targets.values()),
        *((shown(path), Target(path, None)) for path in beside),
    ):
        own = identity_of_descriptor(1) if target.path is None else identity(target.path)
        if own in inputs and not target.in_place:
            raise UsageError(f"{target.name}: leads to an input, which is never overwritten; choose another name")
        if own is not None and own in others:
            raise UsageError(f"{target.name}: is {others[own]}, which is never overwritten; choose another name")
        if target.path is None or is_stream(target.path):
            if target.in_place:
                raise UsageError(f"--in-place: {name} is not a file that can be replaced")
            continue
        if target.folder is None and not target.in_place:
            _check_folder(target)
        # A link at the output's own name is replaced; but an input is read through one.
        real = os.path.realpath(target.path) if target.in_place else _real(target.path, folders)
        if target.folder is not None and not _is_below(real, _real_folder(target.folder, folders)):
            raise UsageError(f"{target.name}: leads out of the folder {shown(target.folder)}")
        if (other := taken.get(real)) is not None:
            raise UsageError(f"{target.name}: leads to the same file as {other}")
        taken.add(real, target.name)
        if target.numbered is not None:
            numbered.append(_real(_place(target), folders))
    _check_backups_apart(jobs, taken, inputs)
    if numbered:
        known = [*(job.input.name for job in jobs), *read, *beside]
        if (both := meeting([*numbered, *map(os.path.realpath, known)])) is not None:
            raise UsageError(
                f"--name: {' and '.join(map(_shown, both))} may be one file; choose another folder or name"
            )


def _source(name: str) -> Identity | None:
    """Return the identity of an input; of standard input, if it is a file."""
    if name != STREAM:
        return identity(name)
    return identity_of_descriptor(0)


def _place(target: Target) -> str:
    """Return the path, with `ANY` for the number of a frame."""
    number = target.numbered
    return target.path or "" if number is None else f"{number.before}{ANY}{number.after}"


def _shown(place: str) -> str:
    return "{frame}".join(map(shown, place.split(ANY)))


def _check_backups_apart(jobs: Sequence[Job], taken: Places[str], inputs: Collection[Identity | None]) -> None:
    """Raise UsageError where a backup has the place of an output, or of an input that is another file."""
    for job in jobs:
        if job.backup is None:
            continue
        own = identity(job.backup)
        if taken.get(os.path.realpath(job.backup)) or (own in inputs and own != identity(job.input.name)):
            raise UsageError(f"--backup: {shown(job.backup)} is an input or output too; use another suffix")


def followed(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs, of which those in the place of a link replace the file that it leads to, beside its backup."""
    return [_followed(job) if os.path.islink(job.input.name) else job for job in jobs]


def _followed(job: Job) -> Job:
    targets = {
        name: target._replace(path=os.path.realpath(job.input.name)) if target.in_place else target
        for name, target in job.targets.items()
    }
    if job.backup is None:
        return job._replace(targets=targets)
    suffix = job.backup.removeprefix(job.input.name)
    return job._replace(targets=targets, backup=os.path.realpath(job.input.name) + suffix)


def keep_backups(jobs: Sequence[Job], skipped: Collection[int]) -> list[Job]:
    """Return the jobs without those backups that are there already, which nothing ever replaces.

    Where an earlier run of this program made the input, its backup holds the original. Raises UsageError where it may
    not: then the input would be lost. *skipped* are the numbers of those with nothing to do.
    """
    return [job if number in skipped else _keep_backup(job) for number, job in enumerate(jobs)]


def _keep_backup(job: Job) -> Job:
    # A run that was killed between the two steps of a replacement has made the input its own backup.
    if job.backup is None or not os.path.lexists(job.backup):
        return job
    if not os.path.islink(job.backup) and identity(job.backup) == identity(job.input.name):
        return job
    if not is_stamped(job.input.name):
        raise UsageError(
            f"--backup: {shown(job.backup)} exists, and {job.name} was not made from it by imfilter; "
            "move the backup away, or use another suffix"
        )
    return job._replace(backup=None, notes=(*job.notes, "the backup of an earlier run is kept; no new one was made"))


def _check_folder(target: Target) -> None:
    assert target.path is not None
    folder = os.path.dirname(target.path)
    if folder and not is_folder(folder):
        raise UsageError(f"{target.name}: no such folder: {shown(folder)}")


def _check_root(folder: str) -> None:
    """Raise UsageError where *folder* is no folder, and none can be made."""
    nearest = folder.rstrip("/") or "/"
    while nearest and not os.path.lexists(nearest):
        nearest = os.path.dirname(nearest)
    if nearest and not is_folder(nearest):
        where = "" if nearest == folder else f"{shown(nearest)} "
        raise UsageError(f"{shown(folder)}: {where}is not a folder")


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
