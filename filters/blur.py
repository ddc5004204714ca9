"""Blur: weighted means, rank filters, edge-preserving filters and non-local means."""

from __future__ import annotations

from typing import Annotated, Literal, Unpack

from .core import Common, IntPair, Pair, Param, ParameterError, Stage, both, image_filter
from .core.denoise import guided
from .core.denoise.speckle_options import Damping, Looks
from .core.denoise.windows import radii_of, whole, window_of
from .core.linear import kernels, planner
from .core.linear.convolve import ALGORITHM, linear
from .core.rank import rank_filter

# Modules that a single op needs are imported with it: that saves a Gaussian 2 ms.

MAX_SIGMA = 1000
MAX_LENGTH = 1000
"""The longest motion or widest disk, in pixels: larger kernels do not fit the Fourier tiles, and take minutes."""
RANKED = ("median", "percentile")
"""The rank filters, which have algorithms of their own."""
OTHERS = dict.fromkeys(("min", "max", "mode", "bilateral", "guided", "nlm", "kuwahara", "lee", "frost"), "")
"""The ops that have one algorithm."""
ALIASES = {"box": "mean", "average": "mean", "minimum": "min", "maximum": "max", "majority": "mode"}
"""Other names of ops."""
MEDIAN = 50.0
"""The median as a percentile, and the default."""


