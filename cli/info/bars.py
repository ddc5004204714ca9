"""A histogram as lines of bars, for a terminal."""

from __future__ import annotations

import sys

from ...filters.core.lazy_numpy import Array, np
from ...filters.core.measure.channel import Histogram

BARS = " ▁▂▃▄▅▆▇█"
PLAIN = " .:|#"
"""The letters for a terminal that has no blocks."""
ROWS = 4


def lines(found: Histogram, log: bool, bars: str) -> list[str]:
    r"""Return the rows of a histogram, the top first, and its axis.

    Bins that cover more levels than others would stand out like the teeth of a comb, so the bars are counts per level.
    The two end bins may hold clipped samples; they never set the scale.

    >>> found = Histogram(np.array([900, 4, 8, 2, 1, 0]), 0.0, 255.0, np.array([42] * 6))
    >>> print("\n".join(lines(found, False, PLAIN)))
    # #
    # #
    ###
    ####:
    0  255
    """
    heights = _heights(found, log)
    steps = len(bars) - 1
    eighths = np.ceil(heights * ROWS * steps - 1e-9).astype(int)  # every count above 0 is visible
    rows = [
        "".join(bars[min(max(int(height) - row * steps, 0), steps)] for height in eighths).rstrip()
        for row in reversed(range(ROWS))
    ]
    low, high = f"{found.low:.6g}", f"{found.high:.6g}"
    return [*rows, low + high.rjust(max(len(eighths) - len(low), len(high) + 1))]


def _heights(found: Histogram, log: bool) -> Array:
    """Return the height of each bar, from 0 to 1."""
    counts = found.counts / np.maximum(found.levels, 1)
    if log:
        counts = np.log1p(found.counts)
    inner = counts[1:-1]
    most = float(inner.max()) if len(inner) and inner.any() else float(counts.max())
    return np.minimum(counts / most, 1.0) if most else counts


def letters() -> str:
    """Return the letters with which bars are drawn on stdout."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        BARS.encode(encoding)
    except UnicodeEncodeError:
        return PLAIN
    return BARS
