"""The lists of pictures that make up tasks: how long they are, and what happens to one whose worker died."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ....filters.core.named_tuple import NamedTuple
from .worker_task import Numbered

FIRST = 20
"""Pictures in a list while their duration is unknown."""
SECONDS = 2.0
"""The least duration of a list in seconds: each task costs 2 to 4 ms."""
BUSY = 0.006
"""Its duration in seconds for each working thread, if that is more: the scheduler and this program spend half of this
on a task, and could not keep up with the tasks of a thousand threads."""
MOST = 5000
"""The most pictures in a list."""
TRIES = 3
"""The number of workers that may die of a picture alone in its list."""


class Lot(NamedTuple):
    """A list of pictures, and how many workers have died of it since it was cut down to one picture."""

    jobs: Sequence[Numbered]
    deaths: int = 0


class Lists:
    """The pictures to hand out."""

    def __init__(self, jobs: Sequence[Numbered]) -> None:
        self._jobs, self._next = jobs, 0
        self._again: deque[Lot] = deque()
        self._suspects: deque[Lot] = deque()
        self._seconds = 0.0

    def next(self, threads: int, out: int) -> Lot | None:
        """Return the next list for one of *threads*, while *out* others are being done; None if there is none now.

        The last lists are short, so that all threads end at about the same time. A picture that was alone in its list
        when a worker died is tried again when nothing else is being done, so that nothing else can be the reason.
        """
        if self._again:
            return self._again.popleft()
        if left := len(self._jobs) - self._next:
            size = min(self._length(threads), MOST, max(1, left // (2 * threads)))
            lot = Lot(self._jobs[self._next : self._next + size])
            self._next += size
            return lot
        return self._suspects.popleft() if self._suspects and not out else None

    @property
    def are_done(self) -> bool:
        """Whether all pictures were handed out."""
        return not self._again and not self._suspects and self._next == len(self._jobs)

    def learn(self, pictures: int, seconds: float) -> None:
        """Record how long a list took."""
        if pictures:
            each = seconds / pictures
            self._seconds = each if not self._seconds else (self._seconds + each) / 2

    def back(self, lot: Lot) -> None:
        """Take back a list that no worker did."""
        if lot.jobs:
            self._again.append(lot)

    def died(self, lot: Lot, deaths: int = 1) -> bool:
        """Take back a list whose worker or workers died; return whether it is one picture that was tried often enough.

        Longer lists come back in halves.
        """
        if len(lot.jobs) > 1:
            middle = len(lot.jobs) // 2
            for jobs in (lot.jobs[:middle], lot.jobs[middle:]):
                (self._again if len(jobs) > 1 else self._suspects).append(Lot(jobs))
            return False
        if lot.deaths + deaths >= TRIES:
            return True
        self._suspects.append(lot._replace(deaths=lot.deaths + deaths))
        return False

    def _length(self, threads: int) -> int:
        return FIRST if not self._seconds else max(1, round(max(SECONDS, BUSY * threads) / self._seconds))


class Parts(Lists):
    """The parts of one picture: each is handed out alone, and no more of them than are being worked on.

    So the death of a worker costs only one part, which is done again at once.
    """

    def next(self, threads: int, out: int) -> Lot | None:
        """Return the next part for one of *threads*, while *out* others are being done; None if there is none now."""
        return super().next(threads, out) if out < threads else None

    def died(self, lot: Lot, deaths: int = 1) -> bool:
        """Take back a part whose worker or workers died; return whether it was tried often enough."""
        if lot.deaths + deaths >= TRIES:
            return True
        self._again.append(lot._replace(deaths=lot.deaths + deaths))
        return False

    def _length(self, threads: int) -> int:
        return 1
