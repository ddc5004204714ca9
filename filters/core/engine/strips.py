"""Working through an image in strips, on one core or several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from ..lazy_numpy import np
from .threads import together

Task = Callable[[int, int], None]


def each_strip(height: int, rows: int, jobs: int, task: Task, first: int | None = None, last: int = 0) -> None:
    """Call ``task(start, stop)`` for every strip of *rows* rows; the strips are the same for any number of *jobs*.

    Each thread takes one contiguous part: a queue would cost more than it balances. The *first* rows, of *rows* if not
    told otherwise, are done before the others begin, so that a task may prepare there what all share. The *last* rows,
    if so many are told, are a strip of their own. What fits one strip is one.
    """
    first = height if height <= rows else min(height, rows if first is None else first)
    end = max(first, height - last)
    bounds = sorted({0, *range(first, end, rows), end, height})
    strips = list(pairwise(bounds))

    def work_through(part: Sequence[tuple[int, int]]) -> None:
        # Infinities and NaN of a float image are data, no mistake of the caller's.
        with np.errstate(invalid="ignore", over="ignore"):
            for start, stop in part:
                task(start, stop)

    work_through(strips[:1])
    rest = strips[1:]
    jobs = min(jobs, len(rest))
    if jobs <= 1:
        work_through(rest)
        return
    ends = [len(rest) * job // jobs for job in range(jobs + 1)]
    together([partial(work_through, rest[ends[job] : ends[job + 1]]) for job in range(jobs)])
