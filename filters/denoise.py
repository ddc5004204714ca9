"""Denoise: the classic filters against noise, with parameters that follow from how strong it is."""

from __future__ import annotations

from typing import Annotated, Literal, Unpack

from .core import Common, IntPair, Pair, Param, ParameterError, Stage, image_filter
from .core.denoise.guided import Guide
from .core.denoise.speckle_options import Damping, Looks
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
        float,
        Param("Factor on the noise that is removed: 0 removes none, 2 smooths more.", percent=True, min=0, max=10),
    ] = 1.0,
    noise_sigma: Annotated[
        float | None,
        Param(
            "Standard deviation of the noise, in the image's units.",
            span=(0, 50),
            min=0,
            max=1e30,
            only=("bm3d", "nlm", "bilateral", "guided", "median", "tv", "wavelet"),
            shown_default="estimated",
        ),
    ] = None,
    looks: Looks = None,
    damping: Damping = None,
    size: Annotated[
        IntPair | None,
        Param(
            "Width and height of the window.",
            unit="px",
            span=(1, 21),
            min=1,
            max=10001,
            shown_default="by the noise; lee, frost 7",
        ),
    ] = None,
    radius: Annotated[
        Pair | None,
        Param("Of the window, 2·radius + 1 wide, in place of its size.", unit="px", span=(0, 10), min=0, max=5000),
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
            span=(0, 50),
            min=0,
            max=1e30,
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
            span=(1, 100),
            above=0,
            max=1e30,
            only=("bilateral",),
            shown_default="by the noise",
        ),
    ] = None,
    epsilon: Annotated[
        float | None,
        Param(
            "Variance below which detail is smoothed away, for values from 0 to 1.",
            span=(0, 0.1),
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
            span=(0, 100),
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
            span=(1, 200),
            min=1,
            max=100_000,
            only=("tv",),
            shown_default="until they change little, at most 200",
        ),
    ] = None,
    stride: Annotated[
        int | None,
        Param(
            "Distance between the blocks that others are matched with: a larger one is faster, and weaker.",
            unit="px",
            min=1,
            max=8,
            only=("bm3d",),
            shown_default="by the image's size",
        ),
    ] = None,
    levels: Annotated[int, Param("Scales of the wavelets.", min=1, max=6, only=("wavelet",))] = 4,
    **common: Unpack[Common],
) -> Stage:
    """Remove noise and keep edges.

    The noise is estimated from the image, and with it each method's parameters; -v prints both. *strength* multiplies
    the noise that is removed: 0 gives the image back, 0.5 keeps some grain. A parameter that is given holds, whatever
    the noise.

    ``bm3d``: stacks of similar blocks, filtered together; the strongest, and the slowest. The blocks that others are
    matched with lie *stride* apart: 1 in images of up to 512×512 pixels, 2 of up to 2 MP or where noise is strong, 3 of
    up to 16 MP, then 4.
    ``wavelet``: small coefficients of an undecimated Haar transform of *levels* scales go to 0: each to
    ``sign(w) max(|w| - T, 0)``, ``T = noise² / s``, s² the variance beyond the noise's in a window of *size*. Nearly as
    strong as bm3d, in a tenth of the time.
    ``nlm``: non-local means. Each pixel becomes the mean of the window of *size*, with the weights
    ``exp(-max(d² - 2 noise², 0) / tolerance²)``, d² the mean squared difference of the *patch* around the pixel and
    that around the other.
    ``tv``: total variation. The picture u with the least ``Σ |grad u| + Σ (u - in)² / (2 weight)``, by *iterations* of
    the dual: flat surfaces, sharp edges, no texture.
    ``bilateral``, ``guided``, ``median``: those of `blur`, with parameters that follow from the noise.

    ``lee``, ``frost``: against speckle, noise that multiplies, as in radar and ultrasound images: in a window of
    *size*, by default 7×7, of mean m and variance v, C being the speckle's part of the samples, ``1 / √looks``. Lee:
    ``m + k (in - m)``, ``k = q / (m² C² + q)``, ``q = max((v + m²) / (1 + C²) - m², 0)``; Frost the mean with the
    weights ``exp(-damping · v / m² · distance)``, the *damping* by default ``0.4 / C²``.

    Returns
    -------
    The image's shape and dtype (see *depth*). An alpha is as it was.

    Raises
    ------
    ParameterError
        A value is out of range, or has no meaning for the method or no effect, or size and radius contradict each
        other.

    Notes
    -----
    The estimate is that of white noise: noise that was smoothed, as by JPEG or a camera, is stronger than it tells, and
    wants *strength* or *noise_sigma*. Colours are filtered together, by bm3d and wavelet as brightness and two
    differences. `blur` calls nlm's *tolerance* strength. For impulses take ``median``.

    An image of 12 MP in gray takes one core some 30 seconds by bm3d, 4 by tv, 3 by frost, 2 by wavelet, 1 by nlm, less
    by the others; colours take twice as long, and threads share the work.

    bm3d, tv and wavelet keep the whole image in memory, bm3d some 30 bytes a sample, tv 20. They take what is missing,
    or cannot be seen, as what is around it; missing samples stay missing, unless they are to be left out. The others
    let a pixel count by its alpha.

    References
    ----------
    K. Dabov, A. Foi, V. Katkovnik and K. Egiazarian, "Image denoising by sparse 3-D transform-domain collaborative
    filtering", 2007. S. G. Chang, B. Yu and M. Vetterli, "Adaptive wavelet thresholding for image denoising and
    compression" and "Spatially adaptive wavelet thresholding with context modeling for image denoising", 2000;
    R. Coifman and D. Donoho, "Translation-invariant de-noising", 1995. A. Buades, B. Coll and J.-M. Morel, "Non-local
    means denoising", 2011. L. Rudin, S. Osher and E. Fatemi, "Nonlinear total variation based noise removal
    algorithms", 1992; A. Chambolle, "An algorithm for total variation minimization and applications", 2004. J.-S. Lee,
    "Digital image enhancement and noise filtering by use of local statistics", 1980. V. Frost et al., "A model for
    radar images and its application to adaptive digital filtering of multiplicative noise", 1982. For the estimate:
    J. Immerkær, "Fast noise variance estimation", 1996.

    Shell
    -----
    $ imfilter denoise noisy.png -o clean.png
    $ imfilter denoise noisy.png -o clean.png --op wavelet --strength 0.7
    $ imfilter denoise scan.png -o clean.png --op nlm --noise-sigma 12
    $ imfilter denoise photo.jpg -o flat.png --op tv --weight 20
    $ imfilter denoise photo.jpg -o calm.png --op lee --looks 4

    Examples
    --------
    >>> import numpy as np
    >>> denoise(np.full((2, 3), 100, np.uint8), strength=2)
    array([[100, 100, 100],
           [100, 100, 100]], dtype=uint8)
    """
    window = window_of(size, whole(radius))
    if window is not None and op not in WINDOWED:
        raise OperatorError("size" if radius is None else "radius", op, WINDOWED)
    if op == "bm3d":
        from .core.denoise import bm3d

        return bm3d.bm3d(noise_sigma, strength, stride)
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
