"""Non-local means: each pixel becomes the mean of those around it whose neighbourhoods look like its own.

For each shift of the search window the squared differences of the image and the shifted image are summed over boxes:
that gives the distance of every pair of patches in a few additions, whatever the patch's size. A pair counts for both
of its pixels, so half of the shifts are enough.

References
----------
A. Buades, B. Coll and J.-M. Morel, "A review of image denoising algorithms, with a new one", 2005;
"Non-local means denoising", Image Processing On Line, 2011.
J. Froment, "Parameter-free fast pixelwise non-local means denoising", Image Processing On Line, 2014: sums over boxes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..engine.facts import note
from ..engine.layout import planes_of, strip_of
from ..engine.stage import BY_ALPHA, Colours, Function, Halo, ImageContext, Stage, Window
from ..lazy_numpy import Array, np
from ..linear.doubling import Turns, over_windows
from ..parameters import ParameterError
from . import noise_estimate

PATCH, COLOUR_PATCH = 5, 3
"""Sides of a patch by default: 25 samples of gray, 27 of three colours. Of 3, 5, 7 and 9 the best, or within 0.1 dB, on
photographs with noise of 10, 25 and 50 levels; in colour 5 is worse by 0.5, 0.2 and 0 dB."""
STRONGEST, WEAKEST, FALL = 1.0, 0.5, 2.5
"""The strength beside the noise, ``1 - 2.5 · noise / white``, but no less than 0.5: the best for noise of 5 to 50
levels on photographs is within 0.1 dB of it, while no one factor serves both ends."""
MIN_EXPONENT = -60.0
"""Exponents below count as this one, 1e-26: weights that are next to nothing, yet are no denormal numbers."""
TILE_SAMPLES = 96 << 10
"""Samples of a channel that are worked on at a time, with what is around them. With 2 threads 12 MP took 1.5 s in place
of 2.1 s with the whole width at once, which the cache does not hold, and of 3.5 s with a quarter, whose short calls
wait for each other."""

MAX_WINDOW_PIXELS = 101**2
"""Pixels of the largest search window, which takes 2 minutes at 12 MP."""


class SearchWindow(NamedTuple):
    """The search window's and the patch's reach."""

    x: int
    y: int
    patch: int

    @property
    def halo(self) -> Halo:
        """What must be seen around a pixel."""
        return Halo.around(self.x + self.patch, self.y + self.patch)


class Weighing(NamedTuple):
    """From the sum of squared differences of two patches to the weight of one pixel for the other."""

    factor: float
    """The negative of ``1 / (strength² · samples)``."""
    offset: float
    """``2 · noise² / strength²``: what two patches differ by if they are the same but for the noise."""


def nonlocal_means(size: tuple[int, int], patch: int | None, strength: float | None, noise: float | None) -> Stage:
    """Return the stage with a search window of *size*, width and height, and patches of *patch*·*patch*.

    A patch of None has 5×5 pixels; in colour 3×3. *strength* and *noise* are in the image's
    units; without a strength it follows from the noise, which without either is estimated from the whole image.
    """
    width, height = size
    if width % 2 == 0 or height % 2 == 0:
        raise ParameterError("size", f"{width},{height}: a search window is odd")
    if width * height > MAX_WINDOW_PIXELS:
        raise ParameterError(
            "size",
            f"{width},{height} holds {width * height} pixels, a search window at most {MAX_WINDOW_PIXELS}, as 101,101",
        )
    if patch is not None and patch % 2 == 0:
        raise ParameterError("patch", f"{patch} is even: a patch has a pixel in its middle; {patch + 1} would do")
    widest = SearchWindow(width // 2, height // 2, (patch or PATCH) // 2)
    estimated = strength is None and noise is None

    def bind(context: ImageContext) -> Function:
        sigma = context.survey_result if estimated else noise or 0.0
        h = default_strength(sigma, context.full) if strength is None else strength

        def denoise(strip: Array, opaque: Array | None = None) -> Array:
            planes, window = planes_of(strip), widest
            if patch is None and len(planes) > 1:
                window = widest._replace(patch=COLOUR_PATCH // 2)
            if h <= 0:
                return strip_of(_inside(planes, widest.halo))
            weights = None if opaque is None else planes_of(opaque) / opaque.dtype.type(context.full)
            spare = Halo.around(widest.patch - window.patch)
            planes = _inside(planes, spare)
            weights = weights if weights is None else _inside(weights, spare)
            samples = len(planes) * (2 * window.patch + 1) ** 2
            weighing = Weighing(-1 / (h * h * samples), 2 * sigma * sigma / (h * h))
            return strip_of(_in_tiles(planes, weights, window, weighing, context.ignoring))

        return denoise

    def strength_of(context: ImageContext, sigma: float) -> str:
        return f", strength {default_strength(sigma, context.full):.4g}"

    return Stage(
        bind,
        window=Window(widest.halo),
        survey=noise_estimate.surveying(strength_of) if estimated else None,
        colours=Colours(alpha=BY_ALPHA, joint=True),
        facts=lambda context: (note(f"non-local means: search window of {width}×{height}"),),
    )


def default_strength(noise: float, full: float) -> float:
    """Return the strength that suits the *noise*.

    >>> default_strength(20.0, 255.0), default_strength(0.5, 1.0)
    (16.07843137254902, 0.25)
    """
    return noise * max(WEAKEST, STRONGEST - FALL * noise / full)


def _inside(planes: Array, halo: Halo) -> Array:
    rows, columns = planes.shape[1:]
    return planes[:, halo.top : rows - halo.bottom, halo.left : columns - halo.right]


def _in_tiles(planes: Array, weights: Array | None, window: SearchWindow, weighing: Weighing, ignoring: bool) -> Array:
    """Denoise padded planes ``(channels, rows, columns)``, some columns at a time; samples may have *weights*."""
    x, y = window.halo[:2]
    channels, rows, columns = planes.shape
    out = np.empty((channels, rows - 2 * y, columns - 2 * x), planes.dtype)
    width = max(TILE_SAMPLES // rows, 4 * x, 1)
    for start in range(0, out.shape[2], width):
        here = slice(start, start + width + 2 * x)
        tile = planes[:, :, here]
        gaps = np.isnan(tile) if ignoring else None
        weighted = weights is not None and bool((weights[:, :, here] != 1).any())
        result = out[:, :, start : start + width]
        if not weighted and (gaps is None or not gaps.any()):
            result[...] = _means(tile, window, weighing)
            continue
        present = np.ones_like(tile) if gaps is None else (~gaps).astype(tile.dtype)
        if weights is not None:
            present *= weights[:, :, here]
        result[...] = _weighted_means(tile, present, window, weighing)
    return out


class _Flat(NamedTuple):
    """Planes laid out as one long row each, so that every shift is one offset and every operation one call.

    What a shift reads across the end of a row concerns only pairs of which neither pixel has a result.
    """

    width: int
    rows: int
    results: int
    """Rows of results."""
    window: SearchWindow

    @staticmethod
    def of(tile: Array, window: SearchWindow) -> _Flat:
        return _Flat(tile.shape[2], tile.shape[1], tile.shape[1] - 2 * window.halo.top, window)

    def laid(self, planes: Array) -> Array:
        """Return the planes as rows, with room behind them for the furthest shift to the right."""
        rows = np.zeros((len(planes), self.rows * self.width + self.window.x), planes.dtype)
        rows[:, : self.rows * self.width].reshape(planes.shape)[...] = planes
        return rows

    def unlaid(self, rows: Array) -> Array:
        """Return the results among the rows as planes."""
        planes = rows[:, : self.rows * self.width].reshape(len(rows), self.rows, self.width)
        return _inside(planes, self.window.halo)

    def shifts(self) -> list[tuple[int, int, int, int]]:
        """For half of the window: the shift, and what it concerns, as first sample, length, and the first pair."""
        x, y, patch = self.window
        found = []
        for dy in range(y + 1):
            start, length = (y - dy) * self.width, (self.results + dy + 2 * patch) * self.width
            first = start + patch * self.width + patch
            found += [(dy * self.width + dx, start, length, first) for dx in range(-x if dy else 1, x + 1)]
        return found


def _means(tile: Array, window: SearchWindow, weighing: Weighing) -> Array:
    """Return the weighted means of a tile that has no missing samples."""
    flat = _Flat.of(tile, window)
    values = flat.laid(tile)
    total, weights = values.copy(), np.ones_like(values[0])  # the pixel itself has the weight 1
    parts, box = np.empty_like(values), _Box(window, flat.width, values.shape[1], values.dtype)
    for shift, start, length, first in flat.shifts():
        near, far = values[:, start : start + length], values[:, start + shift : start + shift + length]
        difference = np.subtract(near, far, out=parts[:, :length])
        difference *= difference
        weight = _weights(box(_summed(difference)), weighing)
        size = len(weight)
        here, there = slice(first, first + size), slice(first + shift, first + shift + size)
        product = parts[:, :size]
        for to, of in ((here, there), (there, here)):
            np.multiply(weight, values[:, of], out=product)
            total[:, to] += product
            weights[to] += weight
    total /= weights
    return flat.unlaid(total)


def _weighted_means(tile: Array, present: Array, window: SearchWindow, weighing: Weighing) -> Array:
    """Return the means where each sample has a weight of its own, *present*: 0 where it is missing, which is NaN.

    Two patches are compared by the samples that both have; without any, neither counts for the other. What is missing
    stays so where nothing counts. Where all weights are 1 the result has the bits of `_means`.
    """
    flat = _Flat.of(tile, window)
    own, gaps = flat.laid(present), flat.laid(np.isnan(tile))
    values = flat.laid(np.where(np.isnan(tile), tile.dtype.type(0), tile))
    total, weights = values * own, own.copy()
    box = _Box(window, flat.width, values.shape[1], values.dtype)
    samples = tile.dtype.type(len(values) * (2 * window.patch + 1) ** 2)
    for shift, start, length, first in flat.shifts():
        near, far = slice(start, start + length), slice(start + shift, start + shift + length)
        both = own[:, near] * own[:, far]
        difference = values[:, near] - values[:, far]
        difference *= difference
        difference *= both
        common = box(_summed(both)).copy()
        weight = box(_summed(difference))
        some = common > 0
        weight *= np.divide(samples, common, out=np.zeros_like(common), where=some)
        weight = _weights(weight, weighing)
        weight *= some
        size = len(weight)
        here, there = slice(first, first + size), slice(first + shift, first + shift + size)
        for to, of in ((here, there), (there, here)):
            counted = weight * own[:, of]
            total[:, to] += counted * values[:, of]
            weights[:, to] += counted
    nothing = weights == 0
    total /= np.where(nothing, 1, weights)
    total[nothing & gaps] = np.nan
    return flat.unlaid(total)


def _weights(distance: Array, weighing: Weighing) -> Array:
    """Turn sums of squared differences into weights, in place."""
    distance *= distance.dtype.type(weighing.factor)
    distance += distance.dtype.type(weighing.offset)
    np.clip(distance, MIN_EXPONENT, 0, out=distance)
    return np.exp(distance, out=distance)


def _summed(planes: Array) -> Array:
    """Add all channels to the first."""
    for channel in planes[1:]:
        planes[0] += channel
    return planes[0]


class _Box:
    """Sums flat planes of so many *samples* over boxes; what it computes in is kept from call to call.

    All are sums of squares: nothing cancels, so the error is that of a few roundings.
    """

    def __init__(self, window: SearchWindow, width: int, samples: int, dtype: Any) -> None:
        self.side, self.width = 2 * window.patch + 1, width
        self.turns, self.across, self.out = Turns(), np.empty(samples, dtype), np.empty(samples, dtype)

    def __call__(self, row: Array) -> Array:
        """Return the sums, each at its box's first sample, for as long as nothing else is summed."""
        across = self._over_windows(row, 1, self.across)
        return self._over_windows(across, self.width, self.out)

    def _over_windows(self, row: Array, step: int, out: Array) -> Array:
        out = out[: len(row) - (self.side - 1) * step]
        return over_windows(row, self.side, np.add, step=step, turns=self.turns, out=out)
