"""Thin edges: non-maximum suppression along the gradient, and hysteresis between two thresholds."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from .. import native
from ..engine.layout import planes_of, strip_of
from ..engine.stage import BoundStage, Halo, ImageContext, inside
from ..lazy_numpy import Array, np
from .gradient import NORMS, Gradient, Norm, Weights, finder, magnitude, sums_of

HALO = Halo.around(1)
STRONG = 2
EQUAL = 1e-5
"""Magnitudes are equal if they differ by less than this fraction: rounding errors on a plateau are not part of its
shape, and differ between 8 bits, 16 bits and float."""


def suppress(gradient: Gradient, norm: Norm) -> Array:
    """Return the magnitude where it is a maximum along the gradient, and 0 elsewhere; missing magnitudes are NaN.

    Each strip is padded by one pixel. The two neighbours along the gradient lie between pixels and are
    interpolated linearly on the 3×3 rim, as J. Canny, "A computational approach to edge detection", 1986,
    section VI, does. Of two equal neighbours the one to which the gradient points is kept, so that a plateau two pixels
    wide, as at an ideal step, gives a line one pixel wide. A NaN neighbour counts as 0.
    """
    if native.core is not None:
        return _thin(gradient, norm, gradient.gx.dtype)
    found = _maxima(gradient, norm)
    found[inside(np.isnan(gradient.gx) | np.isnan(gradient.gy), HALO)] = np.nan
    return found


def classes(gradient: Gradient, norm: Norm, low: float, high: float) -> Array:
    """Return 1 where the magnitude is a maximum, as in `suppress`, above *low*; 2 where also above *high*; else 0.

    The type is uint8, as a byte per pixel of the whole image is stored.
    """
    if native.core is not None:
        return _thin(gradient, norm, np.uint8, low, high)
    found = _maxima(gradient, norm)
    return (found > low).astype(np.uint8) + (found > high)


Thresholds = tuple[float, float]


def thinned(
    weights: Weights, context: ImageContext, norm: Norm, thresholds: Thresholds | None, fields: Collection[str]
) -> BoundStage:
    """Return the function that thins a strip, which is padded by one pixel more than the reach of the *weights*.

    It returns the magnitude as in `suppress` or, with *thresholds*, `classes`, and also the `Gradient` if one of the
    *fields* needs it. The gradient is 0 outside the image. The function also takes the first row of its strip's result.
    """
    find = finder(weights, context, ("gx", "gy"))
    smooth, derivative = (np.array(part, np.float64) for part in weights)
    around = max(len(smooth), len(derivative)) + 1
    low, high = thresholds or (0.0, 0.0)
    sums = sums_of(weights, context)
    kind = np.dtype(np.uint8 if thresholds else context.work)

    def separately(strip: Array, start: int) -> tuple[Array, Gradient]:
        parts = Gradient(*find.function(strip)[:2])
        for part in parts:
            part[:, 0] = part[:, -1] = 0
            part[: start == 0] = 0
            part[len(part) - (start + len(part) - 2 == context.height) :] = 0
        image = suppress(parts, norm) if thresholds is None else classes(parts, norm, low, high)
        return image, Gradient(*(part[1:-1, 1:-1] for part in parts))

    def at_once(strip: Array, start: int) -> tuple[Array, None]:
        planes = planes_of(strip)
        size = len(planes), planes.shape[1] - around, planes.shape[2] - around
        out = np.empty(size, kind)
        begins, ends = start == 0, start + size[1] == context.height
        native.core.thinned_gradient(planes, smooth, derivative, NORMS.index(norm), sums, low, high, begins, ends, out)
        return strip_of(out), None

    alone = native.core is not None and not fields
    # A strip's outermost gradients are 0 only if they lie outside the image.
    return find._replace(function=at_once if alone else separately, placed=True, anywhere=False, interleaved=False)


def _thin(gradient: Gradient, norm: Norm, kind: Any, low: float = 0.0, high: float = 0.0) -> Array:
    gx, gy = (planes_of(part) for part in gradient)
    out = np.empty((len(gx), gx.shape[1] - 2, gx.shape[2] - 2), kind)
    native.core.thin(gx, gy, NORMS.index(norm), low, high, out)
    return strip_of(out)


def _maxima(gradient: Gradient, norm: Norm) -> Array:
    """Return the maxima along the gradient, and 0 elsewhere: the obvious form."""
    strength = magnitude(gradient, norm)
    strength[np.isnan(strength)] = 0
    rows, columns = strength.shape[:2]
    gx, gy = (inside(part, HALO) for part in gradient)
    low, high = (choose(np.abs(gx), np.abs(gy)) for choose in (np.minimum, np.maximum))
    part, steep = np.divide(low, high, out=np.zeros_like(low), where=high > 0), np.abs(gy) > np.abs(gx)

    def at(down: int, right: int) -> Array:
        return strength[1 + down : rows - 1 + down, 1 + right : columns - 1 + right]

    def between(left: Array, up: Array) -> Array:
        """Return the magnitude one step along the gradient, or against it."""
        beside = np.where(steep, np.where(up, at(-1, 0), at(1, 0)), np.where(left, at(0, -1), at(0, 1)))
        corner = np.where(up, np.where(left, at(-1, -1), at(-1, 1)), np.where(left, at(1, -1), at(1, 1)))
        return beside + (corner - beside) * part

    middle, left, up = at(0, 0), gx < 0, gy < 0
    kept = (middle * (1 - EQUAL) > between(left, up)) & (middle * (1 + EQUAL) >= between(~left, ~up))
    return np.where(kept, middle, 0)


def hysteresis(classes: Array) -> Array:
    """Return True where *classes* are 2, or 1 and connected to a 2 through eight neighbours; works in place.

    >>> import numpy as np
    >>> hysteresis(np.array([[[2], [1], [0], [1]]], np.uint8))[..., 0]
    array([[ True,  True, False, False]])
    """
    if native.core is None:
        return _joined(classes)
    rows, step = native.rows_of(classes)
    native.core.join(rows, step)
    return native.strip_like(rows, step).view(bool)


def _joined(classes: Array) -> Array:
    from scipy import ndimage

    found = np.zeros(classes.shape, bool)
    for channel in range(classes.shape[2]):
        plane = classes[..., channel]
        labels, count = cast("tuple[Array, int]", ndimage.label(plane, np.ones((3, 3))))
        strong = np.zeros(count + 1, bool)
        strong[labels[plane == STRONG]] = True
        found[..., channel] = strong[labels]
    return found
