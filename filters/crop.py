"""Crop: cut a part out of the picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Unpack

from .core import Array, Common, ImageError, IntPair, Param, ParameterError, Stage, both, image_filter, np
from .core.resampling.part_options import MOST, At, Place, read_ratio

if TYPE_CHECKING:
    from .core.engine.many import Many


@image_filter(border="constant", fill=None)
def crop(
    *,
    size: Annotated[
        IntPair | None,
        Param("Width and height of the part.", unit="px", span=(1, 4000), min=1, max=MOST, metavar="W,H"),
    ] = None,
    area: Annotated[
        float | None,
        Param(
            "Area of the part, as a fraction of the image's area.",
            percent=True,
            span=(0.05, 1),
            above=0,
            max=1e6,
            shown_default="the largest with --ratio",
        ),
    ] = None,
    ratio: Annotated[
        float | None,
        Param(
            "Aspect ratio of the part, width by height: a number, or W:H.",
            ratio=True,
            span=(0.25, 4),
            above=0,
            max=MOST,
            metavar="R|W:H",
            read=read_ratio,
            shown_default="the image's",
        ),
    ] = None,
    place: Place = None,
    at: At = None,
    pad: Annotated[
        bool, Param("Let the part extend beyond the image; --border and --fill set the pixels there.")
    ] = False,
    **common: Unpack[Common],
) -> Stage:
    """Crop an image to a part of it.

    The part has a *size* in pixels, or an *area* a and a *ratio* r: ``w = √(a W H r)`` by ``h = √(a W H / r)`` for an
    image of W × H, rounded half up. *ratio* alone takes the largest such part; *area* alone keeps the image's ratio.
    The part starts at the pixel *at*, or lies at *place* p: of the columns cut off, ``x = (W - w) · p`` are to its
    left, with halves rounded towards 0. Samples are copied bit for bit, including NaN and the colours of transparent
    pixels. All channels are cropped together: *channels* is ignored, except that R, G, B and A are errors.

    A part that extends beyond the image is an error unless *pad* is set. Then *border* and *fill* set the pixels there:
    by default 0, or transparent if the image has an alpha; a given *fill* is opaque.

    Metadata with coordinates is adjusted: the georeference and the subject area.

    Returns
    -------
    The part, in the image's dtype.

    Raises
    ------
    ParameterError
        The size of the part is not given, or given twice.
    ImageError
        The part extends beyond the image, and *pad* is not set.

    Notes
    -----
    Runs at memory speed: one copy of the part. In a chain, earlier steps compute only what the part needs.

    Shell
    -----
    $ imfilter crop photo.jpg -o part.jpg --size 200,150
    $ imfilter crop photo.jpg -o face.png --size 100,100 --at 120,40
    $ imfilter crop photos/ -o square/ --ratio 1
    $ imfilter crop photo.jpg -o middle.jpg --area 0.5 --ratio 16:9 --place 0.5,0.3

    Examples
    --------
    >>> import numpy as np
    >>> image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    >>> crop(image, size=2)
    array([[1, 2],
           [5, 6]], dtype=uint8)
    >>> crop(image, size=(2, 1), at=(2, 0))
    array([[2, 3]], dtype=uint8)
    >>> crop(image, size=(3, 2), at=(2, 2), pad=True, fill=9)
    array([[10, 11,  9],
           [ 9,  9,  9]], dtype=uint8)
    """
    from .core.resampling import framing

    if size is None and area is None and ratio is None:
        raise ParameterError("size", "is required unless --area or --ratio is given")
    if size is not None and (area is not None or ratio is not None):
        raise ParameterError("area" if area is not None else "ratio", "cannot be used with --size")
    if at is not None and place is not None:
        raise ParameterError("at", "cannot be used with --place")

    def frame(width: int, height: int) -> framing.Frame:
        across, down = map(int, _sides(width, height, area, ratio) if size is None else both(size))
        if at is None:
            shares = both(0.5 if place is None else place)
            x, y = framing.placed(width - across, shares[0]), framing.placed(height - down, shares[1])
        else:
            x, y = both(at)
        found = framing.Frame(x, y, across, down)
        if not pad and not found.is_inside(width, height):
            larger = across > width or down > height
            where = "is larger than the image" if larger else f"at {x},{y} extends beyond the image"
            raise ImageError(f"the part of {across}×{down} {where} of {width}×{height}; use --pad to allow that")
        return found

    return framing.framed(frame)


def many() -> Many:
    """Return how to crop many images at once, each at its own place."""
    from .core.engine.many import Many, Numbers, alike, axes, rule_of, table
    from .core.resampling import framing

    def numbers(values: Mapping[str, Any], width: int, height: int, channels: int, count: int) -> Iterator[Numbers]:
        rule, pad = rule_of(values), values["pad"]
        if pad and (rule.border != "constant" or not rule.is_whole(255, gray=False)):
            return
        try:
            size = values["size"]
            sides = _sides(width, height, values["area"], values["ratio"]) if size is None else both(size)
        except ImageError:  # the stage raises it too
            return
        if values["at"] is None:
            shares = axes(0.5 if values["place"] is None else values["place"])
            x, y = (framing.all_placed(*own) for own in ((width - sides[0], shares[0]), (height - sides[1], shares[1])))
        else:
            x, y = axes(values["at"])
        taken = framing.is_inside(x, y, *sides, width, height) | (pad and isinstance(rule.fill, float | int))
        corners = table(x, y, count=count, dtype=np.int64)
        for own, where in alike(*sides, taken, count=count):
            across, down, is_taken = map(int, own)
            if is_taken:
                part = corners if where is None else corners[where]
                yield Numbers((rule.fill, (across, down)), part, (across, down), places=where)

    def apply(images: Array, form: Any, corners: Array) -> Array:
        fill, size = form
        return framing.of_images(images, fill, size, corners)

    return Many(frozenset(("area", "ratio", "place", "at")), numbers, apply)


def _sides(width: int, height: int, area: Any, ratio: Any) -> tuple[Any, Any]:
    """Return the size of a part with a given area and ratio, either of which may be an array; raises ImageError.

    >>> [tuple(map(int, _sides(640, 480, *of))) for of in ((0.25, None), (None, 1.0), (0.5, 2.0))]
    [(320, 240), (480, 480), (554, 277)]
    """
    from .core.resampling import framing

    ratio = width / height if ratio is None else ratio
    if area is None:
        down = np.minimum(height, width / ratio)
        across = np.minimum(width, down * ratio)
    else:
        across, down = framing.sides_of(width, height, area, ratio)
    if np.max(across) > MOST or np.max(down) > MOST:
        across, down = np.max(across), np.max(down)
        raise ImageError(f"the part has {across:.0f}×{down:.0f} px; the limit is {MOST} per side")
    return np.maximum(framing.rounded(across), 1), np.maximum(framing.rounded(down), 1)
