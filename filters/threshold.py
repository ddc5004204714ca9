"""Threshold: make samples black or white, by one threshold for the image or one for each pixel's window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, TypedDict, Unpack

from .core import Array, IntPair, Param, ParameterError, Stage, both, image_filter, np
from .core.engine.facts import note
from .core.engine.nested import combined
from .core.engine.stage import ImageContext, Rows
from .core.filter import PastTheEdge, Treatment
from .core.linear import kernels
from .core.linear.convolve import linear
from .core.thresholding import decision

Op = Literal["fixed", "otsu", "triangle", "li", "sauvola", "niblack", "wolf", "mean", "gaussian"]
COUNTED = ("otsu", "triangle", "li")
SPREAD = ("sauvola", "niblack", "wolf")
"""The ops whose threshold follows from a window's mean and standard deviation."""
MEANS = ("mean", "gaussian")
LOCAL = (*SPREAD, *MEANS)
K = {"sauvola": 0.2, "niblack": 0.2, "wolf": 0.5}
SIZE = {"mean": 35, "gaussian": 35}


class Levels(TypedDict, total=False):
    """Which part of the colours is compared with a threshold."""

    channels: Annotated[
        Literal["luma", "each", "max", "R", "G", "B", "A"],
        Param(
            "Compare the luma, one channel, or each channel with its own threshold; max is white where any channel is.",
            default="luma",
        ),
    ]


class ThresholdCommon(PastTheEdge, Levels, Treatment, total=False):
    """The parameters that every filter has, with this filter's own *channels*."""


@image_filter(channels="luma")
def threshold(
    *,
    op: Annotated[Op, Param("How to choose the threshold.", shown_default="otsu; fixed with --value")] = "otsu",
    value: Annotated[
        float | None,
        Param(
            "The threshold, in the image's units.",
            span=(0, 255),
            only=("fixed",),
            chooses=True,
            shown_default="half of white",
        ),
    ] = None,
    size: Annotated[
        IntPair | None,
        Param(
            "Width and height of the window (odd).",
            unit="px",
            span=(1, 101),
            min=1,
            max=10001,
            only=LOCAL,
            shown_default="15; mean and gaussian 35",
        ),
    ] = None,
    k: Annotated[
        float | None,
        Param(
            "How far the standard deviation moves the threshold.",
            span=(0, 1),
            min=-100,
            max=100,
            only=SPREAD,
            shown_default="0.2; wolf 0.5",
        ),
    ] = None,
    offset: Annotated[
        float, Param("Subtract this from the threshold, in the image's units.", span=(-50, 50), only=(*COUNTED, *LOCAL))
    ] = 0.0,
    **common: Unpack[ThresholdCommon],
) -> Stage | list[Stage]:
    """Make samples above a threshold white, and the rest black.

    A sample equal to its threshold becomes black. A transparent picture is first composited on black or *background*.

    One threshold for the image: ``fixed`` takes *value*, which also selects it. ``otsu`` maximises the variance between
    the two classes, ``triangle`` finds the foot of the histogram's longer tail, and ``li`` minimises the cross entropy.
    The histogram counts each whole number by itself, and fractions, such as the luma of colours, in 256 bins from the
    least to the greatest; ``li`` uses fractions exactly.

    One threshold for each pixel, from the window around it, by default 15×15, with the mean m and the standard
    deviation s: ``niblack`` ``m - k s``; ``sauvola`` ``m (1 + k (s / R - 1))``, where R is half of white; ``wolf``
    ``m - k (1 - s / R) (m - M)``, where M is the least sample of the image and R the greatest s; ``mean`` m, of 35×35;
    ``gaussian`` the Gaussian mean of sigma ``(size - 1) / 6``. *offset* is subtracted from each. ``sauvola`` is the
    usual choice for dark text on light paper; its window should be about as large as a letter.

    Returns
    -------
    0 and white, in the image's dtype (see *depth*; ``depth="1"`` writes one bit per pixel); one channel, or the image's
    channels with ``channels="each"``. NaN becomes black.

    Raises
    ------
    ParameterError
        A value is out of range, does not apply to the op, or the window is even.

    Notes
    -----
    Results equal ``image > threshold`` with scikit-image's `threshold_otsu`, `threshold_triangle`, `threshold_li`,
    `threshold_niblack`, `threshold_sauvola` and `threshold_local`; for this the default border of ``niblack``,
    ``sauvola`` and ``wolf`` is ``mirror``. Sums here are exact. Where a sample equals the mean of its window,
    floating-point sums may decide differently, as may `threshold_otsu` in 16 bits and `threshold_niblack` for float32,
    which compute in single precision. R of `threshold_sauvola` is 1 for float images.

    The time does not grow with the window, except for ``gaussian``.

    References
    ----------
    R. Gonzalez and R. Woods, Digital Image Processing, 4th ed., 2018, section 10.3; each method's paper is cited in
    `imfilter.filters.core.thresholding`.

    Shell
    -----
    $ imfilter threshold scan.jpg -o black-and-white.png
    $ imfilter threshold page.jpg -o text.tif --op sauvola --size 25 --k 0.2 --depth 1
    $ imfilter threshold coins.png -o coins.pbm --value 100

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[10, 12, 11, 200, 190]], np.uint8)
    >>> threshold(image)
    array([[  0,   0,   0, 255, 255]], dtype=uint8)
    >>> threshold(image, op="fixed", value=190)
    array([[  0,   0,   0, 255,   0]], dtype=uint8)
    """
    if op == "fixed":
        return _above(lambda context: context.full / 2 if value is None else value)
    if op in COUNTED:
        return _counted(op, offset)
    window = both(SIZE.get(op, 15) if size is None else size)
    if window[0] % 2 == 0 or window[1] % 2 == 0:
        raise ParameterError("size", f"{window[0]},{window[1]}: the window around a pixel must be odd")
    if op in MEANS:
        return _relative_to_mean(op, window, offset)
    from .core.thresholding import local_threshold

    return local_threshold.local_threshold(op, window, K[op] if k is None else k, offset)


