"""Denoise: the classic noise filters, with parameters derived from the strength of the noise."""

from __future__ import annotations

from typing import Annotated, Literal, Unpack

from .core import Common, IntPair, Pair, Param, ParameterError, Stage, image_filter
from .core.denoise.guided import Guide
from .core.denoise.speckle_options import Damping, Looks
from .core.denoise.windows import radii_of, whole, window_of

# Modules that a single op needs are imported with it.

Op = Literal["bm3d", "nlm", "bilateral", "guided", "median", "tv", "wavelet", "lee", "frost"]

WINDOWLESS = {"bm3d": "", "tv": ""}
"""The ops without a window."""
MAX_COEFFICIENTS = 101
"""Side of the largest window of wavelet coefficients: the whole window is summed for each coefficient."""


@image_filter
def denoise(
    *,
    op: Annotated[
        Op, Param("The denoising method.", aliases={"non-local-means": "nlm", "total-variation": "tv"})
    ] = "bm3d",
    strength: Annotated[
        float,
        Param("Factor on the noise to remove: 0 removes none, 2 smooths more.", percent=True, min=0, max=10),
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
            unless=WINDOWLESS,
            shown_default="from the noise; lee, frost 7",
        ),
    ] = None,
    radius: Annotated[
        Pair | None,
        Param(
            "Radius of the window, 2·radius + 1 wide, instead of --size.",
            unit="px",
            span=(0, 10),
            min=0,
            max=5000,
            unless=WINDOWLESS,
        ),
    ] = None,
    patch: Annotated[
        int | None,
        Param(
            "Side length of the compared patches (odd).",
            unit="px",
            min=1,
            max=31,
            only=("nlm",),
            shown_default="from the noise",
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
            shown_default="from the noise",
        ),
    ] = None,
    sigma: Annotated[
        Pair | None,
        Param(
            "Standard deviation of the distance to the pixel.",
            unit="px",
            min=0,
            max=1000,
            only=("bilateral",),
            shown_default="from the noise",
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
            shown_default="from the noise",
        ),
    ] = None,
    epsilon: Annotated[
        float | None,
        Param(
            "Smooth away detail whose variance is below this, for values from 0 to 1.",
            span=(0, 0.1),
            above=0,
            max=1e6,
            only=("guided",),
            shown_default="from the noise",
        ),
    ] = None,
    guide: Annotated[
        Guide,
        Param(
            "Guide each channel by the edges in all channels (color), or by its own (channel).",
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
            shown_default="from the noise",
        ),
    ] = None,
    iterations: Annotated[
        int | None,
        Param(
            "Number of iterations.",
            span=(1, 200),
            min=1,
            max=100_000,
            only=("tv",),
            shown_default="until they converge, at most 200",
        ),
    ] = None,
    stride: Annotated[
        int | None,
        Param(
            "Distance between reference blocks: larger is faster, but removes less noise.",
            unit="px",
            min=1,
            max=8,
            only=("bm3d",),
            shown_default="from the image's size",
        ),
    ] = None,
    levels: Annotated[int, Param("Number of wavelet scales.", min=1, max=6, only=("wavelet",))] = 4,
    **common: Unpack[Common],
) -> Stage:
    """Remove noise and keep edges.

    The noise is estimated from the image, and each method's parameters follow from it; -v prints both. *strength*
    scales the noise that is removed: 0 returns the image unchanged, 0.5 keeps some grain. Parameters that you give
    override those derived from the noise.

    ``bm3d``: filters stacks of similar blocks together; the strongest method, and the slowest. The reference blocks are
    *stride* pixels apart: by default 1 for up to 512×512 pixels, 2 for up to 2 MP or strong noise, 3 for up to 16 MP,
    and 4 above.
    ``wavelet``: shrinks the coefficients w of an undecimated Haar transform of *levels* scales to
    ``sign(w) max(|w| - T, 0)``, with ``T = noise² / s``, where s² is the variance in a window of *size* less that of
    the noise. Nearly as strong as bm3d, in a tenth of the time.
    ``nlm``: non-local means. Each pixel becomes the mean of a window of *size*, with the weights
    ``exp(-max(d² - 2 noise², 0) / tolerance²)``, where d² is the mean squared difference between the patch around the
    pixel and the one around its neighbour.
    ``tv``: total variation. Finds the picture u that minimises ``Σ |grad u| + Σ (u - in)² / (2 weight)``, by
    *iterations* of the dual problem: flat surfaces, sharp edges, no texture.
    ``bilateral``, ``guided``, ``median``: as in `blur`, with parameters derived from the noise.

    ``lee``, ``frost``: remove speckle, the multiplicative noise of radar and ultrasound images. In a window of *size*,
    by default 7×7, m is the mean and v the variance; C, the speckle relative to the samples, is ``1 / √looks``. Lee is
    ``m + k (in - m)`` with ``k = q / (m² C² + q)`` and ``q = max((v + m²) / (1 + C²) - m², 0)``. Frost is the mean with
    the weights ``exp(-damping · v / m² · distance)``; *damping* is ``0.4 / C²`` by default.

    Returns
    -------
    The image's shape and dtype (see *depth*). The alpha is unchanged.

    Raises
    ------
    ParameterError
        A value is out of range, a parameter does not apply to the method or has no effect, or size and radius
        contradict each other.

    Notes
    -----
    The estimate assumes white noise. It is too low for noise that JPEG or a camera has smoothed: raise *strength* or
    set *noise_sigma*. Colours are filtered together, by bm3d and wavelet as brightness and two colour differences.
    In `blur`, the *tolerance* of nlm is called *strength*. Use ``median`` for impulse noise.

    For a gray image of 12 MP one core takes some 30 seconds by bm3d, 4 by tv, 3 by frost, 2 by wavelet, 1 by nlm, and
    less by the others. Colours take twice as long; threads share the work.

    bm3d, tv and wavelet hold the whole image in memory: bm3d takes some 30 bytes per sample, tv 20. They replace
    missing samples and transparent pixels by their surroundings; missing samples are still missing in the result,
    unless *nan* is ``ignore``. The other methods weight each pixel by its alpha.

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
        raise ParameterError("size", f"{window[0]},{window[1]}: the window of wavelet coefficients must be square")
    return window[0]
