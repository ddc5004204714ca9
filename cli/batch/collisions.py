"""A call must not write a file that it reads, nor a file twice, under whatever names."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence

from ..console.messages import flag, shown
from ..errors import UsageError
from ..file_identity import Identity, identity
from ..images.output_folder import Root, root_of
from ..images.zarr_mark import is_zarr
from ..stores.names import is_store
from ..streams import STREAM, current_folder, is_stream
from . import zarr_outputs
from .call_files import INPUT, FilesRead, FilesWritten, Read, Where, Written
from .inputs import is_folder
from .naming import ANY
from .places import Folders, Place, Places
from .plan import Job, Target
from .provenance import is_stamped
from .twin_names import are_one, folded


def check(read: FilesRead, written: FilesWritten) -> None:
    """Raise UsageError if a file to write is also read or written twice, or if its folder is missing."""
    check_named(written)
    check_apart(read, written)
    check_folders(read.folders, written)
    zarr_outputs.check(read, written)


def check_named(written: FilesWritten) -> None:
    """Raise UsageError if an option for a file does not name one."""
    for option, path in written.beside.items():
        if path in ("", STREAM) or is_folder(path):
            raise UsageError(f"{flag(option)} {path!r} does not name a file")


def check_apart(read: FilesRead, written: FilesWritten) -> None:
    """Raise UsageError if a file to write is also read (except an input in its own place) or written twice.

    A link is replaced and not followed; yet its target counts too, as nobody means to write both. Two names of one file
    in a folder of outputs, or of two inputs in their own places, become two files when each is replaced.
    """
    taken = _Taken()
    numbered: list[Place] = []
    for file in written.each():
        where = file.where(read.folders)
        if where.vanishes:
            continue
        if (other := read.at(where)) is not None and not _is_own(file, other):
            raise _reads_and_writes(file, other)
        if (twin := taken.twin(file, where)) is not None:
            raise _writes_twice(file, twin)
        taken.add(file, where)
        if file.target is not None and file.target.numbered is not None:
            numbered += where.places
    if numbered:
        _check_numbers([*taken.places, *(place for name in read.names for place in read.folders.places(name))])


class _Taken:
    """The places that will be written."""

    def __init__(self) -> None:
        self.places: Places[Written] = Places()
        self._found: dict[Identity, Written] = {}

    def add(self, file: Written, where: Where) -> None:
        """Reserve the place of a file."""
        for place in where.places:
            self.places.add(place, file)
        if where.identity is not None:
            self._found.setdefault(where.identity, file)

    def twin(self, file: Written, where: Where) -> Written | None:
        """Return the file that will already be written at the place of *file*."""
        if (twin := self.places.first(where.places)) is not None or where.identity is None:
            return twin
        twin = self._found.get(where.identity)
        return None if twin is None or _becomes_two(file, twin) else twin


def _becomes_two(file: Written, twin: Written) -> bool:
    """Whether two folder entries that are one file are meant to become two."""
    if file.target is None or twin.target is None:
        # A run that was killed between the two steps of a replacement has made the input its own backup.
        return file.is_backup and twin.job is file.job
    # Programs that remove duplicates turn equal outputs into one file, as `cp -l` does with copies.
    if file.target.in_place:
        return twin.target.in_place
    return file.target.folder is not None and twin.target.folder is not None


def _is_own(file: Written, read: Read) -> bool:
    """Whether a file to write is the input in its own place, or the backup that a killed run made of it."""
    if file.job is None or read.what != INPUT:
        return False
    if file.target is not None:
        return file.target.in_place  # of two names of one input, both are in its place
    return identity(read.name) == identity(file.job.input.name)


def _reads_and_writes(file: Written, read: Read) -> UsageError:
    """Return the error for a file that would be read and written."""
    if file.is_backup:
        return _no_backup(file)
    same = file.path is not None and _absolute(file.path) == _absolute(read.name)
    advice = "choose another name"
    if file.target is not None and file.target.in_place:
        advice = "leave it out with --exclude"
    elif same and file.target is not None and read.what == INPUT and _can_be_replaced(read.name, read.name):
        advice = "give the output another name, or use --in-place"
    verb = "is" if same else "leads to"
    return UsageError(f"{file.name}: {verb} {read.what}, which is never overwritten; {advice}")


def _writes_twice(file: Written, twin: Written) -> UsageError:
    """Return the error for a file that would be written twice."""
    if file.is_backup:
        return _no_backup(file)
    if file.target is None or twin.target is None or file.job is None or twin.job is None:
        return UsageError(f"{file.name}: leads to the same file as {twin.name}; choose another name")
    if file.target.in_place and twin.target.in_place and file.job.input.name != twin.job.input.name:
        return UsageError(f"--in-place: {twin.job.name} and {file.job.name} are the same file; --exclude one of them")
    if file.path is None or twin.path is None or folded(_absolute(file.path)) != folded(_absolute(twin.path)):
        return UsageError(f"{file.name}: leads to the same file as {twin.name}; choose another name")
    return UsageError(f"{file.name}: would hold two outputs{_of(twin.job, file.job, file.target)}")


def _no_backup(file: Written) -> UsageError:
    return UsageError(f"--backup: {file.name} is an input or output too; use another suffix")


def _absolute(path: str) -> str:
    return os.path.normpath(os.path.join(current_folder(), path))


def _check_numbers(places: Iterable[Place]) -> None:
    """Raise UsageError if the file of a frame with an unknown number may be another file that is read or written."""
    if (both := meeting(places)) is not None:
        one, other = ("{frame}".join(map(shown, os.path.relpath(place.path).split(ANY))) for place in both)
        raise UsageError(
            f"--name: {one} and {other} may be one file; put another character before the number, as in -{{frame:03}}"
        )


RUN = rf"(\d*{ANY}\d*|\d+)"
"""Digits, or the placeholder for them."""


def meeting(places: Iterable[Place]) -> tuple[Place, Place] | None:
    """Return two of the places that may coincide for some number in place of `ANY`, which at least one contains.

    Apart from the run of digits that contains the number, their paths are equal.
    """
    groups: dict[tuple[Identity | None, tuple[str, ...]], list[tuple[Place, list[str]]]] = {}
    for place in places:
        parts = re.split(RUN, folded(place.rest))
        groups.setdefault((place.identity, tuple(parts[::2])), []).append((place, parts[1::2]))
    for members in groups.values():
        open_runs = {at for _, runs in members for at, run in enumerate(runs) if ANY in run}
        seen: dict[tuple[str, ...], list[Place]] = {}
        for place, runs in members if open_runs else ():
            fixed = tuple(run for at, run in enumerate(runs) if at not in open_runs)
            for other in seen.setdefault(fixed, []):
                one, two = (re.sub(RUN, "0", each.rest) for each in (other, place))
                if (ANY in place.rest or ANY in other.rest) and are_one(one, two, place.folder):
                    return other, place
            seen[fixed].append(place)
    return None


def _of(one: Job, other: Job, target: Target) -> str:
    """Return which inputs have outputs that would meet at *target*, and advice."""
    if one is other:
        of = f" of {one.name}"
        return f"{of}; give each its own folder, or add --name '{{stem}}.{{output}}'" if target.folder else of
    if one.input.name == other.input.name:
        return f": {one.name} is named twice"
    of = f", of {one.name} and of {other.name}"
    return f"{of}; name their parent folder with -r, or add --name '{{index}}-{{stem}}'" if target.folder else of


def check_folders(folders: Folders, written: FilesWritten) -> None:
    """Raise UsageError if an output's folder is missing and not created, or if an output leads outside its folder."""
    for root in _trees(written.jobs):
        _check_root(root)
    for file in written.each():
        target = file.target
        if file.path is None or file.is_backup:
            continue
        if target is not None and target.in_place:
            if file.job is not None and not _can_be_replaced(file.path, file.job.input.name):
                raise UsageError(f"--in-place: {file.job.name} is not a file that can be replaced")
        elif target is not None and target.folder is not None:
            if not folders.place(file.path).is_below(folders.folder(target.folder)):
                raise UsageError(f"{file.name}: leads outside the folder {shown(target.folder)}")
        elif not is_store(file.path) and not is_stream(file.path):
            _check_folder(file)


