"""AV1: the largest frame size that the sequence header of a coded picture allows.

After the AV1 Bitstream & Decoding Process Specification, sections 5.3, 5.5 and 4.10.
"""

from __future__ import annotations

SEQUENCE_HEADER = 1
MOST_UNITS = 64
"""Most units before the sequence header, which encoders write first."""
LONGEST = 512
"""Most bytes of a sequence header that are read: with 32 operating points, the frame size comes earlier."""


class Bits:
    """The bits of some bytes from the first on, as if zeros followed."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data), 8 * len(data)

    def read(self, count: int) -> int:
        """Return the number in the next *count* bits."""
        self._left -= count
        value = self._value >> self._left if self._left >= 0 else self._value << -self._left
        return value & ((1 << count) - 1)

    def skip_variable(self) -> None:
        """Skip a number preceded by as many zeros as it has bits."""
        zeros = 0
        while self._left > 0 and not self.read(1):
            zeros += 1
        self.read(zeros)


def largest_frame(data: bytes) -> tuple[int, int] | None:
    """Return the greatest width and height of the frames, if there is a sequence header."""
    at = 0
    for _ in range(MOST_UNITS):
        if at >= len(data):
            return None
        head = data[at]
        at += 2 if head & 4 else 1
        length = len(data) - at
        if head & 2:
            length, at = _length(data, at)
        if head >> 3 & 15 == SEQUENCE_HEADER:
            return _of_sequence(Bits(data[at : at + min(length, LONGEST)]))
        at += length
    return None


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of 7 bits in a byte, the lowest first, and where it ends."""
    value = 0
    for place, byte in enumerate(data[at : at + 8]):
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, at + place + 1
    return value, at + 8


def _of_sequence(bits: Bits) -> tuple[int, int]:
    bits.read(4)  # profile, still picture
    if bits.read(1):  # a reduced header
        bits.read(5)
    else:
        _pass_operating_points(bits)
    across, down = bits.read(4) + 1, bits.read(4) + 1
    return bits.read(across) + 1, bits.read(down) + 1


def _pass_operating_points(bits: Bits) -> None:
    delay = 0
    if bits.read(1):  # timing
        bits.read(64)
        if bits.read(1):
            bits.skip_variable()
        if bits.read(1):  # a model of the decoder
            delay = bits.read(5) + 1
            bits.read(42)
    display_delay = bits.read(1)
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        if bits.read(5) > 7:
            bits.read(1)
        if delay and bits.read(1):
            bits.read(2 * delay + 1)
        if display_delay and bits.read(1):
            bits.read(4)