def _above(limit: Callable[[ImageContext], float | Array]) -> Stage:
    """Return the stage that compares samples with a limit."""

    def bind(context: ImageContext) -> Callable[[Array], Array]:
        least = limit(context)
        return lambda strip: strip > least

    return Stage(bind, colours=decision.TWO_VALUED)


def _counted(op: Literal["otsu", "triangle", "li"], offset: float) -> Stage:
    from .core.thresholding import histogram_threshold

    find = histogram_threshold.survey(op)

    def survey(context: ImageContext, image: Rows) -> tuple[float, ...]:
        found = tuple(limit - offset for limit in find(context, image))
        if context.facts is not None:
            said = ", ".join(f"{limit:.6g}" for limit in found)
            context.facts.append(note(f"{op}: white above {said}"))
        return found

    def memory(context: ImageContext, channels: int) -> float:
        return 0.0 if context.whole else histogram_threshold.BYTES * channels

    stage = _above(lambda context: np.array(context.survey_result, np.float64))
    return stage._replace(survey=survey, memory=memory)


def _relative_to_mean(op: Literal["mean", "gaussian"], window: tuple[int, int], offset: float) -> Stage:
    """Return the stage that compares samples with the mean of their window."""
    if op == "mean":
        mean = linear(kernels.mean(window), name="mean")
    else:
        mean = linear(kernels.gaussian(((window[0] - 1) / 6, (window[1] - 1) / 6)), name="gaussian")
    return combined(
        mean,
        lambda context: lambda samples, means: decision.is_above(samples, means, means - offset),
        colours=decision.TWO_VALUED,
        amplification=decision.AMPLIFICATION,
    )
