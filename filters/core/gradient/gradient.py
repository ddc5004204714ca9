"""Gradients: gx and gy by an operator's kernels, then magnitude and angle.

x runs right and y down, so 0° is where brightness grows to the right and 90° where it grows downward.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal

from .. import native
from ..engine.layout import planes_of, strip_of
from ..engine.stage import NO_COLOURS, BoundStage, Function, Halo, ImageContext, Stage, WeightedSum, Window
from ..lazy_numpy import Array, np
from ..linear import kernels
from ..named_tuple import NamedTuple

Norm = Literal["l2", "l1", "max"]
NORMS: tuple[Norm, ...] = "l2", "l1", "max"
Weights = tuple[Sequence[float], Sequence[float]]
"""The weights across the derivative, symmetric about the middle, and along it, antisymmetric."""
MOST_IN_INT16 = 32767


class Gradient(NamedTuple):
    """The derivatives along x and y."""

    gx: Any
    gy: Any


class Maps(NamedTuple):
    """The maps of a gradient; None for those not requested."""

    gx: Any = None
    gy: Any = None
    magnitude: Any = None
    angle: Any = None
    image: Any = None
    """The magnitude, in the type of the picture."""


def weights_of(name: str, size: int = 3) -> Weights:
    """Return the weights of a named gradient operator.

    For Roberts' two diagonals, towards the lower right and the lower left, ``gx`` is the difference and ``gy`` the sum,
    both over √2. This rotation by 45° keeps the magnitude, and gives the angle the same meaning as for the other
    operators.
    """
    if name == "roberts":
        return (1, 1), (-(0.5**0.5), 0.5**0.5)
    return kernels.DERIVATIVE_PAIRS[name if size == 3 else f"{name}{size}"]


def derivatives(weights: Weights) -> Stage:
    """Return the stage of an operator, from an image to its `Gradient`."""

    def bind(context: ImageContext) -> BoundStage:
        find = finder(weights, context, ("gx", "gy"))
        return find._replace(function=lambda strip: Gradient(*find.function(strip)[:2]))

    return stage_of(weights, bind)


def stage_of(weights: Weights, bind: Callable[[ImageContext], BoundStage]) -> Stage:
    """Return a stage with the function *bind* and the window of an operator's *weights*."""
    smooth, derivative = weights
    reach = max(len(smooth), len(derivative)) - 1
    return Stage(
        bind,
        window=Window(Halo(-(-reach // 2), -(-reach // 2), reach // 2, reach // 2)),
        colours=NO_COLOURS,
        weights=WeightedSum(0.0, size(weights), relative=True),
        amplification=size(weights),
    )


def size(weights: Weights) -> float:
    """Return the sum of the absolute weights of a derivative, twice its greatest value for samples from 0 to 1."""
    smooth, derivative = weights
    return float(np.abs(smooth).sum() * np.abs(derivative).sum())


def sums_of(weights: Weights, context: ImageContext) -> int:
    """Return the type of the compiled core's sums: 0 is int16, 1 float32, 2 float64.

    Derivatives of 8 bits with whole weights are exact in int16.
    """
    if context.work == np.float64:
        return 2
    whole = all(isinstance(weight, int) for part in weights for weight in part)
    in_int16 = context.own_type == np.uint8 and whole and context.most * size(weights) / 2 <= MOST_IN_INT16
    return 0 if in_int16 else 1


def finder(
    weights: Weights,
    context: ImageContext,
    fields: Collection[str],
    norm: Norm = "l2",
    image_type: Any = None,
) -> BoundStage:
    """Return the function from a padded strip to the `Maps` named by *fields*.

    All have the work type, except the image, which has *image_type*; an integer type is rounded and saturated.
    """
    smooth, derivative = (np.array(part, np.float64) for part in weights)
    reach = max(len(smooth), len(derivative)) - 1
    kind, sums = np.dtype(context.work), sums_of(weights, context)
    kinds = dict.fromkeys(fields, kind)
    if "image" in kinds:
        kinds["image"] = np.dtype(image_type)

    def find(strip: Array) -> Maps:
        given, step = native.rows_of(strip)
        planes, rows, samples = given.shape
        shape = planes, rows - reach, samples - reach * step
        made = {field: native.results(shape, kind, step, field) for field, kind in kinds.items()}
        outs = (made.get(field) for field in Maps._fields)
        native.core.gradient(given, smooth, derivative, step, NORMS.index(norm), sums, *outs)
        return Maps(**{field: native.strip_like(rows, step) for field, rows in made.items()})

    def obvious(strip: Array) -> Maps:
        parts = _reference(strip, smooth, derivative, kind)
        strength = magnitude(parts, norm)
        image = native.converted(strength.copy(), image_type) if "image" in fields else None
        return Maps(*parts, strength, angle(parts) if "angle" in fields else None, image)

    function: Function = obvious if native.core is None else find
    return BoundStage(function, anywhere=True, work=context.own_type, interleaved=True)


def _reference(strip: Array, smooth: Array, derivative: Array, kind: Any) -> Gradient:
    def in_pairs(values: Array, taps: Array, axis: int) -> Array:
        """Correlate along an axis; with antisymmetric weights equal samples give exactly 0."""
        along = values if axis == 0 else values.swapaxes(0, 1)
        size, sign = len(along) - len(taps) + 1, np.sign(taps[0] * taps[-1])
        total = np.zeros_like(along[:size])
        if len(taps) % 2 and sign > 0:
            total += taps[len(taps) // 2] * along[len(taps) // 2 :][:size]
        for first, last in enumerate(range(len(taps) - 1, len(taps) // 2 + len(taps) % 2 - 1, -1)):
            total += taps[last] * (along[last:][:size] + sign * along[first:][:size])
        return total if axis == 0 else total.swapaxes(0, 1)

    spare = (len(derivative) - len(smooth)) // 2
    inner = slice(max(spare, 0), -spare if spare > 0 else None)
    outer = slice(max(-spare, 0), spare if spare < 0 else None)
    values = strip.astype(np.float64)
    gx = in_pairs(in_pairs(values[inner], smooth, 0)[:, outer], derivative, 1)
    gy = in_pairs(in_pairs(values[outer], derivative, 0)[:, inner], smooth, 1)
    return Gradient(gx.astype(kind, copy=False), gy.astype(kind, copy=False))


def magnitude(gradient: Gradient, norm: Norm = "l2") -> Array:
    """Return ``√(gx² + gy²)``, ``|gx| + |gy|`` or ``max(|gx|, |gy|)``."""
    if native.core is not None:
        return _polar(gradient, norm, (True, False))
    gx, gy = gradient
    if norm == "l2":
        return np.sqrt(gx * gx + gy * gy)
    return np.abs(gx) + np.abs(gy) if norm == "l1" else np.maximum(np.abs(gx), np.abs(gy))


def angle(gradient: Gradient) -> Array:
    """Return ``atan2(gy, gx)`` in degrees, in (-180, 180]; exactly 0 where both are 0.

    >>> import numpy as np
    >>> gx, gy = np.array([1.0, 0.0, -1.0, -0.0]), np.array([0.0, 1.0, -0.0, -0.0])
    >>> angle(Gradient(gx[None, :, None], gy[None, :, None])).ravel().tolist()
    [0.0, 90.0, 180.0, 0.0]
    """
    if native.core is not None:
        return _polar(gradient, "l2", (False, True))
    # Adding 0.0 turns -0.0 into 0.0; the sign would give -180° or 180° in flat areas.
    degrees = np.arctan2(gradient.gy + 0.0, gradient.gx + 0.0) * (180 / np.pi)
    degrees[degrees == -180] = 180
    return degrees


def _polar(gradient: Gradient, norm: Norm, asked: tuple[bool, bool]) -> Array:
    planes = [planes_of(part) for part in gradient]
    out = np.empty_like(planes[0])
    native.core.polar(*planes, NORMS.index(norm), *(out if wanted else None for wanted in asked))
    return strip_of(out)
