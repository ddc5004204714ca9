"""Total variation: the picture nearest to the noisy one among those with as little variation.

    out = argmin Σ |grad u| + Σ (u - in)² / (2 weight)

(Rudin, Osher and Fatemi 1992), by the projection of the dual (Chambolle 2004): ``out = in + div p``, where p, a vector
for each pixel, is at most *weight* long, and moves by a quarter of the current result's gradient in each step. The
steps end when the energy changes by less than a fraction of its initial value. The gradient uses forward differences,
which are 0 beyond the last row and column.

References
----------
L. Rudin, S. Osher and E. Fatemi, "Nonlinear total variation based noise removal algorithms", 1992.
A. Chambolle, "An algorithm for total variation minimization and applications", 2004.
X. Bresson and T. Chan, "Fast dual minimization of the vectorial total variation norm", 2008: a common length for all
channels.
"""

from __future__ import annotations

from collections.abc import Callable

from ..engine.stage import ImageContext, Rows, Stage
from ..engine.threads import side_by_side
from ..lazy_numpy import Array, np
from .by_noise import Noise, reject_unused
from .by_rows import by_rows, picture_of
from .defaults import variation_weight

STEP = 0.25
"""The largest factor on the gradient with which the steps of the dual are sure to converge."""
ENOUGH = 5e-5
"""The fraction of the initial energy by which a step must change it. scikit-image's 2e-4 loses 0.1 dB on strong noise,
and stops far too early on some pictures."""
MOST_STEPS = 200
BAND = 1 << 16
"""Samples to move at a time: intermediate results stay in the cache, and threads share the bands. With one thread a
step takes a fifth of the time of whole planes."""


def denoising(weight: float | None, iterations: int | None, noise: float | None, strength: float) -> Stage:
    """Return the stage; without a *weight*, in the image's units, it derives from *strength* times the *noise*.

    *iterations* sets a fixed number of steps, however little they change.
    """
    if weight is not None:
        reject_unused(noise, strength)
        noise = 1.0

    def own(found: Noise) -> float:
        return variation_weight(found) if weight is None else weight

    def denoise(image: Array, found: Noise, context: ImageContext) -> Rows:
        return picture_of(total_variation(image, own(found), iterations, context.jobs))

    def text(found: Noise) -> str:
        return f"total variation: weight {own(found):.4g}"

    return by_rows(denoise, noise, strength, text, 4 * 8.0)


def total_variation(image: Array, weight: float, iterations: int | None = None, jobs: int = 1) -> Array:
    """Return an image near to *image* ``(rows, columns, channels)`` with less variation.

    >>> import numpy as np
    >>> total_variation(np.array([0.0, 0.0, 3.0])[:, None, None], 0.5, 500)[:, 0, 0].round(2).tolist()
    [0.25, 0.25, 2.5]
    """
    planes = np.ascontiguousarray(np.moveaxis(image, 2, 0))
    dual, out = np.zeros((2, *planes.shape), planes.dtype), np.empty_like(planes)
    rows = max(1, BAND // planes[:, 0].size)
    bands = [(top, min(top + rows, planes.shape[1])) for top in range(0, planes.shape[1], rows)]

    def all_of(task: Callable[[Array, Array, Array, float, int, int], float]) -> float:
        def work(number: int) -> float:
            # Each thread has its own error state.
            with np.errstate(over="ignore", invalid="ignore"):
                return task(planes, dual, out, weight, *bands[number])

        return sum(side_by_side(work, range(len(bands)), jobs))

    first, before = 0.0, 0.0
    for step in range(iterations or MOST_STEPS):
        energy = all_of(_add_divergence)
        energy += all_of(_move)
        if iterations is None and step and abs(before - energy) < ENOUGH * first:
            break
        first, before = first if step else energy, energy
    return np.moveaxis(out, 0, 2)


def _add_divergence(planes: Array, dual: Array, out: Array, weight: float, top: int, end: int) -> float:
    """Compute rows *top* to *end* of *out* from the planes and the dual; return the energy of their difference."""
    divergence = -dual[:, :, top:end].sum(axis=0)
    above = max(0, top - 1)
    divergence[:, above + 1 - top :] += dual[0, :, above : end - 1]
    divergence[:, :, 1:] += dual[1, :, top:end, :-1]
    np.add(planes[:, top:end], divergence, out=out[:, top:end])
    return float(np.square(divergence, out=divergence).sum(dtype=np.float64))


def _move(planes: Array, dual: Array, out: Array, weight: float, top: int, end: int) -> float:
    """Move rows *top* to *end* of the dual by the gradient of *out*; return the energy of their variation."""
    gradient = np.zeros((2, *out[:, top:end].shape), out.dtype)
    below = out[:, top + 1 : end + 1]
    np.subtract(below, out[:, top : top + below.shape[1]], out=gradient[0, :, : below.shape[1]])
    np.subtract(out[:, top:end, 1:], out[:, top:end, :-1], out=gradient[1, :, :, :-1])
    length = np.sqrt((gradient**2).sum(axis=(0, 1)))
    energy = weight * float(length.sum(dtype=np.float64))
    length *= STEP / weight
    length += 1
    gradient *= STEP
    moved = dual[:, :, top:end]
    moved -= gradient
    moved /= length
    return energy
