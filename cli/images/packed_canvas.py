"""Canvases that are encoded block by block while they are filled, so that no output is ever completely in memory."""

from __future__ import annotations

import contextlib
import math
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, Protocol

from ...filters.core.lazy_numpy import Array, np
from .atomic_write import end_with_bytes
from .spool import Piece

AHEAD, STRIP_BYTES, LOWEST = 2, 3 << 19, 16
"""How the engine hands out strips: how many more than threads, and their least bytes or rows."""
Parts = Sequence[bytes | memoryview]


class Sink(Protocol):
    """The destination of packed blocks: a `Spool`, or `Kept`."""

    def append(self, parts: Parts) -> None:
        """Append data."""

    def parts(self) -> Sequence[bytes | memoryview | Piece]:
        """Return all the data."""
        ...

    def close(self) -> None:
        """Release the data, and accept no more."""


class Kept:
    """Packed blocks that stay in memory."""

    def __init__(self) -> None:
        self._parts: list[bytes | memoryview] = []

    def append(self, parts: Parts) -> None:
        """Append data."""
        self._parts += parts

    def parts(self) -> Parts:
        """Return all the data."""
        return self._parts

    def close(self) -> None:
        """Release the data."""
        self._parts.clear()


class Block:
    """Some rows that are being filled."""

    def __init__(self, pixels: Array) -> None:
        self.pixels, self.missing = pixels, len(pixels)


class PackedCanvas:
    """An image that is filled strip by strip and packed block by block; encoders accept it in place of pixels.

    The thread that fills the last row of a block packs it while it is in the cache; the thread that has packed the next
    block in order appends it to the sink. No thread waits for another: as strips are handed out in order and close
    together, memory is bounded. The parts do not depend on the strips or threads. If one thread fails, all later ones
    fail too.
    """

    joins_alpha = True
    """`rows` includes the alpha after the colours."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        dtype: Any,
        sink: Sink,
        block: int,
        *,
        alpha: bool = False,
        above: bool = False,
        first: int = 0,
    ) -> None:
        """Make a canvas of *shape* ``(height, width, colours)``, and an *alpha* beside, in blocks of *block* rows.

        With *above*, each block but the first begins with the last row before it. `prepare` is called when the *first*
        blocks are full, before any is packed.
        """
        self.shape, self.dtype, self.size = shape, np.dtype(dtype), math.prod(shape)
        self.alpha, self.block = alpha, block
        self.count = -(-shape[0] // block)
        """The number of blocks."""
        self.ends = [0]
        """The offsets of the blocks in the sink, and the end of the last."""
        self._sink, self._above = sink, above
        self._lock = threading.Lock()
        self._begun: dict[int, Block] = {}
        self._full: deque[int] = deque()
        self._awaited = min(first, self.count)
        self._first, self._prepared = range(self._awaited), not self._awaited
        self._packed: dict[int, Parts] = {}
        self._next, self._appending = 0, False
        self._failure: BaseException | None = None
        self._refusal: ValueError | None = None

    @property
    def channels(self) -> int:
        """The number of channels including alpha."""
        return self.shape[2] + self.alpha

    def prepare(self, blocks: Sequence[Array]) -> None:
        """Examine the pixels of the first blocks before they are packed."""

    def pack(self, number: int, pixels: Array) -> Any:
        """Return a packed block: its parts, or the input for `ordered`. Raises ValueError, which `end` repeats."""
        raise NotImplementedError

    def ordered(self, number: int, packed: Any) -> Parts:
        """Return the parts of a block; called in order, one at a time."""
        return packed

    def cuts(self, start: int, stop: int) -> Iterable[tuple[int, int]]:
        """Return the rows from *start* to *stop* divided at the boundaries of blocks."""
        tops = range(start // self.block * self.block, stop, self.block)
        return ((max(start, top), min(stop, top + self.block)) for top in tops)

    @contextlib.contextmanager
    def rows(self, start: int, stop: int) -> Iterator[Array]:
        """Give a buffer for some rows of one block, which is packed when its last rows are filled."""
        try:
            number = start // self.block
            with self._lock:
                pixels = self._begin(number).pixels
            at = start - number * self.block + self._carries(number)
            yield pixels[at : at + stop - start]
            with self._lock:
                self._take(number, stop - start)
                if self._above and stop % self.block == 0 and number + 1 < self.count:
                    self._begin(number + 1).pixels[0] = pixels[at + stop - start - 1]
                    self._take(number + 1, 1)
            self._work()
        except BaseException as failure:
            if self._failure is None:
                self._failure = failure
                self._sink.close()
            raise

    def end(self, file: BinaryIO) -> None:
        """Write the packed data to *file*, after which only `end_with_bytes` may write; raises like `whole`."""
        for part in self.whole():
            end_with_bytes(file, part)

    def whole(self) -> Sequence[bytes | memoryview | Piece]:
        """Return the packed data; raises the ValueError of a block that cannot be packed, and the first failure."""
        if failure := self._refusal or self._failure:
            raise failure
        assert self._next == self.count, "some rows were not filled"
        return self.parts()

    def parts(self) -> Sequence[bytes | memoryview | Piece]:
        """Return the packed data in the order of the file."""
        return self._sink.parts()

    def _carries(self, number: int) -> int:
        return int(self._above and number > 0)

    def _begin(self, number: int) -> Block:
        if self._failure is not None:
            raise self._failure
        if number not in self._begun:
            height, width, _ = self.shape
            rows = min(self.block, height - number * self.block) + self._carries(number)
            self._begun[number] = Block(np.empty((rows, width, self.channels), self.dtype))
        return self._begun[number]

    def _take(self, number: int, rows: int) -> None:
        block = self._begun[number]
        block.missing -= rows
        if not block.missing:
            self._full.append(number)
            self._awaited -= number in self._first

    def _work(self) -> None:
        """Pack full blocks, and append the next ones."""
        while (found := self._taken()) is not None:
            number, block = found
            if number < 0:
                self.prepare([self._begun[first].pixels for first in self._first])
                self._prepared = True
                continue
            packed: Any = ()
            if self._refusal is None:
                try:
                    packed = self.pack(number, block.pixels)
                except ValueError as refusal:  # from the format, reported like that of any encoder
                    self._refusal = refusal
            del found, block
            with self._lock:
                self._packed[number] = packed
            self._append()

    def _taken(self) -> tuple[int, Block] | None:
        """Return a block to pack, with its number; -1 stands for blocks to prepare first."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if not self._prepared:
                if self._awaited:
                    return None
                self._awaited = -1
                return -1, self._begun[0]
            if not self._full:
                return None
            number = self._full.popleft()
            return number, self._begun.pop(number)

    def _append(self) -> None:
        """Append the next blocks, unless another thread is doing so, which will look for more when done."""
        while True:
            with self._lock:
                if self._appending or self._next not in self._packed:
                    return
                self._appending = True
                number, packed = self._next, self._packed.pop(self._next)
            if self._refusal is None:
                parts = self.ordered(number, packed)
                self._sink.append(parts)
                self.ends.append(self.ends[-1] + sum(map(len, parts)))
            with self._lock:
                self._appending = False
                self._next += 1


def in_flight(row: int, block: int, cores: int, waiting: int = 0) -> int:
    """Return the most bytes of blocks that are being filled or packed, or are waiting for others.

    >>> in_flight(row=1000, block=100, cores=2)
    18874368
    """
    # The greatest distance between strips, each of which may be filled but not packed.
    return 3 * (cores + AHEAD) * max(row * block, row * LOWEST, STRIP_BYTES) + waiting
