"""Flip: mirror a picture, or exchange its rows and columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Unpack

from .core import Common, Param, Stage, image_filter

if TYPE_CHECKING:
    from .core.engine.many import Many

Op = Literal["left-right", "top-bottom", "both", "transpose", "transverse"]
ALIASES = {"horizontal": "left-right", "hflip": "left-right", "vertical": "top-bottom", "vflip": "top-bottom"}
"""Other names of ops."""


@image_filter
def flip(
    *,
    op: Annotated[Op, Param("The direction in which to flip.", aliases=ALIASES)] = "left-right",
    **common: Unpack[Common],
) -> Stage:
    """Mirror an image, or exchange its rows and columns.

    ``left-right`` swaps left and right, ``top-bottom`` top and bottom, and ``both`` both, which rotates by 180°.
    ``transpose`` turns columns into rows, ``out[y, x] = in[x, y]``, and so mirrors about the diagonal from the top left
    corner; ``transverse`` mirrors about the other diagonal. Samples are copied bit for bit, including NaN and the
    colours of transparent pixels. All channels move together: *channels* is ignored, except that R, G, B and A are
    errors.

    Metadata with coordinates is adjusted: the resolution, the georeference and the subject area.

    Returns
    -------
    The image's dtype and shape; ``transpose`` and ``transverse`` swap height and width.

    Raises
    ------
    ParameterError
        *op* is unknown.

    Notes
    -----
    Runs at memory speed: flips are copied row by row, transposes in square tiles.

    Shell
    -----
    $ imfilter flip photo.jpg -o mirrored.png
    $ imfilter flip photo.jpg -o upside-down.png --op top-bottom
    $ imfilter flip scan.tif -o transposed.tif --op transpose

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    >>> flip(image)
    array([[3, 2, 1],
           [6, 5, 4]], dtype=uint8)
    >>> flip(image, op="transpose")
    array([[1, 4],
           [2, 5],
           [3, 6]], dtype=uint8)
    """
    from .core.resampling import permutation

    return permutation.permuted(permutation.FLIPS[op])


def many() -> Many:
    """Return how to flip many images at once."""
    from .core.engine.many import Many, Numbers
    from .core.resampling import permutation

    def numbers(values: Mapping[str, Any], width: int, height: int, channels: int, count: int) -> list[Numbers]:
        way = permutation.FLIPS[values["op"]]
        return [Numbers(way, None, (height, width) if way.swap else None)]

    return Many(frozenset(), numbers, lambda images, way, owns: permutation.of_images(images, way))
