"""Sharpen: by the Laplacian, an unsharp mask, or an adaptive one without noise and halos."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, Unpack

from .core import Array, Common, Pair, Param, ParameterError, Stage, both, image_filter, np
from .core.denoise.adaptive_sharpening import adaptive
from .core.engine.nested import combined
from .core.engine.stage import Colours, ImageContext
from .core.gradient import laplacian
from .core.linear import kernels, planner
from .core.linear.convolve import ALGORITHM, linear
from .core.linear.kernels import Kernel


@image_filter
def sharpen(
    *,
    op: Annotated[
        Literal["laplacian", "unsharp", "highboost", "log", "adaptive"], Param("How to extract the detail.")
    ] = "laplacian",
    amount: Annotated[
        float,
        Param(
            "Amount of detail to add.", span=(0, 5), min=0, max=1000, only=("laplacian", "unsharp", "log", "adaptive")
        ),
    ] = 1.0,
    boost: Annotated[
        float,
        Param(
            "Gain applied to the image before subtracting the blurred copy.",
            span=(1, 5),
            min=1,
            max=1000,
            only=("highboost",),
        ),
    ] = 2.0,
    sigma: Annotated[
        Pair,
        Param(
            "Standard deviation of the blur.",
            unit="px",
            span=(0, 10),
            min=0,
            max=1000,
            only=("unsharp", "highboost", "log", "adaptive"),
        ),
    ] = 2.0,
    threshold: Annotated[
        float | None,
        Param(
            "Smallest detail to add, or for adaptive the noise's standard deviation, in the image's units.",
            span=(0, 50),
            min=0,
            only=("unsharp", "adaptive"),
            shown_default="0; adaptive: estimated",
        ),
    ] = None,
    overshoot: Annotated[
        float,
        Param(
            "How far a pixel may exceed its neighbours, as a fraction of their range.",
            percent=True,
            min=0,
            only=("adaptive",),
        ),
    ] = 0.1,
    algorithm: Annotated[planner.AlgorithmName, ALGORITHM._replace(unless={"log": ""})] = "auto",
    **common: Unpack[Common],
) -> Stage:
    """Sharpen, optionally without amplifying noise or halos.

    ``laplacian`` applies the 3×3 kernel ``0 -a 0; -a 1+4a -a; 0 -a 0``: the image minus *amount* times its Laplacian.
    ``unsharp`` adds ``amount · (image - blurred)`` wherever that difference is at least *threshold*. ``amount=0``
    returns the image unchanged.

    ``highboost`` is ``boost · image - blurred``, that is ``(boost - 1) · image`` plus the high-pass. A *boost* of 1
    gives the high-pass alone, 2 an unsharp mask of amount 1, and more also brightens a dark picture. ``log`` is the
    image minus ``amount · σ²`` times the Laplacian of a Gaussian. It enhances detail of about the size of sigma, while
    ``unsharp`` enhances all finer detail, noise most of all; a step overshoots by at most 0.24 of its height.

    ``adaptive`` is an unsharp mask that does not amplify noise or add halos. It adds ``amount · g · (image - blurred)``
    with ``g = max(v - n, 0) / v``. Here v is the mean square of that difference over 5×5 pixels and all channels, and n
    twice the mean square of the noise, whose standard deviation is *threshold*, by default estimated from the whole
    image. The result exceeds the least and the greatest of the 3×3 neighbours by at most *overshoot* times their range.
    Pixels are weighted by their alpha, which is unchanged.

    Returns
    -------
    The image's shape and dtype (see *depth*), saturated to its range.

    Raises
    ------
    ParameterError
        A value is out of range, or does not apply to the op.

    References
    ----------
    R. Gonzalez and R. Woods, Digital Image Processing, 4th ed., 2018, section 3.6.
    R. Gonzalez and R. Woods, Digital Image Processing, 2nd ed., 2002, sections 3.7.2 and 4.4.4 (highboost).
    A. Polesel, G. Ramponi and V. J. Mathews, "Image enhancement via adaptive unsharp masking", 2000.

    Shell
    -----
    $ imfilter sharpen photo.jpg -o crisp.jpg
    $ imfilter sharpen photo.jpg -o crisp.jpg --op unsharp --sigma 1.5 --amount 0.8 --threshold 3
    $ imfilter sharpen photo.jpg -o crisp.jpg --op highboost --boost 2.4
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
    if op == "log":
        return _less_laplacian(both(sigma), amount)
    if op == "highboost":
        return _unsharp(both(sigma), 1.0, 0.0, algorithm, image=boost - 1)
    return _unsharp(both(sigma), amount, threshold or 0.0, algorithm)


def _less_laplacian(sigma: tuple[float, float], amount: float) -> Stage:
    if min(sigma) < laplacian.MIN_SIGMA:
        raise ParameterError(
            "sigma", f"{min(sigma):g} px is too small for log; use at least {laplacian.MIN_SIGMA:g} px"
        )
    second = laplacian.laplacian_of_gaussian(sigma, scaled=True)

    def sharpened(original: Array, answer: Array) -> Array:
        answer *= -amount
        answer += original
        return answer

    return combined(second, lambda context: sharpened, amplification=1 + amount * second.amplification)


def _unsharp(sigma: tuple[float, float], amount: float, threshold: float, algorithm: str, image: float = 1.0) -> Stage:
    """Return the stage of ``image · strip + amount · (strip - blurred)``."""
    blurred = linear(kernels.gaussian(sigma), name=f"gaussian of sigma {sigma[0]:g},{sigma[1]:g}", algorithm=algorithm)

    def combine(context: ImageContext) -> Callable[[Array, Array], Array]:
        # In flat areas the remaining rounding error would decide where a multiple of whole numbers ends in a half.
        least = threshold if image == int(image) else max(threshold, context.tolerance)

        def unsharp(original: Array, smooth: Array) -> Array:
            detail = original - smooth
            if least > 0:
                detail[np.abs(detail) < least] = 0
            detail *= amount
            detail += original if image == 1 else original * image
            return detail

        return unsharp

    return combined(blurred, combine, colours=Colours(gain=image), amplification=image + 2 * amount)
