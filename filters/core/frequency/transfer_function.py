"""Responses of frequency filters: what each frequency of a picture is multiplied by.

Frequencies are in cycles per pixel, u along x and v along y; D is the distance from zero frequency. As a filter on
a sampled picture cannot tell a frequency from the same plus 1, distances are measured round that circle.

References
----------
R. Gonzalez and R. Woods, Digital Image Processing, 4th ed., 2018, sections 4.7 to 4.10.
"""

from __future__ import annotations

import math
from typing import Literal

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple

Op = Literal["lowpass", "highpass", "bandpass", "bandstop", "notch"]
Shape = Literal["ideal", "gaussian", "butterworth"]
MAX_FREQUENCY = math.sqrt(0.5)
"""The frequency of a chessboard of single pixels: none is higher."""
EDGE = 1e-9
"""A part by which an ideal filter reaches past its cutoff: what lies on it belongs to it, however it is rounded."""
COMPACT = 0.1
"""The cutoff up to which a Gaussian is below 4e-6 at half a cycle per pixel."""


class Response(NamedTuple):
    """A response as a *part* of the picture, which is what the filter gives, or what it takes away."""

    op: Op
    shape: Shape
    cutoffs: tuple[float, ...]
    """One frequency; of a band, the lower and the upper; of a notch, its radius."""
    order: int = 2
    centres: tuple[tuple[float, float], ...] = ()
    """Of the notches, ``(u, v)``, each together with its mirror image at ``(-u, -v)``."""

    @property
    def takes_away(self) -> bool:
        """Whether the filter gives the picture without the part."""
        return self.op in ("highpass", "bandstop", "notch")

    @property
    def has_mean(self) -> bool:
        """Whether zero frequency belongs to the part."""
        return self.op in ("lowpass", "highpass")

    @property
    def mean(self) -> float:
        """The response at zero frequency: what a picture of one value is multiplied by."""
        return 0.0 if self.op in ("highpass", "bandpass") else 1.0

    @property
    def crossed(self) -> bool:
        """Whether u and -u differ, with the same v: a notch that has no mirror image there."""
        every = self._notches()
        return any((u, _nearest(-v)) not in every for u, v in every)

    def __call__(self, u: Array, v: Array) -> Array:
        """Return the response at frequencies *u* and *v*, from 0 to 1, in float64."""
        part = self.part(u, v)
        return 1 - part if self.takes_away else part

    def part(self, u: Array, v: Array) -> Array:
        """Return how much of frequencies *u* and *v* belongs to the part, from 0 to 1, in float64."""
        if self.op != "notch":
            return self._radial(u * u + v * v)
        rest: Array | float = 1.0
        for x, y in self._notches():
            across, down = u - x, v - y
            across, down = across - np.rint(across), down - np.rint(down)
            rest = rest * (1 - self._low(across * across + down * down, self.cutoffs[0]))
        return np.where((u == 0) & (v == 0), 0, 1 - rest)

    def reach(self, size: int) -> int:
        """Return how far past the edge of *size* samples the filter sees anything that counts, at most half of them.

        A Gaussian response is one in space too, of the standard deviation ``1 / 2π cutoff``: it ends here behind six
        of them, where its response at the highest frequencies, which are cut off, is next to nothing too.
        """
        half = -(-size // 2)
        compact = self.shape == "gaussian" and self.has_mean and self.cutoffs[0] <= COMPACT
        return min(half, math.ceil(1 / self.cutoffs[0]) + 16) if compact else half

    def columns(self, u: Array, least: float) -> Array:
        """Return the indices of the frequencies *u*, all of 0 and more, where the part is above *least* for any v."""
        distance = np.linspace(0, 1.01 * MAX_FREQUENCY, 8192)
        there = np.flatnonzero(
            (self._low(distance**2, self.cutoffs[0]) if self.op == "notch" else self._radial(distance**2)) > least
        )
        reach = float(distance[min(there[-1] + 1, len(distance) - 1)]) if there.size else 0.0
        if self.op != "notch":
            return np.flatnonzero(u <= reach)
        near = np.zeros(len(u), bool)
        for x, _ in self._notches():
            away = u - x
            near |= np.abs(away - np.rint(away)) <= reach
        return np.flatnonzero(near)

    def _radial(self, squared: Array) -> Array:
        """Return the part of a low-pass or a band at squares of the distance D."""
        if self.op in ("lowpass", "highpass"):
            return self._low(squared, self.cutoffs[0])
        low, high = self.cutoffs
        if self.shape == "ideal":
            return ((squared >= (low * (1 - EDGE)) ** 2) & (squared <= (high * (1 + EDGE)) ** 2)).astype(np.float64)
        # Table 4.7 with the centre √(low · high), so that both edges have one response.
        with np.errstate(divide="ignore", over="ignore"):
            away = squared - low * high
            away = away * away / (squared * (high - low) ** 2)
            return np.exp(-away) if self.shape == "gaussian" else 1 / (1 + away**self.order)

    def _low(self, squared: Array, cutoff: float) -> Array:
        """Return the low-pass at squares of the distance from its middle."""
        if self.shape == "ideal":
            return (squared <= (cutoff * (1 + EDGE)) ** 2).astype(np.float64)
        ratio = squared * (1 / cutoff**2)
        if self.shape == "gaussian":
            return np.exp(-0.5 * ratio)
        with np.errstate(over="ignore"):
            return 1 / (1 + ratio**self.order)

    def _notches(self) -> list[tuple[float, float]]:
        """Return all centres, each once: some are their own mirror images, half a cycle along an axis for one."""
        every = {(_nearest(sign * u), _nearest(sign * v)) for u, v in self.centres for sign in (1, -1)}
        return sorted(every)


def _nearest(frequency: float) -> float:
    """Return a frequency as it is called from -0.5, excluded, to 0.5, and less what rounding may have put to it.

    >>> _nearest(-0.5), _nearest(-0.25), _nearest(-0.0)
    (0.5, -0.25, 0.0)
    """
    return round(frequency + 1 if frequency <= -0.5 else frequency, 9) + 0.0
