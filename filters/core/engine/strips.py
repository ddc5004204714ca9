"""Working through an image in strips, on one core or several."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..lazy_numpy import np
from .threads import together

Task = Callable[[int, int], None]


def each_strip(height: int, rows: int, jobs: int, task: Task) -> None:
    """Call ``task(start, stop)`` for every strip of *rows* rows; the strips are the same for any number of *jobs*.

    Each thread takes one contiguous part: a queue would cost more than it balances. The first strip is done before the
    others begin, so that a task may prepare there what all share.
    """
    starts = range(0, height, rows)

    def work_through(part: range) -> None:
        # Infinities and NaN of a float image are data, no mistake of the caller's.
        with np.errstate(invalid="ignore", over="ignore"):
            for start in part:
                task(start, min(start + rows, height))

    work_through(starts[:1])
    rest = starts[1:]
    jobs = min(jobs, len(rest))
    if jobs <= 1:
        work_through(rest)
        return
    bounds = [len(rest) * job // jobs for job in range(jobs + 1)]
    together([partial(work_through, rest[bounds[job] : bounds[job + 1]]) for job in range(jobs)])
