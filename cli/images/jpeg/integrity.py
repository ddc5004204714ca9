"""What libjpeg passes over in silence: a JPEG whose data end before its picture does, or go on behind it.

After ITU-T T.81. Bytes that were lost let a decoder go astray; the codes fall into step again, but some blocks are
missing, or there are some too many. libjpeg warns of it, Pillow does not hand that on. So the data are handed over
piece by piece. A decoder that is given the data of a scan, or of an interval between restart markers, but for their
last bytes, wants more. Given a few bytes more than all, it is done, and passes over every further byte. That costs a
few calls a scan, and no second decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .. import pillow_private
from ..picture import DecodeError
from . import exactness, tail
from .exactness import Interval
from .segments import ARITHMETIC_FRAMES, END_OF_IMAGE, FRAMES, RESTARTS, START_OF_SCAN, Segment

JUNK = b"\xaa" + bytes(range(255)) * 256
"""Data for blocks that are missing, unlike the zeros that may have stood for them from the first bit on."""
DROPPED_ZEROS = 8
"""Bytes that an arithmetic encoder may leave out at the end where they are zeros; T.81, D.1.8."""
GRAY = (126.5, 129)
"""What a block of nothing is, rounded, and maybe stored inverted."""
COEFFICIENTS = 64
UNSUSPECTED_PIXELS, PIXELS_A_BYTE = 1 << 22, 8 * COEFFICIENTS
"""Pixels that any file may promise, and the most that a byte holds: a block takes a bit, but by arithmetic coding."""
COMPARED_ROWS = 256
"""Rows that are compared at a time."""
AHEAD = 7
"""Bytes that libjpeg reads at most beyond those that it needs: it fills 64 bits while fewer than 57 are there."""
SPARE = 9
"""Bytes of one value that may be left of an interval: cameras and webcams fill it up."""
SCANS, MOST_SCANS, SCANNED_PIXELS = 64, 500, 1 << 30
"""Scans that any picture may have, and the most of a small one, together with its pixels in all of them.

Encoders write 10 or so, searching ones a few more. 500 is the limit that libjpeg-turbo tests itself with.
"""
BLOCK = 8
MOST_INTERVALS = 1024
"""Intervals that are watched one by one; where there are more, in one scan, all are decoded again together."""
END = bytes((0xFF, END_OF_IMAGE))
LEFT = "is damaged (data were lost: some are left when the picture is whole)"
OUT_OF_ORDER = "is damaged (restart markers are missing or out of order)"
ENDS_EARLY = "is truncated (its data end before the picture does)"
NO_END = "its end marker is missing; all of its pixels are there"


class Layout(NamedTuple):
    """Where the compressed data of a file lie."""

    intervals: list[Interval]
    scans: int
    stop: int
    """The offset of the end marker, or the file's length."""
    ended: bool
    arithmetic: bool
    in_order: bool
    """The restart markers are numbered as they should be."""


def before(data: bytes, found: Sequence[Segment], width: int, height: int) -> None:
    """Raise `DecodeError` where the file is too small for its picture, before memory is taken."""
    if UNSUSPECTED_PIXELS < width * height > PIXELS_A_BYTE * len(data):
        raise DecodeError(f"is damaged or truncated (it promises {width}×{height} pixels in {len(data)} bytes)")
    if _misses_scans(found):
        raise DecodeError("is truncated (scans of the picture are missing)")


def check_first_row(data: bytes, found: Sequence[Segment], width: int, height: int) -> None:
    """Raise `DecodeError` where there are too few data for one row of units, of which a block takes a bit at least."""
    layout = _layout(data, found, width, height)
    there = sum(interval.end - interval.start for interval in layout.intervals)
    if 8 * there < (1 if layout.arithmetic else exactness.grid(found).columns):
        raise DecodeError(ENDS_EARLY)


