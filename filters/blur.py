"""Blur: means by weights of several shapes and colours, samples by their rank, and non-local means."""

from __future__ import annotations

from typing import Annotated, Literal, Unpack

from .core import Common, IntPair, Pair, Param, ParameterError, Stage, both, image_filter
from .core.denoise import guided
from .core.denoise.speckle_options import Damping, Looks
from .core.denoise.windows import radii_of, whole, window_of
from .core.linear import kernels, planner
from .core.linear.convolve import linear
from .core.parameters import OperatorError
from .core.rank import rank_filter

# What serves one op alone, and not the signature, is imported with that op: 2 ms, which a Gaussian does not need.

MAX_SIGMA = 1000
MAX_LENGTH = 1000
"""Pixels of a motion, or across a disk: larger kernels do not fit the Fourier transform's tiles, and take minutes."""
LINEAR = ("gaussian", "mean", "motion", "disk")
"""The ops that are a convolution, whose algorithm can be chosen."""
RANKED = ("median", "percentile")
"""The ops that take the sample of a rank, which has algorithms of its own."""
ALIASES = {"box": "mean", "average": "mean", "minimum": "min", "maximum": "max", "majority": "mode"}
"""Other names of ops."""
MEDIAN = 50.0
"""The percentile that the median is, and the default."""


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
        Param("The blur.", aliases=ALIASES),
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
            "Variance below which detail is smoothed away, for values from 0 to 1.", above=0, max=1e6, only=("guided",)
        ),
    ] = 0.01,
    guide: Annotated[
        guided.Guide,
        Param(
            "Guide each channel by the edges of all (color), or by its own.",
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
            shown_default="by sigma; motion 9, guided and kuwahara 5, nlm 13, lee and frost 7, else 3",
        ),
    ] = None,
    radius: Annotated[
        Pair | None,
        Param(
            "Of a gaussian sigma itself, as in Photoshop, CSS and Pillow; of a disk its radius; else the window's, "
            "2·radius + 1 wide.",
            unit="px",
            span=(0, 20),
            min=0,
            max=5000,
            shown_default="by size; gaussian 1; disk 5",
        ),
    ] = None,
    angle: Annotated[
        float,
        Param("Direction of the motion: 0 to the right, 90 downward.", unit="°", min=-360, max=360, only=("motion",)),
    ] = 0.0,
    patch: Annotated[
        int | None,
        Param(
            "Side length of the compared patches (odd).",
            unit="px",
            min=1,
            max=31,
            only=("nlm",),
            shown_default="5, of strong noise 7; in colour 3",
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
            "Percentile of the sorted samples of the window.",
            unit="%",
            min=0,
            max=100,
            only=("percentile",),
            shown_default="50",
        ),
    ] = None,
    algorithm: Annotated[
        Literal[planner.AlgorithmName, rank_filter.AlgorithmName],
        Param("Algorithm; auto takes the fastest that is exact enough, and -v prints it."),
    ] = "auto",
    **common: Unpack[Common],
) -> Stage:
    """Blur, or smooth noise away and keep edges.

    ``gaussian``: the mean with the weights ``exp(-(dx² / sx² + dy² / sy²) / 2)``, cut ``int(4 sigma + 0.5)`` pixels
    from the middle. A *radius* is another name for sigma, as in Photoshop, CSS and Pillow; a *size* means that sigma
    whose Gaussian fills the window, ``(size - 1) / 8``. ``sigma=0`` gives the image back.

    ``mean``, ``median``, ``min``, ``max``: of a window, by default of 3×3; an even one reaches one pixel further to
    the left and up. ``median`` removes single wrong pixels and keeps edges sharp. ``percentile`` is the sample of
    index ``int(n · percentile / 100)``, at most n - 1, among n in ascending order. ``mode`` is the most frequent
    sample: on a tie the pixel's own if it is among them, else the least. It cleans label maps, whose numbers have no
    order.

    ``motion``: the mean along a line of *size* pixels, by default 9, one pixel wide, in the direction of *angle*.
    ``disk``: the mean of a disk, by default of radius 5, as a lens out of focus sees it. Both weight each pixel by its
    covered area.

    ``bilateral``: a Gaussian mean in which a neighbour also counts by its colour, so that edges stay: the weights are
    ``exp(-(dx² / sx² + dy² / sy²) / 2 - d² / (2 r²))``, d the distance of the two colours over all channels, r the
    *range_sigma*. The radius is ``int(2 sigma + 0.5)``; a size alone means sigma = radius / 2.

    ``guided``: fits a line to every window, by default of 5×5, and gives each pixel the mean of the lines of all
    windows that it is in. Of one channel the line is ``a in + (1 - a) mean``, ``a = v / (v + epsilon)``, v the
    window's variance of values from 0 to 1; with the guide ``color`` an edge in one channel is one in all.

    ``kuwahara``: the mean of that quarter of the window, by default of 5×5, which varies least, over all channels
    together; the quarters share the pixel's row and column. Edges stay sharp between areas that become flat, as if
    painted.

    ``nlm``: non-local means, the strongest denoiser. Each pixel becomes the mean of a window, by default 13×13, with
    the weights ``exp(-max(d² - 2 n², 0) / h²)``, d² the mean squared difference of the *patch* around the pixel and
    that around the other, over all channels, n the *noise_sigma*, h the *strength*, which `denoise` calls *tolerance*.
    The noise is estimated from the image.

    ``lee``, ``frost``: against speckle, noise that multiplies, as in radar images; see `denoise`, whose ``bilateral``,
    ``guided``, ``median`` and ``nlm`` are these, with parameters that follow from the noise.

    Returns
    -------
    The image's shape and dtype (see *depth*); values stay within the image's range.

    Raises
    ------
    ParameterError
        Size, radius and sigma contradict each other, or one is out of range or not for the op, or the algorithm.

    Notes
    -----
    ``gaussian``, ``mean`` and a ``motion`` along x or y are passes of one dimension: time grows with the radius; of
    ``min`` and ``max`` with its logarithm. A ``disk``, and a ``motion`` that is askew, take as long as any kernel of
    their size: above some 15 pixels a Fourier transform, whose time hardly grows. The ``median`` of 3×3 or 5×5 is found
    by a network of minima and maxima, other ranks by counting: of 8 bits in a time that does not depend on the window,
    of others in one that grows slowly.
    ``bilateral`` goes through its ellipse for each pixel, exactly: time grows with the area. That of ``guided`` hardly
    grows with the window. `morph` has other shapes of ``min`` and ``max``.

    ``percentile`` is that of ``scipy.ndimage.percentile_filter``. MATLAB's ``fspecial('motion', L, D)`` is the angle
    -D here, ``fspecial('disk', R)`` the same disk. Without *strength*, that of ``nlm`` is
    ``noise_sigma · (1 - 2.5 noise_sigma / white)``, at least 0.58 of *noise_sigma*.

    ``bilateral``, ``guided`` and ``nlm`` keep the alpha as it is, and let a pixel count by its own. Missing samples
    that shall be ignored are not ranked, and count nothing in means: such a sample becomes, by ``bilateral``, the mean
    of its neighbours by distance alone, by ``guided`` the mean of its windows' means; ``nlm`` compares patches by the
    samples that both have.

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
        return _motion(size, radius, angle, algorithm)
    if op == "disk":
        return _disk(size, radius, algorithm)
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
    """Raise ParameterError for an algorithm that *op* does not have."""
    if algorithm == "auto":
        return
    if op not in (*LINEAR, *RANKED):
        raise OperatorError("algorithm", op, (*LINEAR, *RANKED))
    own = rank_filter.ALGORITHMS if op in RANKED else planner.ALGORITHMS
    if algorithm not in own:
        raise ParameterError("algorithm", f"{algorithm} does not compute op {op}; these do: auto, {', '.join(own)}")


def _gaussian(size: IntPair | None, radius: Pair | None, sigma: Pair | None, algorithm: str) -> Stage:
    """Return a Gaussian, of which a radius is the sigma, and a size the window that it fills."""
    said = ""
    if radius is not None:
        if sigma is not None and both(sigma) != both(radius):
            raise ParameterError(
                "radius", f"{_plain(radius)} contradicts sigma {_plain(sigma)}; a Gaussian's radius is its sigma"
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


def _motion(size: IntPair | None, radius: Pair | None, angle: float, algorithm: str) -> Stage:
    if radius is not None:
        raise ParameterError("radius", "a motion has a length, --size, and no radius")
    length = 9 if size is None else size
    if isinstance(length, tuple):
        raise ParameterError("size", f"{length[0]},{length[1]}: a motion has one length")
    if length > MAX_LENGTH:
        raise ParameterError("size", f"{length} is above the longest motion, {MAX_LENGTH} px")
    return linear(kernels.motion(length, angle), name=f"motion of {length} px at {angle:g}°", algorithm=algorithm)


def _disk(size: IntPair | None, radius: Pair | None, algorithm: str) -> Stage:
    if size is not None:
        raise ParameterError("size", "a disk has a --radius, which may be a fraction")
    x, y = both(5.0 if radius is None else radius)
    if max(x, y) > MAX_LENGTH / 2:
        raise ParameterError("radius", f"{max(x, y):g} is above the greatest radius of a disk, {MAX_LENGTH // 2} px")
    return linear(kernels.disk((x, y)), name=f"disk of radius {x:g},{y:g}", algorithm=algorithm)


def _plain(pair: Pair) -> str:
    """Return a pair as the shell writes it."""
    return ",".join(f"{part:g}" for part in ((pair,) if isinstance(pair, (int, float)) else pair))


def _sigma_of(window: tuple[int, int], sigma: Pair | None, given: str) -> tuple[float, float]:
    """Return the sigma whose Gaussian fills *window*, or *sigma*, the parameter *given*, where it does."""
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
