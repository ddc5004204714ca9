"""A stage applied to several images of one size at once: they lie in a sheet, each with its own border."""

from __future__ import annotations

from collections.abc import Mapping

from ..lazy_numpy import Array, np
from . import borders
from .borders import Rule
from .stage import ImageContext, Rows, Stage, Values, by_field, fields_of
from .stage_rows import StageRows

SHEET_COLUMNS = 1 << 10
"""Columns up to which small images lie side by side: long rows are computed several times as fast as short ones."""
ACROSS = 1 << 5
"""As many images side by side, or twice as many and so on, or half as many, are all that are asked for at a time."""


def applied(above: Rows, stage: Stage, context: ImageContext, rule: Rule) -> StageRows:
    """Return the rows of a stage that takes strips of one image or of several."""
    return (StageRows if above.images == 1 else SheetRows)(above, stage, context, rule)


class SheetRows(StageRows):
    """A stage applied to the rows of several images above it."""

    def rows(self, start: int, stop: int) -> Values:
        """Return the results of whole images."""
        return self._of_images(start // self.height, stop // self.height, {})

    def write(self, start: int, stop: int, places: Mapping[str, Array]) -> dict[str, Array]:
        """Compute the results of whole images, and return their fields; one that fits its place is there."""
        found = fields_of(self._of_images(start // self.height, stop // self.height, places))
        return {name: values for name, values in found.items() if values is not None}

    def _of_images(self, first: int, last: int, places: Mapping[str, Array]) -> Values:
        """Return the results of whole images, in the *places* of their fields where they fit.

        They are computed from one strip, in which the images lie in rows and columns, each with its own border.
        """
        given = self.above.rows(first * self.above.height, last * self.above.height)
        if self.bare and not self.own.placed:
            return self.own.function(given)
        count, laid = last - first, {}
        fit = max(1, SHEET_COLUMNS // (self.width * self.stride[0] + self.halo.left))
        # A power of two, of which an executor asks for a multiple: a rest has a call of its own.
        across = 1 if self.own.placed else 1 << (fit.bit_length() - 1)
        whole = count // across * across
        found: Values = None
        for start, stop, columns in ((0, whole, across), (whole, count, 1 if self.own.placed else count - whole)):
            if start == stop:
                continue
            found = self._of_sheet(given, start, stop, columns)
            for name, values in fields_of(found).items():
                if values is None:
                    continue
                if name not in laid:
                    size, place = (count * self.height, *values.shape[3:]), places.get(name)
                    fits = place is not None and place.dtype == values.dtype
                    laid[name] = place if fits else np.empty(size, values.dtype)
                rows = laid[name][start * self.height : stop * self.height]
                np.copyto(rows.reshape(values.shape), values)
        return found._make(map(laid.get, found._fields)) if hasattr(found, "_make") else laid["image"]

    def _of_sheet(self, given: Values, start: int, stop: int, across: int) -> Values:
        """Return the results of some images, *across* of which lie side by side: ``(down, across, height, …)``."""
        (left, _), (top, bottom), (sx, sy) = self.beside(), self.seen(0, self.height), self.stride
        wide = (self.width - 1) * sx + self.halo.left + self.halo.right + 1
        # So many results lie from one image to the next.
        x, y = -(-wide // sx), -(-(bottom - top) // sy)
        high, width = self.above.height, self.above.width

        def sheet(strip: Array) -> Array:
            # Copied first: what is taken in short pieces is then in the cache, 0.2 µs of 1 an image of 28×28.
            images = strip[start * high : stop * high].copy().reshape(-1, across, high, *strip.shape[1:])
            work = np.float32 if self.narrow and strip.dtype == np.float32 else self.work
            rows, right = (top, top + y * sy, high), x * sx - left - width
            laid = borders.surround([(0, images)], rows, left, right, work, self.rule, self.own.interleaved)
            return laid.swapaxes(1, 2).reshape(-1, across * x * sx, laid.shape[4])

        strip = by_field(sheet, given)
        if self.own.placed:
            seen, step = bottom - top, y * sy
            alone = (
                self.own.function(by_field(lambda tall, at=at: tall[at : at + seen], strip), 0)
                for at in range(0, (stop - start) * step, step)
            )
            return by_field(lambda *images: np.stack(images)[:, None], *alone)

        def results(found: Array) -> Array:
            row, column, channel = found.strides
            size = (stop - start) // across, across, self.height, self.width, found.shape[2]
            return np.lib.stride_tricks.as_strided(found, size, (y * row, x * column, row, column, channel))

        return by_field(results, self.own.function(strip))