@image_filter
def blur(
    *,
    op: Annotated[
        Literal[
            "gaussian",
            "mean",
            "motion",
            "disk",
            "min",
            "max",
            "median",
            "percentile",
            "mode",
            "bilateral",
            "guided",
            "nlm",
            "kuwahara",
            "lee",
            "frost",
        ],
        Param("The type of blur.", aliases=ALIASES),
    ] = "gaussian",
    sigma: Annotated[
        Pair | None,
        Param(
            "Standard deviation.",
            unit="px",
            min=0,
            max=MAX_SIGMA,
            only=("gaussian", "bilateral"),
            shown_default="1; bilateral 2",
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
            shown_default="0.1 of white",
        ),
    ] = None,
    epsilon: Annotated[
        float,
        Param(
            "Smooth away detail whose variance is below this, for values from 0 to 1.",
            above=0,
            max=1e6,
            only=("guided",),
        ),
    ] = 0.01,
    guide: Annotated[
        guided.Guide,
        Param(
            "Guide each channel by the edges in all channels (color), or by its own (channel).",
            only=("guided",),
            aliases={"colour": "color"},
        ),
    ] = "color",
    size: Annotated[
        IntPair | None,
        Param(
            "Width and height of the window, or the motion's length.",
            unit="px",
            span=(1, 51),
            min=1,
            max=10001,
            unless={"disk": "a disk has no size; set its --radius, which may be a fraction"},
            shown_default="from sigma; motion 9, guided and kuwahara 5, nlm 13, lee and frost 7, else 3",
        ),
    ] = None,
    radius: Annotated[
        Pair | None,
        Param(
            "Radius: for gaussian the sigma, as in Photoshop, CSS and Pillow; for disk the disk's; else a window's, "
            "2·radius + 1 wide.",
            unit="px",
            span=(0, 20),
            min=0,
            max=5000,
            unless={"motion": "a motion has no radius; set its length with --size"},
            shown_default="from size; gaussian 1; disk 5",
        ),
    ] = None,
    angle: Annotated[
        float,
        Param("Direction of the motion: 0 is right, 90 down.", unit="°", min=-360, max=360, only=("motion",)),
    ] = 0.0,
    patch: Annotated[
        int | None,
        Param(
            "Side length of the compared patches (odd).",
            unit="px",
            min=1,
            max=31,
            only=("nlm",),
            shown_default="5; 7 for strong noise; 3 in colour",
        ),
    ] = None,
    strength: Annotated[
        float | None,
        Param(
            "Tolerance for differences between patches, in the image's units.",
            span=(0, 50),
            min=0,
            max=1e30,
            only=("nlm",),
            shown_default="from the estimated noise",
        ),
    ] = None,
    noise_sigma: Annotated[
        float | None,
        Param(
            "Standard deviation of the noise, in the image's units.",
            span=(0, 50),
            min=0,
            max=1e30,
            only=("nlm",),
            shown_default="estimated; 0 with --strength",
        ),
    ] = None,
    looks: Looks = None,
    damping: Damping = None,
    percentile: Annotated[
        float | None,
        Param(
            "Percentile of the samples in the window.",
            unit="%",
            min=0,
            max=100,
            only=("percentile",),
            shown_default="50",
        ),
    ] = None,
    algorithm: Annotated[
        Literal[planner.AlgorithmName, rank_filter.AlgorithmName],
        ALGORITHM._replace(unless=OTHERS),
    ] = "auto",
    **common: Unpack[Common],
) -> Stage:
    """Blur, or smooth noise and keep edges.

    ``gaussian``: the mean with the weights ``exp(-(dx² / sx² + dy² / sy²) / 2)``, truncated ``int(4 sigma + 0.5)``
    pixels from the centre. *radius* is another name for sigma, as in Photoshop, CSS and Pillow; *size* chooses the
    sigma whose Gaussian fills the window, ``(size - 1) / 8``. ``sigma=0`` returns the image unchanged.

    ``mean``, ``median``, ``min``, ``max``: of a window, by default 3×3; one of even size reaches one pixel further left
    and up. ``median`` removes isolated wrong pixels and keeps edges sharp. ``percentile`` takes the sample of index
    ``int(n · percentile / 100)``, at most n - 1, of n in ascending order. ``mode`` takes the most frequent sample; in a
    tie it keeps the pixel's own if that is among them, else the least. It cleans label maps, whose numbers have no
    order.

    ``motion``: the mean along a line of *size* pixels, by default 9, one pixel wide, in the direction of *angle*.
    ``disk``: the mean over a disk, by default of radius 5, as in a defocused lens. Both weight each pixel by its
    covered area.

    ``bilateral``: a Gaussian mean that also weights a neighbour by its colour, and so keeps edges. The weights are
    ``exp(-(dx² / sx² + dy² / sy²) / 2 - d² / (2 r²))``, where d is the distance between the two colours over all
    channels, and r is *range_sigma*. The radius is ``int(2 sigma + 0.5)``; *size* alone means sigma = radius / 2.

    ``guided``: fits a line to every window, by default 5×5, and gives each pixel the mean of the lines of all windows
    that contain it. For one channel the line is ``a in + (1 - a) mean`` with ``a = v / (v + epsilon)``, where v is the
    window's variance, for values from 0 to 1. With the guide ``color`` an edge in one channel is an edge in all.

    ``kuwahara``: the mean of the quarter of the window, by default 5×5, that varies least over all channels together;
    the quarters share the pixel's row and column. Areas become flat, as if painted, and the edges between them stay
    sharp.

    ``nlm``: non-local means, the strongest denoiser. Each pixel becomes the mean of a window, by default 13×13, with
    the weights ``exp(-max(d² - 2 n², 0) / h²)``. Here d² is the mean squared difference between the patch around the
    pixel and the one around its neighbour, over all channels; n is *noise_sigma*, by default estimated from the image;
    h is *strength*, which `denoise` calls *tolerance*.

    ``lee``, ``frost``: remove speckle, the multiplicative noise of radar images; see `denoise`. `denoise` also has
    ``bilateral``, ``guided``, ``median`` and ``nlm``, with parameters derived from the noise.

    Returns
    -------
    The image's shape and dtype (see *depth*); values stay within the image's range.

    Raises
    ------
    ParameterError
        Size, radius and sigma contradict each other, a value is out of range, or a parameter or the algorithm does not
        apply to the op.

    Notes
    -----
    ``gaussian``, ``mean`` and a ``motion`` along x or y are one-dimensional passes, whose time grows with the radius;
    that of ``min`` and ``max`` grows with its logarithm. A ``disk`` and an oblique ``motion`` take as long as any
    kernel of their size: above some 15 pixels they use a Fourier transform, whose time hardly grows. A network of
    minima and maxima finds the ``median`` of 3×3 and 5×5; other ranks are counted: for 8 bits the time does not depend
    on the window, otherwise it grows slowly. ``bilateral`` sums over its whole ellipse at each pixel, so its time grows
    with the area; that of ``guided`` hardly grows with the window. `morph` has other shapes of ``min`` and ``max``.

    ``percentile`` equals ``scipy.ndimage.percentile_filter``. MATLAB's ``fspecial('motion', L, D)`` is the angle -D
    here, and ``fspecial('disk', R)`` is the same disk. The default *strength* of ``nlm`` is
    ``noise_sigma · (1 - 2.5 noise_sigma / white)``, at least 0.58 of *noise_sigma*.

    ``bilateral``, ``guided`` and ``nlm`` keep the alpha unchanged, and weight each pixel by it. Ignored missing samples
    are left out of ranks and means: ``bilateral`` replaces one with the mean of its neighbours weighted by distance
    alone, ``guided`` with the mean of its windows' means; ``nlm`` compares patches by the samples present in both.

    References
    ----------
    R. Szeliski, Computer Vision, 2nd ed., 2022, section 3.2. For motion and disk: R. Gonzalez, R. Woods and
    S. Eddins, Digital Image Processing Using MATLAB, 2nd ed., 2009, sections 3.5 and 5.8. For nlm: A. Buades,
    B. Coll and J.-M. Morel, "Non-local means denoising", Image Processing On Line, 2011. For bilateral: C. Tomasi and
    R. Manduchi, "Bilateral filtering for gray and color images", 1998. For guided: K. He, J. Sun and X. Tang, "Guided
    image filtering", 2013. For kuwahara: M. Kuwahara et al., "Processing of RI-angiocardiographic images", 1976. For
    median: J. Tukey, Exploratory Data Analysis, 1977.

    Shell
    -----
    $ imfilter blur photo.jpg -o soft.jpg --sigma 3
    $ imfilter blur photo.jpg -o streaked.png --sigma 8,0
    $ imfilter blur photo.jpg -o panned.jpg --op motion --size 25 --angle 30
    $ imfilter blur scan.png -o clean.png --op median --size 5
    $ imfilter blur labels.png -o clean.png --op mode --size 5
    $ imfilter blur photo.jpg -o smooth.jpg --op bilateral --sigma 3 --range-sigma 30
    $ imfilter blur noisy.png -o clean.png --op nlm

    Examples
    --------
    >>> import numpy as np
    >>> dot = np.zeros((3, 3, 1), np.uint8); dot[1, 1] = 255
    >>> blur(dot, sigma=0.5)[..., 0]
    array([[  3,  21,   3],
           [ 21, 158,  21],
           [  3,  21,   3]], dtype=uint8)
    >>> blur(np.array([[9, 9, 0, 9, 9, 1, 1, 1]], np.uint8), op="median").tolist()
    [[9, 9, 9, 9, 9, 1, 1, 1]]
    >>> blur(np.array([[7, 7, 3, 7, 1, 1, 4, 1]], np.uint8), op="mode").tolist()
    [[7, 7, 7, 7, 1, 1, 1, 1]]
    """
    _check_algorithm(op, algorithm)
    if op == "motion":
        return _motion(size, angle, algorithm)
    if op == "disk":
        return _disk(radius, algorithm)
    if op == "gaussian":
        return _gaussian(size, radius, sigma, algorithm)
    window = window_of(size, whole(radius))
    if op == "nlm":
        from .core.denoise import nonlocal_means

        return nonlocal_means.denoising(window, patch, strength, noise_sigma)
    if op in ("lee", "frost"):
        from .core.denoise import speckle

        return speckle.lee(window, looks, 1.0) if op == "lee" else speckle.frost(window, damping, looks, 1.0)
    if op == "mean":
        return linear(kernels.mean(window or (3, 3)), name="mean", algorithm=algorithm)
    if op in RANKED:
        wanted = MEDIAN if percentile is None else percentile
        name = op if op == "median" else f"percentile {wanted:g}"
        return rank_filter.ranked(*(window or (3, 3)), wanted, name=name, algorithm=algorithm)
    if op == "mode":
        from .core.rank import mode_filter

        return mode_filter.most_frequent(*(window or (3, 3)))
    if op in ("min", "max"):
        from .core.rank import extrema, structuring_element

        return extrema.extremum(op, structuring_element.window(*(window or (3, 3))))
    if op == "kuwahara":
        from .core.denoise.kuwahara import kuwahara

        return kuwahara(radii_of(window or (5, 5), "Kuwahara filter"))
    if op == "bilateral":
        from .core.denoise import bilateral

        return bilateral.bilateral(*bilateral.checked(window, sigma), range_sigma)
    return guided.guided(radii_of(window or (5, 5), "guided filter"), epsilon, guide)


