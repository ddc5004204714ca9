"""Order statistics of large windows by counting: the time hardly depends on the window, nor on the type of the samples.

An image is worked through in tiles. A tile's samples are sorted once, and from then on are numbers from 0: their
places in the order, which tell ties apart and serve any type.

* The order is cut into buckets of equal size. How many samples of a window lie in the first t buckets is a sum over a
  box of zeros and ones, by doubling, for all windows of the tile at once. Halving finds the bucket that holds the
  sample wanted; a bound that would part no two windows is not counted at.
* Inside its bucket a window's samples are a row of bits, one for each sample of the bucket in their order: those that
  lie in the window's rows, and those that lie in its columns. Both come from tables; where both bits are set the sample
  is in the window, and the wanted one is the n-th bit set.

Samples that are NaN come last in the order, and so are left out by a rank among those that are present.

References
----------
S. Perreault and P. Hébert, "Median filtering in constant time", 2007, has the two levels, as histograms that slide.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any

from ..engine.layout import narrowest
from ..lazy_numpy import Array, np
from ..linear.doubling import over_windows

BUCKET, LARGEST_BUCKET, MOST_BUCKETS = 512, 4096, 60
"""Samples of a bucket, which are doubled until a tile has no more buckets than that: a large bucket takes more words of
bits for each window, a small one more sums over boxes."""
TILE_SIDE = 128
"""Rows and columns of results of a tile: of 64, 96, 128, 192 and 256 the fastest for windows from 9×9 to 101×101."""

Ranks = Callable[[Array], Array]
"""From how many samples are present in windows to the rank of the one that is wanted."""
Call = tuple[Array, Array, Array]
"""Two arrays, and where their sum goes."""


class Counter:
    """Selects by counting, from padded planes to planes; what it computes in is kept from call to call."""

    def __init__(self, height: int, width: int, rank: int) -> None:
        self.height, self.width, self.rank = height, width, rank
        self.kept = threading.local()

    def __call__(self, planes: Array, ranks: Ranks | None = None) -> Array:
        """Return ``(channels, rows, columns)``, each smaller by the window but for one sample.

        With *ranks* samples that are NaN count nothing, and a window of nothing else gives NaN.
        """
        channels, height, width = planes.shape
        height, width = height - self.height + 1, width - self.width + 1
        rows, columns = (-(-size // -(-size // TILE_SIDE)) for size in (height, width))
        result = np.empty((channels, height, width), planes.dtype)
        tile = getattr(self.kept, "tile", None)
        if tile is None or (tile.rows, tile.columns) != (rows, columns):
            tile = self.kept.tile = _Tile(self.height, self.width, rows, columns)
        # The last tile of each direction overlaps the one before it, so that all have one size.
        for channel in range(channels):
            for y in (*range(0, height - rows, rows), height - rows):
                for x in (*range(0, width - columns, columns), width - columns):
                    around = planes[channel, y : y + rows + self.height - 1, x : x + columns + self.width - 1]
                    result[channel, y : y + rows, x : x + columns] = tile.select(around, self.rank, ranks)
        return result


class _Tile:
    """What tiles of one size are computed in."""

    def __init__(self, height: int, width: int, rows: int, columns: int) -> None:
        self.rows, self.columns, self.height, self.width = rows, columns, height, width
        self.lines, self.across = rows + height - 1, columns + width - 1
        self.size = self.lines * self.across
        self.bucket_size = BUCKET
        while self.bucket_size < LARGEST_BUCKET and self.size > MOST_BUCKETS * self.bucket_size:
            self.bucket_size *= 2
        self.buckets = -(-self.size // self.bucket_size)
        code, across, most = narrowest(self.buckets), narrowest(width), narrowest(height * width)
        self.codes, self.code_of = np.empty(self.size, code), (np.arange(self.size) // self.bucket_size).astype(code)
        self.below = np.empty(self.size, bool)
        first = self.below.view(np.uint8) if across == np.uint8 else np.empty(self.size, across)
        self.first = first
        self.calls, sums = _sums(first, width, 1)
        self.wide = np.empty(self.size, most)
        self.sums = sums
        self.more_calls, self.counts = _sums(self.wide, height, self.across)
        self.counts = self.counts[: (rows - 1) * self.across + columns]
        length = len(self.counts)
        self.above = np.empty(length, bool)
        self.bucket, self.rest = np.empty(length, code), np.empty(length, most)
        self.spare, self.more_spare = np.empty(length, code), np.empty(length, most)
        # Past its end the order is filled up with a place that no window holds.
        self.order = np.full(self.buckets * self.bucket_size, self.size)

    def select(self, around: Array, rank: int, ranks: Ranks | None) -> Array:
        """Return the samples of that rank, ``(rows, columns)``."""
        samples = np.ascontiguousarray(around).reshape(-1)
        order = self.order[: self.size]
        order[...] = _order(samples)
        self.codes[order] = self.code_of
        present, wanted = None, self.wide.dtype.type(rank)
        if ranks is not None:
            np.copyto(self.first, ~np.isnan(samples))
            present = self._grid(self._summed()).copy()
            wanted = np.zeros((self.rows, self.across), self.wide.dtype)
            wanted[:, : self.columns] = ranks(present)
            wanted = wanted.reshape(-1)[: len(self.counts)]
        result = samples.take(order.take(self._within(self._descend(wanted)))).reshape(self.rows, self.columns)
        if present is not None:
            result[present == 0] = np.nan
        return result

    def _grid(self, flat: Array) -> Array:
        """View what is flat as ``(rows, columns)``."""
        step = flat.itemsize
        return np.lib.stride_tricks.as_strided(flat, (self.rows, self.columns), (self.across * step, step))

    def _summed(self) -> Array:
        for near, far, out in self.calls:
            np.add(near, far, out=out)
        np.copyto(self.wide[: len(self.sums)], self.sums)
        for near, far, out in self.more_calls:
            np.add(near, far, out=out)
        return self.counts

    def _descend(self, wanted: Any) -> list[int]:
        """Find each window's bucket, and the rank among the window's samples in it; return the buckets found."""
        code, above = self.codes.dtype.type, self._grid(self.above)
        self.bucket[...], self.rest[...] = 0, wanted
        found = []
        # Between two bounds lie the windows that are above the one but not above the other.
        waiting = [(0, self.buckets, self.rows * self.columns, 0)]
        while waiting:
            low, high, above_low, above_high = waiting.pop()
            if above_low == above_high:
                continue
            if high - low == 1:
                found.append(low)
                continue
            middle = (low + high) // 2
            np.less(self.codes, code(middle), out=self.below)
            if self.first.dtype != np.uint8:
                np.copyto(self.first, self.below)
            counts = self._summed()
            np.less_equal(counts, wanted, out=self.above)
            np.multiply(self.above.view(np.uint8), code(middle), out=self.spare)
            np.maximum(self.bucket, self.spare, out=self.bucket)
            # Where more lie below than wanted, the difference wraps round to a number that is never the least.
            np.subtract(wanted, counts, out=self.more_spare)
            np.minimum(self.rest, self.more_spare, out=self.rest)
            number = int(np.count_nonzero(above))
            waiting += [(low, middle, above_low, number), (middle, high, number, above_high)]
        return found

    def _within(self, used: list[int]) -> Array:
        """Return the places in the order of the samples that the windows want, given the buckets in which they are."""
        candidates = self.order.reshape(self.buckets, -1)[used].ravel()
        y = candidates // self.across
        in_rows = _bits(y, self.lines, self.height, len(used))
        in_columns = _bits(candidates - y * self.across, self.across, self.width, len(used))
        number_of = np.zeros(self.buckets, np.intp)
        number_of[used] = np.arange(len(used))
        bucket, rest = self._grid(self.bucket), self._grid(self.rest).ravel()
        number = number_of.take(bucket)
        rows = (number + np.arange(self.rows)[:, None] * len(used)).ravel()
        columns = (number + np.arange(self.columns) * len(used)).ravel()
        words = np.empty((len(in_rows), len(rows)), np.uint64)
        for word, of_rows, of_columns in zip(words, in_rows, in_columns, strict=True):
            np.bitwise_and(of_rows.take(rows), of_columns.take(columns), out=word)
        return bucket.ravel().astype(np.intp) * self.bucket_size + _nth_bit(words, rest)


def _sums(source: Array, length: int, step: int) -> tuple[list[Call], Array]:
    """Return the calls that sum *length* neighbours, *step* apart, in a flat array, and where the sums will be."""
    calls: list[Call] = []

    def later(near: Array, far: Array, out: Array | None = None) -> Array:
        calls.append((near, far, np.empty_like(near) if out is None else out))
        return calls[-1][2]

    return calls, over_windows(source, length, later, step=step)


def _order(samples: Array) -> Array:
    """Return the places of the samples in ascending order, NaN last.

    Value and place are sorted as one integer where they fit one: in 3 ns a sample, in place of 9 by an indirect sort.
    """
    size, kind = samples.size, samples.dtype
    if kind == np.uint8 and size <= 1 << 24:
        return _sorted_places(samples.astype(np.uint32), 24)
    if kind == np.uint16 and size <= 1 << 16:
        return _sorted_places(samples.astype(np.uint32), 16)
    if kind in (np.uint8, np.uint16):
        return _sorted_places(samples.astype(np.int64), 32)
    if kind == np.float32 and not np.isnan(np.max(samples)):
        bits = samples.view(np.int32)
        return _sorted_places((bits ^ ((bits >> 31) & 0x7FFFFFFF)).astype(np.int64), 32)
    return np.argsort(samples)


def _sorted_places(keys: Array, bits: int) -> Array:
    kind = keys.dtype.type
    keys <<= kind(bits)
    keys |= np.arange(keys.size, dtype=kind)
    keys.sort()
    keys &= kind((1 << bits) - 1)
    return keys.astype(np.intp)


def _bits(lines_of: Array, lines: int, length: int, buckets: int) -> Array:
    """Return for windows of *length* lines, from each line on, the bits of the candidates that lie in them.

    The candidates are those of *buckets* of one size; one on a line past the last is in no window. The result is
    ``(words of a bucket, windows times buckets)``.
    """
    row = len(lines_of) // 8
    table = np.zeros((lines + 1) * row, np.uint8)
    for bit in range(8):
        # No two of these share a byte.
        places = lines_of[bit::8] * row + np.arange(row)
        table[places] = table.take(places) | np.uint8(1 << bit)
    words = over_windows(table.view("<u8").reshape(lines + 1, row // 8)[:lines], length, np.bitwise_or, overlap=True)
    return np.ascontiguousarray(words.reshape(words.shape[0] * buckets, -1).T)


LOW_BITS = 0x0101010101010101
TOP_BITS = 0x8080808080808080


@cache
def _places_in_byte() -> Array:
    """Return where the set bit of number n of byte b is, at ``n * 256 + b``."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
    return np.argsort(1 - bits, axis=1, kind="stable").T.astype(np.uint8).ravel()


