"""The files that a call of `imfilter compare` writes: none is read, and none is written twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..batch import collisions
from ..batch.call_files import FilesWritten, files_read
from ..batch.inputs import means_folder
from ..batch.plan import Input, Job, Target
from ..console.messages import shown
from ..errors import UsageError
from ..images import formats
from .call import Call
from .pairs import Pair

READ = "one of the pictures to compare"


def check(call: Call, wanted: Sequence[Pair]) -> None:
    """Raise UsageError if a file to write is read by the call or written twice, or if its folder is missing."""
    others = dict.fromkeys((name for pair in wanted for name in (pair.a, pair.b) if name is not None), READ)
    if call.mask is not None:
        others.setdefault(call.mask, "the mask")
    beside = {} if call.report is None else {"report": call.report}
    jobs: list[Job] = []
    if call.diff is not None and means_folder(call.diff):
        jobs = _jobs(call.diff, wanted)
    elif call.diff is not None:
        beside["diff"] = call.diff
    collisions.check(files_read(others), FilesWritten(jobs, beside, prints=call.json))


def diff_of(folder: str, pair: Pair) -> str:
    """Return the path of the picture of differences of a pair.

    >>> diff_of("d/", Pair("a/x/y.jpg", "b/x/y.jpg", "x/y.jpg"))
    'd/x/y.png'
    """
    return str(Path(folder, pair.place).with_suffix(".png"))


def _jobs(folder: str, wanted: Sequence[Pair]) -> list[Job]:
    """Return a job for each picture of differences; raises UsageError if two pairs would have the same."""
    of: dict[str, Pair] = {}
    jobs = []
    for pair in wanted:
        if pair.a is None or pair.b is None:
            continue
        path = diff_of(folder, pair)
        if of.setdefault(path, pair) is not pair:
            raise UsageError(
                f"--diff {shown(path)}: would show two pairs, those of {shown(of[path].a or '')} and {shown(pair.a)}; "
                "leave one out with --exclude"
            )
        jobs.append(Job(Input(pair.a, pair.place), {"diff": Target(path, formats.LOSSLESS, folder)}))
    return jobs
