"""A wide, smooth kernel of rank 1 on a coarser grid: smooth, keep every d-th sample, and interpolate.

Along each axis the samples are smoothed by a narrow Gaussian and decimated by d; each result is a weighted sum of the
coarse samples. For each of the d positions of a result between coarse samples, the weights are the least-squares fit of
the target kernel, including its truncation at 4 sigma, so the error is known in advance. The grid belongs to the image,
not to the strip. With d about sigma / 2 the time does not grow with the kernel.

Both axes are decimated before either is interpolated: at sigma 8 this takes 1.8 ns per sample, axis by axis 2.9.

The error, as a standard deviation for white noise of full contrast, is below 1/1000 of a level in 8 bits.

The idea is from P. Burt, "Fast filter transforms for image processing", 1981; the fit is ours.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .. import native
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from . import separable

SMOOTHING = 0.8
"""Standard deviation of the first smoothing, in steps of the coarse grid: less makes the grid visible, more costs
taps."""
CUT = 4.5
"""Radius of the first smoothing, in its standard deviations."""


class Design(NamedTuple):
    """One axis: the step d, the smoothing, and the weights ``(d, coarse samples)`` of the interpolation."""

    step: int
    smoothing: Array
    weights: Array
    reach: int
    """How far a result reaches, in samples, in both directions."""
    error: float
    """Root of the sum of the squared differences from the target kernel."""


@lru_cache(maxsize=16)
def design(taps: tuple[float, ...], step: int) -> Design:
    """Fit *taps*, an odd kernel, on a grid of every *step*-th sample."""
    radius = len(taps) // 2
    narrow = int(np.ceil(CUT * SMOOTHING * step))
    x = np.arange(-narrow, narrow + 1)
    smoothing = np.exp(-0.5 * (x / (SMOOTHING * step)) ** 2)
    smoothing /= smoothing.sum()
    # Two coarse samples per side beyond the kernel's own reach suffice: the fit gives further ones no weight.
    around = -(-radius // step) + 2
    places = np.arange(-around, around + 2) * step
    extent = around * step + 2 * step + narrow
    seen = np.zeros((2 * extent + 1, len(places)))
    for column, place in enumerate(places):
        seen[extent + place - narrow : extent + place + narrow + 1, column] = smoothing
    meant = np.zeros((2 * extent + 1, step))
    for phase in range(step):
        meant[extent + phase - radius : extent + phase + radius + 1, phase] = taps
    # The sum of the weights counts as much as all the rest, so that a constant image is unchanged.
    emphasis = 1e3
    system = np.vstack([seen, emphasis * seen.sum(axis=0, keepdims=True)])
    target = np.vstack([meant, emphasis * meant.sum(axis=0, keepdims=True)])
    weights = np.linalg.lstsq(system, target, rcond=1e-13)[0].T
    error = float(np.sqrt(((seen @ weights.T - meant) ** 2).sum(axis=0).max()))
    return Design(step, smoothing, weights, around * step + step + narrow, error)


def correlate(
    strip: Array, column: Design, row: Design, out: Any, divisor: float = 1.0, work: Any = "float32"
) -> Array:
    """Correlate a strip padded by `Design.reach` on all sides, with its first result on the grid, and divide.

    The result has the type *out*, rounded half up and saturated in 8 and 16 bits; sums have the type *work*.
    """
    size = strip.shape[0] - 2 * column.reach, strip.shape[1] - 2 * row.reach
    rows, columns = (_coarse(length, axis) for length, axis in zip(size, (column, row), strict=True))
    work = np.float64 if np.float64 in (strip.dtype, np.dtype(out)) else work
    stride = row.step, column.step
    # The halo is the same on both sides; the grid's first sample lies one step inside it.
    given = strip[column.step :, row.step :]
    planes, step = native.rows_of(strip)
    result = native.results((len(planes), size[0], size[1] * step), out, step)
    coarse = separable.correlate(given, column.smoothing, row.smoothing, stride, out=work)[:rows, :columns]
    if native.core is None:
        total = _between(_between(coarse, column, 0), row, 1)[: size[0], : size[1]] / divisor
        return native.converted(total, out)
    weights = (np.ascontiguousarray(axis.weights).ravel() for axis in (column, row))
    native.core.interpolate(native.rows_of(coarse)[0], result, *weights, *stride[::-1], step, divisor)
    return native.strip_like(result, step)


def _between(coarse: Array, design: Design, axis: int) -> Array:
    """Interpolate along one axis by SciPy: a correlation for each place between two coarse samples."""
    places = [separable.along_axis(coarse, weights, axis) for weights in design.weights]
    shape = [size * (design.step if number == axis else 1) for number, size in enumerate(places[0].shape)]
    return np.stack(places, axis + 1).reshape(shape)


def _coarse(size: int, design: Design) -> int:
    """Return how many coarse samples *size* results along an axis need."""
    return -(-size // design.step) + design.weights.shape[1] - 1
