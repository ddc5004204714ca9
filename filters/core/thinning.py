"""Thin edges: non-maximum suppression along the gradient, and hysteresis between two thresholds."""

from __future__ import annotations

from .gradient import Gradient, Norm, magnitude
from .lazy import Array, np
from .stage import Halo, inside

HALO = Halo.around(1)


def suppress(gradient: Gradient, norm: Norm) -> Array:
    """Return the magnitude where it is a maximum along the gradient, and 0 elsewhere.

    Each strip is padded by one pixel. The two neighbours along the gradient lie between pixels and are
    interpolated linearly on the 3×3 rim, as J. Canny, "A computational approach to edge detection", 1986,
    section VI, does. Of two equal neighbours the one that the gradient points to stays, so that a
    plateau two pixels wide, as at an ideal step, gives a line of one.
    """
    gx, gy = (inside(part, HALO) for part in gradient)
    strength = magnitude(gradient, norm)
    rows, columns = gx.shape[:2]

    def neighbour(dx: int, dy: int) -> Array:
        return strength[1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + columns]

    along_x, along_y = np.abs(gx), np.abs(gy)
    steep = along_y > along_x
    greater, lesser = np.maximum(along_x, along_y), np.minimum(along_x, along_y)
    part = np.divide(lesser, greater, out=np.zeros_like(greater), where=greater > 0)
    falling = (gx < 0) != (gy < 0)

    def between(sign: int) -> Array:
        """The magnitude one step along (sign = 1) the line of the gradient, x first positive."""
        diagonal = np.where(falling, neighbour(sign, -sign), neighbour(sign, sign))
        straight_x = neighbour(sign, 0)
        # On a steep gradient the step is along y, toward the diagonal's own row.
        straight_y = np.where(falling, neighbour(0, -sign), neighbour(0, sign))
        straight = np.where(steep, straight_y, straight_x)
        return straight + (diagonal - straight) * part

    ahead, behind = between(1), between(-1)
    # "Ahead" is toward greater x; where the gradient points to smaller x they change places.
    backward = gx < 0
    ahead, behind = np.where(backward, behind, ahead), np.where(backward, ahead, behind)
    middle = inside(strength, HALO)
    return np.where((middle >= behind) & (middle > ahead), middle, 0)


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
