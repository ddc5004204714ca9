"""A stage applied to the rows above it: which rows it needs, and how they are padded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from .. import native
from ..lazy_numpy import Array, np
from ..parameters import ImageError
from . import borders, nan_policy
from .borders import Rule
from .image_rows import Source, ZippedRows
from .stage import NO_HALO, BoundStage, Halo, ImageContext, Rows, Stage, Values, by_field, fields_of

MAX_STRIP_SAMPLES = 1 << 28
"""The most samples of a channel that a strip may need with its halo: 1 to 2 GiB."""
EDGE_BYTES = 64
"""The fewest bytes of results in a row of an edge: one vector. Fewer add up to 1.2 ms to an erosion of 12 MP."""


class StageRows(Rows):
    """A stage applied to the rows above it."""

    def __init__(self, above: Rows, stage: Stage, context: ImageContext, rule: Rule) -> None:
        self.above, self.images, self.stride = above, above.images, stage.window.stride
        self.halo, self.padding = stage.window.halo, stage.window.around
        self.rule = stage.window.rule(context, rule)
        context = context._replace(height=above.height, width=above.width)
        own = bound_for(stage, context)
        self.own, self.preferred_rows, self.saturates = own, own.rows, own.saturates
        self.work = own.work or (context.own_type if stage.selects else context.work)
        # Picked float32 samples stay float32: an erosion of 15×15 takes 2.7 ns per sample instead of 4.6.
        self.narrow = stage.picks and self.work == np.float64 and self.rule.border != "constant"
        where = f"{stage.step}: " if stage.step else ""
        self.width = stage.window.results(above.width, axis=0)
        self.height = stage.window.results(above.height, axis=1)
        seen = self.halo
        if min(self.width, self.height) < 1:
            raise ImageError(
                f"{where}the image of {above.width}×{above.height} is smaller than the filter's window, "
                f"{_size_of(seen)}; use more --padding"
            )
        if own.extra != NO_HALO:
            self.halo, self.padding = seen.wider(own.extra), self.padding.wider(own.extra)
        # Another stage's strips can be passed on unchanged; the image's samples must be converted first.
        self.bare = not isinstance(above, Source) and (*self.halo, *self.padding, *self.stride) == (*([0] * 8), 1, 1)
        around = (16 + self.halo.top + self.halo.bottom) * (self.width + self.halo.left + self.halo.right)
        if around > MAX_STRIP_SAMPLES:
            raise ImageError(
                f"{where}the filter's window, {_size_of(seen)}, is too large: a strip with its halo holds "
                f"{around} samples, and the limit is {MAX_STRIP_SAMPLES}; use a smaller sigma, size or dilation"
            )

    def rows(self, start: int, stop: int) -> Values:
        """Return rows of the stage's result."""
        if self.own.anchored:
            step = self.preferred_rows
            first, last = start // step * step, min(-(-stop // step) * step, self.height)
            if (first, last) != (start, stop):
                return by_field(lambda strip: strip[start - first : stop - first], self.rows(first, last))
        where = (start,) if self.own.placed else ()
        if self.bare:
            return self.own.function(self.above.rows(start, stop), *where)
        first, last = self.seen(start, stop)
        left, right = self.beside()
        groups = borders.seen(first, last, self.above.height, self.rule.border)
        starts = [group[0] for group in groups]
        parts = [self.above.rows(*group) for group in groups]

        def surrounded(*strips: Array) -> Array:
            laid = list(zip(starts, strips, strict=True))
            rows = first, last, self.above.height
            work = np.float32 if self.narrow and strips[0].dtype == np.float32 else self.work
            return borders.surround(laid, rows, left, right, work, self.rule, self.own.interleaved)

        strip = by_field(surrounded, *parts)
        del parts  # or each of several successive stages would keep one
        return self.own.function(strip, *where)

    def beside(self) -> tuple[int, int]:
        """Return how many columns beyond the left and right edges the results of a row need."""
        left = self.padding.left
        seen = (self.width - 1) * self.stride[0] + self.halo.left + self.halo.right + 1
        return left, seen - left - self.above.width

    def seen(self, start: int, stop: int) -> tuple[int, int]:
        """Return the rows above that the rows ``start … stop-1`` need; some may lie beyond the edges."""
        first = start * self.stride[1] - self.padding.top
        return first, (stop - 1) * self.stride[1] - self.padding.top + self.halo.top + self.halo.bottom + 1

    def write(self, start: int, stop: int, places: Mapping[str, Array]) -> dict[str, Array]:
        """Compute rows of the stage's result and return its fields; a field of its place's type is written there.

        Results that need no border are computed directly from the image, without a copy: for 12 MP in 8 bits an erosion
        of 3×3 takes 2.2 ms instead of 4.3.
        """
        laid: dict[str, Array] = {}
        for columns, compute in self._parts(start, stop):
            with native.results_in({name: place[:, columns] for name, place in places.items()}):
                found = fields_of(compute())
            for name, values in found.items():
                if values is None:
                    continue
                if name not in laid:
                    size = stop - start, self.width, values.shape[2]
                    if name in places and places[name].dtype == values.dtype:
                        laid[name] = places[name]
                    else:
                        laid[name] = values if values.shape == size else np.empty(size, values.dtype)
                place = laid[name][:, columns]
                if not np.may_share_memory(values, place):
                    np.copyto(place, values)
        return laid

    def _parts(self, start: int, stop: int) -> Iterator[tuple[slice, Callable[[], Values]]]:
        """Yield functions that compute some rows: all columns, or the middle from the image itself, and the edges."""
        first, last = self.seen(start, stop)
        left, right = self.halo.left, self.halo.right
        unpadded = self.halo == self.padding and self.stride == (1, 1) and first >= 0 and last <= self.above.height
        apart = self.own.anywhere and unpadded and self.width > 3 * (left + right)
        seen = self.above.rows(first, last) if apart else None
        if seen is None or seen.dtype != self.work:
            yield slice(None), lambda: self.rows(start, stop)
            return
        yield slice(left, self.width - right), lambda: self.own.function(seen)
        if left + right:
            edge = left + right
            wide = max(edge, EDGE_BYTES // seen.dtype.itemsize - edge)
            strip = borders.beside(seen, ((-left, wide), (self.width - edge, self.width + right)), self.rule)
            found = self.own.function(strip)
            end = wide + edge  # the results between the edges are not used
            yield slice(left), lambda: by_field(lambda values: values[:, :left], found)
            yield slice(self.width - right, self.width), lambda: by_field(lambda own: own[:, end - right : end], found)


def _size_of(window: Halo) -> str:
    return f"{window.left + window.right + 1}×{window.top + window.bottom + 1}"


def bound_for(stage: Stage, context: ImageContext) -> BoundStage:
    """Bind a stage; samples that it selects are converted to the work type unless they may keep the image's own."""
    own = nan_policy.bound_leaving_out(stage, context)
    if not stage.selects or context.integers:
        return own
    if context.kept and stage.extent is not None:
        return own
    if stage.takes == "rows":
        convert = lambda strip: strip.astype(context.work, copy=False)  # noqa: E731
        return own._replace(function=lambda rows: ZippedRows(convert, own.function(rows)))
    return own._replace(function=lambda *given: own.function(*given).astype(context.work, copy=False))
