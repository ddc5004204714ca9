"""White or black, where a sample may be equal to its threshold but for rounding."""

from __future__ import annotations

from ..engine.stage import NO_COLOURS
from ..lazy_numpy import Array, np

TWO_VALUED = NO_COLOURS._replace(curved=True)
"""The colours of a stage whose results are black or white."""

AMPLIFICATION = 2.0**20
"""What rounding is magnified by where it decides between black and white: means are found in float64."""
ROUNDING = 2.0**-44
"""Part of a mean in float64 that may be rounding."""


def is_above(samples: Array, means: Array, limits: Array) -> Array:
    """Return whether samples are above limits by more than the *means* that those were made of are rounded.

    >>> import numpy as np
    >>> is_above(np.array([200.0, 200.0]), np.array([200 - 1e-13, 199.0]), np.array([200 - 1e-13, 199.0])).tolist()
    [False, True]
    """
    return samples - limits > np.abs(means) * ROUNDING
