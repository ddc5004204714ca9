"""Order statistics of small windows by networks of minima and maxima, on whole rows of samples at a time.

Every operation is one call on a block of the image, so all pixels take the same steps and none is branched on.
What neighbouring windows have in common is computed once, for tiles of a few results in a column:

* the rows of a window are sorted, and a sorted row serves all windows that hold it;
* sorted rows that all windows of a tile hold are merged first, then those that half of them hold, and so on;
* of what is merged only those ranks are computed that can still become the one that is wanted.

A network is written down without regard to any of that: operations are looked up by what they do relative to
the tile, so what two tiles or two windows both need is one operation, and what nobody needs is none. 3×3 takes 17
operations a sample, 5×5 takes 57, 9×9 227; without tiles it would be 22, 88 and 394. Tiles of several columns would
save a few more, but their columns had to be taken apart and put together, and channels beside each other too.

References
----------
K. Batcher, "Sorting networks and their applications", 1968: the merges.
A. Adams, "Fast median filters using separable sorting networks", 2021: tiles of results, and ranks that are forgotten.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, NamedTuple

from ..lazy_numpy import Array, np

BLOCK_RESULTS = 1 << 16
"""Results of a call, at 0.03 ns each for 8 bits and 0.3 µs a call. Of 8, 16, 32, 64 and 128 K the fastest."""
MAX_WAITING_BYTES = 1 << 23
"""All that the values of a block take at a time, beyond which blocks are smaller: a large window's network has many."""
MAX_BLOCK_COLUMNS = 1 << 11
"""Samples of a block's row, so that it has many: the rows above and below a block are sorted for it anew. For 12 MP RGB
5×5 takes 1.42 ns a sample, with 32 K 1.67."""

Shift = tuple[int, int]
Value = tuple[int, Shift]
"""An operation's result, so many tiles further down and samples to the right."""
Sorted = list[Value]


class Operation(NamedTuple):
    """The minimum or maximum of two values; or the samples of one row of the tile, ``kind`` ``sample``."""

    kind: str
    first: int
    first_shift: Shift
    second: int = 0
    second_shift: Shift = (0, 0)


class Network(NamedTuple):
    """Operations in their order, none before what it takes, and the results of a tile in rows."""

    operations: list[Operation]
    results: list[Value]
    tile: int
    """Rows of a tile."""
    waiting: int
    """The most values that wait at a time for their use."""


def tile_of(height: int) -> int:
    """Return the number of results in a column that share the most, of 1, 2, 4 and 8."""
    return 1 if height == 1 else 2 if height < 6 or height == 9 else 4 if height < 12 else 8


@lru_cache(maxsize=32)
def network(height: int, width: int, rank: int) -> Network:
    """Return the network that selects the sample of that *rank*, from 0, in windows of *height* × *width*.

    >>> len([operation for operation in network(3, 3, 4).operations if operation.kind != "sample"]) / 2
    17.0
    """
    tile = tile_of(height)
    writer = _Writer(tile)

    def row(y: int) -> tuple[Sorted, Sorted]:
        return _windows(writer, lambda x: [writer.sample(y, x)], width, 1)[0]

    if height == 1:
        return writer.written([_ranked(writer, *row(0), rank)])
    down = _windows(writer, cache(lambda y: _merged(writer, *row(y))), height, tile)
    return writer.written([_ranked(writer, *down[y], rank) for y in range(tile)])


def _taken(operation: Operation) -> set[int]:
    return set() if operation.kind == "sample" else {operation.first, operation.second}


def _last_uses(operations: list[Operation], results: list[Value]) -> dict[int, int]:
    """Return after which operation each value is needed no more."""
    last = {value: number for number, one in enumerate(operations) for value in _taken(one)}
    last.update((value, len(operations)) for value, _ in results)
    return last


def _waiting(operations: list[Operation], results: list[Value]) -> int:
    last = _last_uses(operations, results)
    now = most = sum(one.kind == "sample" for one in operations)
    for number, one in enumerate(operations):
        if one.kind != "sample":
            most = max(most, now + 1)
            now += 1 - sum(last[value] == number and operations[value].kind != "sample" for value in _taken(one))
    return most


