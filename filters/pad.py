"""Pad: add pixels around the picture."""

from __future__ import annotations

from typing import Annotated, Any, Unpack

from .core import Common, ImageError, IntPair, Pair, Param, ParameterError, Stage, both, image_filter
from .core.linear import padding as padding_text
from .core.resampling.part_options import MOST, place_of


@image_filter(border="constant", fill=None)
def pad(
    *,
    size: Annotated[
        Any,
        Param(
            "Pixels to add on each side: P, PX,PY or L,T,R,B.",
            metavar="P|PX,PY|L,T,R,B",
            read=padding_text.reader(()),
            check=lambda given: None if given is None else padding_text.checker(())(given),
        ),
    ] = None,
    to: Annotated[
        IntPair | None,
        Param(
            "Width and height of the result, instead of --size.",
            unit="px",
            span=(1, 4000),
            min=1,
            max=MOST,
            metavar="W,H",
        ),
    ] = None,
    place: Annotated[Pair | None, place_of("the image")] = None,
    **common: Unpack[Common],
) -> Stage:
    """Pad an image: add pixels around it.

    Either each side grows by *size*, or the result has the size *to*, in which the image lies at a *place* p: of the
    added columns, ``x = (W - w) · p`` are to its left, with halves rounded down. *border* and *fill* set the added
    pixels: by default 0, or transparent if the image has an alpha; a given *fill* is opaque, and other borders repeat
    the image. The image's own samples are copied bit for bit, including NaN and the colours of transparent pixels. All
    channels are padded together: *channels* is ignored, except that R, G, B and A are errors.

    Metadata with coordinates is adjusted: the georeference and the subject area.

    Returns
    -------
    The larger image, in the same dtype.

    Raises
    ------
    ParameterError
        Neither *size* nor *to* is given, or both.
    ImageError
        The image is larger than *to*.

    Notes
    -----
    Runs at memory speed: one copy.

    Shell
    -----
    $ imfilter pad photo.jpg -o framed.jpg --size 20 --fill 255
    $ imfilter pad photo.jpg -o mirrored.png --size 100,0 --border reflect
    $ imfilter pad photos/ -o square/ --to 1024,1024 --fill 124,116,104

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 2], [3, 4]], np.uint8)
    >>> pad(image, size=1)
    array([[0, 0, 0, 0],
           [0, 1, 2, 0],
           [0, 3, 4, 0],
           [0, 0, 0, 0]], dtype=uint8)
    >>> pad(image, size=(2, 0, 0, 1), border="nearest")
    array([[1, 1, 1, 2],
           [3, 3, 3, 4],
           [3, 3, 3, 4]], dtype=uint8)
    >>> pad(image, to=(4, 2), place=1, fill=9)
    array([[9, 9, 1, 2],
           [9, 9, 3, 4]], dtype=uint8)
    """
    from .core.resampling import framing

    if size is None and to is None:
        raise ParameterError("size", "is required unless --to is given")
    if to is None:
        if place is not None:
            raise ParameterError("place", "requires --to")
        left, top, right, bottom = padding_text.checker(())(size)
        return framing.framed(lambda w, h: framing.Frame(-left, -top, w + left + right, h + top + bottom))
    if size is not None:
        raise ParameterError("to", "cannot be used with --size")
    across, down = both(to)
    shares = both(0.5 if place is None else place)

    def frame(width: int, height: int) -> framing.Frame:
        if width > across or height > down:
            raise ImageError(
                f"the image of {width}×{height} is larger than {across}×{down}; use a larger --to, or crop"
            )
        x, y = framing.placed(across - width, shares[0]), framing.placed(down - height, shares[1])
        return framing.Frame(-x, -y, across, down)

    return framing.framed(frame)
