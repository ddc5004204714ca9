"""What libjpeg passes over in silence: a JPEG that ends before its picture does.

After ITU-T T.81. Where the data of a scan run out, the decoder puts in blocks of nothing: mid-gray. Where whole scans
of a progressive file are missing, the picture is blurred, and where the last one ends early, a part of it: such a file
is decoded twice, 80 ms more at 12 MP.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..picture import DecodeError
from . import segments
from .segments import END_OF_IMAGE, FRAMES, START_OF_SCAN

JUNK = bytes(range(255)) * 256
"""Data for blocks that are missing."""
GRAY = (126.5, 129)
"""What a block of nothing is, rounded, and maybe stored inverted."""
COEFFICIENTS = 64
UNSUSPECTED_PIXELS, PIXELS_A_BYTE = 1 << 22, 8 * COEFFICIENTS
"""Pixels that any file may promise, and the most that a byte holds: a block takes a bit, but by arithmetic coding."""
COMPARED_ROWS = 256
"""Rows that are compared at a time."""


def after(data: bytes, image: Any, decode: Callable[[bytes], Any]) -> None:
    """Raise `DecodeError` where *image*, decoded from *data*, is not whole; *decode* decodes other data."""
    if _misses_scans(data):
        raise DecodeError("is truncated (scans of the picture are missing)")
    if not image.info.get("progressive") and not _ends_gray(image):
        return
    # Where the picture was whole, more data make no difference.
    end = max((segment.start for segment in segments.read(data) if segment.marker == END_OF_IMAGE), default=len(data))
    if not _same(decode(data[:end] + JUNK + data[end:]), image):
        raise DecodeError("is truncated (its data end before the picture does)")


def before(data: bytes, width: int, height: int) -> None:
    """Raise `DecodeError` where the file is too small for its picture, before memory is taken."""
    if UNSUSPECTED_PIXELS < width * height > PIXELS_A_BYTE * len(data):
        raise DecodeError(f"is damaged or truncated (it promises {width}×{height} pixels in {len(data)} bytes)")


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


def _misses_scans(data: bytes) -> bool:
    """Whether no scan tells some coefficient of some component to its last bit."""
    missing: dict[int, set[int]] = {}
    for marker, _, body, _ in segments.read(data):
        if marker in FRAMES and len(body) > 5:
            missing = {body[at]: set(range(COEFFICIENTS)) for at in range(6, 6 + 3 * body[5], 3) if at < len(body)}
        elif marker == START_OF_SCAN and len(body) == 4 + 2 * body[0]:
            first, last, bits = body[-3:]
            for component in body[1 : 1 + 2 * body[0] : 2]:
                if not bits & 15 and component in missing:
                    missing[component] -= set(range(first, last + 1))
            if not any(missing.values()):
                return False
    return any(missing.values())
