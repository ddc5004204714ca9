"""Morphology: minima and maxima over a structuring element, and the operations built on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Unpack

from .core import Array, Common, IntPair, Param, ParameterError, Stage, both, image_filter, np
from .core.engine.facts import Fact, note
from .core.engine.stage import Colours, ImageContext
from .core.linear import kernels
from .core.rank import extrema, structuring_element
from .core.rank.hit_or_miss import hit_or_miss
from .core.rank.structuring_element import Shape

Operation = Literal["erode", "dilate", "open", "close", "gradient", "tophat", "blackhat", "hitmiss"]
ALIASES = {"erosion": "erode", "dilation": "dilate", "opening": "open", "closing": "close", "hit-or-miss": "hitmiss"}
"""Other names of ops."""


@image_filter
def morph(
    *,
    op: Annotated[Operation, Param("The morphological operation.", aliases=ALIASES)] = "erode",
    shape: Annotated[
        Any,
        Param(
            "Structuring element: a name, a file, or rows like '0 1 0; 1 1 1; 0 1 0'.",
            file=True,
            metavar="square|cross|disk|FILE",
        ),
    ] = "square",
    size: Annotated[
        IntPair | None,
        Param("Width and height of a named shape.", unit="px", span=(1, 51), min=1, max=2001, shown_default="3"),
    ] = None,
    iterations: Annotated[
        int,
        Param(
            "Erode or dilate N times; open erodes N times, then dilates N times.",
            min=1,
            max=100,
            only=("erode", "dilate", "open", "close", "gradient", "tophat", "blackhat"),
        ),
    ] = 1,
    threshold: Annotated[
        float | None,
        Param("Samples above this are foreground.", span=(0, 255), only=("hitmiss",), shown_default="half of white"),
    ] = None,
    max_taps: Annotated[
        int, Param("Refuse shapes with more samples than this.", min=1, max=1 << 26)
    ] = kernels.MAX_TAPS,
    **common: Unpack[Common],
) -> Stage | Sequence[Stage]:
    """Erode, dilate, open, close and the rest of morphology.

    ``erode`` gives each pixel the least sample under the shape, ``dilate`` the greatest under the shape rotated by
    180° about its anchor. ``open`` erodes, then dilates, which removes bright details smaller than the shape;
    ``close`` does the reverse. ``gradient`` is dilation - erosion, ``tophat`` image - opening, and ``blackhat`` closing
    - image; negative differences become 0. ``hitmiss`` is white where a pattern fits, else black: its 1 matches
    foreground, brighter than *threshold*, its -1 background, and its 0 anything. A shape of one sample makes
    ``hitmiss`` find isolated pixels, and ``erode``, ``dilate``, ``open`` and ``close`` return the image unchanged.

    The anchor is at ``size // 2``. A cross is the row and the column through it. A disk of width w is
    ``x² + y² <= ((w - 1) / 2)²`` about its centre, and an ellipse if width and height differ; a disk of even width is
    the next smaller odd one with its middle row and column doubled. In a file every nonzero value belongs to the shape.
    ``hitmiss`` turns a named shape into a pattern: samples of its window outside the shape, and a ring one pixel wide
    around it, must be background. So it finds the shape where it stands alone.

    Returns
    -------
    The image's shape and dtype (see *depth*). Erosion, dilation, opening and closing give only sample values of the
    image, so a black-and-white picture stays black and white.

    Raises
    ------
    ParameterError
        The shape cannot be read or is empty, *size* is given for a shape from a file, or a value is out of range.

    Notes
    -----
    Each step extends its own input by the border. For the named shapes ``reflect`` and ``nearest`` have the same effect
    as ignoring all pixels beyond the edge, OpenCV's default. So an opening is never above the image, a closing never
    below it, and repeating either changes nothing.

    The disk is that of ``skimage.morphology.disk`` and MATLAB's ``strel("disk", r, 0)``; OpenCV's ellipse rounds half
    of each row's length, and is wider. To dilate, `scipy.ndimage` rotates the shape, as here; OpenCV does not, so its
    opening by an even or asymmetric shape shifts the image.

    The time grows with the logarithm of a rectangle's size, and with a disk's diameter. *iterations* of named shapes of
    odd size are computed as one larger shape.

    References
    ----------
    J. Serra, Image Analysis and Mathematical Morphology, 1982. P. Soille, Morphological Image Analysis, 2nd ed., 2003.
    H. J. A. M. Heijmans and C. Ronse, "The algebraic basis of mathematical morphology", 1990, on why dilation reflects
    the shape.

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
        return hit_or_miss(*_pattern(shape, size, max_taps), threshold)
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
    """Return the name of a built-in shape, or an empty text."""
    return shape.lower() if isinstance(shape, str) and shape.lower() in structuring_element.NAMES else ""


def _read(shape: Any, size: IntPair | None, max_taps: int) -> kernels.Kernel:
    """Read a shape that is not built in."""
    if size is not None:
        raise ParameterError(
            "size", f"is for {', '.join(structuring_element.NAMES)}; other shapes have a size of their own"
        )
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
    """Return the stages of a repeated erosion or dilation; the first one reports them all."""
    first, *others = (extrema.extremum(which, shape) for shape in structuring_element.several(element, times))
    if not others:
        return (first,)

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        return tuple(note(f"{fact.text}, {times} times") for fact in first.facts(context))

    return first._replace(facts=facts), *(stage._replace(facts=lambda context: ()) for stage in others)


def _difference(upper: tuple[Stage, ...], lower: tuple[Stage, ...]) -> Stage:
    """Return the stage that subtracts the result of *lower* from that of *upper*; no stages give the image itself."""

    def difference(above: Array, below: Array) -> Array:
        return above - np.minimum(above, below)  # unsigned integers would wrap round below 0

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        return tuple(fact for stage in (*upper, *lower) for fact in stage.facts(context))

    return Stage(
        lambda context: difference, branches=(upper, lower), selects=True, colours=Colours(gain=0.0), facts=facts
    )


def _pattern(shape: Any, size: IntPair | None, max_taps: int) -> tuple[Array, tuple[int, int]]:
    """Return the pattern of a shape, 1 for foreground and -1 for background, and its anchor."""
    if name := _named(shape):
        element = structuring_element.named(name, *both(size or 3))
        mask = np.ones((element.height, element.width), bool) if element.mask is None else element.mask
        x, y = element.anchor
        return np.pad(np.where(mask, 1, -1), 1, constant_values=-1), (x + 1, y + 1)
    kernel = _read(shape, size, max_taps)
    return kernel.taps, kernel.anchor
