"""Checking that a JPEG is complete: one with too little or too much data for its picture is damaged.

After ITU-T T.81. After lost bytes a decoder goes astray; the codes synchronise again, but with too few or too many
blocks. libjpeg-turbo warns of it, and its strict mode turns that into an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from ....filters.core.engine.threads import begun
from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from .. import pillow_decoder
from ..picture import DecodeError
from . import exactness, turbo
from .exactness import BLOCK, Interval
from .segments import ARITHMETIC_FRAMES, END, END_OF_IMAGE, FRAMES, RESTARTS, START_OF_SCAN, Segment

JUNK = b"\xaa" + bytes(range(255)) * 256
"""Data in place of missing blocks, which differ from the first bit on from zeros that may have been there."""
DROPPED_ZEROS = 8
"""Zero bytes at the end that an arithmetic encoder may omit; T.81, D.1.8."""
COEFFICIENTS = 64
UNSUSPECTED_PIXELS, PIXELS_A_BYTE = 1 << 22, 8 * COEFFICIENTS
"""Pixels that any file may declare, and the most per byte: except in arithmetic coding, a block takes a bit."""
SCANS, MOST_SCANS, SCANNED_PIXELS = 64, 500, 1 << 30
"""The scans that any picture may have, and the most for a small one, with its pixels in all of them.

Encoders write about 10, optimising ones a few more. 500 is the limit in libjpeg-turbo's own tests.
"""
WORTH_A_THREAD = 1 << 18
"""Bytes of a file whose end is checked in parallel with decoding: 20 of the 70 ms for 12 MP."""
NO_END = "its end marker is missing, but all of its pixels are there"


class Layout(NamedTuple):
    """The places of the compressed data in a file."""

    intervals: list[Interval]
    scans: int
    stop: int
    """The offset of the end marker, or the file's length."""
    ended: bool
    arithmetic: bool
    in_order: bool
    """The restart markers are numbered as they should be."""


def before(data: bytes, found: Sequence[Segment], width: int, height: int) -> None:
    """Raise `DecodeError` if the file is too small for its picture, before memory is taken."""
    if UNSUSPECTED_PIXELS < width * height > PIXELS_A_BYTE * len(data):
        raise DecodeError(f"is damaged or truncated (it declares {width}×{height} pixels in {len(data)} bytes)")
    if _misses_scans(found):
        raise DecodeError("is truncated (scans of the picture are missing)")


def check_first_row(data: bytes, found: Sequence[Segment], width: int, height: int) -> None:
    """Raise `DecodeError` if the data are too few for one row of units, as a block takes at least one bit."""
    layout = _layout(data, found, width, height)
    there = sum(interval.end - interval.start for interval in layout.intervals)
    if 8 * there < (1 if layout.arithmetic else exactness.grid(found).columns):
        raise turbo.EndsEarlyError


def check_scans(found: Sequence[Segment], width: int, height: int) -> None:
    """Raise `DecodeError` if there are so many scans that decoding would take long, as each covers the whole picture.

    A scan may have few bytes: one code can leave thousands of blocks unchanged.
    """
    scans = sum(segment.marker == START_OF_SCAN for segment in found)
    most = max(SCANS, min(MOST_SCANS, SCANNED_PIXELS // max(width * height, 1)))
    if scans > most:
        raise DecodeError(f"has {scans} scans; the limit for its size is {most}; make it sequential with jpegtran")


def decoded(image: Any, data: bytes, found: Sequence[Segment]) -> tuple[Array | None, tuple[str, ...]]:
    """Decode *data* and return the pixels, and notes for the user; raises `DecodeError` if they are not whole.

    *image* is the Pillow image with only its header read; *found* are the segments of *data*. If only Pillow can decode
    them, the image then holds the pixels, and None is returned.
    """
    layout = _layout(data, found, *image.size)
    if not layout.in_order:
        raise DecodeError(turbo.OUT_OF_ORDER)
    whole = data if layout.ended else data[: layout.stop] + END
    try:
        pixels = _strictly(whole, found, layout, image.mode)
    except turbo.UnknownSamplingError:
        pixels = None
        _by_pillow(image, whole, found, layout)
    return pixels, () if layout.ended else (NO_END,)


def _strictly(data: bytes, found: Sequence[Segment], layout: Layout, mode: str) -> Array:
    """Return the pixels of *data*, with nothing missing, and nothing left over but padding."""
    intervals, counted = layout.intervals, layout.scans == 1 and not layout.arithmetic

    def is_whole_before_its_end() -> bool:
        needed, [end] = intervals[-1].needed(data), exactness.ends(data, found, intervals) if counted else [-1]
        return turbo.is_whole(data, needed) if end < 0 else end <= needed

    # Several scans take their memory once more.
    at_once = counted and len(intervals) == 1 and len(data) >= WORTH_A_THREAD
    wait = begun(is_whole_before_its_end) if at_once else is_whole_before_its_end
    try:
        pixels, left = turbo.decoded(data, mode), False
    except turbo.BytesLeftError:
        if not (counted and any(interval.is_filled_up(data) for interval in intervals)):
            raise
        pixels, left = turbo.decoded(data, mode, strict=False), True
    _check_count(found, layout)
    if left:  # which may be padding
        exactness.check(data, found, intervals, range(len(intervals)))
    elif layout.arithmetic:
        # Its decoder does not warn. If the picture was complete, more data make no difference.
        more = data[: layout.stop] + bytes(DROPPED_ZEROS) + JUNK + END
        if not np.array_equal(turbo.decoded(more, mode, strict=False), pixels):
            raise turbo.EndsEarlyError
    # It does not notice if the remaining bytes lack the eight that it reads ahead.
    elif counted and len(intervals) > 1:
        again = partial(turbo.decoded, mode=mode, strict=False)
        exactness.check(data, found, intervals, exactness.doubtful(pixels, data, found, intervals, again))
    elif wait():
        raise turbo.BytesLeftError
    return pixels


def _check_count(found: Sequence[Segment], layout: Layout) -> None:
    """Raise `DecodeError` if a picture of one scan does not have as many intervals as its header implies."""
    if layout.scans == 1 and len(layout.intervals) != exactness.grid(found).intervals:
        raise DecodeError(turbo.OUT_OF_ORDER)


def _by_pillow(image: Any, data: bytes, found: Sequence[Segment], layout: Layout) -> None:
    """Decode into *image*, and check that the data are complete if their codes can be counted."""
    _check_count(found, layout)
    if layout.scans == 1 and not layout.arithmetic:
        exactness.check(data, found, layout.intervals, range(len(layout.intervals)))
    try:
        pillow_decoder.decoded(image, data)
    except OSError:
        raise turbo.EndsEarlyError from None


def _layout(data: bytes, found: Sequence[Segment], width: int, height: int) -> Layout:
    """Return the layout of the data in the file of a picture of this size."""
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
    if end > start or number < 0:  # a restart marker may be after the last interval too
        intervals.append(Interval(start, end))
    return in_order


def _misses_scans(found: Sequence[Segment]) -> bool:
    """Whether some coefficient of a component is not refined to its last bit by any scan."""
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
