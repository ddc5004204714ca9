"""Resize: scale the picture to another size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Unpack

from .core import Common, IntPair, Pair, Param, ParameterError, Stage, both, image_filter
from .core.resampling.weights import Interpolation, Span

if TYPE_CHECKING:
    from .core.engine.many import Many

ALIASES = {"linear": "bilinear", "triangle": "bilinear", "cubic": "bicubic", "lanczos3": "lanczos"}
"""Other names of interpolations. Pillow's box is not area: it weights whole samples."""
Fit = Literal["stretch", "contain", "cover", "pad"]
SWITCH = {"true": "on", "yes": "on", "1": "on", "false": "off", "no": "off", "0": "off"}
SIZES = "size", "scale", "shortest", "longest", "width", "height"
"""The parameters that set the size; exactly one is required."""
MOST = 1 << 24
"""The longest side that a call may ask for; --max-pixels sets a lower limit."""
BY_FACTOR = "use --scale, as in --scale 50%"


@image_filter(border="constant", fill=None)
def resize(
    *,
    size: Annotated[
        IntPair | None,
        Param(
            "Width and height of the result; one number for a square.",
            unit="px",
            span=(1, 4000),
            min=1,
            max=MOST,
            metavar="N|W,H",
            advice=BY_FACTOR,
        ),
    ] = None,
    scale: Annotated[
        Pair | None,
        Param(
            "Scale factor, or one for the width and one for the height.",
            ratio=True,
            percent=True,
            span=(0.1, 4),
            above=0,
            max=1e6,
            metavar="F|FX,FY",
        ),
    ] = None,
    shortest: Annotated[
        int | None,
        Param("Length of the shorter side; the other keeps the ratio.", unit="px", span=(1, 4000), min=1, max=MOST),
    ] = None,
    longest: Annotated[
        int | None,
        Param("Length of the longer side; the other keeps the ratio.", unit="px", span=(1, 4000), min=1, max=MOST),
    ] = None,
    width: Annotated[
        int | None,
        Param(
            "Width of the result; the height keeps the ratio.",
            unit="px",
            span=(1, 4000),
            min=1,
            max=MOST,
            advice=BY_FACTOR,
        ),
    ] = None,
    height: Annotated[
        int | None,
        Param(
            "Height of the result; the width keeps the ratio.",
            unit="px",
            span=(1, 4000),
            min=1,
            max=MOST,
            advice=BY_FACTOR,
        ),
    ] = None,
    fit: Annotated[
        Fit | None,
        Param(
            "How to fill --size: stretch the picture, contain it whole within that size, cover that size and crop the "
            "excess, or contain it and pad the rest with --border.",
            shown_default="stretch",
        ),
    ] = None,
    interpolation: Annotated[
        Interpolation,
        Param(
            "How to weight samples: by distance, linearly or with a sharper kernel (bicubic, lanczos); the nearest "
            "only; or by covered area.",
            aliases=ALIASES,
        ),
    ] = "bilinear",
    antialias: Annotated[
        Literal["on", "off"],
        Param("Widen the kernel when shrinking, so that every sample counts.", aliases=SWITCH),
    ] = "on",
    **common: Unpack[Common],
) -> Stage | list[Stage]:
    """Resize an image: to a size, by a factor, or by one side.

    One of *size*, *scale*, *shortest*, *longest*, *width* and *height* is required. Sides that follow from the aspect
    ratio are rounded half up, and at least 1. Only *size* may change the ratio. With it ``fit="stretch"`` scales each
    side by itself, ``contain`` gives the largest picture that fits inside, ``cover`` fills the size and crops the
    excess equally on both sides, and ``pad`` adds pixels of *border* and *fill* around the contained picture. The
    image's own size returns it unchanged.

    Pixels are areas: an image of width W spans 0 to W, and its corners map to the result's corners. ``nearest`` takes
    the sample that contains the centre of the result's pixel. ``bilinear``, ``bicubic`` (a = -1/2) and ``lanczos``
    (three lobes) weight samples by their distance from that centre; to shrink, they widen by the factor unless
    *antialias* is off. ``area`` weights each sample by the part of it that the result's pixel covers. There are no
    samples beyond the edge: those inside share the weight, and interpolation ignores *border*.

    Returns
    -------
    The image's dtype (see *depth*), in the new size. Resolution and georeference are adjusted.

    Raises
    ------
    ParameterError
        No size is given, or two are; *fit* is given without *size*; or a value is out of range.

    Notes
    -----
    Results are rounded once. ``bilinear``, ``bicubic`` and ``lanczos`` equal Pillow's results for float images to 1e-6
    of white (its 8-bit results are rounded between the axes, and differ by 1 in a fifth of the samples). ``area``
    equals OpenCV's INTER_AREA; Pillow's box is another kernel, which weights whole samples. In linear light (*linear*)
    fine bright detail keeps its brightness.

    References
    ----------
    R. Keys, "Cubic convolution interpolation for digital image processing", 1981.
    K. Turkowski, "Filters for common resampling tasks", Graphics Gems, 1990.
    P. Heckbert, "Fundamentals of texture mapping and image warping", 1989.

    Shell
    -----
    $ imfilter resize photo.jpg -o small.jpg --longest 800
    $ imfilter resize photo.jpg -o half.png --scale 0.5 --linear
    $ imfilter resize photos/ -o squares/ --size 224 --fit cover
    $ imfilter resize mask.png -o large.png --size 640,480 --interpolation nearest

    Examples
    --------
    >>> import numpy as np
    >>> resize(np.array([[0, 80], [80, 160]], np.uint8), scale=2)
    array([[  0,  20,  60,  80],
           [ 20,  40,  80, 100],
           [ 60,  80, 120, 140],
           [ 80, 100, 140, 160]], dtype=uint8)
    >>> resize(np.arange(10, dtype=np.uint8)[None], size=(4, 1), interpolation="nearest")
    array([[1, 3, 6, 8]], dtype=uint8)
    >>> resize(np.zeros((3000, 4000), np.uint8), longest=100).shape
    (75, 100)
    """
    from .core.resampling.scaling import scaled

    asked = {"size": size, "scale": scale, "shortest": shortest, "longest": longest, "width": width, "height": height}
    given = [name for name, value in asked.items() if value is not None]
    if len(given) > 1:
        both_sides = given == ["width", "height"]
        raise ParameterError(given[1], f"cannot be combined with --{given[0]}" + "; use --size for both" * both_sides)
    if not given:
        raise ParameterError("size", "is required unless --scale, --shortest, --longest, --width or --height is given")
    if fit is not None and size is None:
        raise ParameterError("fit", "requires --size")
    if antialias == "off" and interpolation == "area":
        raise ParameterError(
            "antialias", "does not apply with --interpolation area, which weights every sample by its covered area"
        )

    def spans(across: int, down: int) -> tuple[Span, Span]:
        return _spans(across, down, given[0], asked[given[0]], fit)

    stage = scaled(spans, interpolation, antialias == "on")
    if fit != "pad" or size is None:
        return stage
    from .core.resampling.framing import Frame, framed, placed

    wide, high = both(size)
    return [stage, framed(lambda w, h: Frame(-placed(wide - w, 0.5), -placed(high - h, 0.5), wide, high))]


