"""Counting the rows in CCITT data: libtiff invents missing ones, and Pillow does not pass on its warnings.

After ITU-T T.4 (Group 3, in one or two dimensions) and T.6 (Group 4), and TIFF Revision 6.0, sections 10 and 11.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TypeVar

from ....filters.core.lazy_numpy import np
from ....filters.core.named_tuple import NamedTuple
from . import compression

WHITE = (
    "00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010 101011 "
    "0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 00000011 "
    "00011010 00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001 00101010 00101011 "
    "00101100 00101101 00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100 00100101 "
    "01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011 00110100"
)
"""The codes of the runs 0 to 63 of white, and below of black."""
BLACK = (
    "0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 000011000 "
    "0000010111 0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000 00000010111 "
    "00000011000 000011001010 000011001011 000011001100 000011001101 000001101000 000001101001 000001101010 "
    "000001101011 000011010010 000011010011 000011010100 000011010101 000011010110 000011010111 000001101100 "
    "000001101101 000011011010 000011011011 000001010100 000001010101 000001010110 000001010111 000001100100 "
    "000001100101 000001010010 000001010011 000000100100 000000110111 000000111000 000000100111 000000101000 "
    "000001011000 000001011001 000000101011 000000101100 000001011010 000001100110 000001100111"
)
WHITE_LONG = (
    "11011 10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101 011010010 "
    "011010011 011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011 010011000 010011001 "
    "010011010 011000 010011011"
)
"""The codes of the runs 64, 128 to 1728, which others follow."""
BLACK_LONG = (
    "0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100 "
    "0000001101101 0000001001010 0000001001011 0000001001100 0000001001101 0000001110010 0000001110011 0000001110100 "
    "0000001110101 0000001110110 0000001110111 0000001010010 0000001010011 0000001010100 0000001010101 0000001011010 "
    "0000001011011 0000001100100 0000001100101"
)
LONGEST = (
    "00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 000000010110 000000010111 "
    "000000011100 000000011101 000000011110 000000011111"
)
"""The codes of the runs 1792, 1856 to 2560 of both colours."""
PASS, HORIZONTAL = "P", "H"
MODES = {"1": 0, "011": 1, "000011": 2, "0000011": 3, "010": -1, "000010": -2, "0000010": -3}
"""The two-dimensional codes that place an edge relative to one in the row above."""
BITS = 13
"""The bits of the longest code."""
END_OF_LINE = 12
"""Bits of the code that ends a row of Group 3; any number of zeros may precede it."""
TWO_DIMENSIONS, UNCOMPRESSED = 1, 2
"""The option bits of Group 3; Group 4 has only the second."""


Item = TypeVar("Item")


class Damage(Exception):
    """The data are invalid from here on, or end."""


class Entry(NamedTuple):
    """The meaning of a code."""

    length: int
    """The length of the code in bits; 0 if it is invalid."""
    run: int
    long: bool
    """Another code follows for the same run."""


@functools.cache
def _runs(white: bool) -> list[Entry]:
    """Return the meaning of the next `BITS` bits as a run of a colour."""
    table = [Entry(0, 0, False)] * (1 << BITS)
    short, long = (WHITE, WHITE_LONG) if white else (BLACK, BLACK_LONG)
    for run, code in enumerate(short.split()):
        _enter(table, code, Entry(len(code), run, False))
    for number, code in enumerate([*long.split(), *LONGEST.split()]):
        _enter(table, code, Entry(len(code), 64 * (number + 1), True))
    return table


@functools.cache
def _modes() -> list[tuple[int, int | str]]:
    """Return the meaning of the next `BITS` bits in two dimensions: the length of a code, and the code."""
    table: list[tuple[int, int | str]] = [(0, 0)] * (1 << BITS)
    for code, mode in (*MODES.items(), ("0001", PASS), ("001", HORIZONTAL)):
        _enter(table, code, (len(code), mode))
    return table


def _enter(table: list[Item], code: str, entry: Item) -> None:
    free = BITS - len(code)
    first = int(code, 2) << free
    for number in range(first, first + (1 << free)):
        table[number] = entry


def whole_rows(packed: bytes, method: int, options: int, width: int, rows: int) -> int:
    """Return how many of *rows* rows of *width* samples precede the first wrong or missing one.

    If there are more data than the rows need, at least the last row is wrong.
    """
    if method in (compression.GROUP3, compression.GROUP4) and options & UNCOMPRESSED:
        return rows  # parts of the data may be uncompressed pixels, which nothing can check
    reader = _Reader(packed, width)
    there = 0
    try:
        for _ in reader.rows(method, bool(options & TWO_DIMENSIONS)):
            there += 1
            if there == rows:
                break
    except Damage:
        pass
    # In Group 4, ones mean rows equal to the one above, and never end a strip; nor do they in the other methods.
    rest = packed[-(-reader.at // 8) :]
    if there == rows and rest and not rest.strip(b"\xff"):
        return rows - 1
    return there


class _Reader:
    """Reads rows as lists of places where the colour changes."""

    def __init__(self, packed: bytes, width: int) -> None:
        self.width = width
        self.end = 8 * len(packed)
        # The 32 bits from each byte on: a code has 13, after at most 7.
        padded = np.frombuffer(packed + bytes(4), np.uint8).astype(np.uint32)
        self.windows = (padded[:-3] << 24 | padded[1:-2] << 16 | padded[2:-1] << 8 | padded[3:]).tolist()
        self.at = 0

    def rows(self, method: int, two_dimensions: bool) -> Iterator[list[int]]:
        """Yield the rows; raises `Damage` if the next is wrong or missing."""
        above: list[int] = []
        while True:
            flat = method != compression.GROUP4
            if method == compression.RLE:
                self.at += -self.at % 8
            elif method == compression.RLE_WORDS:
                self.at += -self.at % 16
            elif method == compression.GROUP3:
                self._pass_end_of_line()
                if two_dimensions:
                    flat = bool(self._next() >> BITS - 1)
                    self.at += 1
            if self.at >= self.end:
                raise Damage
            above = self._flat() if flat else self._by_row_above(above)
            if self.at > self.end:
                raise Damage
            yield above

    def _next(self) -> int:
        """Return the next `BITS` bits."""
        if self.at >= self.end:
            raise Damage
        return self.windows[self.at >> 3] >> (32 - BITS) - (self.at & 7) & (1 << BITS) - 1

    def _pass_end_of_line(self) -> None:
        """Skip the code that ends a row, if any; raises `Damage` if six of them end the picture."""
        if self._next() >> BITS - (END_OF_LINE - 1):
            return
        while not (bits := self._next()):
            self.at += BITS
        self.at += BITS - bits.bit_length() + 1

    def _run(self, white: bool) -> int:
        table, total = _runs(white), 0
        while True:
            entry = table[self._next()]
            if not entry.length:
                raise Damage
            self.at += entry.length
            total += entry.run
            if not entry.long:
                return total

    def _flat(self) -> list[int]:
        """Return a row that is coded as consecutive runs."""
        edges, at, white = list[int](), 0, True
        while at < self.width:
            at += self._run(white)
            edges.append(at)
            white = not white
        if at > self.width:
            raise Damage
        return edges

    def _by_row_above(self, above: list[int]) -> list[int]:
        """Return a row that is coded by its differences from the one *above*."""
        edges, at, white, modes, width = list[int](), -1, True, _modes(), self.width
        behind = [*above, width, width, width]
        next_above = 0
        while at < width:
            # The first edge of the row above after this place, of the colour that begins there.
            while next_above > 0 and behind[next_above - 1] > at:
                next_above -= 1
            while behind[next_above] <= at and behind[next_above] < width:
                next_above += 1
            first = next_above + ((next_above % 2 == 0) != white)
            length, mode = modes[self._next()]
            if not length:
                raise Damage
            self.at += length
            if mode == PASS:
                at = behind[min(first + 1, len(behind) - 1)]
                continue
            if mode == HORIZONTAL:
                at = max(at, 0)
                for colour in (white, not white):
                    at += self._run(colour)
                    edges.append(at)
            else:
                assert isinstance(mode, int)
                edge = behind[min(first, len(behind) - 1)] + mode
                if edge < max(at, 0):
                    raise Damage
                at = edge
                edges.append(at)
                white = not white
            if at > width:
                raise Damage
        return edges
