"""Thin edges: non-maximum suppression along the gradient, and hysteresis between two thresholds."""

from __future__ import annotations

from .gradient import Gradient, Norm, magnitude
from .lazy import Array, np
from .stage import Halo, inside
from .tiles import planes_of, strip_of

HALO = Halo.around(1)


def suppress(gradient: Gradient, norm: Norm, least: float = 0.0) -> Array:
    """Return the magnitude where it is above *least* and a maximum along the gradient, and 0 elsewhere.

    Each strip is padded by one pixel. The two neighbours along the gradient lie between pixels and are
    interpolated linearly on the 3×3 rim, as J. Canny, "A computational approach to edge detection", 1986,
    section VI, does. Of two equal neighbours the one that the gradient points to stays, so that a
    plateau two pixels wide, as at an ideal step, gives a line of one.

    Only the pixels above *least* are looked at, one by one through an index: on photographs a tenth of all.
    """
    strength = planes_of(magnitude(gradient, norm))
    gx, gy = (planes_of(part).ravel() for part in gradient)
    above = strength > least
    above[:, 0] = above[:, -1] = above[:, :, 0] = above[:, :, -1] = False
    places = np.flatnonzero(above)
    flat = strength.ravel()
    middle, gx, gy = flat[places], gx[places], gy[places]

    width = strength.shape[2]
    step_x, step_y = np.where(gx < 0, -1, 1), np.where(gy < 0, -width, width)
    along_x, along_y = np.abs(gx), np.abs(gy)
    straight = np.where(along_y > along_x, step_y, step_x)
    diagonal = step_x + step_y
    part = np.minimum(along_x, along_y) / np.maximum(along_x, along_y)

    def between(sign: int) -> Array:
        """Return the magnitude one step along the gradient, or against it."""
        near = flat[places + sign * straight]
        return near + (flat[places + sign * diagonal] - near) * part

    kept = (middle > between(1)) & (middle >= between(-1))
    thin = np.zeros(strength.shape, strength.dtype)
    thin.ravel()[places[kept]] = middle[kept]
    return inside(strip_of(thin), HALO)


def hysteresis(strength: Array, low: float, high: float) -> Array:
    """Return True where *strength* is above *low* and joined, by eight neighbours, to where it is above *high*.

    >>> import numpy as np
    >>> hysteresis(np.array([[[3.0], [2.0], [0.0], [2.0]]]), 1, 2)[..., 0]
    array([[ True,  True, False, False]])
    """
    from scipy import ndimage  # 0.2 s, and only Canny pays it

    weak, strong = strength > low, strength > high
    joined = np.empty_like(weak)
    for channel in range(strength.shape[2]):
        labels: Array
        count: int
        labels, count = ndimage.label(weak[..., channel], np.ones((3, 3)))  # pyright: ignore
        kept = np.zeros(count + 1, bool)
        kept[labels[strong[..., channel]]] = True
        kept[0] = False
        joined[..., channel] = kept[labels]
    return joined
