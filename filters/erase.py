"""Erase: cover a rectangle of the picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Unpack

from .core import Array, Common, ImageError, IntPair, Param, ParameterError, Stage, both, image_filter, np
from .core.engine.borders import Fill, values_of
from .core.engine.many import Many, Numbers, axes, table
from .core.engine.seeded_random import Generator, drawing
from .core.engine.stage import AlphaHandling, BoundStage, Colours, ImageContext, Rows, surveyed
from .core.named_tuple import NamedTuple
from .core.resampling import framing
from .core.resampling.part_options import MOST, At, Place, read_ratio

Op = Literal["fill", "mean", "noise"]
AREA = 0.1


class Rectangle(NamedTuple):
    """A part of an image."""

    left: int
    top: int
    right: int
    bottom: int

    def rows(self, start: int, stop: int) -> tuple[slice, slice]:
        """Return which part of the rows ``start … stop-1`` lies in the rectangle."""
        top, bottom = (min(max(edge, start), stop) - start for edge in (self.top, self.bottom))
        return slice(top, bottom), slice(self.left, self.right)


@image_filter(border="constant")
def erase(
    *,
    op: Annotated[
        Op, Param("Cover the rectangle with --fill, the image's mean, or uniform noise from 0 to white.")
    ] = "fill",
    area: Annotated[
        float | None,
        Param(
            "Area of the rectangle, as a fraction of the image's area.",
            percent=True,
            min=0,
            max=1,
            shown_default="0.1 without --size",
        ),
    ] = None,
    ratio: Annotated[
        float | None,
        Param(
            "Aspect ratio of the rectangle, width by height: a number, or W:H.",
            ratio=True,
            span=(0.25, 4),
            min=1e-3,
            max=1e3,
            metavar="R|W:H",
            read=read_ratio,
            shown_default="1",
        ),
    ] = None,
    size: Annotated[
        IntPair | None,
        Param(
            "Width and height of the rectangle, instead of --area.",
            unit="px",
            span=(1, 1000),
            min=0,
            max=MOST,
            metavar="W,H",
        ),
    ] = None,
    place: Place = None,
    at: At = None,
    seed: Annotated[
        int,
        Param("Random seed; the same seed gives the same noise.", span=(0, 100), min=0, max=2**32 - 1, only=("noise",)),
    ] = 0,
    **common: Unpack[Common],
) -> Stage:
    """Erase a rectangle of an image.

    ``fill`` covers the rectangle with the colour *fill*, black by default; ``mean`` with the mean of each channel; and
    ``noise`` with a random number between 0 and white for every sample. The rectangle has a *size* in pixels, or an
    *area* a and a *ratio* r: ``w = √(a W H r)`` by ``h = √(a W H / r)`` for an image of W × H, rounded half up, and at
    most the image's size. It starts at the pixel *at*, or lies at *place*, as in `crop`. A part beyond the image is cut
    off, but some of the rectangle must lie inside. ``area=0`` returns the image unchanged. Use several steps of a chain
    for several rectangles. The alpha is unchanged; *border* is ignored.

    Returns
    -------
    The image's shape and dtype (see *depth*).

    Raises
    ------
    ParameterError
        A value is out of range, or *size* is combined with *area* or *ratio*, or *at* with *place*.
    ImageError
        The rectangle lies outside the image.

    References
    ----------
    Z. Zhong, L. Zheng, G. Kang, S. Li and Y. Yang, "Random erasing data augmentation", 2020.
    T. DeVries and G. Taylor, "Improved regularization of convolutional neural networks with Cutout", 2017.

    Shell
    -----
    $ imfilter erase photo.jpg -o covered.png
    $ imfilter erase photo.jpg -o plate.jpg --at 220,180 --size 90,30 --op mean
    $ imfilter erase photos/ -o cutout/ --area 0.2 --ratio 1.5 --place 0.3,0.7 --op noise --seed 7

    Examples
    --------
    >>> import numpy as np
    >>> image = np.full((3, 4), 9, np.uint8)
    >>> erase(image, size=(2, 1))
    array([[9, 9, 9, 9],
           [9, 0, 0, 9],
           [9, 9, 9, 9]], dtype=uint8)
    >>> erase(image, at=(3, 0), size=2, fill=200)
    array([[  9,   9,   9, 200],
           [  9,   9,   9, 200],
           [  9,   9,   9,   9]], dtype=uint8)
    """
    if size is not None and (area is not None or ratio is not None):
        raise ParameterError("area" if area is not None else "ratio", "cannot be used with --size")
    if at is not None and place is not None:
        raise ParameterError("at", "cannot be used with --place")

    def rectangle(context: ImageContext) -> Rectangle:
        edges = _rectangles(context.width, context.height, size, area, ratio, place, at)
        return Rectangle(*map(int, edges))

    if op == "noise":

        def draw_for(context: ImageContext) -> Any:
            found = rectangle(context)

            def draw(rows: Array, generator: Generator, first: int) -> Array:
                here, columns = found.rows(first, first + len(rows))
                drawn = generator.random((here.stop, rows.shape[1], columns.stop - columns.start))
                changed = rows.copy()
                changed[here, :, columns] = drawn[here] * context.full
                return changed

            return draw

        return drawing(draw_for, seed)

    fill: Fill = common.get("fill") or 0.0
    linear = bool(common.get("linear"))

    def bind(context: ImageContext) -> BoundStage:
        found = rectangle(context)

        def covered(strip: Array, start: int) -> Array:
            here = found.rows(start, start + len(strip))
            value = context.survey_result
            if op == "fill":
                value = np.asarray(values_of(fill, strip.shape[2]), np.float64)
                value = context.transfer.decode(value, context.full) if linear else value
            changed = strip.copy()
            changed[here] = value
            return changed

        return BoundStage(covered, placed=True)

    survey = (lambda context, image: _mean(image)) if op == "mean" else None
    return Stage(bind, colours=Colours(alpha=AlphaHandling(divide=True, multiply=True)), survey=survey)


def _rectangles(
    width: int, height: int, size: IntPair | None, area: Any, ratio: Any, place: Any, at: Any
) -> tuple[Any, Any, Any, Any]:
    """Return the edges of the covered part of an image: left, top, right and bottom; raises ImageError.

    All values except *size* may be columns with one value per image.
    """
    if size is not None:
        across, down = both(size)
    else:
        across, down = _size(width, height, AREA if area is None else area, 1.0 if ratio is None else ratio)
    if at is None:
        shares = axes(0.5 if place is None else place)
        left, top = framing.all_placed(width - across, shares[0]), framing.all_placed(height - down, shares[1])
    else:
        left, top = axes(at)
    seen = (-across < left) & (left < width) & (-down < top) & (top < height)
    if not np.all(seen | (across == 0) | (down == 0)):
        found = np.broadcast_arrays(across, down, left, top, seen | (across == 0) | (down == 0))
        across, down, left, top = (own.flat[int(np.argmin(found[4]))] for own in found[:4])
        raise ImageError(f"the rectangle of {across}×{down} at {left},{top} lies outside the image of {width}×{height}")
    left, right = (np.clip(edge, 0, width) for edge in (left, left + across))
    top, bottom = (np.clip(edge, 0, height) for edge in (top, top + down))
    return left, top, right, bottom


def many() -> Many:
    """Return how to cover a rectangle in each of many images at once."""
    names = "area", "ratio", "place", "at"

    def numbers(values: Mapping[str, Any], width: int, height: int, channels: int, count: int) -> list[Numbers]:
        fill = values["fill"] or 0.0
        if values["op"] != "fill" or not isinstance(fill, float | int) or not (fill == int(fill) and 0 <= fill <= 255):
            return []
        edges = _rectangles(width, height, values["size"], *(values[name] for name in names))
        return [Numbers(fill, table(*edges, count=count, dtype=np.int64))]

    def apply(images: Array, fill: float, rectangles: Array) -> Array:
        for image, (left, top, right, bottom) in zip(images, rectangles.tolist(), strict=True):
            image[top:bottom, left:right] = fill
        return images

    return Many(frozenset(names), numbers, apply)


def _size(width: int, height: int, area: Any, ratio: Any) -> tuple[Any, Any]:
    """Return the size of a rectangle with a given area and ratio in an image; either may be an array.

    >>> [tuple(map(int, _size(640, 480, *of))) for of in ((0.25, 1.0), (0.25, 4.0), (0.0, 1.0))]
    [(277, 277), (554, 139), (0, 0)]
    """
    across, down = framing.sides_of(width, height, area, ratio)
    return np.minimum(framing.rounded(across), width), np.minimum(framing.rounded(down), height)


def _mean(image: Rows) -> Array:
    """Return the mean of each channel over the samples present; 0 if a channel has none."""

    def look(rows: Array) -> tuple[Array, Array]:
        present = np.isfinite(rows)
        return np.where(present, rows, 0).sum(axis=(0, 1), dtype=np.float64), present.sum(axis=(0, 1))

    total: Any = 0.0
    count: Any = 0
    for part, number in surveyed(image, look):
        total, count = total + part, count + number
    return total / np.maximum(count, 1)
