"""The guided filter, guided by the image itself: in each window the line that fits it best, and the lines' mean.

In a window of mean m and covariance S of the channels the line is ``in + M (m - in)``, ``M = epsilon (S + epsilon)⁻¹``:
the image where the window is busy, the mean where it is calm. (The paper's a is ``1 - M``, its b ``M m``.) A pixel is
in as many windows as a window has pixels, and takes the mean of their lines. Time does not grow
with the window: 3 ns a sample of 8 bits, where the formulas with the boxes of OpenCV take 9.

With all channels in one line an edge in one is an edge in all: on photographs with noise of 10 and 20 levels that is
nearer to the original by 1.9 and 0.4 dB than each channel by itself.

K. He, J. Sun and X. Tang, "Guided image filtering", 2010; IEEE PAMI 35, 2013.
"""

from __future__ import annotations

from typing import Literal

from .. import native
from ..engine.facts import note
from ..engine.layout import planes_of, strip_of
from ..engine.stage import BY_ALPHA, NO_HALO, BoundStage, Colours, Halo, ImageContext, Stage, Values, Window, inside
from ..lazy_numpy import Array, np
from ..linear import box_sum
from .by_noise import Noise, by_noise, reject_unused
from .defaults import WIDEST_RADIUS, guided_parameters

Guide = Literal["color", "channel"]

ROUNDING = 2.0**-46
"""Part of the squared mean by which a variance in float64 is taken to be larger, a unit of float32 squared: where it is
no more than rounding, the covariance could else be less than -epsilon. In float32, which whole numbers of 8 bits are
worked on in unless epsilon is small, rounding leaves less than a thousandth of epsilon."""


MOST_TOGETHER = 4
"""Channels that the compiled core fits one line to."""
LEAST_EPSILON = 1e-8
"""Of whose results the work type is, where epsilon follows from noise that is estimated."""
LONG = 1000
"""Length of a window from which sums in float32 lose too much."""


def denoising(
    radii: tuple[int, int] | None, epsilon: float | None, guide: Guide, noise: float | None, strength: float
) -> Stage:
    """Return the stage whose parameters, where they are None, suit *strength* times the *noise*."""

    def make(found: Noise) -> Stage:
        radius, variance = guided_parameters(found)
        return guided(radii or (radius, radius), variance if epsilon is None else epsilon, guide)

    if radii is not None and epsilon is not None:
        reject_unused(noise, strength)
        return guided(radii, epsilon, guide)
    widest = guided(radii or (WIDEST_RADIUS, WIDEST_RADIUS), epsilon or LEAST_EPSILON, guide)
    return by_noise(make, widest, noise, strength)


def guided(radii: tuple[int, int], epsilon: float, guide: Guide) -> Stage:
    """Return the stage of the guided filter; *epsilon* is a variance of values from 0 to 1, as in the paper.

    Windows of windows are seen, so the image is continued by its border to twice the radius. Samples of float images
    may lie far from 0 beside their variance: their level is taken off before they are squared, and put on again. It is
    a strip's own, but moves only the last bits of float64.
    """
    halo = Halo.around(2 * radii[0], 2 * radii[1])
    window = 2 * radii[0] + 1, 2 * radii[1] + 1

    def bind(context: ImageContext) -> BoundStage:
        ridge = epsilon * context.full**2
        precise = np.dtype(context.work) == np.float64
        in_double = precise or max(window) > LONG
        out = context.result_type if context.whole else context.work

        def smooth(strip: Array, opaque: Array | None = None) -> Values:
            if window == (1, 1):
                return strip
            level = box_sum.level(inside(strip, halo)) if precise and not context.whole else None
            samples = strip if level is None else strip - level
            if opaque is not None and (opaque == context.full).all():
                opaque = None
            together = strip.shape[2] if guide == "color" else 1
            gaps = context.ignoring and bool(np.isnan(strip).any())
            if native.core is None or opaque is not None or gaps or together > MOST_TOGETHER:
                weights = None if opaque is None else opaque[..., 0] / opaque.dtype.type(context.full)
                planes = planes_of(samples.astype(context.work, copy=False))
                parts = [planes[first : first + together] for first in range(0, len(planes), together)]
                answer = strip_of(np.concatenate([_lines(part, weights, window, ridge, gaps) for part in parts]))
            else:
                given, step = native.rows_of(samples) if together == 1 else (planes_of(samples), 1)
                size = given.shape[1] - 2 * (window[1] - 1), given.shape[2] - 2 * (window[0] - 1) * step
                result = np.empty((len(given), *size), out)
                native.core.guided(given, result, window[1], window[0], step, together, ridge, ROUNDING, in_double)
                answer = native.strip_like(result, step)
            if level is not None:
                answer += level
            return answer

        # The lines of several channels may leave the range.
        saturates = guide == "color"
        # Sums are rounded by the blocks that they are made of, which are as high as a window.
        return BoundStage(
            smooth, NO_HALO, window[1], True, context.own_type, saturates=saturates, interleaved=guide == "channel"
        )

    fact = f"guided by itself, {guide}: lines fitted in {window[0]}×{window[1]}, epsilon {epsilon:g}"
    return Stage(
        bind,
        window=Window(halo),
        colours=Colours(alpha=BY_ALPHA, joint=guide == "color"),
        # An error of the variance v moves a pixel at the distance √v from the mean by √v / (v + epsilon) times as much.
        amplification=1 + 0.5 / epsilon**0.5,
        facts=lambda context: (note(fact),),
    )


