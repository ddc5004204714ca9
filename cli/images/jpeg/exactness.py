"""Whether the data of each interval of a sequential JPEG end with its last unit, to the byte.

Decoding again raises doubts. Where the data end too early, other bits behind them change the picture. Where bytes are
left, other bits in place of the last of them change nothing. Then the codes are counted: a file's own tables may hold
so few of them that other bits mean nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from PIL import ImageChops

from .segments import END_OF_IMAGE, FRAMES, RESTART_INTERVAL, Segment

MOST_BYTES = 1 << 15
"""Length of the files that are decoded again: 2 ms each time."""
BLOCK = 8
UNIT_BYTES = 64
"""Bytes that stand for those that are taken off: more than the rest of a unit needs to look otherwise."""
ONE, OTHER = b"\xaa" * UNIT_BYTES, b"\x55" * UNIT_BYTES
"""Bits of which all differ."""
END = bytes((0xFF, END_OF_IMAGE))
CUT, LEFT, WHOLE = range(3)
"""What an interval's data are: too few, too many, or those that its units take."""


class Interval(NamedTuple):
    """Compressed data that are decoded without regard to what precedes them."""

    start: int
    end: int

    def needed(self, data: bytes | memoryview, most: int) -> int:
        """Return the offset of the last byte before padding: up to *most* bytes of one value, or any one."""
        content = bytes(data[max(self.start, self.end - most - 1) : self.end])
        at = self.end - (len(content) - len(content.rstrip(content[-1:])))
        return max(at - 1, self.start)


class Grid(NamedTuple):
    """The units of a picture of one scan, and how they are parted into intervals."""

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


def grid(found: Sequence[Segment]) -> Grid:
    """Return the units that the header tells of."""
    frame = next(bytes(each.body) for each in found if each.marker in FRAMES)
    restarts = [int.from_bytes(each.body) for each in found if each.marker == RESTART_INTERVAL]
    height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    factors = frame[7::3] if frame[5] > 1 else b"\x11"
    wide, high = BLOCK * max(each >> 4 for each in factors), BLOCK * max(each & 15 for each in factors)
    whole = Grid(width, height, wide, high, 1)
    return whole._replace(step=(restarts[-1] if restarts else 0) or whole.units)


class Last(NamedTuple):
    """The last unit of an interval."""

    interval: Interval
    units: int
    """How many units the interval has."""
    box: tuple[int, int, int, int]
    """The pixels of the last."""


def found_in(
    image: Any,
    data: bytes,
    found: Sequence[Segment],
    intervals: Sequence[Interval],
    decode: Callable[[bytes], Any],
    padding: int,
) -> int:
    """Return what the data of the worst interval are: `CUT`, `LEFT` or `WHOLE`.

    There are as many intervals as `grid` tells. *image* is the picture of *data*, *decode* decodes others. Up to
    *padding* bytes of one value may be left.
    """
    lasts = _last_units(grid(found), intervals)
    suspects, needed = lasts, [each.needed(data, padding) for each in intervals]
    for junk in (ONE, OTHER):
        if suspects:
            other = decode(_with_ends(data, intervals, needed, junk))
            suspects = [last for last in suspects if image.crop(last.box).tobytes() == other.crop(last.box).tobytes()]
    other = decode(_with_ends(data, intervals, [each.end for each in intervals], ONE))
    if (box := ImageChops.difference(image, other).getbbox(alpha_only=False)) is not None:
        suspects = [last for last in lasts if _meet(last.box, box)]
    if not suspects:
        return WHOLE
    from . import huffman  # what few files need

    try:
        blocks = huffman.unit(found)
        rests = [huffman.rest(data[last.interval.start : last.interval.end], blocks, last.units) for last in suspects]
    except huffman.BadCodeError:
        return CUT
    return LEFT if any(len(rest) > padding or len(set(rest)) > 1 for rest in rests) else WHOLE


def _meet(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _with_ends(data: bytes, intervals: Sequence[Interval], ends: Sequence[int], junk: bytes) -> bytes:
    """Return a file whose intervals go on with *junk* from *ends* on."""
    parts, at = [], 0
    for (_, after), end in zip(intervals, ends, strict=True):
        # A byte 255 is never apart from the 0 behind it.
        parts += [data[at : end - (data[end - 1] == 0xFF)], junk]
        at = after
    return b"".join(parts) + END


def _unblended(start: int, size: int, whole: int) -> tuple[int, int]:
    """Return where the pixels of a unit begin and end whose colours are not blended with those of its neighbours."""
    end = min(start + size, whole)
    inner = start + (start > 0), end - (end < whole)
    return inner if inner[0] < inner[1] else (start, end)


def _last_units(grid: Grid, intervals: Sequence[Interval]) -> list[Last]:
    lasts = []
    for number, interval in enumerate(intervals):
        count = min(grid.step, grid.units - number * grid.step)
        row, column = divmod(number * grid.step + count - 1, grid.columns)
        left, right = _unblended(column * grid.wide, grid.wide, grid.width)
        top, bottom = _unblended(row * grid.high, grid.high, grid.height)
        lasts.append(Last(interval, count, (left, top, right, bottom)))
    return lasts