def roots(folders: Folders, jobs: Sequence[Job]) -> dict[str, Root]:
    """Return the checked folders of outputs by name; raises UsageError if one has been replaced since."""
    found = {folder: root_of(folder) for folder in _trees(jobs)}
    for folder, root in found.items():
        checked = folders.folder(folder)
        if not checked.rest and root.identity != checked.identity:
            raise UsageError(f"{shown(folder)}: was replaced by another folder; run the call again")
    return found


def _trees(jobs: Sequence[Job]) -> set[str]:
    """Return the local folders of outputs."""
    named = {target.folder for job in jobs for target in job.all_targets.values() if target.folder is not None}
    return {folder for folder in named if not is_store(folder)}


def followed(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs; those in the place of a link replace its target, with the backup next to that."""
    return [_followed(job) if not is_store(job.input.name) and os.path.islink(job.input.name) else job for job in jobs]


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
    """Return the jobs without the backups that exist already, which are never replaced.

    If an earlier run of this program made the input, its backup holds the original. Raises UsageError if it may not, as
    the input would be lost. *skipped* are the numbers of the jobs with nothing to do.
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


def _can_be_replaced(path: str, source: str) -> bool:
    """Whether *path*, the target of an input's links, is the input: not a pipe, nor a deleted file, nor a Zarr."""
    if is_zarr(path):
        return False
    return is_store(path) or (not is_stream(path) and (path == source or identity(path) == identity(source)))


def _check_folder(file: Written) -> None:
    folder = os.path.dirname(file.path or "")
    if folder and not is_folder(folder):
        raise UsageError(f"{file.name}: no such folder: {shown(folder)}")


def _check_root(folder: str) -> None:
    """Raise UsageError if *folder* is not a folder and cannot be created."""
    nearest = folder.rstrip("/") or "/"
    while nearest and not os.path.lexists(nearest):
        nearest = os.path.dirname(nearest)
    if nearest and not is_folder(nearest):
        where = "" if nearest == folder else f"{shown(nearest)} "
        raise UsageError(f"{shown(folder)}: {where}is not a folder")
