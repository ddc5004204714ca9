"""Inputs that change, or are replaced by another file, while they are filtered."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from ..errors import FileError
from ..stores.names import is_store
from ..streams import is_stream
from ..system import set_times
from .plan import Job, Target


def check_replaced(job: Job) -> None:
    """Raise FileError if a job would replace an input other than the one that it read."""
    in_place = any(target.in_place for target in job.targets.values())
    if in_place and job.source is not None and job.source.has_changed(job.input.name):
        raise FileError(job.name, "changed while it was filtered, and was not replaced; run it again")


def backdate(job: Job, written: Iterable[Target]) -> None:
    """Make the outputs older than an input that has changed since, so that Make and `--update` notice."""
    if job.source is None or job.source.state is None or not job.source.has_changed(job.input.name):
        return
    then = job.source.state.modified
    for target in written:
        is_file = target.path is not None and not is_store(target.path)
        if target.path is not None and is_file and not target.in_place and not is_stream(target.path):
            with contextlib.suppress(OSError):  # it is gone again, or belongs to somebody else
                set_times(target.path, (then, then))
