"""The three colour ramps for data: sequential, diverging around 0, and cyclic."""

from __future__ import annotations

from ...filters.core.engine.quantize import hue_map
from ...filters.core.lazy_numpy import Array, np
from ..images.on_screen import eight_bits

RAMP = (
    "2b1649 252756 203560 1a436a 115174 085f7d 0b6d84 1b7b8a 2c888e "
    "3c9691 4ca492 5cb290 6ec088 82cf75 a1db59 cce343 fbe843"
)
"""Even steps of lightness (CIE L* 13 to 91) from violet through blue and green to yellow, as saturated as possible."""
LESS, MORE = (33, 102, 172), (178, 24, 43)
"""The ends of the diverging ramp, whose middle is white."""


def ramp(shares: Array) -> Array:
    """Return the colours of *shares* from 0, dark violet, to 1, yellow: ``(…, 3)`` of uint8; NaN is 0.

    Lightness rises evenly, so that the ramp also works in gray.

    >>> import numpy as np
    >>> ramp(np.array([0.0, 0.5, 1.0])).tolist()
    [[43, 22, 73], [44, 136, 142], [251, 232, 67]]
    """
    stops = np.array([tuple(bytes.fromhex(colour)) for colour in RAMP.split()], float)
    at = np.clip(np.nan_to_num(shares), 0, 1) * (len(stops) - 1)
    low = np.minimum(at.astype(int), len(stops) - 2)
    part = (at - low)[..., None]
    return eight_bits(stops[low] * (1 - part) + stops[low + 1] * part, 255)


def diverging(shares: Array) -> Array:
    """Return the colours of *shares* from -1, blue, through 0, white, to 1, red: ``(…, 3)`` of uint8; NaN is 0.

    >>> import numpy as np
    >>> diverging(np.array([-1.0, 0.0, 0.5])).tolist()
    [[33, 102, 172], [255, 255, 255], [217, 140, 149]]
    """
    share = np.clip(np.nan_to_num(shares), -1, 1)[..., None]
    ends = np.where(share < 0, np.array(LESS, float), np.array(MORE, float))
    return eight_bits(255 + (ends - 255) * np.abs(share), 255)


def hue(degrees: Array, shares: Array) -> Array:
    """Return the colours of angles in *degrees*, whose brightness is given by *shares* of 1: ``(…, 3)`` of uint8.

    >>> import numpy as np
    >>> hue(np.array([0.0, 120.0, -120.0]), np.array([1.0, 1.0, 0.5])).tolist()
    [[255, 0, 0], [0, 255, 0], [0, 0, 128]]
    """
    found = hue_map(degrees.reshape(1, -1, 1), shares.reshape(1, -1, 1), 1, 1)
    return found.reshape(*degrees.shape, 3)
