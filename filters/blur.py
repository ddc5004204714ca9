"""Blur: Gaussian and mean, and the window's least and greatest sample."""

from __future__ import annotations

from typing import Annotated, Literal, Unpack

from .core import extrema, kernels
from .core.convolve import Algorithm, linear
from .core.filter import Common, image_filter
from .core.spec import IntPair, Pair, Param, ParameterError, both
from .core.stage import Stage


@image_filter
def blur(
    *,
    op: Annotated[Literal["gaussian", "mean", "min", "max"], Param("Which blur.")] = "gaussian",
    sigma: Annotated[
        Pair | None,
        Param("Standard deviation.", unit="px", min=0, max=1000, only=("gaussian",), shown_default="1"),
    ] = None,
    size: Annotated[IntPair | None, Param("Width and height of the window.", unit="px", min=1, max=10001)] = None,
    radius: Annotated[IntPair | None, Param("The window as 2·radius + 1.", unit="px", min=0, max=5000)] = None,
    algorithm: Algorithm = "auto",
    **common: Unpack[Common],
) -> Stage:
    """Blur with a Gaussian or a box.

    ``gaussian`` gives each pixel the mean of its neighbours with the weights
    ``exp(-(dx² / sx² + dy² / sy²) / 2)``, cut at the radius ``int(4 sigma + 0.5)``; a radius or size
    given in place of sigma means sigma = radius / 4. ``sigma=0`` gives the image back. ``mean`` gives
    the plain mean of a window, by default of 3×3; an even window reaches one pixel further to the
    left and up. ``min`` and ``max`` give the window's least and greatest sample, exactly.

    Returns
    -------
    The image's shape and dtype (see *depth*); values stay within the image's range.

    Raises
    ------
    ParameterError
        Size, radius and sigma contradict each other, or one is out of range.

    Notes
    -----
    Two passes of one dimension: time grows with the radius; of ``min`` and ``max`` with its logarithm. `morph` has
    other shapes than the rectangle.

    References
    ----------
    R. Szeliski, Computer Vision, 2nd ed., 2022, section 3.2.

    Shell
    -----
    $ imfilter blur photo.jpg -o soft.jpg --sigma 3
    $ imfilter blur photo.jpg -o streaked.png --sigma 8,0
    $ imfilter blur photo.jpg -o boxed.png --op mean --size 5
    $ imfilter blur scan.png -o bolder.png --op min --size 3

    Examples
    --------
    >>> import numpy as np
    >>> dot = np.zeros((3, 3, 1), np.uint8); dot[1, 1] = 255
    >>> blur(dot, sigma=0.5)[..., 0]
    array([[  3,  21,   3],
           [ 21, 158,  21],
           [  3,  21,   3]], dtype=uint8)
    """
    window = _window(size, radius)
    if op == "mean":
        return linear(kernels.mean(window or (3, 3)), name="mean", algorithm=algorithm)
    if op in ("min", "max"):
        if algorithm != "auto":
            raise ParameterError("algorithm", f"has no meaning with op {op} (it is for gaussian, mean)")
        return extrema.extremum(op, extrema.window(*(window or (3, 3))))
    sigmas = both(sigma) if sigma is not None else (1.0, 1.0)
    if window is not None:
        sigmas = _sigma_of(window, sigma)
    name = f"gaussian of sigma {sigmas[0]:g},{sigmas[1]:g}"
    return linear(kernels.gaussian(sigmas), name=name, algorithm=algorithm)


def _window(size: IntPair | None, radius: IntPair | None) -> tuple[int, int] | None:
    """Return the window that *size* and *radius* agree on."""
    if radius is None:
        return None if size is None else both(size)
    width, height = (2 * r + 1 for r in both(radius))
    if size is not None and both(size) != (width, height):
        raise ParameterError("radius", f"{radius} means size {width},{height}, which contradicts size {size}")
    return width, height


def _sigma_of(window: tuple[int, int], sigma: Pair | None) -> tuple[float, float]:
    """Return the sigma whose Gaussian fills *window*, or *sigma* where it does."""
    if window[0] % 2 == 0 or window[1] % 2 == 0:
        raise ParameterError("size", f"{window[0]},{window[1]}: a Gaussian's window is odd")
    radii = window[0] // 2, window[1] // 2
    if sigma is None:
        return radii[0] / 4, radii[1] / 4
    own = tuple(kernels.gaussian_radius(s) for s in both(sigma))
    if own != radii:
        raise ParameterError(
            "sigma", f"{sigma} means radius {own[0]},{own[1]}, which contradicts radius {radii[0]},{radii[1]}"
        )
    return both(sigma)
