"""The samples that a kernel looks at, and what is not finite among them: it spreads so far, and no further.

A product with a matrix, or a transform, would spread one NaN over all results that it makes at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..engine.nan_policy import filled
from ..engine.stage import Function, Halo, inside
from ..lazy_numpy import Array, np
from .doubling import over_windows


class Footprint(NamedTuple):
    """The samples that a kernel looks at."""

    width: int
    height: int
    stride: tuple[int, int]
    dilation: tuple[int, int]
    full: bool
    """It is large, and no weight in it is 0."""

    def reached(self, gaps: Array) -> Array:
        """Return where the window holds a gap."""
        for axis, length in ((0, self.height), (1, self.width)):
            step = self.dilation[1 - axis]
            gaps = over_windows(gaps, length, np.logical_or, axis=axis, step=step, overlap=True)
        return gaps[:: self.stride[1], :: self.stride[0]]


def kept_near(quick: Function, careful: Callable[[], Function], window: Footprint, extra: Halo) -> Function:
    """Return *quick*, a correlation that may spread what is not finite over all it sees, so that it stays near.

    What is NaN is left out first and put back as far as the *window* reaches: at 61×61 that takes a thirtieth of the
    time of the *careful* way, which sees no *extra* samples and is left for infinities.
    """

    def correlate(strip: Array) -> Array:
        if np.isfinite(strip.sum()):
            return quick(strip)
        gaps = np.isnan(strip)
        if not (window.full and gaps.any()) or np.isinf(strip).any():
            return careful()(inside(strip, extra))
        total = quick(filled(strip, 0))
        total[window.reached(inside(gaps, extra))] = np.nan
        return total

    return correlate
