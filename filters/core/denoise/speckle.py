"""Filters against speckle: noise that multiplies, as in radar and ultrasound images.

Both go by the mean m and the variance v of a window. Where the picture is flat, the root of v is C times m, C being the
speckle's coefficient of variation, ``1 / √looks`` of an image of intensities.

    Lee:    out = m + k (in - m),   k = q / (m² C² + q),   q = max((v + m²) / (1 + C²) - m², 0)
    Frost:  out = Σ w in / Σ w,     w = exp(-damping · v / m² · distance)

q is the variance of what lies below the speckle, k its part of all: the best linear estimate of it. Frost's weights are
even where all is flat, and fall off the faster, the more there is to keep.

References
----------
J.-S. Lee, "Digital image enhancement and noise filtering by use of local statistics", IEEE PAMI 2, 1980.
V. Frost, J. Stiles, K. Shanmugan and J. Holtzman, "A model for radar images and its application to adaptive digital
filtering of multiplicative noise", IEEE PAMI 4, 1982.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from ..engine.facts import note
from ..engine.stage import BY_ALPHA, Colours, Function, Halo, ImageContext, Stage, Window, inside
from ..lazy_numpy import Array, np
from ..linear import separable
from ..named_tuple import NamedTuple
from ..parameters import ParameterError
from .by_noise import Noise, by_noise, reject_unused
from .windows import radii_of

SIZE = 7, 7
"""The window by default."""
DAMPING = 0.4
"""Times the inverse of C² it is the damping by default: of 0.05 to 0.8 the best, or near it, for 1, 4 and 16 looks."""
MAX_SIDE = 101
"""The side of the largest window: each of its samples is added for each pixel."""


class Moments(NamedTuple):
    """What a window tells of a pixel: the mean of its samples, their variance, and how many count."""

    mean: Array
    variance: Array
    counted: Array


Filter = Callable[[Array, Array, Moments], Array]
"""Returns the results for a padded strip without NaN, how its samples count, and the moments."""


def lee(window: tuple[int, int] | None, looks: float | None, strength: float) -> Stage:
    """Return Lee's filter, for an image of so many *looks*; its speckle is estimated if they are None."""
    radii = _radii(window)

    def make(found: Noise) -> Stage:
        square = found.level**2

        def estimate(values: Array, counts: Array, moments: Moments) -> Array:
            mean, variance, _ = moments
            signal = np.maximum((variance + mean * mean) / (1 + square) - mean * mean, 0)
            # Where nothing varies, rounding would be kept.
            signal[variance <= 2.0**-40 * mean * mean] = 0
            speckle = mean * mean * square + signal
            part = np.divide(signal, speckle, out=np.zeros_like(signal), where=speckle > 0)
            return mean + part * (inside(values, Halo.around(*radii)) - mean)

        return _by_moments(estimate, radii, f"Lee: window of {_text(radii)}, speckle {found.level:.4g}")

    return by_noise(make, make(Noise(1.0, 1.0)), _speckle(looks), strength, relative=True)


def frost(window: tuple[int, int] | None, damping: float | None, looks: float | None, strength: float) -> Stage:
    """Return Frost's filter; without a *damping* it suits the speckle of so many *looks*, or what is estimated."""
    radii = _radii(window)

    def make(found: Noise) -> Stage:
        own = DAMPING / found.level**2 if damping is None else damping

        def weigh(values: Array, counts: Array, moments: Moments) -> Array:
            mean, variance, _ = moments
            square = mean * mean
            fall = np.divide(variance, square, out=np.zeros_like(mean), where=square > 0) * own
            total, sums = np.zeros_like(mean), np.zeros_like(mean)
            for distance, offsets in groupby(_by_distance(radii), key=lambda offset: offset[0]):
                ring, there = np.zeros_like(mean), np.zeros_like(mean)
                for _, i, j in offsets:
                    part = np.s_[i : i + mean.shape[0], j : j + mean.shape[1]]
                    ring += values[part] * counts[part]
                    there += counts[part]
                weight = np.exp(-fall * distance)
                total += weight * ring
                sums += weight * there
            return np.divide(total, sums, out=mean.copy(), where=sums > 0)

        return _by_moments(weigh, radii, f"Frost: window of {_text(radii)}, damping {own:.4g}")

    if damping is not None:
        reject_unused(None, strength)
        if looks is not None:
            raise ParameterError("looks", "has no effect with a damping")
        return make(Noise(1.0, 1.0))
    return by_noise(make, make(Noise(1.0, 1.0)), _speckle(looks), strength, relative=True)


def _speckle(looks: float | None) -> float | None:
    return None if looks is None else looks**-0.5


def _radii(window: tuple[int, int] | None) -> tuple[int, int]:
    return radii_of(SIZE if window is None else window, "speckle filter", MAX_SIDE)


def _text(radii: tuple[int, int]) -> str:
    return f"{2 * radii[0] + 1}×{2 * radii[1] + 1}"


def _by_distance(radii: tuple[int, int]) -> list[tuple[float, int, int]]:
    """Return the offsets of a window by their distance, the nearest first.

    >>> [round(distance, 2) for distance, _, _ in _by_distance((1, 1))]
    [0.0, 1.0, 1.0, 1.0, 1.0, 1.41, 1.41, 1.41, 1.41]
    """
    rx, ry = radii
    window = ((i, j) for i in range(2 * ry + 1) for j in range(2 * rx + 1))
    return sorted((float(np.hypot(i - ry, j - rx)), i, j) for i, j in window)


def _by_moments(estimate: Filter, radii: tuple[int, int], text: str) -> Stage:
    """Return the stage whose results follow from the moments of windows.

    Samples count by their alpha; where nothing counts, what is missing stays.
    """
    halo = Halo.around(*radii)

    def bind(context: ImageContext) -> Function:
        def function(strip: Array, alpha: Array | None = None) -> Array:
            values = strip.astype(np.float64)
            there = ~np.isnan(values) if context.ignoring else np.ones(values.shape, bool)
            counts = there.astype(np.float64)
            if alpha is not None:
                counts *= alpha / context.full
            values = np.where(there, values, 0.0)
            with np.errstate(invalid="ignore", over="ignore"):
                moments = _moments(values, counts, radii)
                answer = estimate(values, counts, moments)
            own = inside(there, halo)
            answer = np.where(own, answer, np.where(moments.counted > 0, moments.mean, np.nan))
            return answer.astype(context.work, copy=False)

        return function

    return Stage(
        bind,
        window=Window(halo),
        colours=Colours(alpha=BY_ALPHA),
        amplification=2.0,
        facts=lambda context: (note(text),),
    )


def _moments(values: Array, counts: Array, radii: tuple[int, int]) -> Moments:
    column, row = np.ones(2 * radii[1] + 1), np.ones(2 * radii[0] + 1)
    count = separable.correlate(counts, column, row)
    own = np.where(count > 0, count, 1)
    mean = separable.correlate(values * counts, column, row) / own
    square = separable.correlate(values * values * counts, column, row) / own
    return Moments(mean, np.maximum(square - mean * mean, 0), count)
