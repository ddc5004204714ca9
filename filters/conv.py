"""Convolve or correlate with any kernel."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Unpack

from .core import kernel_text, kernels
from .core import padding as padding_text
from .core.convolve import Algorithm, Mode, linear
from .core.filter import Common, image_filter
from .core.kernels import Kernel
from .core.spec import IntPair, Param, ParameterError, both
from .core.stage import Stage

PADDINGS = ("same", "valid", "full")


@image_filter
def conv(
    *,
    kernel: Annotated[
        Any,
        Param(
            "A built-in name (see `imfilter kernels`), a file, or rows like '0 1 0; 1 -4 1; 0 1 0'.",
            file=True,
            metavar="KERNEL",
        ),
    ],
    mode: Annotated[Mode, Param("Lay the kernel on the image as written, or turned by 180°.")] = "correlate",
    anchor: Annotated[
        IntPair | None,
        Param("The tap that lies on the pixel, counted from the top left.", min=0, shown_default="size//2"),
    ] = None,
    normalize: Annotated[
        Literal["none", "sum", "abs"],
        Param("Divide the kernel by the sum of its values, or of their absolute values."),
    ] = "none",
    scale: Annotated[float, Param("Multiply the result.", min=-1e9, max=1e9)] = 1.0,
    bias: Annotated[float, Param("Add to the result, in the image's units.", min=-1e9, max=1e9)] = 0.0,
    padding: Annotated[
        Any,
        Param(
            "How far past the edge the result reaches: same, valid, full, P, PX,PY or L,T,R,B.",
            metavar="PADDING",
            read=padding_text.reader(PADDINGS),
            check=padding_text.checker(PADDINGS),
        ),
    ] = "same",
    stride: Annotated[IntPair, Param("Keep every S-th sample of the result.", min=1, max=10000)] = 1,
    dilation: Annotated[IntPair, Param("Distance between the kernel's taps.", unit="px", min=1, max=10000)] = 1,
    max_taps: Annotated[int, Param("Refuse larger kernels.", min=1, max=1 << 26)] = kernels.MAX_TAPS,
    algorithm: Algorithm = "auto",
    **common: Unpack[Common],
) -> Stage:
    """Convolve or correlate with any kernel.

    ``out[y, x] = scale · Σ k[i, j] · in[y + i - ay, x + j - ax] + bias``, with the kernel as it is
    written (correlation); ``mode="convolve"`` turns it, and its anchor, by 180°. Nothing is normalized
    unless asked for. The kernel ``1`` gives the image back.

    A kernel file is told by what is in it: plain numbers, JSON, .npy, libvips, ArcGIS, SExtractor, GRASS,
    ImageMagick, ffmpeg, Image-Pro, PV-WAVE, SVG, PGM (pnmconvol), OpenCV or ESRI. Its own divisor, offset,
    anchor and turning hold; `imfilter kernels show FILE` says how it was understood.

    Returns
    -------
    The image's dtype (see *depth*); the size is ``(n + p0 + p1 - d (k - 1) - 1) // s + 1``.

    Raises
    ------
    ParameterError
        The kernel cannot be read, its sum is 0 where it is to be normalized, or a value is out of range.
    ImageError
        The window is larger than the padded image.

    Shell
    -----
    $ imfilter conv photo.jpg -o relief.png --kernel emboss --range offset
    $ imfilter conv photo.jpg -o out.png --kernel "1 2 1; 2 4 2; 1 2 1" --normalize sum
    $ imfilter conv photo.jpg -o layer.npy --kernel weights.txt --padding 1 --stride 2

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 2, 3, 0, 1], [0, 1, 2, 3, 1], [1, 2, 1, 0, 2], [0, 1, 2, 1, 1], [2, 1, 0, 2, 1]])
    >>> conv(image.astype(np.uint8), kernel="0 1 2; 1 0 1; 2 1 0", padding="valid")
    array([[14, 12,  7],
           [ 8, 14, 13],
           [11,  5,  9]], dtype=uint8)
    """
    try:
        source = kernel_text.read(kernel, max_taps)
    except ValueError as error:
        raise ParameterError("kernel", str(error)) from None
    chosen = source.kernel
    if anchor is not None:
        chosen = _anchored(chosen, both(anchor))
        source = source._replace(notes=tuple(note for note in source.notes if not note.startswith("anchor ")))
    if normalize != "none":
        try:
            chosen = kernels.normalized(chosen, normalize)
        except ValueError as error:
            raise ParameterError("normalize", f"{error}; it cannot be divided by that") from None
    if scale != 1:
        chosen = chosen.multiplied(scale)
    return linear(
        chosen,
        mode=mode,
        stride=both(stride),
        dilation=both(dilation),
        padding=padding_text.checker(PADDINGS)(padding),
        bias=bias + source.offset * scale,
        lift=source.lift * scale,
        name=source.described + ", then turned by 180° (mode convolve)" * (mode == "convolve"),
        algorithm=algorithm,
    )


def _anchored(kernel: Kernel, anchor: tuple[int, int]) -> Kernel:
    height, width = kernel.shape
    if anchor[0] >= width or anchor[1] >= height:
        raise ParameterError("anchor", f"{anchor[0]},{anchor[1]} lies outside the {width}×{height} kernel")
    return Kernel(kernel.matrix, kernel.column, kernel.row, kernel.divisor, anchor)