class _Writer:
    """Writes operations down, each once."""

    def __init__(self, tile: int) -> None:
        self.tile = tile
        self.operations: list[Operation] = []
        self.numbers: dict[Operation, int] = {}

    def sample(self, y: int, x: int) -> Value:
        """Return a sample of the window that begins at the tile."""
        return self._number(Operation("sample", y % self.tile, (0, 0))), (y // self.tile, x)

    def least(self, a: Value, b: Value) -> Value:
        """Return the smaller of two."""
        return self._either("minimum", a, b)

    def most(self, a: Value, b: Value) -> Value:
        """Return the greater of two."""
        return self._either("maximum", a, b)

    def _either(self, kind: str, a: Value, b: Value) -> Value:
        (first, (ya, xa)), (second, (yb, xb)) = sorted((a, b))
        y, x = min(ya, yb), min(xa, xb)
        return self._number(Operation(kind, first, (ya - y, xa - x), second, (yb - y, xb - x))), (y, x)

    def _number(self, operation: Operation) -> int:
        number = self.numbers.setdefault(operation, len(self.operations))
        if number == len(self.operations):
            self.operations.append(operation)
        return number

    def written(self, results: list[Value]) -> Network:
        """Return what *results* need, in the order in which the fewest values wait for their use."""
        order: dict[int, int] = {}
        waiting = [(number, False) for number, _ in reversed(results)]
        while waiting:
            number, ready = waiting.pop()
            operation = self.operations[number]
            if number in order:
                continue
            if ready or operation.kind == "sample":
                order[number] = len(order)
            else:
                waiting += [(number, True), (operation.second, False), (operation.first, False)]
        kept = [self.operations[number] for number in order]
        kept = [
            one if one.kind == "sample" else one._replace(first=order[one.first], second=order[one.second])
            for one in kept
        ]
        given = [(order[number], shift) for number, shift in results]
        return Network(kept, given, self.tile, _waiting(kept, given))


def _merged(writer: _Writer, a: Sorted, b: Sorted) -> Sorted:
    """Merge two sorted lists by Batcher's odd-even merge."""
    if not a or not b:
        return a or b
    if len(a) == 1:
        a, b = b, a
    if len(b) == 1:
        (one,) = b
        inner = [writer.most(before, writer.least(behind, one)) for before, behind in itertools.pairwise(a)]
        return [writer.least(a[0], one), *inner, writer.most(a[-1], one)]
    even, odd = _merged(writer, a[::2], b[::2]), _merged(writer, a[1::2], b[1::2])
    merged = even[:1]
    for x, y in zip(even[1:], odd, strict=False):
        merged += [writer.least(x, y), writer.most(x, y)]
    return merged + even[len(odd) + 1 :] + odd[len(even) - 1 :]


def _ranked(writer: _Writer, a: Sorted, b: Sorted, rank: int) -> Value:
    """Return the value of that *rank* in the union of two sorted lists: the least of what i + j = rank + 1 allow.

    i values of one list and j of the other are at most the greater of both lists' last; the best such choice is it.
    """
    needless = max(0, rank - len(b)), max(0, rank - len(a))
    a, b, rank = a[needless[0] : rank + 1], b[needless[1] : rank + 1], rank - sum(needless)
    best: Value | None = None
    for i in range(max(0, rank + 1 - len(b)), min(len(a), rank + 1) + 1):
        j = rank + 1 - i
        value = b[j - 1] if i == 0 else a[i - 1] if j == 0 else writer.most(a[i - 1], b[j - 1])
        best = value if best is None else writer.least(best, value)
    assert best is not None
    return best


def _windows(
    writer: _Writer, part: Callable[[int], Sorted], length: int, count: int
) -> dict[int, tuple[Sorted, Sorted]]:
    """Return two sorted lists for each of *count* windows in a row, which together hold the window's parts."""
    found: dict[int, tuple[Sorted, Sorted]] = {}

    def joined(start: int, stop: int) -> Sorted:
        if stop - start <= 1:
            return part(start) if stop > start else []
        # Pairs, fours and eights from the same place on in every tile are those of its neighbours.
        half = 1 << (stop - start - 1).bit_length() - 1
        return _merged(writer, joined(start, start + half), joined(start + half, stop))

    def split(first: int, size: int, common: Sorted, more: Sorted) -> None:
        if size == 1:
            found[first] = common, more
            return
        common, half = _merged(writer, common, more), size // 2
        split(first, half, common, joined(first + half - 1, first + size - 1))
        split(first + half, half, common, joined(first + length, first + half + length))

    if count > 1:
        split(0, count, joined(count - 1, length), [])
    else:
        half = 1 << (length - 1).bit_length() - 1 if length > 1 else 1
        found[0] = joined(0, half), joined(half, length)
    return found


class Selector:
    """Selects by a network, from padded planes to planes; what it computes in is kept from call to call."""

    def __init__(self, height: int, width: int, rank: int) -> None:
        self.height, self.width = height, width
        self.network = network(height, width, rank)
        self.kept = threading.local()

    def __call__(self, planes: Array, beside: int = 1) -> Array:
        """Return planes ``(channels, rows, columns)``, each smaller by the window but for one sample.

        So many channels may lie *beside* each other in a plane, which then has as many samples in a column.
        """
        channels, height, width = planes.shape
        wider = (self.width - 1) * beside
        height, width = height - self.height + 1, width - wider
        result = np.empty((channels, height, width), planes.dtype)
        rows, columns = self._block_of(height, width, planes.itemsize)
        block = getattr(self.kept, "block", None)
        size = rows, columns, beside, planes.dtype
        if block is None or block.made_for != size:
            block = self.kept.block = _Block(self.network, self.height, self.width, *size)
        # The last block of each direction overlaps the one before it, so that all have one size.
        for channel in range(channels):
            for y in (*range(0, height - rows, rows), height - rows):
                for x in (*range(0, width - columns, columns), width - columns):
                    around = planes[channel, y : y + rows + self.height - 1, x : x + columns + wider]
                    block.select(around, result[channel, y : y + rows, x : x + columns])
        return result

    def rows_of(self, width: int, itemsize: int) -> int:
        """Return how many rows of *width* results make a block."""
        length = min(BLOCK_RESULTS, MAX_WAITING_BYTES // (self.network.waiting * itemsize))
        return max(1, length // min(width, MAX_BLOCK_COLUMNS)) * self.network.tile

    def _block_of(self, height: int, width: int, itemsize: int) -> tuple[int, int]:
        """Return the rows and columns of a block: equal parts of the planes."""
        columns = -(-width // -(-width // MAX_BLOCK_COLUMNS))
        rows = max(self.rows_of(columns, itemsize), 2 * self.height)
        return -(-height // -(-height // rows)), columns


class _Block:
    """A network laid out in memory for blocks of one size: each operation is a call on slices of flat buffers."""

    def __init__(
        self, network: Network, height: int, width: int, rows: int, columns: int, beside: int, dtype: Any
    ) -> None:
        self.made_for = rows, columns, beside, dtype
        self.tile, operations = network.tile, network.operations
        lines, across = -(-(rows + height - 1) // self.tile), columns + (width - 1) * beside
        kept = -(-rows // self.tile)
        starts = {shift: shift[0] * across + shift[1] * beside for shift in _shifts(network)}
        lengths = _lengths(network, starts, (kept - 1) * across + columns)
        last = _last_uses(operations, network.results)
        size = max(*lengths, lines * across)
        buffers: list[Array] = []
        free: list[int] = []
        place_of: dict[int, int] = {}

        def slice_of(number: int, shift: Shift, length: int) -> Array:
            return buffers[place_of[number]][starts[shift] : starts[shift] + length]

        self.samples: list[tuple[int, Array]] = []
        self.calls: list[tuple[Callable[..., Any], Array, Array, Array]] = []
        for number, one in enumerate(operations):
            if one.kind == "sample":
                # Filled before the first call: a buffer of its own.
                buffers.append(np.zeros(size, dtype))
                place_of[number] = len(buffers) - 1
                self.samples.append((one.first, buffers[-1][: lines * across].reshape(lines, across)))
                continue
            length = lengths[number]
            first = slice_of(one.first, one.first_shift, length)
            second = slice_of(one.second, one.second_shift, length)
            done = [value for value in _taken(one) if last[value] == number]
            shifts = {one.first: one.first_shift, one.second: one.second_shift}
            # A result may take the place of what it is made of, sample by sample; not of what lies beside it.
            aligned = [value for value in done if shifts[value] == (0, 0) and one.first != one.second]
            if aligned:
                place_of[number] = place_of[aligned[0]]
                done.remove(aligned[0])
            elif free:
                place_of[number] = free.pop()
            else:
                buffers.append(np.zeros(size, dtype))
                place_of[number] = len(buffers) - 1
            free += [place_of[value] for value in done]
            call = np.minimum if one.kind == "minimum" else np.maximum
            self.calls.append((call, first, second, slice_of(number, (0, 0), length)))
        self.results: list[Array] = []
        for number, (y, x) in network.results:
            whole = buffers[place_of[number]][: lines * across].reshape(lines, across)
            self.results.append(whole[y : y + kept, x * beside : x * beside + columns])

    def select(self, around: Array, out: Array) -> None:
        """Select in one padded block, into *out*."""
        for y, buffer in self.samples:
            part = around[y :: self.tile]
            buffer[: len(part)] = part
        for call, first, second, result in self.calls:
            call(first, second, out=result)
        for y, buffer in enumerate(self.results):
            part = out[y :: self.tile]
            part[...] = buffer[: len(part)]


def _shifts(network: Network) -> set[Shift]:
    taken = {shift for one in network.operations for shift in (one.first_shift, one.second_shift)}
    return taken | {shift for _, shift in network.results}


def _lengths(network: Network, starts: dict[Shift, int], least: int) -> list[int]:
    """Return how many samples of each operation are used, where *least* are of the results."""
    lengths = [0] * len(network.operations)
    for number, shift in network.results:
        lengths[number] = max(lengths[number], least + starts[shift])
    for number in range(len(lengths) - 1, -1, -1):
        one = network.operations[number]
        if one.kind != "sample":
            for value, shift in ((one.first, one.first_shift), (one.second, one.second_shift)):
                lengths[value] = max(lengths[value], lengths[number] + starts[shift])
    return lengths
