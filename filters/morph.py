"""Morphology: minima and maxima over a shape, and what is made of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple, Unpack

from .core import Array, Common, IntPair, Param, ParameterError, Stage, both, image_filter, np
from .core.engine.facts import Fact, note
from .core.engine.stage import BoundStage, ImageContext, Window, own_type
from .core.linear import kernels
from .core.rank import extrema, structuring_element
from .core.rank.structuring_element import Shape

Operation = Literal["erode", "dilate", "open", "close", "gradient", "tophat", "blackhat", "hitmiss"]
ALIASES = {"erosion": "erode", "dilation": "dilate", "opening": "open", "closing": "close", "hit-or-miss": "hitmiss"}
"""Other names of ops."""


@image_filter
def morph(
    *,
    op: Annotated[Operation, Param("The operation.", aliases=ALIASES)] = "erode",
    shape: Annotated[
        Any,
        Param(
            "The samples that are looked at: a name, a file, or rows like '0 1 0; 1 1 1; 0 1 0'.",
            file=True,
            metavar="square|cross|disk|FILE",
        ),
    ] = "square",
    size: Annotated[
        IntPair | None,
        Param("Width and height of a named shape.", unit="px", min=1, max=2001, shown_default="3"),
    ] = None,
    iterations: Annotated[
        int,
        Param(
            "Erode or dilate so many times; open erodes so many times, then dilates as often.",
            min=1,
            max=100,
            only=("erode", "dilate", "open", "close", "gradient", "tophat", "blackhat"),
        ),
    ] = 1,
    threshold: Annotated[
        float | None,
        Param("What is brighter is foreground.", only=("hitmiss",), shown_default="half of white"),
    ] = None,
    max_taps: Annotated[int, Param("Refuse larger shapes in files.", min=1, max=1 << 26)] = kernels.MAX_TAPS,
    **common: Unpack[Common],
) -> Stage | Sequence[Stage]:
    """Erode, dilate, open, close and the rest of morphology.

    ``erode`` gives each pixel the least sample under the shape that is laid on it, ``dilate`` the greatest under
    the shape turned by 180° about its anchor. ``open`` erodes, then dilates: what is bright and smaller than the shape
    goes; ``close`` the other way round. ``gradient`` is dilation - erosion, ``tophat`` image - opening, ``blackhat``
    closing - image; a difference below 0 is 0. ``hitmiss`` is white where a pattern fits, else black: foreground,
    brighter than *threshold*, where it says 1, and background where it says -1; what lies under 0 does not matter. A
    shape of one sample gives the image back, or its isolated pixels.

    The anchor is at ``size // 2``. A cross is the row and the column through it. A disk of width w is
    ``x² + y² <= ((w - 1) / 2)²`` about the middle, an ellipse where width and height differ; an even one is the odd
    one below with its middle twice. In a file all that is not 0 belongs to the shape. ``hitmiss`` makes a pattern of a
    named shape by a ring of background, one pixel wide, around its window, and looks for background also where the
    window is not shape: it finds the shape where it stands alone.

    Returns
    -------
    The image's shape and dtype (see *depth*). Every sample of an erosion, dilation, opening or closing is one of the
    image's, so a black and white picture stays one.

    Raises
    ------
    ParameterError
        The shape cannot be read or is empty, *size* is given for a shape of a file, or a value is out of range.

    Notes
    -----
    Each step sees the border of its own input. For the named shapes ``reflect`` and ``nearest`` are the same as if
    nothing past the edge counted, OpenCV's default; so an opening lies below the image, a closing above it, and either
    done twice is as once.

    The disk is that of ``skimage.morphology.disk`` and MATLAB's ``strel("disk", r, 0)``; OpenCV's ellipse rounds each
    row's half length, and is wider. `scipy.ndimage` turns the shape to dilate, as here; OpenCV does not, so that there
    an opening by an even or lopsided shape shifts the image.

    A rectangle takes time with the logarithm of its size, a disk with its diameter. *iterations* of the named
    shapes of odd size are done as one larger shape.

    References
    ----------
    J. Serra, Image Analysis and Mathematical Morphology, 1982. P. Soille, Morphological Image Analysis, 2nd ed., 2003.
    H. J. A. M. Heijmans and C. Ronse, "The algebraic basis of mathematical morphology", 1990: why dilation turns the
    shape.

    Shell
    -----
    $ imfilter morph scan.png -o clean.png --op open
    $ imfilter morph photo.jpg -o hats.png --op tophat --shape disk --size 15
    $ imfilter morph scan.png -o dots.png --op hitmiss --size 1
    $ imfilter morph scan.png -o corners.png --op hitmiss --shape "0 1 0; -1 1 1; -1 -1 0"

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((5, 5), np.uint8); image[1:4, 1:4], image[4, 4] = 9, 5
    >>> morph(image, op="erode", shape="cross")[2]
    array([0, 0, 9, 0, 0], dtype=uint8)
    >>> morph(image, op="open")
    array([[0, 0, 0, 0, 0],
           [0, 9, 9, 9, 0],
           [0, 9, 9, 9, 0],
           [0, 9, 9, 9, 0],
           [0, 0, 0, 0, 0]], dtype=uint8)
    """
    if op == "hitmiss":
        return _hit_or_miss(_pattern(shape, size, max_taps), threshold)
    element = _element(shape, size, max_taps)
    erosion = _repeated("min", element, iterations)
    dilation = _repeated("max", element.reflected(), iterations)
    if op in ("erode", "dilate"):
        return erosion if op == "erode" else dilation
    opening, closing = (*erosion, *dilation), (*dilation, *erosion)
    if op in ("open", "close"):
        return opening if op == "open" else closing
    return _difference(*{"gradient": (dilation, erosion), "tophat": ((), opening), "blackhat": (closing, ())}[op])


def _named(shape: Any) -> str:
    """Return the name of a built-in shape, or nothing."""
    return shape.lower() if isinstance(shape, str) and shape.lower() in structuring_element.NAMES else ""


def _read(shape: Any, size: IntPair | None, max_taps: int) -> kernels.Kernel:
    """Read a shape that has no name."""
    if size is not None:
        raise ParameterError("size", f"is for {', '.join(structuring_element.NAMES)}; another shape has its own")
    try:
        return structuring_element.read(shape, max_taps)
    except ValueError as error:
        raise ParameterError("shape", str(error)) from None


def _element(shape: Any, size: IntPair | None, max_taps: int) -> Shape:
    """Return the shape to erode and dilate by."""
    if name := _named(shape):
        return structuring_element.named(name, *both(size or 3))
    kernel = _read(shape, size, max_taps)
    return structuring_element.of_mask(kernel.taps, kernel.anchor)


def _repeated(which: extrema.Extreme, element: Shape, times: int) -> tuple[Stage, ...]:
    """Return the stages of an erosion or dilation that is done so many times; the first one tells of all."""
    first, *others = (extrema.extremum(which, shape) for shape in structuring_element.several(element, times))
    if not others:
        return (first,)

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        return tuple(note(f"{fact.text}, {times} times") for fact in first.facts(context))

    return first._replace(facts=facts), *(stage._replace(facts=lambda context: ()) for stage in others)


def _difference(upper: tuple[Stage, ...], lower: tuple[Stage, ...]) -> Stage:
    """Return the stage that takes what *lower* makes of the image from what *upper* does; no stages leave it."""

    def bind(context: ImageContext) -> Any:
        def difference(above: Array, below: Array) -> Array:
            result = above - np.minimum(above, below)  # whole numbers in their own type go round below 0
            return result if context.integers else result.astype(context.work, copy=False)

        return difference

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        return tuple(fact for stage in (*upper, *lower) for fact in stage.facts(context))

    return Stage(bind, branches=(upper, lower), selects=True, gain=0.0, facts=facts)


class _Pattern(NamedTuple):
    """Where a hit-or-miss pattern wants foreground, and where background, in one window; None for nowhere."""

    hits: Shape | None
    misses: Shape | None


def _pattern(shape: Any, size: IntPair | None, max_taps: int) -> _Pattern:
    """Return the pattern of a shape."""
    if name := _named(shape):
        element = structuring_element.named(name, *both(size or 3))
        mask = np.ones((element.height, element.width), bool) if element.mask is None else element.mask
        taps, anchor = np.pad(np.where(mask, 1, -1), 1, constant_values=-1), element.anchor
        anchor = anchor[0] + 1, anchor[1] + 1
    else:
        kernel = _read(shape, size, max_taps)
        taps, anchor = kernel.taps, kernel.anchor
    parts = (taps > 0, taps < 0)
    return _Pattern(
        *(structuring_element.of_mask(part, anchor, trimmed=False) if part.any() else None for part in parts)
    )


def _hit_or_miss(pattern: _Pattern, threshold: float | None) -> Stage:
    """Return the stage that finds a pattern."""
    there = [shape for shape in pattern if shape is not None]
    hits, misses = (None if shape is None else extrema.Over(shape) for shape in pattern)

    def all_of(over: extrema.Over | None, samples: Array, ignoring: Array | None) -> Any:
        """Whether all samples hold; of those that may be ignored, one must not be."""
        if over is None:
            return True
        if ignoring is None:
            return over(samples, np.logical_and)
        return over(samples | ignoring, np.logical_and) & over(~ignoring, np.logical_or)

    def bind(context: ImageContext) -> BoundStage:
        level = context.full / 2 if threshold is None else threshold
        if context.whole:
            level = max(-1, min(math.floor(level), int(context.full)))

        def fitting(strip: Array) -> Array:
            bright = np.greater(strip, level)
            missing = None if context.finite or not (gaps := np.isnan(strip)).any() else gaps
            dark = ~bright if missing is None else ~(bright | missing)
            ignoring = missing if context.ignoring else None
            return all_of(hits, bright, ignoring) & all_of(misses, dark, ignoring)

        return BoundStage(fitting, work=own_type(context), interleaved=True)

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        counts = ", ".join(
            f"{0 if shape is None else shape.points} of {name}"
            for name, shape in zip(("foreground", "background"), pattern, strict=True)
        )
        return (note(f"hit or miss in {there[0].width}×{there[0].height}: {counts}"),)

    return Stage(bind, window=Window(there[0].halo), gain=None, facts=facts)