def _check_algorithm(op: str, algorithm: str) -> None:
    """Raise ParameterError for an algorithm that *op*, which has several, does not have."""
    if algorithm == "auto":
        return
    own = rank_filter.ALGORITHMS if op in RANKED else planner.ALGORITHMS
    if algorithm not in own:
        raise ParameterError("algorithm", f"{algorithm} does not compute op {op}; these do: auto, {', '.join(own)}")


def _gaussian(size: IntPair | None, radius: Pair | None, sigma: Pair | None, algorithm: str) -> Stage:
    """Return a Gaussian; a radius is its sigma, and a size is the window that it fills."""
    said = ""
    if radius is not None:
        if sigma is not None and both(sigma) != both(radius):
            raise ParameterError(
                "radius", f"{_plain(radius)} contradicts sigma {_plain(sigma)}; the radius of a Gaussian is its sigma"
            )
        if max(both(radius)) > MAX_SIGMA:
            raise ParameterError("radius", f"{_plain(radius)} is above the greatest sigma, {MAX_SIGMA} px")
        sigma, said = radius, f", from radius {_plain(radius)}"
    sigmas = (1.0, 1.0) if sigma is None else both(sigma)
    if size is not None:
        sigmas = _sigma_of(both(size), sigma, "sigma" if radius is None else "radius")
        said = f", from size {_plain(size)}"
    name = f"gaussian of sigma {sigmas[0]:g},{sigmas[1]:g}{said}"
    return linear(kernels.gaussian(sigmas), name=name, algorithm=algorithm)