def many() -> Many:
    """Return how to resize many images at once; those of equal size become equal in size."""
    from .core.engine.many import Many, Numbers, rule_of
    from .core.resampling.scaling import is_in_float, of_images

    def numbers(values: Mapping[str, Any], width: int, height: int, channels: int, count: int) -> list[Numbers]:
        if values["fit"] == "pad" or not rule_of(values).is_whole(255, gray=False):
            return []
        name = next(name for name in SIZES if values[name] is not None)
        x, y = _spans(width, height, name, values[name], values["fit"])
        how = x, y, values["interpolation"], values["antialias"] == "on"
        found = Numbers((*how, False), None, (x.results, y.results), last=(*how, True))
        return [found] if is_in_float(*how) else []

    return Many(frozenset(), numbers, lambda images, form, owns: of_images(images, *form))


def _spans(width: int, height: int, name: str, value: Any, fit: str | None) -> tuple[Span, Span]:
    """Return which span of an image to scale along x and along y, for the size that the parameter *name* sets."""
    if fit == "cover":
        return _covering(width, height, *both(value))
    wide, high = _size(width, height, name, value, fit in ("contain", "pad"))
    return Span.whole(width, wide), Span.whole(height, high)


def _size(width: int, height: int, name: str, value: Any, inside: bool) -> tuple[int, int]:
    """Return the size that the parameter *name* sets, or the largest of the image's ratio *inside* it."""
    if name == "scale":
        from fractions import Fraction  # takes 0.29 as written: 14.5 of 50, and so 15

        factors = (Fraction(str(factor)) for factor in both(value))
        sides = (side * factor for side, factor in zip((width, height), factors, strict=True))
        return tuple(max(1, int(side + Fraction(1, 2))) for side in sides)  # type: ignore[return-value]
    if name == "size":
        wide, high = both(value)
        if not inside:
            return wide, high
        by_width = wide * height <= high * width
        return (wide, _part(height, wide, width)) if by_width else (_part(width, high, height), high)
    by_width = name == "width" or (name != "height" and (name == "longest") == (width >= height))
    return (value, _part(height, value, width)) if by_width else (_part(width, value, height), value)


def _part(side: int, factor: int, divisor: int) -> int:
    """Return ``side · factor / divisor`` rounded half up, and at least 1."""
    return max(1, (2 * side * factor + divisor) // (2 * divisor))


def _covering(width: int, height: int, wide: int, high: int) -> tuple[Span, Span]:
    """Return the middle part of an image that has the ratio of a size, for results of that size."""
    if width * high <= height * wide:
        seen = high * width  # the rows that the results cover, in parts of a sample
        return Span.whole(width, wide), Span(height * wide - seen, height * wide + seen, high, 2 * wide)
    seen = wide * height
    return Span(width * high - seen, width * high + seen, wide, 2 * high), Span.whole(height, high)
