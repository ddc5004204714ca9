"""Non-local means: each pixel becomes the mean of surrounding pixels with similar neighbourhoods.

    out(p) = Σ w(p, q) in(q) / Σ w(p, q),   w(p, q) = exp(-max(d² - 2 noise², 0) / strength²)

over the search window; d² is the mean squared difference of the patches around p and q, over all channels. For each
shift in the search window the squared differences of the image and the shifted image are summed over boxes, which gives
the distance of every pair of patches in a few additions.

References
----------
A. Buades, B. Coll and J.-M. Morel, "A review of image denoising algorithms, with a new one", 2005;
"Non-local means denoising", Image Processing On Line, 2011.
J. Froment, "Parameter-free fast pixelwise non-local means denoising", Image Processing On Line, 2014: sums over boxes.
"""

from __future__ import annotations

from .. import native
from ..engine.facts import note
from ..engine.stage import BY_ALPHA, BoundStage, Colours, Halo, ImageContext, Stage, Window, inside
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import ParameterError
from .by_noise import LEAST, Noise, by_noise, reject_unused
from .defaults import WIDEST_PATCH, WIDEST_SEARCH, nonlocal_parameters
from .opacity import opacity_of

MAX_WINDOW_PIXELS = 101**2
"""Pixels of the largest search window, with which 12 MP take half a minute."""


class SearchWindow(NamedTuple):
    """The reach of the search window and of the patch."""

    x: int
    y: int
    patch: int

    @property
    def halo(self) -> Halo:
        """The halo of a pixel."""
        return Halo.around(self.x + self.patch, self.y + self.patch)


def denoising(
    size: tuple[int, int] | None,
    patch: int | None,
    tolerance: float | None,
    noise: float | None,
    strength: float = 1.0,
) -> Stage:
    """Return the stage; parameters that are None derive from *strength* times the *noise*.

    A given *tolerance*, in the image's units, without a given noise means no noise.
    """
    if tolerance is not None:
        reject_unused(None, strength)
        noise = noise or 0.0

    def make(found: Noise) -> Stage:
        window, side, suiting = nonlocal_parameters(found)
        own = suiting if tolerance is None else tolerance
        return nonlocal_means(size or (window, window), patch or side, own, found.level)

    widest = nonlocal_means(size or (WIDEST_SEARCH, WIDEST_SEARCH), patch or WIDEST_PATCH, 0.0, 0.0)
    return by_noise(make, widest, noise, strength, always=bool(tolerance))


def nonlocal_means(size: tuple[int, int], patch: int, tolerance: float, noise: float) -> Stage:
    """Return the stage with a search window of *size*, width and height, and patches of *patch*·*patch*.

    *tolerance* and *noise* are in the image's units.
    """
    width, height = size
    if width % 2 == 0 or height % 2 == 0:
        raise ParameterError("size", f"{width},{height}: a search window must be odd")
    if width * height > MAX_WINDOW_PIXELS:
        raise ParameterError(
            "size",
            f"{width},{height} has {width * height} pixels; the limit is {MAX_WINDOW_PIXELS}, as in 101,101",
        )
    if patch % 2 == 0:
        raise ParameterError("patch", f"{patch} is even, but a patch has a pixel in its middle; use {patch + 1}")
    window = SearchWindow(width // 2, height // 2, patch // 2)
    tolerance = max(tolerance, LEAST) if tolerance > 0 else 0.0
    factor, spared = 0.0, 0.0
    if tolerance > 0:
        part = noise / tolerance
        factor, spared = 1 / (tolerance * tolerance), 2 * part * part

    def bind(context: ImageContext) -> BoundStage:
        out = context.own_type if context.rounded else context.work

        def denoise(strip: Array, alpha: Array | None = None) -> Array:
            if tolerance <= 0:
                return inside(strip, window.halo).astype(out, copy=False)
            opacity = opacity_of(alpha, context)
            ignoring = context.ignoring and bool(np.isnan(strip).any())
            if native.core is None:
                means = _reference(strip.astype(context.work), opacity, window, factor, spared, ignoring)
                return native.converted(means, out) if context.rounded else means
            given, step = native.rows_of(strip)
            size = strip.shape[0] - 2 * window.halo.top, (strip.shape[1] - 2 * window.halo.left) * step
            result = np.empty((len(given), *size), out)
            native.core.nonlocal_means(given, result, opacity, step, *window, factor, spared, ignoring)
            return native.strip_like(result, step)

        return BoundStage(denoise, work=context.own_type, interleaved=native.core is not None)

    text = f"non-local means: search window of {width}×{height}, patches of {patch}×{patch}, tolerance {tolerance:.4g}"
    return Stage(
        bind,
        window=Window(window.halo),
        colours=Colours(alpha=BY_ALPHA, joint=True),
        facts=lambda context: (note(text),),
    )


def _reference(
    strip: Array, opacity: Array | None, window: SearchWindow, factor: float, spared: float, ignoring: bool
) -> Array:
    """Return the means, shift by shift.

    If samples are missing or partly opaque, two patches are compared by the samples present in both; without any, their
    weight is 0. Where all weights are 0, missing samples stay missing.
    """
    from scipy import ndimage

    side, patch, shifts = 2 * window.patch + 1, Halo.around(window.patch), Halo.around(window.x, window.y)
    there = ~np.isnan(strip) if ignoring else np.ones(strip.shape, bool)
    own = there.astype(strip.dtype) if opacity is None else there * opacity[0, ..., None]
    values = np.where(there, strip, strip.dtype.type(0))
    near, own_near = inside(values, shifts), inside(own, shifts)
    totals, sums = np.zeros_like(inside(near, patch)), np.zeros_like(inside(near, patch))

    def boxes(samples: Array) -> Array:
        samples = samples.sum(axis=2)
        for axis in (0, 1):
            samples = ndimage.correlate1d(samples, np.ones(side), axis)
        return inside(samples[..., None], patch)

    for i, j in np.ndindex(2 * window.y + 1, 2 * window.x + 1):
        shifted = np.s_[i : i + near.shape[0], j : j + near.shape[1]]
        both = own_near * own[shifted]
        common = boxes(both)
        with np.errstate(invalid="ignore", divide="ignore"):
            distance = boxes((near - values[shifted]) ** 2 * both) / common
        # Where nothing is common to both, the distance is 0, or NaN with an alpha; then so is the weight.
        weight = np.where(common > 0, np.exp(-np.maximum(distance * factor - spared, 0)), common)
        if (i, j) == (window.y, window.x):
            weight = np.ones_like(weight)
        weight = weight * inside(own[shifted], patch)
        totals += weight * inside(values[shifted], patch)
        sums += weight
    nothing = sums == 0
    return np.where(nothing & ~inside(there, window.halo), np.nan, totals / np.where(nothing, 1, sums)).astype(
        strip.dtype
    )
