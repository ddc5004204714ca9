"""Filters for speckle, the multiplicative noise of radar and ultrasound images.

Both use the mean m and the variance v of a window. In flat areas the root of v is C times m, where C is the speckle's
coefficient of variation, ``1 / √looks`` for an image of intensities.

    Lee:    out = m + k (in - m),   k = q / (m² C² + q),   q = max((v + m²) / (1 + C²) - m², 0)
    Frost:  out = Σ w in / Σ w,     w = exp(-damping · v / m² · distance)

q is the variance of the picture without speckle, and k its share of the whole: the best linear estimate. Frost's
weights are equal in flat areas, and fall off faster the more detail there is.

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
"""The default window."""
DAMPING = 0.4
"""The default damping times C²: of 0.05 to 0.8 the best, or nearly so, for 1, 4 and 16 looks."""
MAX_SIDE = 101
"""The side of the largest window, all of whose samples are added for each pixel."""


class Moments(NamedTuple):
    """The moments of a window: the mean of its samples, their variance, and their number."""

    mean: Array
    variance: Array
    counted: Array


Filter = Callable[[Array, Array, Moments], Array]
"""Returns the results for a padded strip without NaN, the weights of its samples, and the moments."""


def lee(window: tuple[int, int] | None, looks: float | None, strength: float) -> Stage:
    """Return Lee's filter for an image with a number of *looks*; if None, the speckle is estimated."""
    radii = _radii(window)

    def make(found: Noise) -> Stage:
        square = found.level**2

        def estimate(values: Array, counts: Array, moments: Moments) -> Array:
            mean, variance, _ = moments
            signal = np.maximum((variance + mean * mean) / (1 + square) - mean * mean, 0)
            # In flat windows rounding errors would be kept.
            signal[variance <= 2.0**-40 * mean * mean] = 0
            speckle = mean * mean * square + signal
            part = np.divide(signal, speckle, out=np.zeros_like(signal), where=speckle > 0)
            return mean + part * (inside(values, Halo.around(*radii)) - mean)

        return _by_moments(estimate, radii, f"Lee: window of {_text(radii)}, speckle {found.level:.4g}")

    return by_noise(make, make(Noise(1.0, 1.0)), _speckle(looks), strength, relative=True)


def frost(window: tuple[int, int] | None, damping: float | None, looks: float | None, strength: float) -> Stage:
    """Return Frost's filter; without a *damping* it derives from the speckle, given by *looks* or estimated."""
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
            raise ParameterError("looks", "has no effect with a given damping")
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
    """Return the stage whose results derive from the moments of windows.

    Samples are weighted by their alpha; where all weights are 0, missing samples stay missing.
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
