"""A cache of the most recently used unpacked strips and tiles."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ....filters.core.lazy_numpy import Array


class PartCache:
    """Parts by number, for several threads: no two of them unpack the same part at once.

    >>> import numpy as np
    >>> cache = PartCache(lambda number: np.full(4, number, np.uint8), room=8)
    >>> [int(part[0]) for _, part in cache.each([3, 4, 5])], cache.kept
    ([3, 4, 5], [4, 5])
    """

    def __init__(self, unpack: Callable[[int], Array], room: int) -> None:
        """*unpack* returns a part; *room* is the number of bytes to keep, except that the last part is always kept."""
        self._unpack, self._room = unpack, room
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Any] = OrderedDict()
        self._bytes = 0
        self._begun: dict[int, threading.Event] = {}
        """The parts that are being unpacked, with events that inform other threads when they are done."""

    @property
    def kept(self) -> list[int]:
        """The numbers of the kept parts."""
        return [*self._kept]

    def each(self, numbers: Iterable[int]) -> Iterator[tuple[int, Array]]:
        """Yield parts with their numbers, those that another thread is unpacking last; raises what unpacking raises."""
        later = []
        for number in numbers:
            if (found := self._part(number, wait=False)) is None:
                later.append(number)
            else:
                yield number, found
        for number in later:
            found = self._part(number, wait=True)
            assert found is not None
            yield number, found

    def _part(self, number: int, wait: bool) -> Array | None:
        """Return a part; None if another thread is unpacking it, unless *wait* is set."""
        while True:
            with self._lock:
                if (found := self._kept.get(number)) is not None:
                    self._kept.move_to_end(number)
                    return found
                if (others := self._begun.get(number)) is None:
                    done = self._begun[number] = threading.Event()
                    break
            if not wait:
                return None
            others.wait()
        try:
            found = self._unpack(number)
            self._keep(number, found)
            return found
        finally:
            with self._lock:
                del self._begun[number]
            done.set()

    def _keep(self, number: int, part: Array) -> None:
        with self._lock:
            self._kept[number] = part
            self._bytes += part.nbytes
            while self._bytes > self._room and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= oldest.nbytes