def _box(planes: Array, window: tuple[int, int]) -> Array:
    """Return the sums over the window in ``(…, rows, columns)``."""
    strip = strip_of(planes.reshape(-1, *planes.shape[-2:]))
    sums = planes_of(box_sum.mean(strip, window[1], window[0], planes.dtype))
    return sums.reshape(*planes.shape[:-2], *sums.shape[1:])


def _lines(planes: Array, opaque: Array | None, window: tuple[int, int], ridge: float, ignoring: bool) -> Array:
    """Return the mean of lines where pixels may be missing, or count by their alpha, from 0 to 1.

    A pixel counts as missing that lacks one of its channels; a window without pixels has no line. What is missing
    becomes the mean of its windows' means.
    """
    gaps = np.isnan(planes) & ignoring
    weights = (~gaps.any(axis=0)).astype(planes.dtype)
    if opaque is not None:
        weights *= opaque
    planes = np.where(gaps, 0, planes)
    sums = _box(weights, window)
    known = sums > 0
    sums[~known] = 1
    samples = planes * weights
    means = _box(samples, window) / sums
    count = _box(known.astype(planes.dtype), window)
    lost = count == 0
    count[lost] = 1
    within = Halo.around(window[0] - 1, window[1] - 1)
    middle, gaps = (planes_of(inside(strip_of(part), within)) for part in (planes, gaps))
    if gaps.any():
        middle = np.where(gaps, np.where(lost, np.nan, _box(means, window) / count), middle)
    squares = means[:, None] * means
    covariance = _box(samples[:, None] * planes, window) / sums
    for i in range(len(means)):
        squares[i, i] *= 1 - ROUNDING
        covariance[i, i] += ridge
    covariance -= squares
    for i in range(len(means)):  # no variance is below 0, whatever rounding leaves
        np.maximum(covariance[i, i], ridge, out=covariance[i, i])
    smoothing = ridge * _inverse(covariance)
    offsets = (smoothing * means).sum(axis=1)
    smoothing[..., ~known], offsets[..., ~known] = 0, 0
    moves = _box(offsets, window) - (_box(smoothing, window) * middle).sum(axis=1)
    return np.where(gaps, middle, middle + moves / count)


def _inverse(matrices: Array) -> Array:
    """Invert positive definite matrices ``(n, n, …)`` in place, by Gauss and Jordan: loses nothing of a thin variance.

    `numpy.linalg.inv` takes them one by one, 0.3 µs each.
    """
    for pivot, row in enumerate(matrices):
        factor = 1 / row[pivot]
        row *= factor
        row[pivot] = factor
        for other in (*matrices[:pivot], *matrices[pivot + 1 :]):
            taken = other[pivot].copy()
            other[pivot] = 0
            other -= taken * row
    return matrices
