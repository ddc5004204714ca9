"""Working through an image in strips, on one core or several."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import pairwise

from ..lazy_numpy import np
from .threads import together

Task = Callable[[int, int], None]

LARGEST_THRESHOLD = (1 << 25) - (1 << 16)
"""Bytes of a block that glibc takes, when it is freed, for the size from which blocks go back to the system, and twice
that for what is left free; it takes no more than 32 MiB."""


@cache
def keep_freed() -> None:
    """Let freed memory serve the next strip, rather than go back to the system.

    From there it comes page by page, zeroed: the structure tensor of 8 MP took 70 ns a sample in place of 26. Other C
    libraries do as they do.
    """
    with contextlib.suppress(MemoryError):
        np.empty(LARGEST_THRESHOLD, np.uint8)


def each_strip(height: int, rows: int, jobs: int, task: Task, first: int | None = None, last: int = 0) -> None:
    """Call ``task(start, stop)`` for every strip of *rows* rows; the strips are the same for any number of *jobs*.

    Each thread takes one contiguous part: a queue would cost more than it balances. The *first* rows, of *rows* if not
    told otherwise, are done before the others begin, so that a task may prepare there what all share. The *last* rows,
    if so many are told, are a strip of their own. What fits one strip is one.
    """
    keep_freed()
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
