"""The samples that a window covers, and which of its results depend on missing ones."""

from __future__ import annotations

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from . import separable


class Footprint(NamedTuple):
    """The samples that a window covers."""

    width: int
    height: int
    stride: tuple[int, int]
    dilation: tuple[int, int]
    full: bool
    """The window is large, and none of its weights is 0."""

    def reached(self, gaps: Array) -> Array:
        """Return where the window contains a gap."""
        lines = np.ones(self.height), np.ones(self.width)
        return separable.correlate(gaps.view(np.uint8), *lines, self.stride, self.dilation, np.float32) > 0
