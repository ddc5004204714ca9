"""Gradients: gx and gy by an operator's kernels, then magnitude and angle.

x runs right and y down, so 0° is where brightness grows to the right and 90° where it grows downward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from ..engine.stage import NO_COLOURS, Halo, Stage, WeightedSum, Window, inside
from ..lazy_numpy import Array, np
from ..linear import kernels
from ..linear.symmetric import differences, smoothed

Norm = Literal["l2", "l1", "max"]


class Gradient(NamedTuple):
    """The derivatives along x and y."""

    gx: Any
    gy: Any


def derivatives(smooth: Sequence[float], derivative: Sequence[float]) -> Stage:
    """Return the stage of an operator made of *smooth* across and *derivative* along each axis.

    The differences come first: where the image does not change they are exactly 0, and stay so. Weights that
    are whole numbers work on integers too; no sum is then above ``Σ smooth · Σ |derivative| / 2`` times white.
    """
    reach, width = len(derivative) // 2, len(smooth) // 2
    halo = Halo.around(max(reach, width))

    def gradient(strip: Array) -> Gradient:
        along_x = inside(strip, Halo.around(halo.left - reach, halo.top - width))
        along_y = inside(strip, Halo.around(halo.left - width, halo.top - reach))
        gx = smoothed(differences(along_x, derivative, axis=1), smooth, axis=0)
        gy = smoothed(differences(along_y, derivative, axis=0), smooth, axis=1)
        return Gradient(gx, gy)

    size = float(np.abs(smooth).sum() * np.abs(derivative).sum())
    whole = all(isinstance(weight, int) for weight in (*smooth, *derivative))
    return Stage(
        lambda context: gradient,
        window=Window(halo),
        colours=NO_COLOURS,
        weights=WeightedSum(0.0, size, relative=True),
        amplification=size,
        growth=size / 2 if whole else None,
    )


def roberts() -> Stage:
    """Return the stage of Roberts' two diagonals, turned by 45° into derivatives along x and y.

    With ``d1`` growing to the lower right and ``d2`` to the lower left, ``gx = (d1 - d2) / √2`` and
    ``gy = (d1 + d2) / √2``: the magnitude stays ``√(d1² + d2²)`` and the angle means what it does
    for every operator.
    """

    def gradient(strip: Array) -> Gradient:
        down_right = strip[1:, 1:] - strip[:-1, :-1]
        down_left = strip[1:, :-1] - strip[:-1, 1:]
        half = 0.5**0.5
        return Gradient((down_right - down_left) * half, (down_right + down_left) * half)

    weights = WeightedSum(0.0, 4.0, relative=True)
    return Stage(
        lambda context: gradient,
        window=Window(Halo(1, 1, 0, 0)),
        colours=NO_COLOURS,
        weights=weights,
        amplification=4.0,
    )


def operator(name: str, size: int = 3) -> Stage:
    """Return the stage of a named gradient operator."""
    if name == "roberts":
        return roberts()
    return derivatives(*kernels.DERIVATIVE_PAIRS[name if size == 3 else f"{name}{size}"])


def magnitude(gradient: Gradient, norm: Norm = "l2", work: Any = None) -> Array:
    """Return ``√(gx² + gy²)``, ``|gx| + |gy|`` or ``max(|gx|, |gy|)``; the root of integers in the type *work*."""
    gx, gy = gradient
    if norm == "l2":
        # Squares and a root: six times as fast as hypot, and exact for whole numbers.
        strength = squares(gradient, work)
        return np.sqrt(strength, out=strength)
    if norm == "l1":
        strength = np.abs(gx)
        strength += np.abs(gy)
        return strength
    return np.maximum(np.abs(gx), np.abs(gy))


def squares(gradient: Gradient, work: Any = None) -> Array:
    """Return ``gx² + gy²``; of integers in the type *work*."""
    total = _squared(gradient.gx, work)
    total += _squared(gradient.gy, work)
    return total


def _squared(part: Array, work: Any) -> Array:
    if part.dtype.kind == "f":
        return part * part
    part = _fractional(part, work)
    part *= part
    return part


def angle(gradient: Gradient, work: Any = None) -> Array:
    """Return ``atan2(gy, gx)`` in degrees, in (-180, 180]; exactly 0 where both are 0; of integers in the type *work*.

    >>> import numpy as np
    >>> angle(Gradient(np.array([1.0, 0.0, -1.0, -0.0]), np.array([0.0, 1.0, -0.0, -0.0]))).tolist()
    [0.0, 90.0, 180.0, 0.0]
    """
    # Adding 0.0 turns -0.0 into 0.0, whose sign would choose -180° and 180° where there is nothing.
    gx, gy = (part + 0.0 if part.dtype.kind == "f" else _fractional(part, work) for part in gradient)
    degrees = np.arctan2(gy, gx, out=gy)
    degrees *= 180 / np.pi  # np.degrees takes 20 times as long, three times what the arctangent takes
    degrees[degrees == -180] = 180
    return degrees


def _fractional(part: Array, work: Any) -> Array:
    return part.astype(work or np.result_type(part, np.float32))
