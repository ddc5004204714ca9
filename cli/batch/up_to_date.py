"""`--update` and `--no-clobber`: which outputs are there already, and which of those are as they would be made."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence

from ..streams import is_stream
from .plan import Job, Target
from .provenance import Stamper, has_stamp, is_unstamped, of_frame


def skipped(
    jobs: Sequence[Job], stamper: Stamper | None, *, no_clobber: bool, update: bool
) -> tuple[list[Job], frozenset[int]]:
    """Return the jobs, less the outputs that are kept, and the numbers of those with nothing to do.

    Without a *stamper* the outputs carry no stamp, and only their time tells whether they are current.
    """
    left, skipped = [], set()
    for number, job in enumerate(jobs):
        if no_clobber:
            missing = {name: target for name, target in job.targets.items() if not _exists(target)}
            if missing:
                job = job._replace(targets=missing)
            else:
                skipped.add(number)
        if update and _is_current(job, stamper):
            skipped.add(number)
        left.append(job)
    return left, frozenset(skipped)


def _exists(target: Target) -> bool:
    # Of frames with files of their own each that exists is kept, when they are written.
    return (
        target.path is not None
        and target.numbered is None
        and not is_stream(target.path)
        and os.path.lexists(target.path)
    )


def _is_current(job: Job, stamper: Stamper | None) -> bool:
    """Whether no output is older than the input, and all were made by this recipe."""
    try:
        changed = os.stat(job.input.name).st_mtime_ns
        return all(
            target.path is not None and _is_made(name, target, changed, stamper) for name, target in job.targets.items()
        )
    except OSError:  # a file that is missing, or standard input
        return False


def _is_made(name: str, target: Target, changed: int, stamper: Stamper | None) -> bool:
    """Whether an output is there; of frames with files of their own, each up to the one whose stamp says the last."""
    if stamper is None:
        # How many frames there should be is not known, and a stamp would be of a call that left one.
        return (
            target.path is not None
            and target.numbered is None
            and os.stat(target.path).st_mtime_ns >= changed
            and is_unstamped(target.path, target.format)
        )
    if target.numbered is None:
        assert target.path is not None
        since = os.stat(target.path).st_mtime_ns
        return since >= changed and has_stamp(target.path, stamper.stamp(name), target.format)
    more, last = (stamper.stamp(of_frame(name, last)) for last in (False, True))
    for number in itertools.count():
        path = target.numbered.path(number)
        if os.stat(path).st_mtime_ns < changed:
            return False
        if has_stamp(path, last, target.format):
            return True
        if not has_stamp(path, more, target.format):
            return False
    return False
