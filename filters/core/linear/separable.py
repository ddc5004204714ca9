"""Correlation with a kernel of rank 1 as two passes of one dimension: down the columns, then along the rows.

``out = row ∗ (column ∗ in)``: ``height + width`` multiply-adds a pixel in place of ``height · width``.
"""

from __future__ import annotations

from ..lazy_numpy import Array
from . import direct


def correlate(
    strip: Array,
    column: Array,
    row: Array,
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
) -> Array:
    """Correlate a padded strip with ``outer(column, row)``; stride and dilation are ``(x, y)``."""
    narrow = direct.correlate(strip, column[:, None], (1, stride[1]), (1, dilation[1]))
    return direct.correlate(narrow, row[None, :], (stride[0], 1), (dilation[0], 1))
