"""The bilateral filter: a Gaussian mean in which a sample has less weight the more its colour differs.

    out(p) = Σ w(p, q) in(q) / Σ w(p, q),   w(p, q) = exp(-|p - q|² / 2 sigma² - |in(p) - in(q)|² / 2 range²)

over the ellipse of offsets ``(dx / rx)² + (dy / ry)² <= 1``; the distance of colours is Euclidean, over all channels.
The sum is exact. Summing differences instead of samples keeps flat areas exactly flat.

C. Tomasi and R. Manduchi, "Bilateral filtering for gray and color images", 1998.
"""

from __future__ import annotations

from .. import native
from ..engine.facts import Fact, note
from ..engine.stage import BY_ALPHA, BoundStage, Colours, Halo, ImageContext, Stage, Window, inside
from ..lazy_numpy import Array, np
from ..parameters import Pair, ParameterError, both
from .by_noise import LEAST, Noise, by_noise, reject_unused
from .defaults import WIDEST_SIGMA, bilateral_parameters
from .opacity import opacity_of
from .windows import radii_of

RANGE = 0.1
"""The default standard deviation of colours, as a fraction of white."""
MAX_RADIUS = 100
"""The largest radius: 31417 samples per pixel, several seconds per megapixel."""


def window_radii(sigma: tuple[float, float]) -> tuple[int, int]:
    """Return the radii ``int(2 sigma + 0.5)``, beyond which a Gaussian's weight is below 0.14.

    >>> window_radii((2.0, 0.5))
    (4, 1)
    """
    return int(2 * sigma[0] + 0.5), int(2 * sigma[1] + 0.5)


def checked(
    window: tuple[int, int] | None, sigma: Pair | None, default: float = 2.0
) -> tuple[tuple[float, float], tuple[int, int]]:
    """Return the sigmas and the radii for a *window* and a *sigma*, either of which may be None."""
    radii = None if window is None else radii_of(window, "bilateral filter")
    sigmas = both(default if sigma is None else sigma)
    if radii is None:
        radii = window_radii(sigmas)
    elif sigma is None:
        sigmas = radii[0] / 2, radii[1] / 2
    if max(radii) > MAX_RADIUS:
        raise ParameterError(
            "sigma" if window is None else "size",
            f"the window would be {2 * radii[0] + 1}×{2 * radii[1] + 1}, but a bilateral filter takes at most "
            f"{2 * MAX_RADIUS + 1}; use a smaller sigma or size",
        )
    return sigmas, (radii[0] if sigmas[0] > 0 else 0, radii[1] if sigmas[1] > 0 else 0)


def denoising(
    window: tuple[int, int] | None, sigma: Pair | None, range_sigma: float | None, noise: float | None, strength: float
) -> Stage:
    """Return the stage; parameters that are None derive from *strength* times the *noise*."""

    def make(found: Noise) -> Stage:
        suiting, colours = bilateral_parameters(found)
        return bilateral(*checked(window, sigma, suiting), colours if range_sigma is None else range_sigma)

    if range_sigma is not None and not (window is None and sigma is None):
        reject_unused(noise, strength)
        return bilateral(*checked(window, sigma), range_sigma)
    return by_noise(make, bilateral(*checked(window, sigma, WIDEST_SIGMA), None), noise, strength)


def bilateral(sigma: tuple[float, float], radii: tuple[int, int], range_sigma: float | None) -> Stage:
    """Return the stage of the bilateral filter; *range_sigma* is in the image's units."""
    halo = Halo.around(*radii)

    def unit(context: ImageContext) -> float:
        return RANGE * context.full if range_sigma is None else max(range_sigma, LEAST)

    def bind(context: ImageContext) -> BoundStage:
        exponents, scale = exponents_by_distance(sigma, radii), 0.5 / (unit(context) * unit(context))
        out = context.own_type if context.rounded else context.work

        def smooth(strip: Array, alpha: Array | None = None) -> Array:
            ignoring = context.ignoring and bool(np.isnan(strip).any())
            opacity = opacity_of(alpha, context)
            if native.core is None:
                means = _reference(strip.astype(context.work), opacity, exponents, scale, ignoring)
                return native.converted(means, out) if context.rounded else means
            given, step = native.rows_of(strip)
            size = strip.shape[0] - 2 * radii[1], (strip.shape[1] - 2 * radii[0]) * step
            result = native.results((len(given), *size), out, step)
            native.core.bilateral(given, result, opacity, step, exponents.ravel(), *exponents.shape, scale, ignoring)
            return native.strip_like(result, step)

        return BoundStage(smooth, anywhere=True, work=context.own_type, interleaved=native.core is not None)

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        window = f"{2 * radii[0] + 1}×{2 * radii[1] + 1}"
        samples = np.isfinite(exponents_by_distance(sigma, radii)).sum()
        name = f"bilateral of sigma {sigma[0]:g},{sigma[1]:g}, range sigma {unit(context):g}"
        return (note(f"{name}: {samples} of {window}"),)

    return Stage(bind, window=Window(halo), colours=Colours(alpha=BY_ALPHA, joint=True), amplification=2.0, facts=facts)


def exponents_by_distance(sigma: tuple[float, float], radii: tuple[int, int]) -> Array:
    """Return the exponents of the Gaussian's weights in the elliptical window; minus infinity outside it.

    >>> exponents_by_distance((1, 1), (1, 2))[0].tolist()
    [-inf, -2.0, -inf]
    """
    (rx, ry), (sx, sy) = radii, sigma
    dy, dx = np.mgrid[-ry : ry + 1, -rx : rx + 1]
    distance = (dx / (sx or 1)) ** 2 + (dy / (sy or 1)) ** 2
    return np.where((dx * ry) ** 2 + (dy * rx) ** 2 <= (rx * ry) ** 2, -distance / 2, -np.inf)


def _reference(strip: Array, opacity: Array | None, exponents: Array, scale: float, ignoring: bool) -> Array:
    """Return the means, tap by tap.

    If samples are missing or partly opaque, each channel of a neighbour is weighted by its opacity if it is present.
    Channels that either pixel lacks add nothing to the distance. Where all weights are 0, missing samples stay missing.
    """
    height, width = exponents.shape
    halo = Halo.around(width // 2, height // 2)
    there = ~np.isnan(strip) if ignoring else np.ones(strip.shape, bool)
    values = np.where(there, strip, strip.dtype.type(0))
    counts = there if opacity is None else there * opacity[0, ..., None]
    middle, known = inside(values, halo), inside(there, halo)
    rows, columns = middle.shape[:2]
    sums, moves = inside(counts, halo).astype(strip.dtype), np.zeros_like(middle)
    for (i, j), exponent in np.ndenumerate(exponents):
        if exponent == -np.inf or (i, j) == (height // 2, width // 2):
            continue
        here = np.s_[i : i + rows, j : j + columns]
        difference = values[here] - middle
        distance = np.sum((difference * (there[here] & known)) ** 2, axis=2, keepdims=True)
        weight = np.exp(strip.dtype.type(exponent) - distance * strip.dtype.type(scale)) * counts[here]
        sums += weight
        moves += weight * difference
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sums == 0, np.where(known, middle, np.nan), middle + moves / sums).astype(strip.dtype)
