"""The codes of sequential JPEGs, read without their values: where the data of the last unit end, to the bit.

After ITU-T T.81, annex F. It takes 1 ms a kilobyte, so it is for what other signs make doubtful.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....filters.core.named_tuple import NamedTuple
from .segments import FRAMES, HUFFMAN_TABLES, START_OF_SCAN, Segment

LONGEST = 16
"""Bits of the longest code."""
COEFFICIENTS = 64
RUN_OF_ZEROS = 15
"""The run that a symbol without a value goes on after; any other ends the block."""

Codes = list[tuple[int, int]]
"""The length and the symbol of the code that each 16 bits begin with; a length of 0 where there is none."""


class BadCodeError(Exception):
    """Data hold a code that is none, or end before their last unit does."""


class Block(NamedTuple):
    """The codes of a block's first coefficient and of the others."""

    first: Codes
    others: Codes


def unit(found: Sequence[Segment]) -> list[Block]:
    """Return the blocks of a unit of the only scan; raises `BadCodeError` where a table is missing."""
    tables: dict[int, Codes] = {}
    factors: dict[int, int] = {}
    for marker, _, body, _ in found:
        content = bytes(body)
        if marker == HUFFMAN_TABLES:
            tables |= _tables(content)
        elif marker in FRAMES:
            factors = {content[at]: content[at + 1] for at in range(6, 6 + 3 * content[5], 3)}
        elif marker == START_OF_SCAN:
            blocks = []
            for at in range(1, 1 + 2 * content[0], 2):
                factor, chosen = factors[content[at]], content[at + 1]
                if chosen >> 4 not in tables or 16 | chosen & 15 not in tables:
                    raise BadCodeError
                count = (factor >> 4) * (factor & 15) if content[0] > 1 else 1
                blocks += [Block(tables[chosen >> 4], tables[16 | chosen & 15])] * count
            return blocks
    raise BadCodeError


def rest(data: bytes, blocks: Sequence[Block], units: int) -> bytes:
    """Return the whole bytes behind the last of the *units* of an interval; raises `BadCodeError`."""
    data = data.replace(b"\xff\0", b"\xff")
    bits, at = int.from_bytes(b"\1" + data), 0
    # Zeros follow, so that a code may begin in the last bits.
    text = f"{bits:b}"[1:] + "0" * LONGEST
    for _ in range(units):
        for first, others in blocks:
            length, size = first[int(text[at : at + LONGEST], 2)]
            at += length + size
            left = COEFFICIENTS - 1
            while left > 0 and length and at <= 8 * len(data):
                length, symbol = others[int(text[at : at + LONGEST], 2)]
                size, run = symbol & 15, symbol >> 4
                at += length + size
                if not size and run != RUN_OF_ZEROS:
                    break
                left -= run + 1
            if not length or at > 8 * len(data):
                raise BadCodeError
    return data[-(-at // 8) :]


def _tables(content: bytes) -> dict[int, Codes]:
    """Return the tables of a segment by their class, times 16, and number."""
    found: dict[int, Codes] = {}
    at = 0
    while at + 1 + LONGEST <= len(content):
        number, counts = content[at], content[at + 1 : at + 1 + LONGEST]
        at += 1 + LONGEST
        codes: Codes = []
        for length, count in enumerate(counts, 1):
            for symbol in content[at : at + count]:
                codes += [(length, symbol)] * (1 << LONGEST - length)
            at += count
        found[number] = codes + [(0, 0)] * ((1 << LONGEST) - len(codes))
    return found
