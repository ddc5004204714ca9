"""Second-order operators: the Laplacian, the Laplacian of a Gaussian, and the difference of Gaussians."""

from __future__ import annotations

from ..engine.quantize import Display
from ..engine.stage import NO_COLOURS, Function, Halo, ImageContext, Stage, WeightedSum, Window, bound, inside
from ..lazy_numpy import Array, np
from ..linear import kernels
from ..linear.symmetric import differences, smoothed, smoothing


def laplacian() -> Stage:
    """Return the stage of the 3×3 Laplacian ``[0 1 0; 1 -4 1; 0 1 0]``, exactly 0 in flat areas."""

    def second(strip: Array) -> Array:
        middle = strip[1:-1, 1:-1]
        total = strip[:-2, 1:-1] - middle
        for neighbour in (strip[2:, 1:-1], strip[1:-1, :-2], strip[1:-1, 2:]):
            total += neighbour - middle
        return total

    return Stage(
        lambda context: second,
        window=Window(Halo.around(1)),
        colours=NO_COLOURS,
        weights=WeightedSum(0.0, 8.0, relative=True),
        amplification=8.0,
        display=_display(np.array([1.0, -2.0, 1.0])),
    )


def _display(*profiles: Array) -> Display:
    """Return the scale at which a step from black to white just reaches both ends; *profiles* are sums along an axis.

    The response to a step is the running sum of a profile.
    """
    return Display("offset", 0.5 / max(float(np.abs(np.cumsum(profile)).max()) for profile in profiles))


MIN_SIGMA = 0.2
"""The least sigma of a Laplacian of a Gaussian: a narrower one has little more than the middle tap."""


def laplacian_of_gaussian(sigma: tuple[float, float], scaled: bool = False) -> Stage:
    """Return the stage ``∂²G/∂x² + ∂²G/∂y²``; positive in a dark valley, like the Laplacian.

    If *scaled*, each term is multiplied by its own σ², so that the strongest response is the same at every scale: a
    step gives at most ``1 / √(2πe)`` of its height, 0.24, one sigma away from it.

    References
    ----------
    D. Marr and E. Hildreth, "Theory of edge detection", 1980. T. Lindeberg, "Feature detection with automatic scale
    selection", 1998.
    """
    x, y = (kernels.gaussian_weights(s) for s in sigma)
    xx, yy = (kernels.gaussian_weights(s, derivative=2) * (s * s if scaled else 1) for s in sigma)

    def answer(strip: Array) -> Array:
        total = smoothed(differences(strip, xx, axis=1), y.tolist(), axis=0)
        total += smoothed(differences(strip, yy, axis=0), x.tolist(), axis=1)
        return total

    amplification = max(1.0, 2 * float(np.abs(xx).sum() + np.abs(yy).sum()))
    halo = Halo.around(len(x) // 2, len(y) // 2)
    weights = WeightedSum(0.0, amplification, relative=True)
    return Stage(
        lambda context: answer,
        window=Window(halo),
        colours=NO_COLOURS,
        weights=weights,
        amplification=amplification,
        display=_display(xx, yy),
    )


def difference_of_gaussians(sigma: tuple[float, float], ratio: float) -> Stage:
    """Return the stage ``G(sigma) - G(ratio · sigma)``: a band-pass, positive on a bright blob."""
    narrow, wide = smoothing(sigma), smoothing((sigma[0] * ratio, sigma[1] * ratio))
    spare = Halo(*(outer - inner for outer, inner in zip(wide.window.halo, narrow.window.halo, strict=True)))

    def profile(axis: int) -> Array:
        fine, coarse = (kernels.gaussian_weights(scale * sigma[axis]) for scale in (1, ratio))
        return np.pad(fine, (len(coarse) - len(fine)) // 2) - coarse

    def bind(context: ImageContext) -> Function:
        fine, coarse = bound(narrow, context).function, bound(wide, context).function
        return lambda strip: fine(inside(strip, spare)) - coarse(strip)

    return Stage(
        bind,
        window=wide.window,
        colours=NO_COLOURS,
        weights=WeightedSum(0.0, 2.0, relative=True),
        amplification=2.0,
        display=_display(profile(0), profile(1)),
    )