def _motion(size: IntPair | None, angle: float, algorithm: str) -> Stage:
    length = 9 if size is None else size
    if isinstance(length, tuple):
        raise ParameterError("size", f"{length[0]},{length[1]}: a motion has one length; give one number")
    if length > MAX_LENGTH:
        raise ParameterError("size", f"{length} is above the longest motion, {MAX_LENGTH} px")
    return linear(kernels.motion(length, angle), name=f"motion of {length} px at {angle:g}°", algorithm=algorithm)


def _disk(radius: Pair | None, algorithm: str) -> Stage:
    x, y = both(5.0 if radius is None else radius)
    if max(x, y) > MAX_LENGTH / 2:
        raise ParameterError("radius", f"{max(x, y):g} is above the greatest radius of a disk, {MAX_LENGTH // 2} px")
    return linear(kernels.disk((x, y)), name=f"disk of radius {x:g},{y:g}", algorithm=algorithm)


def _plain(pair: Pair) -> str:
    """Return a pair as it is written on the command line."""
    return ",".join(f"{part:g}" for part in ((pair,) if isinstance(pair, (int, float)) else pair))


def _sigma_of(window: tuple[int, int], sigma: Pair | None, given: str) -> tuple[float, float]:
    """Return the sigma whose Gaussian fills *window*; a *sigma* that was *given* must do so."""
    radii = radii_of(window, "Gaussian")
    if sigma is None:
        return radii[0] / 4, radii[1] / 4
    own = tuple(kernels.gaussian_radius(s) for s in both(sigma))
    width, height = (2 * r + 1 for r in own)
    if own != radii:
        raise ParameterError(
            given,
            f"{_plain(sigma)} fills size {width},{height}, which contradicts size {window[0]},{window[1]}",
        )
    return both(sigma)
