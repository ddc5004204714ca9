"""Responses of frequency filters: the factor on each frequency of a picture.

Frequencies are in cycles per pixel, u along x and v along y; D is the distance from zero frequency. A sampled picture
cannot distinguish a frequency from the same plus 1, so distances are measured round that circle.

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
"""The frequency of a chessboard of single pixels, the highest."""
EDGE = 1e-9
"""The fraction by which an ideal filter exceeds its cutoff, so that frequencies on the cutoff are included despite
rounding."""
COMPACT = 0.1
"""The highest cutoff for which a Gaussian is below 4e-6 at half a cycle per pixel."""


class Response(NamedTuple):
    """A response, given as a *part* of the picture that the filter returns or removes."""

    op: Op
    shape: Shape
    cutoffs: tuple[float, ...]
    """One frequency; for a band, the lower and the upper; for a notch, the radius."""
    order: int = 2
    centres: tuple[tuple[float, float], ...] = ()
    """The centres of notches, ``(u, v)``, each implying its mirror image at ``(-u, -v)``."""

    @property
    def takes_away(self) -> bool:
        """Whether the filter removes the part from the picture."""
        return self.op in ("highpass", "bandstop", "notch")

    @property
    def has_mean(self) -> bool:
        """Whether zero frequency belongs to the part."""
        return self.op in ("lowpass", "highpass")

    @property
    def mean(self) -> float:
        """The response at zero frequency, the factor on a flat picture."""
        return 0.0 if self.op in ("highpass", "bandpass") else 1.0

    @property
    def crossed(self) -> bool:
        """Whether the responses at u and -u differ for the same v, as for a notch without a mirror image there."""
        every = self._notches()
        return any((u, _nearest(-v)) not in every for u, v in every)

    def __call__(self, u: Array, v: Array) -> Array:
        """Return the response at frequencies *u* and *v*, from 0 to 1, in float64."""
        part = self.part(u, v)
        return 1 - part if self.takes_away else part

    def part(self, u: Array, v: Array) -> Array:
        """Return the share of the part in frequencies *u* and *v*, from 0 to 1, in float64."""
        if self.op != "notch":
            return self._radial(u * u + v * v)
        rest: Array | float = 1.0
        for x, y in self._notches():
            across, down = u - x, v - y
            across, down = across - np.rint(across), down - np.rint(down)
            rest = rest * (1 - self._low(across * across + down * down, self.cutoffs[0]))
        return np.where((u == 0) & (v == 0), 0, 1 - rest)

    def reach(self, size: int) -> int:
        """Return how far beyond the edge of *size* samples the filter's reach is significant, at most half of them.

        A Gaussian response is also Gaussian in space, with the standard deviation ``1 / 2π cutoff``. It is truncated at
        six deviations if its response at the highest frequencies is negligible, too.
        """
        half = -(-size // 2)
        compact = self.shape == "gaussian" and self.has_mean and self.cutoffs[0] <= COMPACT
        return min(half, math.ceil(1 / self.cutoffs[0]) + 16) if compact else half

    def columns(self, u: Array, least: float) -> Array:
        """Return the indices of the frequencies *u*, all nonnegative, where the part exceeds *least* for some v."""
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
        """Return the part of a low-pass or a band for squares of the distance D."""
        if self.op in ("lowpass", "highpass"):
            return self._low(squared, self.cutoffs[0])
        low, high = self.cutoffs
        if self.shape == "ideal":
            return ((squared >= (low * (1 - EDGE)) ** 2) & (squared <= (high * (1 + EDGE)) ** 2)).astype(np.float64)
        # Table 4.7 with the centre √(low · high), so that both edges have the same response.
        with np.errstate(divide="ignore", over="ignore"):
            away = squared - low * high
            away = away * away / (squared * (high - low) ** 2)
            return np.exp(-away) if self.shape == "gaussian" else 1 / (1 + away**self.order)

    def _low(self, squared: Array, cutoff: float) -> Array:
        """Return the low-pass for squares of the distance from its centre."""
        if self.shape == "ideal":
            return (squared <= (cutoff * (1 + EDGE)) ** 2).astype(np.float64)
        ratio = squared * (1 / cutoff**2)
        if self.shape == "gaussian":
            return np.exp(-0.5 * ratio)
        with np.errstate(over="ignore"):
            return 1 / (1 + ratio**self.order)

    def _notches(self) -> list[tuple[float, float]]:
        """Return all centres once: some are their own mirror images, such as half a cycle along an axis."""
        every = {(_nearest(sign * u), _nearest(sign * v)) for u, v in self.centres for sign in (1, -1)}
        return sorted(every)


def _nearest(frequency: float) -> float:
    """Return the equivalent frequency above -0.5 and up to 0.5, without rounding errors.

    >>> _nearest(-0.5), _nearest(-0.25), _nearest(-0.0)
    (0.5, -0.25, 0.0)
    """
    return round(frequency + 1 if frequency <= -0.5 else frequency, 9) + 0.0
