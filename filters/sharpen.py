"""Sharpen: by the Laplacian, by an unsharp mask, or by one that spares noise and makes no halos."""

from __future__ import annotations

from typing import Annotated, Literal, Unpack

from .core import kernels
from .core.adaptive_sharpening import adaptive
from .core.convolve import Algorithm, linear
from .core.filter import Common, image_filter
from .core.kernels import Kernel
from .core.lazy import Array, np
from .core.missing import left_out
from .core.spec import Pair, Param, both
from .core.stage import Bound, Frame, Stage, bound, inside


@image_filter
def sharpen(
    *,
    op: Annotated[Literal["laplacian", "unsharp", "adaptive"], Param("How the detail is found.")] = "laplacian",
    amount: Annotated[float, Param("How much of the detail is added.", min=0, max=1000)] = 1.0,
    sigma: Annotated[
        Pair, Param("Standard deviation of the blur.", unit="px", min=0, max=1000, only=("unsharp", "adaptive"))
    ] = 2.0,
    threshold: Annotated[
        float | None,
        Param(
            "Least detail that is added, or the noise's standard deviation, in the image's units.",
            min=0,
            only=("unsharp", "adaptive"),
            shown_default="0; adaptive: estimated",
        ),
    ] = None,
    overshoot: Annotated[
        float,
        Param("How far beyond its neighbours a pixel may go, as a part of their range.", min=0, only=("adaptive",)),
    ] = 0.1,
    algorithm: Algorithm = "auto",
    **common: Unpack[Common],
) -> Stage:
    """Sharpen by the Laplacian or by an unsharp mask.

    ``laplacian`` applies the 3×3 kernel ``0 -a 0; -a 1+4a -a; 0 -a 0``: the image less *amount* times
    its Laplacian. ``unsharp`` adds ``amount · (image - blurred)`` wherever that difference is at least
    *threshold*. ``amount=0`` gives the image back.

    ``adaptive`` is an unsharp mask that spares noise and makes no halos. It adds ``amount · g · (image - blurred)``
    with ``g = max(v - n, 0) / v``, where v is the mean square of that difference in 5×5 pixels, over all channels, and
    n twice that of the noise, whose standard deviation is *threshold*, by default estimated from the whole image.
    The result goes beyond the least and the greatest of the 3×3 neighbours by at most *overshoot* times their range.

    Returns
    -------
    The image's shape and dtype (see *depth*), saturated to its range.

    Raises
    ------
    ParameterError
        A value is out of range, or belongs to the other op.

    References
    ----------
    R. Gonzalez and R. Woods, Digital Image Processing, 4th ed., 2018, section 3.6.
    A. Polesel, G. Ramponi and V. J. Mathews, "Image enhancement via adaptive unsharp masking", 2000.

    Shell
    -----
    $ imfilter sharpen photo.jpg -o crisp.jpg
    $ imfilter sharpen photo.jpg -o crisp.jpg --op unsharp --sigma 1.5 --amount 0.8 --threshold 3
    $ imfilter sharpen phone.jpg -o crisp.jpg --op adaptive --amount 2

    Examples
    --------
    >>> import numpy as np
    >>> step = np.array([[10, 10, 20, 20]], np.uint8)
    >>> sharpen(step)
    array([[10,  0, 30, 20]], dtype=uint8)
    """
    if op == "laplacian":
        a = amount
        return linear(
            Kernel.of([[0, -a, 0], [-a, 1 + 4 * a, -a], [0, -a, 0]]), name="laplacian sharpening", algorithm=algorithm
        )
    if op == "adaptive":
        return adaptive(both(sigma), amount, threshold, overshoot, algorithm)
    return _unsharp(both(sigma), amount, threshold or 0.0, algorithm)


def _unsharp(sigma: tuple[float, float], amount: float, threshold: float, algorithm: str) -> Stage:
    blurred = linear(kernels.gaussian(sigma), name=f"gaussian of sigma {sigma[0]:g},{sigma[1]:g}", algorithm=algorithm)
    normalized = left_out([blurred])[0]

    def bind(frame: Frame) -> Bound:
        blur = bound(normalized if frame.ignoring else blurred, frame._replace(whole=False, rounded=False))
        halo = blurred.halo.wider(blur.extra)

        def unsharp(strip: Array) -> Array:
            original = inside(strip, halo)
            smooth = blur.function(strip)
            if frame.ignoring:  # a missing sample has no detail
                original = np.where(np.isnan(original), smooth, original)
            detail = original - smooth
            if threshold > 0:
                detail[np.abs(detail) < threshold] = 0
            detail *= amount
            detail += original
            return detail

        return blur._replace(function=unsharp)

    return Stage(bind, halo=blurred.halo, amplification=1 + 2 * amount, facts=blurred.facts)
