"""Passes along one axis with weights that are equal, or opposite, on both sides of the middle.

The two samples equally far from the middle are added or subtracted before their weight is applied: that takes half
the time of a product for each tap, and rounds every pixel as its mirror image.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.facts import note
from ..engine.stage import BoundStage, Halo, ImageContext, Stage, WeightedSum, Window
from ..lazy_numpy import Array, np
from . import kernels, separable


def _shifted(strip: Array, step: int, reach: int, axis: int) -> Array:
    """Return the samples *step* past each one along *axis* that has *reach* neighbours on both sides."""
    part = slice(reach + step, strip.shape[axis] - reach + step)
    return strip[part] if axis == 0 else strip[:, part]


def differences(strip: Array, weights: Sequence[float] | Array, axis: int) -> Array:
    """Correlate along *axis* with weights that sum to 0, as ``Σ w[k] (in[+k] ∓ in[-k])``.

    Odd weights take the difference of the samples on both sides, even ones their sum less twice the
    middle; either is exactly 0 on equal samples, whatever the weights.
    """
    reach = len(weights) // 2
    values = np.asarray(weights).tolist()  # plain numbers, which leave the strip's type as it is
    total = None
    for step in range(1, reach + 1):
        weight = values[reach + step]
        if weight == 0:
            continue
        before, after = _shifted(strip, -step, reach, axis), _shifted(strip, step, reach, axis)
        if values[reach - step] == -weight:
            term = after - before
        else:
            middle = _shifted(strip, 0, reach, axis)
            term = after - middle
            term += before - middle
        if weight != 1:
            term *= weight
        total = term if total is None else np.add(total, term, out=total)
    return np.zeros_like(_shifted(strip, 0, reach, axis)) if total is None else total


def smoothed(strip: Array, weights: Sequence[float], axis: int) -> Array:
    """Correlate along *axis* with symmetrical weights; binomials as sums of neighbours, over and over."""
    if tuple(weights) in kernels.BINOMIAL.values():
        for _ in weights[1:]:
            strip = strip[1:] + strip[:-1] if axis == 0 else strip[:, 1:] + strip[:, :-1]
        return strip
    reach = len(weights) // 2
    total = _shifted(strip, 0, reach, axis)
    if reach:
        total = total * weights[reach]
    pair = None
    for step in range(1, reach + 1):
        pair = np.add(_shifted(strip, -step, reach, axis), _shifted(strip, step, reach, axis), out=pair)
        pair *= weights[reach + step]
        total += pair
    return total


def smoothing(sigma: tuple[float, float]) -> Stage:
    """Return the stage of a Gaussian that rounds every pixel alike: where the image is flat it stays flat.

    So it has no gradient there, and no direction, as a decimated one would.
    """
    across, down = (kernels.gaussian_weights(s) for s in sigma)
    halo = Halo.around(len(across) // 2, len(down) // 2)

    def bind(context: ImageContext) -> BoundStage:
        return BoundStage(
            lambda strip: separable.correlate(strip, down, across, out=context.work),
            work=context.own_type,
            interleaved=True,
        )

    fact = f"smoothing of sigma {sigma[0]:g},{sigma[1]:g}: {len(across)}×{len(down)}, separable"
    return Stage(bind, window=Window(halo), weights=WeightedSum(1.0, 1.0), facts=lambda context: (note(fact),))
