"""Processing an image in strips, on one core or several."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import pairwise

from ..lazy_numpy import np
from .threads import together

Task = Callable[[int, int], None]

AHEAD = 2
"""How many strips, beyond the number of threads, the first thread may be ahead of the last."""
LARGEST_THRESHOLD = (1 << 25) - (1 << 16)
"""When a block of this size is freed, glibc raises its threshold for returning blocks to the system to that size, and
its limit of free memory to twice as much; glibc accepts at most 32 MiB."""


@cache
def keep_freed() -> None:
    """Keep freed memory for the next strip, rather than return it to the system.

    The system hands out memory page by page, zeroed: the structure tensor of 8 MP took 70 ns per sample instead of 26.
    Other C libraries are not affected.
    """
    with contextlib.suppress(MemoryError):
        np.empty(LARGEST_THRESHOLD, np.uint8)


def each_strip(
    height: int,
    rows: int,
    jobs: int,
    task: Task,
    first: int | None = None,
    last: int = 0,
    in_order: bool = False,
    wanted: tuple[int, int] | None = None,
) -> None:
    """Call ``task(start, stop)`` for every strip of *rows* rows; the strips are the same for any number of *jobs*.

    Each thread takes one contiguous part: a queue would cost more than it balances. With *in_order* it takes the next
    strip, which reading or writing from the top requires. The *first* rows, by default *rows* of them, are done before
    the others begin, so that a task may prepare shared data there. The *last* rows, if given, form a strip of their
    own. An image that fits one strip is a single strip. If only some
    rows are *wanted*, from the first to one past the last, the strips stay the same, and those without such a row are
    left out.
    """
    keep_freed()
    first = height if height <= rows else min(height, rows if first is None else first)
    end = max(first, height - last)
    bounds = sorted({0, *range(first, end, rows), end, height})
    strips = [strip for strip in pairwise(bounds) if wanted is None or (strip[0] < wanted[1] and strip[1] > wanted[0])]

    def work_through(part: Sequence[tuple[int, int]]) -> None:
        # Infinities and NaN of a float image are data, not a mistake of the caller.
        with np.errstate(invalid="ignore", over="ignore"):
            for start, stop in part:
                task(start, stop)

    work_through(strips[:1])
    rest = strips[1:]
    jobs = min(jobs, len(rest))
    if jobs <= 1:
        work_through(rest)
        return
    if in_order:
        queue = _Queue(rest, jobs + AHEAD)
        together([partial(queue.work_through, lambda strip: work_through([strip]))] * jobs)
        return
    ends = [len(rest) * job // jobs for job in range(jobs + 1)]
    together([partial(work_through, rest[ends[job] : ends[job + 1]]) for job in range(jobs)])


class _Queue:
    """Strips that threads take in order, none of them far ahead of the others."""

    def __init__(self, strips: Sequence[tuple[int, int]], most: int) -> None:
        """*most* strips may lie between the first unfinished and the last one begun."""
        self._strips, self._most = strips, most
        self._begun, self._open, self._failed = 0, set[int](), False
        self._changed = threading.Condition()

    def work_through(self, task: Callable[[tuple[int, int]], None]) -> None:
        """Process strips until none is left, or another thread has failed."""
        while (number := self._next()) is not None:
            try:
                task(self._strips[number])
            except BaseException:
                self._failed = True
                raise
            finally:
                with self._changed:
                    self._open.discard(number)
                    self._changed.notify_all()

    def _next(self) -> int | None:
        with self._changed:
            # A waiting thread waits for a strip that another thread is processing.
            while self._open and self._begun - min(self._open) >= self._most and not self._failed:
                self._changed.wait()
            if self._failed or self._begun == len(self._strips):
                return None
            self._begun += 1
            self._open.add(self._begun - 1)
            return self._begun - 1
