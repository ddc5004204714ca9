"""Whether the data of each interval of a sequential JPEG end with its last unit, to the byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from . import huffman
from .segments import FRAMES, RESTART_INTERVAL, Segment
from .turbo import BytesLeftError, EndsEarlyError

BLOCK = 8
SPARE = 9
"""Equal bytes that may remain after an interval: cameras and webcams add padding."""
JUNK = b"\xaa" * 64
"""Bits that replace removed ones: enough to change the rest of a unit visibly."""


class Interval(NamedTuple):
    """Compressed data that can be decoded independently of the data before."""

    start: int
    end: int

    def needed(self, data: bytes) -> int:
        """Return the offset of the last byte before padding: up to `SPARE` equal bytes, or one of any value."""
        content = data[max(self.start, self.end - SPARE - 1) : self.end]
        at = self.end - (len(content) - len(content.rstrip(content[-1:])))
        return max(at - 1, self.start)

    def is_filled_up(self, data: bytes) -> bool:
        """Whether the last bytes have one value, as padding has."""
        return self.end - self.needed(data) > 2


class Grid(NamedTuple):
    """The units of a picture with one scan, and their division into intervals."""

    width: int
    height: int
    wide: int
    """The width of a unit."""
    high: int
    step: int
    """Units of an interval."""

    @property
    def columns(self) -> int:
        """Units of a row."""
        return -(-self.width // self.wide)

    @property
    def units(self) -> int:
        """All units."""
        return self.columns * -(-self.height // self.high)

    @property
    def intervals(self) -> int:
        """Intervals between restart markers."""
        return -(-self.units // self.step)

    def units_of(self, interval: int) -> int:
        """Return how many units an interval has."""
        return min(self.step, self.units - interval * self.step)

    def last_of(self, interval: int) -> tuple[slice, slice]:
        """Return the pixels of an interval's last unit, without those that are blended with its neighbours'."""
        row, column = divmod(interval * self.step + self.units_of(interval) - 1, self.columns)
        return _unblended(row * self.high, self.high, self.height), _unblended(
            column * self.wide, self.wide, self.width
        )


def grid(found: Sequence[Segment]) -> Grid:
    """Return the grid of units that the header describes."""
    frame = next(bytes(each.body) for each in found if each.marker in FRAMES)
    restarts = [int.from_bytes(each.body) for each in found if each.marker == RESTART_INTERVAL]
    height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    factors = frame[7::3] if frame[5] > 1 else b"\x11"
    wide, high = BLOCK * max(each >> 4 for each in factors), BLOCK * max(each & 15 for each in factors)
    whole = Grid(width, height, wide, high, 1)
    return whole._replace(step=(restarts[-1] if restarts else 0) or whole.units)


def _unblended(start: int, size: int, whole: int) -> slice:
    end = min(start + size, whole)
    inner = slice(start + (start > 0), end - (end < whole))
    return inner if inner.start < inner.stop else slice(start, end)


def doubtful(
    pixels: Array,
    data: bytes,
    found: Sequence[Segment],
    intervals: Sequence[Interval],
    decode: Callable[[bytes], Array],
) -> list[int]:
    """Return the intervals of the picture *pixels* that may have too much data, apart from padding.

    The last needed byte of each belongs to its last unit, as counting the codes shows, or else the unit itself: with
    other bits in its place the unit changes. It may stay the same by chance, or because the file's tables have so few
    codes that other bits mean nothing.
    """
    behind = ends(data, found, intervals)
    if -1 not in behind:
        pairs = zip(intervals, behind, strict=True)
        return [number for number, (interval, end) in enumerate(pairs) if end <= interval.needed(data)]
    parts, at = [], 0
    for interval in intervals:
        end = interval.needed(data)
        # A byte 255 is never apart from the 0 after it.
        parts += [data[at : end - (data[end - 1] == 0xFF)], JUNK]
        at = interval.end
    other, whole = decode(b"".join([*parts, data[at:]])), grid(found)
    lasts = [whole.last_of(number) for number in range(len(intervals))]
    return [number for number, last in enumerate(lasts) if np.array_equal(pixels[last], other[last])]


def ends(data: bytes, found: Sequence[Segment], intervals: Sequence[Interval]) -> list[int]:
    """Return after which byte the last unit of each interval ends, or -1 if that is unknown without decoding."""
    whole = grid(found)
    return huffman.ends(data, found, [(each.start, each.end) for each in intervals], whole.units, whole.step)


def check(data: bytes, found: Sequence[Segment], intervals: Sequence[Interval], numbers: Iterable[int]) -> None:
    """Raise `DecodeError` if the data of the intervals *numbers* are too few or too many, but for padding.

    Counting the codes takes 1 ms per kilobyte, so it is done only where nothing else decides.
    """
    whole, blocks = grid(found), None
    try:
        for number in numbers:
            blocks = blocks or huffman.unit(found)
            start, end = intervals[number]
            rest = huffman.rest(data[start:end], blocks, whole.units_of(number))
            if len(rest) > SPARE or len(set(rest)) > 1:
                raise BytesLeftError
    except huffman.BadCodeError:
        raise EndsEarlyError from None
