"""`--update` and `--no-clobber`: which outputs exist already, and which of those are up to date."""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Sequence

from ...filters.core.engine.threads import side_by_side
from ...filters.core.named_tuple import NamedTuple
from ..images.memory_budget import budget
from ..images.picture import DecodeError
from ..images.zarr_folder import digest_of
from ..stores.names import is_store
from ..streams import STREAM, is_stream
from . import stored_outputs
from .plan import Job, Target
from .provenance import Stamper, has_mark, is_unstamped, of_frame, sources
from .stored_outputs import Heads


class Currency(NamedTuple):
    """How `--update` recognises that an output is up to date."""

    stamper: Stamper | None
    """None if outputs have no stamp; then their times decide."""
    times_preserved: bool = False
    """Whether outputs have the times of their inputs."""
    cores: int = 1
    """Threads for reading inputs."""


def skipped(
    jobs: Sequence[Job], update: Currency | None, *, no_clobber: bool, unchanged: frozenset[int] = frozenset()
) -> tuple[list[Job], frozenset[int]]:
    """Return the jobs without the outputs that are kept, and the numbers of jobs that are up to date.

    The *unchanged* are known to be; their files are not checked.
    """
    there = stored_outputs.heads(jobs) if no_clobber or update is not None else {}
    left, skipped = [], set(unchanged)
    for number, job in enumerate(jobs):
        if no_clobber and number not in unchanged:
            missing = {name: target for name, target in job.targets.items() if not _exists(target, there)}
            if missing:
                job = job._replace(targets=missing)
            else:
                skipped.add(number)
        left.append(job)
    if update is not None:
        skipped |= _current(left, [n for n in range(len(left)) if n not in skipped], update, there)
    return left, frozenset(skipped)


def _exists(target: Target, there: Heads) -> bool:
    # Existing files of single frames are kept when the frames are written.
    if is_store(target.path):
        return target.path in there
    return (
        target.path is not None
        and target.numbered is None
        and not is_stream(target.path)
        and os.path.lexists(target.path)
    )


def _current(jobs: Sequence[Job], numbers: Sequence[int], update: Currency, there: Heads) -> set[int]:
    """Return those *numbers* of jobs whose outputs are up to date.

    If stamps are not enough, the inputs' bytes decide: times prove nothing, because a file moved over an input keeps
    its own.
    """
    stamper = update.stamper
    # Masks and boxes come with their picture, whose stamp includes them; without a stamp, nothing is known.
    numbers = [number for number in numbers if jobs[number].attached is None or _has_all(jobs[number], stamper, there)]
    if stamper is None:
        return {number for number in numbers if _is_newer(jobs[number], update.times_preserved)}
    in_place = {number for number in numbers if any(target.in_place for target in jobs[number].targets.values())}
    made_of = {number: _sources_of_all(jobs[number], stamper, there) for number in numbers if number not in in_place}

    def digest(number: int) -> str:
        try:
            if stored_outputs.by_tags(jobs[number]):
                return stored_outputs.tag_of(jobs[number])
            if is_store(name := jobs[number].input.name):
                from ..images.object_bytes import digest_in_store  # few inputs are in stores

                return digest_in_store(name, budget())
            return digest_of(name)
        except (OSError, ValueError, DecodeError):  # reported when it is read
            return ""

    asked = [number for number, found in made_of.items() if found]
    digests = zip(asked, side_by_side(digest, asked, update.cores), strict=True)
    current = {number for number, found in digests if found in made_of[number]}
    # The original of a picture in place is gone: a picture made by this recipe is not filtered again.
    return current | {number for number in in_place if _is_marked(jobs[number], stamper, there)}


def _has_all(job: Job, stamper: Stamper | None, there: Heads) -> bool:
    return stamper is not None and all(_exists(target, there) for target in job.all_targets.values())


def _is_marked(job: Job, stamper: Stamper, there: Heads) -> bool:
    """Return whether all outputs were made by this recipe."""
    try:
        return all(
            stored_outputs.has_mark(there.get(target.path), stamper.mark(name, job))
            if target.path is not None and is_store(target.path)
            else target.path is not None and has_mark(target.path, stamper.mark(name, job), target.format)
            for name, target in job.targets.items()
        )
    except (OSError, ValueError):  # the file is missing
        return False


def _sources_of_all(job: Job, stamper: Stamper, there: Heads) -> set[str]:
    """Return the input's digests (between stores, its tags) from which this recipe made all outputs."""
    if job.input.name == STREAM or any(target.path is None for target in job.targets.values()):
        return set()
    try:
        found = [_sources(name, target, job, stamper, there) for name, target in job.targets.items()]
    except (OSError, ValueError):  # the file is missing
        return set()
    return set.intersection(*found) if found else set()


def _sources(name: str, target: Target, job: Job, stamper: Stamper, there: Heads) -> set[str]:
    """Return the sources of an output; if frames have files, of each up to the one marked as the last."""
    if target.path is not None and is_store(target.path):  # frames have no objects of their own
        tags = stored_outputs.by_tags(job)
        return stored_outputs.sources(there.get(target.path), stamper.mark(name, job), tags)
    if target.numbered is None:
        assert target.path is not None
        return sources(target.path, stamper.mark(name, job), target.format)
    if target.numbered.classes:  # the file's folder depends on the label, which is not read here
        return set()
    all_of: set[str] | None = None
    for number in itertools.count():
        path = target.numbered.path(number)
        more, last = (
            sources(path, stamper.mark(of_frame(name, number, last), job), target.format) for last in (False, True)
        )
        all_of = more | last if all_of is None else all_of & (more | last)
        if last or not all_of:
            break
    return all_of or set()


def _is_newer(job: Job, times_preserved: bool) -> bool:
    """Return whether all outputs, which have no stamp, were written after the input got its contents and its name."""
    try:
        found = os.stat(job.input.name)
        if job.input.name == STREAM or not stat.S_ISREG(found.st_mode):
            return False
        # A file moved over another keeps its older time, but its inode has changed.
        changed = max(found.st_mtime_ns, found.st_ctime_ns)
        if job.labels:
            beside = os.stat(job.labels)
            changed = max(changed, beside.st_mtime_ns, beside.st_ctime_ns)
        same_time = found.st_mtime_ns if times_preserved else None
        # The number of frames is unknown, and a stamp would be from another call.
        return all(
            target.path is not None
            and target.numbered is None
            and _is_written_after(target.path, changed, same_time)
            and is_unstamped(target.path, target.format)
            for target in job.targets.values()
        )
    except (OSError, ValueError):
        return False


def _is_written_after(path: str, changed: int, same_time: int | None) -> bool:
    """Return whether a file is newer than *changed*; if it must have the *same time* as its input, its inode counts."""
    found = os.stat(path)
    if same_time is None:
        return found.st_mtime_ns > changed
    return found.st_mtime_ns == same_time and found.st_ctime_ns > changed