def _nth_bit(words: Array, number: Array) -> Array:
    """Return which bit is the set bit of that *number*, from 0, in columns of *words*, the lowest bit first."""
    # One type for each array: between types NumPy converts in small pieces, which takes twice as long.
    number = number.astype(np.uint16)
    total, left, word = np.zeros_like(number), number.copy(), np.zeros(len(number), np.uint8)
    for count in np.bitwise_count(words[:-1]).astype(np.uint16):
        total += count
        word += (total <= number).view(np.uint8)
        # Where more have been passed than wanted, the difference wraps round to a number that is never the least.
        np.minimum(left, number - total, out=left)
    word = word.astype(np.intp)
    bits = words.reshape(-1).take(word * len(number) + np.arange(len(number)))
    # Eight sums in one word: a byte of `upto` counts the bits of the bytes up to it; 128 + left - upto keeps its top
    # bit where that is at most what is left.
    left = left.astype(np.uint64)
    upto = np.bitwise_count(bits.view(np.uint8)).view("<u8") * np.uint64(LOW_BITS)
    over = ((left * np.uint64(LOW_BITS) | np.uint64(TOP_BITS)) - upto) & np.uint64(TOP_BITS)
    shift = np.bitwise_count(over).astype(np.uint64) << np.uint64(3)
    left -= (upto << np.uint64(8)) >> shift & np.uint64(0xFF)
    byte = (bits >> shift) & np.uint64(0xFF)
    position = _places_in_byte().take((left << np.uint64(8) | byte).view(np.int64))
    return (word << 6) + shift.view(np.int64) + position
