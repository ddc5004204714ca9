"""Scaling a picture to another size, by weights along each axis."""

from __future__ import annotations

from collections.abc import Callable

from .. import native
from ..engine.coordinates import Extent, Geometry
from ..engine.facts import note
from ..engine.layout import picked
from ..engine.stage import BoundStage, ImageContext, Rows, Stage, WeightedSum, geometric
from ..lazy_numpy import Array, np
from .separable import resample, settled
from .weights import RADIUS, Interpolation, Span, Weights, weights

Spans = Callable[[int, int], tuple[Span, Span]]
"""Returns, for an image's width and height, the spans to scale along x and y, with their numbers of results."""


def scaled(spans: Spans, interpolation: Interpolation = "bilinear", antialias: bool = True) -> Stage:
    """Return the stage that scales a part of an image to another size.

    >>> stage = scaled(lambda width, height: (Span.whole(width, 10), Span.whole(height, 10)))
    >>> stage.result_of(40, 20).geometry.in_image(1, 1)
    (4.0, 2.0)
    """

    def extent(width: int, height: int) -> Extent:
        x, y = spans(width, height)
        return Extent(x.results, y.results, Geometry.scaled((x.step, y.step), (x.offset, y.offset)))

    def bind(context: ImageContext) -> BoundStage:
        x, y = spans(context.width, context.height)
        row = weights(interpolation, context.width, x, antialias)
        column = weights(interpolation, context.height, y, antialias)

        def function(above: Rows) -> Rows:
            if column.is_identity and row.is_identity:
                return above
            return Picked(above, column, row) if interpolation == "nearest" else Scaled(above, column, row, context)

        return BoundStage(function)

    nearest = interpolation == "nearest"
    return geometric(
        bind,
        extent,
        picks=nearest,
        weights=None if nearest else WeightedSum(1.0, 1.0),
        facts=lambda context: (note(f"{interpolation}{'' if antialias else ' without antialiasing'}"),),
    )


MOST_IN_FLOAT = 128
"""The most samples of an axis to sum in float32: for more, rounding errors add up to a visible amount in 8 bits."""


def is_in_float(x: Span, y: Span, interpolation: Interpolation, antialias: bool) -> bool:
    """Whether the kernel's reach is small enough for sums in float32."""
    widest = max(x.step, y.step, 1) if antialias else 1
    return 2 * RADIUS.get(interpolation, 1) * widest + 2 <= MOST_IN_FLOAT


def of_images(images: Array, x: Span, y: Span, kind: Interpolation, antialias: bool, rounded: bool) -> Array:
    """Return images ``(images, height, width, channels)`` in another size, *rounded* or not; see `Many.apply`."""
    count, height, width, channels = images.shape
    row, column = weights(kind, width, x, antialias), weights(kind, height, y, antialias)
    if kind == "nearest":
        return np.ascontiguousarray(images[:, column.first][:, :, row.first])
    if column.is_identity and row.is_identity:
        return images.astype(np.float32)
    out, across_first = np.uint8 if rounded else np.float32, len(column.first) > height
    found = np.empty((count, len(column.first), len(row.first), channels), out)
    for image, result in zip(images, found, strict=True):
        with native.results_in({"image": result}):
            scaled = resample(image, column, row, out, np.float32, across_first)
        if not np.may_share_memory(scaled, result):
            result[...] = scaled
    return settled(found, 255) if images.dtype == np.uint8 and not rounded else found


class Scaled(Rows):
    """Rows that are resampled from those above on demand."""

    preferred_rows = 16  # as many as the widest vectors have lanes

    def __init__(self, above: Rows, column: Weights, row: Weights, context: ImageContext) -> None:
        self.above, self.column, self.row = above, column, row
        self.height, self.width = len(column.first), len(row.first)
        many = max(column.taps.shape[1], row.taps.shape[1]) > MOST_IN_FLOAT
        self.work = np.float64 if many else context.work
        self.out = self.work if context.rounds_to is None else context.rounds_to
        # With more rows of results than of samples, this resamples fewer rows along x.
        self.across_first = self.height > above.height
        # Results that are rounded later, e.g. after their range is measured, must be the same.
        self.halves = context.most if context.whole and context.rounds_to is None else None
        self.saturates = context.rounds_to is not None and (column.overshoots or row.overshoots)

    def rows(self, start: int, stop: int) -> Array:
        """Return rows of the result."""
        column, low, high = self.column.part(start, stop)
        found = resample(self.above.rows(low, high), column, self.row, self.out, self.work, self.across_first)
        return found if self.halves is None else settled(found, self.halves)


class Picked(Rows):
    """Rows of unchanged samples."""

    def __init__(self, above: Rows, column: Weights, row: Weights) -> None:
        self.above, self.column, self.row = above, column, row
        self.height, self.width = len(column.first), len(row.first)

    def rows(self, start: int, stop: int) -> Array:
        """Return rows of the result."""
        column, low, high = self.column.part(start, stop)
        return picked(self.above.rows(low, high), column.first, self.row.first)
