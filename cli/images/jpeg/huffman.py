"""Parsing the codes of sequential JPEGs without their values, to find the end of the last unit to the bit.

After ITU-T T.81, annex F. `rest` takes 1 ms per kilobyte, so it is used only in doubtful cases; `ends`, which uses the
compiled core, takes 6 µs.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....filters.core import native
from ....filters.core.lazy_numpy import np
from ....filters.core.named_tuple import NamedTuple
from .segments import FRAMES, HUFFMAN_TABLES, START_OF_SCAN, Segment

LONGEST = 16
"""Bits of the longest code."""
SYMBOLS = 256
"""Most codes of a table."""
LONGEST_COUNTED = (1 << 31) - 1
"""Bytes of the longest file whose codes are counted fast."""
COEFFICIENTS = 64
RUN_OF_ZEROS = 15
"""The run with which a symbol without a value continues the block; any other ends it."""

Codes = list[tuple[int, int]]
"""The length and the symbol of the code at the beginning of each 16 bits; length 0 if there is none."""


class BadCodeError(Exception):
    """The data contain an invalid code, or end before their last unit does."""


class Block(NamedTuple):
    """The codes of a block's first coefficient and of the others."""

    first: Codes
    others: Codes


class Scan(NamedTuple):
    """The tables of the only scan, and which of them the blocks of a unit have."""

    tables: dict[int, bytes]
    """The tables by class, times 16, plus number: the count of codes of each length, and their symbols."""
    blocks: list[tuple[int, int]]
    """The tables of each block's first coefficient and of the others."""


def scan(found: Sequence[Segment]) -> Scan:
    """Return the coding of the only scan; raises `BadCodeError` if a table is missing."""
    tables: dict[int, bytes] = {}
    factors: dict[int, int] = {}
    for marker, _, body, _ in found:
        content = bytes(body)
        if marker == HUFFMAN_TABLES:
            tables |= _tables(content)
        elif marker in FRAMES:
            factors = {content[at]: content[at + 1] for at in range(6, 6 + 3 * content[5], 3)}
        elif marker == START_OF_SCAN:
            blocks: list[tuple[int, int]] = []
            for at in range(1, 1 + 2 * content[0], 2):
                factor, chosen = factors[content[at]], content[at + 1]
                if chosen >> 4 not in tables or 16 | chosen & 15 not in tables:
                    raise BadCodeError
                count = (factor >> 4) * (factor & 15) if content[0] > 1 else 1
                blocks += [(chosen >> 4, 16 | chosen & 15)] * count
            return Scan(tables, blocks)
    raise BadCodeError


def unit(found: Sequence[Segment]) -> list[Block]:
    """Return the blocks of a unit of the only scan; raises `BadCodeError` if a table is missing."""
    tables, blocks = scan(found)
    codes = {number: _codes(tables[number]) for block in blocks for number in block}
    return [Block(codes[first], codes[others]) for first, others in blocks]


def ends(data: bytes, found: Sequence[Segment], places: Sequence[tuple[int, int]], units: int, step: int) -> list[int]:
    """Return after which byte the last unit of each interval ends; -1 if a code is invalid, or this is unknown.

    The intervals have *places* in the *data*, from and up to which byte, and *step* of the *units* each.
    """
    try:
        tables, blocks = scan(found)
    except BadCodeError:
        return [-1] * len(places)
    firsts, others = (sorted({block[at] for block in blocks}) for at in (0, 1))
    if native.core is None or len(data) > LONGEST_COUNTED or len(firsts) > 4 or len(others) > 4 or len(blocks) > 64:
        return [-1] * len(places)
    # Tables of first coefficients have even numbers, the others odd ones.
    numbers = {number: 2 * at for at, number in enumerate(firsts)}
    numbers |= {number: 2 * at + 1 for at, number in enumerate(others)}
    given = np.zeros((1, 2 * max(len(firsts), len(others)), LONGEST + SYMBOLS), np.uint8)
    for number, place in numbers.items():
        given[0, place, : len(tables[number])] = np.frombuffer(tables[number], np.uint8)
    chosen = np.array([[[numbers[first], numbers[other]] for first, other in blocks]], np.int32)
    behind = np.empty((1, len(places), 1), np.int32)
    whole, parts = np.frombuffer(data, np.uint8)[None, None], np.array([places], np.int32)
    native.core.jpeg_ends(whole, parts, behind, given, chosen, units, step)
    return behind.ravel().tolist()


def rest(data: bytes, blocks: Sequence[Block], units: int) -> bytes:
    """Return the whole bytes after the last of the *units* of an interval; raises `BadCodeError`."""
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


def _tables(content: bytes) -> dict[int, bytes]:
    """Return the tables of a segment by their class, times 16, and number."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 1 + LONGEST <= len(content):
        end = at + 1 + LONGEST + min(sum(content[at + 1 : at + 1 + LONGEST]), SYMBOLS)
        found[content[at]] = content[at + 1 : end]
        at = end
    return found


def _codes(table: bytes) -> Codes:
    codes: Codes = []
    at = LONGEST
    for length, count in enumerate(table[:LONGEST], 1):
        for symbol in table[at : at + count]:
            codes += [(length, symbol)] * (1 << LONGEST - length)
        at += count
    return codes + [(0, 0)] * ((1 << LONGEST) - len(codes))
