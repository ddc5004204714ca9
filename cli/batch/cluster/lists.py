"""How long the lists of pictures are that tasks are made of, and what becomes of a list whose worker died."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ....filters.core.named_tuple import NamedTuple
from .worker_task import Numbered

FIRST = 20
"""Pictures of a list while nothing is known of them."""
SECONDS = 2.0
"""What a list takes at least: a task costs 2 to 4 ms."""
BUSY = 0.006
"""Seconds that it takes for each thread that works, where that is more: the scheduler and this program spend half of
that on a task, and would have no time for those of a thousand."""
MOST = 5000
"""Pictures of a list at most."""
TRIES = 3
"""So many deaths of workers a picture that stands alone may cost."""


class Lot(NamedTuple):
    """A list of pictures, and how many workers died of it since it is one picture."""

    jobs: Sequence[Numbered]
    deaths: int = 0


class Lists:
    """The pictures that are to be given out."""

    def __init__(self, jobs: Sequence[Numbered]) -> None:
        self._jobs, self._next = jobs, 0
        self._again: deque[Lot] = deque()
        self._suspects: deque[Lot] = deque()
        self._seconds = 0.0

    def next(self, threads: int, out: int) -> Lot | None:
        """Return the next list for one of so many *threads*, while *out* others are out; None for none now.

        The last lists are short, so that all threads end together. A picture that stood alone when a worker died is
        tried when nothing else is out: then nothing else can be the reason.
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
        """Whether all were given out."""
        return not self._again and not self._suspects and self._next == len(self._jobs)

    def learn(self, pictures: int, seconds: float) -> None:
        """Learn how long a list took."""
        if pictures:
            each = seconds / pictures
            self._seconds = each if not self._seconds else (self._seconds + each) / 2

    def back(self, lot: Lot) -> None:
        """Take back a list that nobody did."""
        if lot.jobs:
            self._again.append(lot)

    def died(self, lot: Lot, deaths: int = 1) -> bool:
        """Take back a list whose worker died, or several; return whether it is one picture that was tried enough.

        Others come back in halves.
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
    """The parts of one picture: each is given out alone, and no more of them than are worked at.

    So who dies of one costs that one alone, which is done again at once.
    """

    def next(self, threads: int, out: int) -> Lot | None:
        """Return the next part for one of so many *threads*, while *out* others are out; None for none now."""
        return super().next(threads, out) if out < threads else None

    def died(self, lot: Lot, deaths: int = 1) -> bool:
        """Take back a part whose worker died, or several; return whether it was tried enough."""
        if lot.deaths + deaths >= TRIES:
            return True
        self._again.append(lot._replace(deaths=lot.deaths + deaths))
        return False

    def _length(self, threads: int) -> int:
        return 1
