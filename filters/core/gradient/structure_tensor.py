"""The tensor of a gradient: the products of its components, summed over channels or averaged over a neighbourhood.

The tensor's greater eigenvalue is the squared gradient in the direction of the greatest change, the lesser that across
it. Sums of opposite gradients, as on both sides of a line, would cancel; sums of their products do not.

References
----------
S. Di Zenzo, "A note on the gradient of a multi-image", 1986. A. Cumani, "Edge detection in multispectral images", 1991.
W. Förstner and E. Gülch, "A fast operator for detection and precise location of distinct points, corners and centres of
circular features", 1987. J. Bigün and G. Granlund, "Optimal orientation detection of linear symmetry", 1987.
B. Jähne, Digital Image Processing, 6th ed., 2005, section 13.3.
"""

from __future__ import annotations

from typing import Any

from ..engine.colour import LUMA_WEIGHTS
from ..engine.nested import within
from ..engine.stage import NO_COLOURS, BoundStage, Colours, Function, ImageContext, Stage, inside, pointwise
from ..lazy_numpy import Array, np
from ..linear import kernels
from ..linear.convolve import linear
from ..named_tuple import NamedTuple
from .gradient import Gradient, angle, derivatives, weights_of


class Tensor(NamedTuple):
    """Sums of ``gx²``, ``gx·gy`` and ``gy²``: the symmetric matrix ``[xx xy; xy yy]`` of each pixel."""

    xx: Any
    xy: Any
    yy: Any

    @property
    def trace(self) -> Array:
        """The sum of the eigenvalues: the squared magnitude of the gradient."""
        return self.xx + self.yy

    @property
    def gap(self) -> Array:
        """The greater eigenvalue minus the lesser."""
        difference = self.xx - self.yy
        difference *= difference
        gap = 2 * self.xy
        gap *= gap
        gap += difference
        return np.sqrt(gap, out=gap)


# ---- over the channels: the gradient of a colour image ----------------------------------------------


def colour_gradient() -> Stage:
    """Return the stage that combines the gradients of all channels into one, as Di Zenzo does.

    Its squared magnitude is the greater eigenvalue of the sum of tensors, its axis the eigenvector. Along that axis it
    points to where the luma grows. A single channel is unchanged.
    """

    def bind(context: ImageContext) -> Function:
        def reduced(parts: Gradient) -> Gradient:
            if parts.gx.shape[2] == 1:
                return parts
            gx, gy = _fractional(parts, context, together=True)
            return _greatest(_summed(gx, gy), _with_luma(gx), _with_luma(gy))

        return reduced

    return Stage(bind, colours=Colours(gain=None, joint=True), amplification=2.0)


def _fractional(parts: Gradient, context: ImageContext, together: bool) -> Gradient:
    """Return a gradient in the work type; if *together*, a pixel missing from only some channels is 0 in those."""
    gx, gy = (part.astype(context.work, copy=False) for part in parts)
    if together and context.ignoring and np.isnan(np.max(gx)):
        gaps = np.isnan(gx)
        part = np.where(gaps.all(axis=2, keepdims=True), np.nan, 0)
        gx, gy = np.where(gaps, part, gx), np.where(gaps, part, gy)
    return Gradient(gx, gy)


def _summed(gx: Array, gy: Array) -> Tensor:
    """Sum the products over the channels, plane by plane."""

    def total(one: Array, other: Array) -> Array:
        sum = one[..., :1] * other[..., :1]
        for channel in range(1, one.shape[2]):
            sum += one[..., channel : channel + 1] * other[..., channel : channel + 1]
        return sum

    return Tensor(total(gx, gx), total(gx, gy), total(gy, gy))


def _with_luma(part: Array) -> Array:
    """Sum the channels with the weights of the luma; channels other than red, green and blue equally."""
    weights = LUMA_WEIGHTS if part.shape[2] == len(LUMA_WEIGHTS) else (1,) * part.shape[2]
    total = part[..., :1] * weights[0]
    for channel in range(1, part.shape[2]):
        total += part[..., channel : channel + 1] * weights[channel]
    return total


