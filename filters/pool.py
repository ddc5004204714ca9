"""Pool: a CNN's pooling layer."""

from __future__ import annotations

from typing import Annotated, Any, Unpack

from .core import Common, IntPair, Param, ParameterError, Stage, both, image_filter
from .core.engine.stage import NO_HALO, Halo
from .core.linear import padding as padding_text
from .core.rank.pooling import Axis, Op, pooling

PADDINGS = ("same", "valid")
ALIASES = {"mean": "avg", "average": "avg", "maximum": "max", "minimum": "min"}
"""Other names of ops."""


@image_filter
def pool(
    *,
    op: Annotated[
        Op, Param("The value to take from each window: its maximum, minimum, mean or norm.", aliases=ALIASES)
    ] = "max",
    size: Annotated[IntPair, Param("Width and height of the window.", unit="px", min=1, max=10001)] = 2,
    stride: Annotated[
        IntPair | None,
        Param("Step from one window to the next.", unit="px", span=(1, 20), min=1, max=10001, shown_default="the size"),
    ] = None,
    padding: Annotated[
        Any,
        Param(
            "How far windows extend beyond the edge: P, PX,PY, L,T,R,B, valid (0), or same (one result for every "
            "S-th pixel). The padding has no samples (for l2 it is zeros); --border is ignored.",
            metavar="PADDING",
            read=padding_text.reader(PADDINGS),
            check=padding_text.checker(PADDINGS),
        ),
    ] = 0,
    dilation: Annotated[IntPair, Param("Distance between the samples of a window.", unit="px", min=1, max=10000)] = 1,
    ceil: Annotated[
        bool, Param("Keep a last window that starts inside the image and ends beyond the padding.")
    ] = False,
    include_pad: Annotated[bool, Param("Count the padding in the mean, as zeros.", only=("avg",))] = False,
    **common: Unpack[Common],
) -> Stage:
    """Pool windows: maximum, minimum, mean or norm.

    Gives one value for each window of a grid, as a CNN's pooling layer does. ``max`` and ``min`` choose a sample,
    ``avg`` is the mean and ``l2`` the root of the sum of squares. For a flat image ``l2`` is its value times the root
    of the number of samples, which exceeds 8 bits, so use ``depth="float"``. ``size=1`` returns the image unchanged.

    The padding has no samples, and *border* is ignored: ``max`` and ``min`` skip the padding, and ``avg`` divides by
    the number of real samples, or with *include_pad* counts the padding as zeros. Samples that *ceil* adds beyond the
    padding never count. ``padding="same"`` is ONNX's SAME_UPPER: ``⌈n / s⌉`` windows that extend equally beyond both
    sides, or one pixel further on the right and at the bottom.

    Returns
    -------
    The image's dtype (see *depth*); the size is ``(n + p0 + p1 - d (k - 1) - 1) // s + 1``, with *ceil* rounded up.

    Raises
    ------
    ParameterError
        A window could lie wholly in the padding, or a value is out of range.
    ImageError
        The window is larger than the padded image.

    Notes
    -----
    Results equal PyTorch's max_pool2d and avg_pool2d and ONNX's MaxPool, AveragePool and LpPool wherever those accept
    the values; PyTorch refuses padding wider than half a window. PyTorch's lp_pool2d scales up a window that *ceil*
    cuts off.

    References
    ----------
    V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 3.
    ONNX operators, https://onnx.ai/onnx/operators/.

    Shell
    -----
    $ imfilter pool photo.jpg -o half.png
    $ imfilter pool photo.jpg -o eighth.png --op avg --size 8
    $ imfilter pool photo.jpg -o layer.npy --size 3 --stride 2 --padding 1

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]], np.uint8)
    >>> pool(image)
    array([[6, 8],
           [3, 4]], dtype=uint8)
    >>> pool(image.astype(np.float32), op="avg", size=3, stride=2, padding=1)
    array([[3.5      , 5.       ],
           [3.1666667, 3.6666667]], dtype=float32)
    """
    step = both(size if stride is None else stride)
    axes = [Axis(*axis) for axis in zip(both(size), step, both(dilation), strict=True)]
    around = padding_text.checker(PADDINGS)(padding)
    if around == "same":
        if ceil:
            raise ParameterError("ceil", "does not apply with --padding same, which already rounds the size up")
        return pooling(op, *axes, same=True, include_pad=include_pad)
    sides = around if isinstance(around, Halo) else NO_HALO
    if op != "l2" and not include_pad:
        _check_padding(sides, *axes)
    x, y = (axis._replace(before=sides[n], behind=sides[n + 2]) for n, axis in enumerate(axes))
    return pooling(op, x, y, ceil=ceil, include_pad=include_pad)


def _check_padding(sides: Halo, x: Axis, y: Axis) -> None:
    """Raise ParameterError if a window may hold nothing but padding."""
    widest = max(sides.left, sides.right), max(sides.top, sides.bottom)
    for name, most, axis in zip(("wide", "high"), widest, (x, y), strict=True):
        if most > axis.reach:
            what = f"a window {axis.reach + 1} px {name} could lie wholly in the padding; use at most {axis.reach}"
            raise ParameterError("padding", f"{most} px: {what}")
