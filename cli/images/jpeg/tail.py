"""Whether the data of a scan end where one of its units does: seen by its last kilobyte alone.

After ITU-T T.81. Huffman codes fall into step by themselves, so the last bytes are decoded as an image of their own.
Bits behind the end, or another last byte, change it from some unit on. The last byte belongs to the last unit, and
what is behind it to the next: if both change the same unit, the data end within it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from PIL import ImageChops

from . import segments
from .segments import APPLICATION_14, END_OF_IMAGE, FRAMES, HUFFMAN_TABLES, START_OF_SCAN, TABLES

TRIES = (1024, 0xFF), (4096, 0x80)
"""Bytes that are decoded, and which bits of the last are turned. After a few hundred the codes are in step."""
SIDE = 24
"""Units in the width and the height of the image, more than photos have in so many bytes: 3 ms in all."""
BLOCK = 8
ONE, OTHER = b"\x55" * 1024, b"\xaa" * 1024
"""Bits that differ from the first on."""
END = bytes((0xFF, END_OF_IMAGE))


def is_cut(data: bytes, start: int, end: int, decode: Callable[[bytes], Any]) -> bool:
    """Whether the data from *start* to *end* of a scan seem to end within a unit; *decode* decodes a file.

    Of a scan that does not, one in a thousand seems to.
    """
    if end - start < 2:
        return False
    header, unit = _header(data)
    for length, bits in TRIES:
        begin = max(start, end - length)
        tail = data[begin + (data[begin - 1 : begin + 1] == b"\xff\0") : end]
        last = -2 if tail.endswith(b"\xff\0") else -1
        # The byte stays one that needs no other behind it.
        other = bytes((tail[last] ^ bits,)).replace(b"\xff", b"\xff\0")
        whole = decode(header + tail + ONE + END)
        behind = _first_difference(whole, decode(header + tail + OTHER + END), unit)
        if behind is None or behind != _first_difference(whole, decode(header + tail[:last] + other + ONE + END), unit):
            return False
    return True


def _header(data: bytes) -> tuple[bytes, tuple[int, int]]:
    """Return the header of an image of `SIDE` units each way, and the width and height of a unit."""
    parts, unit = [b"\xff\xd8"], (BLOCK, BLOCK)
    for marker, _, body, _ in segments.read(data):
        content = bytes(body)
        if marker in FRAMES:
            if content[5] > 1:
                factors = content[7::3]
                unit = BLOCK * max(each >> 4 for each in factors), BLOCK * max(each & 15 for each in factors)
            width, height = (SIDE * side for side in unit)
            content = content[:1] + struct.pack(">HH", height, width) + content[5:]
        if marker in (TABLES, HUFFMAN_TABLES, START_OF_SCAN, APPLICATION_14) or marker in FRAMES:
            parts.append(struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content)
        if marker == START_OF_SCAN:
            break
    return b"".join(parts), unit


def _first_difference(one: Any, other: Any, unit: tuple[int, int]) -> int | None:
    """Return the number of the first unit that differs between two images."""
    difference = ImageChops.difference(one, other)
    width, height = unit
    for row in range(SIDE):
        # The colours of a unit are blended with those at the edges of its neighbours.
        box = difference.crop((0, row * height, SIDE * width, (row + 1) * height - 1)).getbbox(alpha_only=False)
        if box is not None:
            return row * SIDE + (box[0] + 1) // width
    return None