def check_scans(found: Sequence[Segment], width: int, height: int) -> None:
    """Raise `DecodeError` where so many scans refine the picture that decoding takes long; each goes through all of it.

    Few bytes are a scan: a code says that thousands of blocks stay as they are.
    """
    scans = sum(segment.marker == START_OF_SCAN for segment in found)
    most = max(SCANS, min(MOST_SCANS, SCANNED_PIXELS // max(width * height, 1)))
    if scans > most:
        raise DecodeError(f"has {scans} scans; the limit for its size is {most}; make it sequential with jpegtran")


def decoded(image: Any, data: bytes, found: Sequence[Segment], decode: Callable[[bytes], Any]) -> tuple[str, ...]:
    """Decode *image* from *data* and return notes for the user; raises `DecodeError` where it is not whole.

    *found* are the segments of *data*; *decode* decodes other data.
    """
    width, height = image.size
    layout = _layout(data, found, width, height)
    if not layout.in_order:
        raise DecodeError(OUT_OF_ORDER)
    _feed(image, data, layout)
    if layout.scans == 1 and len(layout.intervals) != exactness.grid(found).intervals:
        raise DecodeError(OUT_OF_ORDER)
    suspect = not layout.ended or layout.arithmetic
    few_bytes, many_intervals = len(data) <= exactness.MOST_BYTES, len(layout.intervals) > MOST_INTERVALS
    if layout.scans == 1 and not layout.arithmetic and (few_bytes or many_intervals):
        suspect = False
        state = exactness.found_in(image, data, found, layout.intervals, decode, SPARE)
        if state != exactness.WHOLE:
            raise DecodeError(ENDS_EARLY if state == exactness.CUT else LEFT)
    elif layout.scans == 1 and not layout.arithmetic:
        last = layout.intervals[-1]
        suspect |= _ends_gray(image) or tail.is_cut(data, last.start, last.end, decode)
    # Where the picture was whole, more data make no difference.
    behind = bytes(DROPPED_ZEROS if layout.arithmetic else 0) + JUNK
    if suspect and not _same(decode(data[: layout.stop] + behind + END), image):
        raise DecodeError(ENDS_EARLY)
    return () if layout.ended else (NO_END,)


def _layout(data: bytes, found: Sequence[Segment], width: int, height: int) -> Layout:
    """Return where data lie in the file of a picture of a size."""
    blocks = -(-width // BLOCK) * -(-height // BLOCK)
    intervals: list[Interval] = []
    scans, stop, ended, arithmetic, in_order = 0, len(data), False, False, True
    scan = 0
    for marker, start, _, end in found:
        if scan:
            in_order &= _add_intervals(intervals, data, scan, start, blocks)
        scan = end if marker == START_OF_SCAN else 0
        scans += marker == START_OF_SCAN
        arithmetic |= marker in ARITHMETIC_FRAMES
        if marker == END_OF_IMAGE:
            stop, ended = start, True
    if scan:
        stop = len(data) - data.endswith(b"\xff")
        in_order &= _add_intervals(intervals, data, scan, stop, blocks)
    return Layout(intervals, scans, stop, ended, arithmetic, in_order)


def _add_intervals(intervals: list[Interval], data: bytes, start: int, end: int, blocks: int) -> bool:
    """Add those of one scan; return whether the markers between them are in order, and no more than the *blocks*."""
    in_order, number = True, -1
    for number, found in enumerate(RESTARTS.finditer(data, start, end)):
        if number > blocks:
            return False
        in_order &= data[found.end() - 1] & 7 == number % 8
        end_of_data = found.start()
        while end_of_data > start and data[end_of_data - 1] == 0xFF:  # any number of bytes 255 may precede a marker
            end_of_data -= 1
        intervals.append(Interval(start, end_of_data))
        start = found.end()
    if end > start or number < 0:  # a restart marker may be behind the last interval too
        intervals.append(Interval(start, end))
    return in_order


def _feed(image: Any, data: bytes, layout: Layout) -> None:
    feed = pillow_private.Feed(image)
    view, at = memoryview(data), 0
    if len(layout.intervals) <= MOST_INTERVALS and not layout.arithmetic:  # the arithmetic decoder cannot wait
        for interval in layout.intervals:
            at = _watch(feed, view, at, interval)
    feed.give(bytes(view[at : layout.stop]) + END)
    if not feed.done:
        raise DecodeError(ENDS_EARLY)


def _watch(feed: pillow_private.Feed, view: memoryview, at: int, interval: Interval) -> int:
    """Hand over an interval, and see that the decoder needs its data, and no more; return where it ends."""
    start, end = interval
    # Bytes of zeros may be data, or fill what was never written.
    filled = start + len(bytes(view[start:end]).rstrip(b"\0"))
    needed = filled - 1 if filled < end else interval.needed(view, SPARE)
    at = _give(feed, view, at, max(start, needed))
    at, passed_over = _passes_over(feed, view, at)
    if passed_over:
        raise DecodeError(LEFT)
    if end - filled > AHEAD + SPARE:
        at = _give(feed, view, at, filled + AHEAD)
        at, passed_over = _passes_over(feed, view, at)
        if passed_over:
            return at
        at = _give(feed, view, at, end - SPARE)
        at, passed_over = _passes_over(feed, view, at)
        if passed_over:
            raise DecodeError("is damaged (its data end in zeros)")
    feed.give(bytes(view[at:end]) + bytes(AHEAD))
    if feed.waiting or not feed.give(b"\0"):
        raise DecodeError(ENDS_EARLY)
    return end


def _give(feed: pillow_private.Feed, view: memoryview, at: int, end: int) -> int:
    """Hand over the data up to *end*, but for the first half of an escaped byte; return where they end."""
    if end > at and view[end - 1] == 0xFF:
        end -= 1
    if end <= at:
        return at
    feed.give(view[at:end])
    return end


def _passes_over(feed: pillow_private.Feed, view: memoryview, at: int) -> tuple[int, bool]:
    """Whether the decoder is done with an interval: it takes every byte at once, and not in pieces of six or more."""
    if feed.done:
        return at, True
    if feed.waiting:
        return at, False
    end = at + 1 + (view[at] == 0xFF)
    return end, feed.give(view[at:end])


def _same(one: Any, other: Any) -> bool:
    """Whether two images have the same pixels; where they do not, it is at the bottom."""
    for bottom in range(one.height, 0, -COMPARED_ROWS):
        box = (0, max(bottom - COMPARED_ROWS, 0), one.width, bottom)
        if one.crop(box).tobytes() != other.crop(box).tobytes():
            return False
    return True


def _ends_gray(image: Any) -> bool:
    """Whether the brightness of the last pixel is that of a block of nothing; its colour is blended with others'."""
    last = image.getpixel((image.width - 1, image.height - 1))
    if isinstance(last, tuple):
        last = last[3] if len(last) == 4 else (299 * last[0] + 587 * last[1] + 114 * last[2]) / 1000
    return GRAY[0] <= last <= GRAY[1]


def _misses_scans(found: Sequence[Segment]) -> bool:
    """Whether no scan tells some coefficient of some component to its last bit."""
    missing: dict[int, set[int]] = {}
    for marker, _, body, _ in found:
        if marker in FRAMES and len(body) > 5:
            missing = {body[at]: set(range(COEFFICIENTS)) for at in range(6, 6 + 3 * body[5], 3) if at < len(body)}
        elif marker == START_OF_SCAN and body and len(body) == 4 + 2 * body[0]:
            first, last, bits = body[-3:]
            for component in body[1 : 1 + 2 * body[0] : 2]:
                if not bits & 15 and component in missing:
                    missing[component] -= set(range(first, last + 1))
            if not any(missing.values()):
                return False
    return any(missing.values())