def _greatest(tensor: Tensor, toward_x: Array, toward_y: Array) -> Gradient:
    """Return the gradient of the greater eigenvalue, pointing to the same side as ``(toward_x, toward_y)``.

    With ``λ`` the eigenvalue, ``gx² = λ (1 + cos 2θ) / 2`` and ``gx·gy = λ sin 2θ / 2``: the longer component is a root
    and the other a quotient, so that neither is a small difference of large numbers.
    """
    gap = tensor.gap
    longest = tensor.trace
    longest += gap
    longest /= 2
    lies = tensor.xx >= tensor.yy
    # (gap + |xx - yy|) / 2 is gap times the square of the longer component's share
    share = np.abs(tensor.xx - tensor.yy)
    share += gap
    share /= 2
    none = gap == 0  # no preferred direction: along x
    gap[none], share[none] = 1, 1
    share /= gap
    np.sqrt(share, out=share)
    size = np.sqrt(longest, out=longest)
    shorter = tensor.xy / (gap * share)
    shorter *= size
    longer = share
    longer *= size
    gx, gy = np.where(lies, longer, shorter), np.where(lies, shorter, longer)
    against = gx * toward_x + gy * toward_y < 0
    sign = 1 - 2 * against.astype(gx.dtype)
    gx *= sign
    gy *= sign
    return Gradient(gx, gy)


# ---- over a neighbourhood: the structure of a texture -----------------------------------------------


OF_SOBEL = 0.25
"""Scharr's weights in the units of Sobel's: 3, 10 and 3 add up to four times as much as 1, 2 and 1. Strengths are then
comparable to the default magnitude of `edges`, and a photograph's fit into 8 bits."""


def structure(rho: tuple[float, float], together: bool) -> list[Stage]:
    """Return the stages from an image to its `Tensor`, averaged by a Gaussian of the standard deviations *rho*.

    The derivatives are Scharr's, in the units of Sobel's: for waves 4 to 20 pixels long the direction is off by at most
    0.3°, with Sobel's kernels by 3°. If *together*, the tensors of the channels are added up. The three products pass
    through the Gaussian as channels of one strip. It sums over the taps, which keeps zeros exactly 0; a decimated
    Gaussian would surround a strong edge with a halo of some 1e-5 of it.
    """

    def bind(context: ImageContext) -> Function:
        def products(parts: Gradient) -> Array:
            gx, gy = (part * OF_SOBEL for part in _fractional(parts, context, together))
            tensor = _summed(gx, gy) if together else Tensor(gx * gx, gx * gy, gy * gy)
            planes = [part.transpose(2, 0, 1) for part in tensor]
            return np.concatenate(planes).transpose(1, 2, 0)

        return products

    def taken_apart(strip: Array) -> Tensor:
        channels = strip.shape[2] // 3
        return Tensor(*(strip[..., part * channels : (part + 1) * channels] for part in range(3)))

    return [
        derivatives(weights_of("scharr")),
        Stage(
            bind,
            colours=Colours(gain=None, joint=together),
        ),
        *([_integration(rho)] if max(map(kernels.gaussian_radius, rho)) else []),
        pointwise(taken_apart, gain=None),
    ]


def _integration(rho: tuple[float, float]) -> Stage:
    """Return the stage of the Gaussian; missing samples that are ignored stay missing."""
    smoothing = linear(kernels.gaussian(rho), name=f"integration of sigma {rho[0]:g},{rho[1]:g}", algorithm="separable")

    def bind(context: ImageContext) -> BoundStage:
        mean = within(smoothing, context)
        if not context.ignoring:
            return mean
        halo = smoothing.window.halo.wider(mean.extra)

        def integrated(strip: Array) -> Array:
            return np.where(np.isnan(inside(strip, halo)), np.nan, mean.function(strip))

        return mean._replace(function=integrated)

    return Stage(bind, window=smoothing.window, colours=NO_COLOURS, facts=smoothing.facts)


def orientation(tensor: Tensor) -> Array:
    """Return the axis of the greatest change in degrees, in (-90, 90]; exactly 0 where nothing changes.

    >>> import numpy as np
    >>> parts = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, -0.0, 0.0], [0.0, 1.0, 1.0, 0.0]])
    >>> orientation(Tensor(*parts[:, None, :, None])).ravel().tolist()
    [0.0, 45.0, 90.0, 0.0]
    """
    return angle(Gradient(tensor.xx - tensor.yy, 2 * tensor.xy)) / 2


def coherence(tensor: Tensor) -> Array:
    """Return ``(λ1 - λ2) / (λ1 + λ2)``: 1 where all changes are along one axis, 0 where no axis is preferred.

    It is also 0 where nothing changes.
    """
    trace, gap = tensor.trace, tensor.gap
    trace[trace == 0] = 1
    gap /= trace
    return np.clip(gap, 0, 1, out=gap)
