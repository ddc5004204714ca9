"""Denoise: the classic filters against noise, with parameters that follow from how strong it is."""

from __future__ import annotations

from typing import Annotated, Literal, Unpack

from .core import Common, IntPair, Pair, Param, ParameterError, Stage, image_filter
from .core.denoise.guided import Guide
from .core.denoise.windows import radii_of, whole, window_of
from .core.parameters import OperatorError

# What serves one op alone, and not the signature, is imported with that op.

Op = Literal["bm3d", "nlm", "bilateral", "guided", "median", "tv", "wavelet", "lee", "frost"]

WINDOWED = ("nlm", "bilateral", "guided", "median", "wavelet", "lee", "frost")
"""The ops that have a window."""
MAX_COEFFICIENTS = 101
"""Side of the largest window of wavelet coefficients: what it sees is summed for each."""


@image_filter
def denoise(
    *,
    op: Annotated[Op, Param("The method.", aliases={"non-local-means": "nlm", "total-variation": "tv"})] = "bm3d",
    strength: Annotated[
        float, Param("Factor on the noise that is removed: 0 removes none, 2 smooths more.", min=0, max=10)
    ] = 1.0,
    noise_sigma: Annotated[
        float | None,
        Param(
            "Standard deviation of the noise, in the image's units.",
            min=0,
            only=("bm3d", "nlm", "bilateral", "guided", "median", "tv", "wavelet"),
            shown_default="estimated",
        ),
    ] = None,
    looks: Annotated[
        float | None,
        Param(
            "Number of looks, of which the speckle is 1 / √looks.",
            above=0,
            max=1e9,
            only=("lee", "frost"),
            shown_default="estimated",
        ),
    ] = None,
    damping: Annotated[
        float | None,
        Param(
            "How fast weights fall off where there is detail.",
            above=0,
            max=1e9,
            only=("frost",),
            shown_default="by the speckle",
        ),
    ] = None,
    size: Annotated[
        IntPair | None,
        Param(
            "Width and height of the window.", unit="px", min=1, max=10001, shown_default="by the noise; lee, frost 7"
        ),
    ] = None,
    radius: Annotated[
        Pair | None,
        Param("Of the window, 2·radius + 1 wide, in place of its size.", unit="px", min=0, max=5000),
    ] = None,
    patch: Annotated[
        int | None,
        Param(
            "Side length of the compared patches (odd).",
            unit="px",
            min=1,
            max=31,
            only=("nlm",),
            shown_default="by the noise",
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        Param(
            "Tolerance for differences between patches, in the image's units.",
            min=0,
            only=("nlm",),
            shown_default="by the noise",
        ),
    ] = None,
    sigma: Annotated[
        Pair | None,
        Param(
            "Standard deviation of the distance.",
            unit="px",
            min=0,
            max=1000,
            only=("bilateral",),
            shown_default="by the noise",
        ),
    ] = None,
    range_sigma: Annotated[
        float | None,
        Param(
            "Standard deviation of the difference in colour, in the image's units.",
            above=0,
            only=("bilateral",),
            shown_default="by the noise",
        ),
    ] = None,
    epsilon: Annotated[
        float | None,
        Param(
            "Variance below which detail is smoothed away, for values from 0 to 1.",
            above=0,
            max=1e6,
            only=("guided",),
            shown_default="by the noise",
        ),
    ] = None,
    guide: Annotated[
        Guide,
        Param(
            "Guide each channel by the edges of all (color), or by its own.",
            only=("guided",),
            aliases={"colour": "color"},
        ),
    ] = "color",
    weight: Annotated[
        float | None,
        Param(
            "Weight of the total variation, in the image's units.",
            above=0,
            max=1e9,
            only=("tv",),
            shown_default="by the noise",
        ),
    ] = None,
    iterations: Annotated[
        int | None,
        Param(
            "Steps towards the solution.",
            min=1,
            max=100_000,
            only=("tv",),
            shown_default="until they change little, at most 200",
        ),
    ] = None,
    levels: Annotated[int, Param("Scales of the wavelets.", min=1, max=6, only=("wavelet",))] = 4,
    **common: Unpack[Common],
) -> Stage:
    """Remove noise and keep edges.

    Returns
    -------
    The image's shape and dtype (see *depth*); values stay within the image's range.

    Raises
    ------
    ParameterError
        A value is out of range, or has no meaning for the method, or size and radius contradict each other.

    Shell
    -----
    $ imfilter denoise noisy.png -o clean.png

    Examples
    --------
    >>> import numpy as np
    >>> denoise(np.full((2, 3), 100, np.uint8), strength=2)
    array([[100, 100, 100],
           [100, 100, 100]], dtype=uint8)
    """
    window = window_of(size, whole(radius))
    if op == "bm3d":
        from .core.denoise import bm3d

        return bm3d.bm3d(noise_sigma, strength)
    if op == "bilateral":
        from .core.denoise import bilateral

        return bilateral.denoising(window, sigma, range_sigma, noise_sigma, strength)
    if op == "guided":
        from .core.denoise import guided

        radii = None if window is None else radii_of(window, "guided filter")
        return guided.denoising(radii, epsilon, guide, noise_sigma, strength)
    if op == "median":
        from .core.denoise import median

        return median.denoising(window, noise_sigma, strength)
    if op == "lee":
        from .core.denoise import speckle

        return speckle.lee(window, looks, strength)
    if op == "frost":
        from .core.denoise import speckle

        return speckle.frost(window, damping, looks, strength)
    if op == "tv":
        from .core.denoise import total_variation

        if window is not None:
            raise OperatorError("size" if radius is None else "radius", op, WINDOWED)
        return total_variation.denoising(weight, iterations, noise_sigma, strength)
    if op == "wavelet":
        from .core.denoise import wavelet

        return wavelet.denoising(levels, _side(window), noise_sigma, strength)
    from .core.denoise import nonlocal_means

    return nonlocal_means.denoising(window, patch, tolerance, noise_sigma, strength)


def _side(window: tuple[int, int] | None) -> int | None:
    """Return the side of a square window of wavelet coefficients."""
    if window is None:
        return None
    if len(set(radii_of(window, "wavelet band", MAX_COEFFICIENTS))) > 1:
        raise ParameterError("size", f"{window[0]},{window[1]}: the window of wavelet coefficients is square")
    return window[0]
