"""The choice between white and black, when rounding may separate a sample from an equal threshold."""

from __future__ import annotations

from ..engine.stage import NO_COLOURS
from ..lazy_numpy import Array, np

TWO_VALUED = NO_COLOURS._replace(curved=True)
"""The colour properties of a stage whose results are black or white."""

AMPLIFICATION = 2.0**20
"""The amplification of rounding that decides between black and white: it makes float64 the type of means."""
ROUNDING = 2.0**-44
"""The fraction of a float64 mean that may be rounding error."""


def is_above(samples: Array, means: Array, limits: Array) -> Array:
    """Return whether samples exceed limits by more than the rounding error of the *means* from which they derive.

    >>> import numpy as np
    >>> is_above(np.array([200.0, 200.0]), np.array([200 - 1e-13, 199.0]), np.array([200 - 1e-13, 199.0])).tolist()
    [False, True]
    """
    return samples - limits > np.abs(means) * ROUNDING
