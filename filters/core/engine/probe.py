"""The distribution of an output's values in the range of its samples, measured on a regular grid."""

from __future__ import annotations

import math

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from .quantize import FULL, Encoding

GRID = 1 << 14
"""The approximate number of samples to probe, so few that it takes no time: for 640×480 pixels twelve times as many
took 1.4 ms, as long as decoding."""
TAIL = 0.1
"""The percentage of values at each end that `Levels` leaves out."""


class Levels(NamedTuple):
    """The distribution of an output's values before they are saturated, as fractions of white."""

    below: float
    """The fraction of samples clipped to black."""
    above: float
    """The fraction of samples clipped to white."""
    low: float
    """The 0.1st percentile of the values."""
    high: float
    """The 99.9th percentile of the values."""

    @property
    def clipped(self) -> float:
        """The fraction of samples that are clipped."""
        return self.below + self.above


class Probe:
    """Gathers a grid of an output's values from strips in any order."""

    def __init__(self, encoding: Encoding, height: int) -> None:
        self.encoding, self.height = encoding, height
        self.fixed = encoding.dtype in ("uint8", "uint16") and not (encoding.stretched or encoding.directed)
        # A list, as several threads can append safely.
        self.taken: list[Array] = []
        """The sampled values."""

    def take(self, start: int, values: Array, where: Array | None = None) -> None:
        """Take the grid's values from the strip that begins at row *start*; *where* marks those that count."""
        if not self.fixed or values.dtype == bool:
            return
        step = math.isqrt(max(1, self.height * values[0].size // GRID))
        grid = np.s_[-start % step :: step, ::step]
        chosen = values[grid]
        if values.dtype != self.encoding.dtype or not self.encoding.plain:  # the values are already the file's
            chosen = self.encoding.exact(chosen)
        # A copy, even if empty: a view would keep the strip in memory.
        self.taken.append(chosen.flatten() if where is None else chosen[np.broadcast_to(where, values.shape)[grid]])

    def at_the_ends(self) -> bool:
        """Whether some values lie at the ends of the range; the values are then discarded."""
        if not self.taken:
            return False
        white, values = FULL[self.encoding.dtype], np.concatenate(self.taken)
        found = bool(np.count_nonzero((values <= 0) | (values >= white)) > values.size / 5)
        if found:
            self.taken = []
        return found

    def take_row(self, values: Array) -> None:
        """Take a thousand values of a row."""
        self.taken.append(self.encoding.exact(values[:, :: -(-values.shape[1] // 1024)]).ravel())

    def levels(self) -> Levels | None:
        """Return where the values lie; None if the output has no fixed range or no values."""
        values = np.concatenate(self.taken) if self.taken else np.empty(0)
        if values.dtype.kind == "f":
            values = values[~np.isnan(values)]
        if not values.size:
            return None
        white = FULL[self.encoding.dtype]
        # np.percentile would import NumPy's masked arrays, which takes longer than most images.
        rank = round(TAIL / 100 * (values.size - 1))
        ends = rank, values.size - 1 - rank
        if values.dtype.kind == "u":  # radix sort, in a fifth of the time
            low, high = (float(value) / white for value in np.sort(values, kind="stable")[list(ends)])
            return Levels(0.0, 0.0, low, high)
        low, high = (float(value) / white for value in np.partition(values, ends)[list(ends)])
        below, above = (np.count_nonzero(beyond) / values.size for beyond in (values < -0.5, values >= white + 0.5))
        return Levels(below, above, low, high)
