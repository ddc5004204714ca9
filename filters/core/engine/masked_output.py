"""Outputs of a filter that acts on a part of the image: gathered, and joined with what was there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..lazy_numpy import Array, np
from . import colour
from .mask import Region
from .nodata import Nodata
from .output_buffer import Canvas, CanvasFactory, Collector, Output
from .quantize import Encoding
from .stage import ImageContext


class Original:
    """The image as it was, in the samples of an output."""

    def __init__(
        self,
        image: Array,
        alpha: Array | None,
        background: tuple[float, ...] | None,
        opaque: bool,
        full: float,
        nodata: Nodata | None = None,
    ) -> None:
        """An *opaque* output shows it on the *background*, which is white, *full*, unless it is given."""
        self.image, self.alpha, self.background, self.full, self.nodata = image, alpha, background, full, nodata
        self.opaque = opaque and alpha is not None

    @property
    def has_alpha(self) -> bool:
        """Whether the output has one."""
        return self.alpha is not None and not self.opaque

    def values(self, start: int, stop: int, channel: int, dtype: Any) -> Array:
        """Return rows of one channel in the image's units, as ``(rows, columns)`` of *dtype*."""
        plane = self.image[start:stop, :, channel].astype(dtype)
        if self.nodata is not None:
            plane[self.nodata.gaps(self.image[start:stop])[..., channel]] = np.nan
        if not self.opaque:
            return plane
        backdrop = np.array(self.background or (self.full,) * 3, np.float64)[None, None]
        in_colour = self.image.shape[2] == backdrop.shape[2]
        value = float(backdrop[0, 0, channel] if in_colour else colour.luma(backdrop)[0, 0, 0])
        part = self.opacity(start, stop)[..., 0] / self.full
        return (np.where(part > 0, plane, 0) * part + value * (1 - part)).astype(dtype)

    def opacity(self, start: int, stop: int) -> Array:
        """Return rows of the alpha as ``(rows, columns, 1)`` of float64."""
        assert self.alpha is not None
        return self.alpha[start:stop, :, None].astype(np.float64)

    def samples(self, start: int, stop: int, encoding: Encoding) -> Array:
        """Return rows as the output's samples: those of the image, bit by bit, where the type is the same.

        Only the value of missing samples may be another.
        """
        same_gaps = self.nodata is None or self.nodata.value == encoding.nodata
        as_they_are = encoding.dtype == self.image.dtype.name and encoding.scale == 1
        if as_they_are and same_gaps and not self.opaque:
            return self.image[start:stop]
        planes = [self.values(start, stop, channel, np.float64) for channel in range(self.image.shape[2])]
        kept = encoding.of_alpha()._replace(nodata=encoding.nodata, reserved=encoding.reserved)
        return kept(np.stack(planes, axis=2))

    def alpha_samples(self, start: int, stop: int, encoding: Encoding) -> Array:
        """Return rows of the alpha as the output's samples."""
        assert self.alpha is not None
        if encoding.dtype == self.alpha.dtype.name and encoding.scale == 1:
            return self.alpha[start:stop, :, None]
        return encoding.of_alpha()(self.opacity(start, stop))


class PartialPicture(Collector):
    """The picture: the result where the filter acts, the image where it does not, both where it does in part."""

    def __init__(
        self,
        encoding: Encoding,
        original: Original,
        region: Region,
        context: ImageContext,
        measure: bool,
        make: CanvasFactory = Canvas,
    ) -> None:
        height, width, channels = original.image.shape
        super().__init__(encoding, height, measure, make)
        self.original, self.region, self.full = original, region, context.full
        self.canvas = self.make((height, width, channels), encoding.dtype)
        if original.has_alpha:
            self.alpha = np.empty((height, width, 1), encoding.dtype)
        # Strips whose range must be known first; a list, because appending is safe from several threads.
        self.waiting: list[tuple[int, Array, Array | None]] = []

    def skip(self, start: int, stop: int) -> None:
        """Leave the rows ``start … stop-1`` as they are."""
        self._lay(start, self.original.samples(start, stop, self.encoding))
        if self.alpha is not None:
            self.alpha[start:stop] = self.original.alpha_samples(start, stop, self.encoding)

    def add(self, start: int, values: Sequence[Array], opaque: Array | None = None) -> None:
        """Take the values of the strip that begins at row *start*, and their alpha."""
        strip = values[0]
        self.looked_at(start, strip, self.region.weights(start, start + len(strip)) > 0)
        self.count(strip)
        if self.measure:
            if strip.dtype == bool and self.encoding.stretched:
                strip = strip * self.full
            weights = self.region.weights(start, start + len(strip))
            self.measured(strip[np.broadcast_to(weights > 0, strip.shape)])
        if self.encoding.stretched:
            self.waiting.append((start, strip, opaque))
        else:
            self._join(start, strip, opaque)

    def output(self) -> Output:
        """Return the whole output."""
        if self.waiting:
            extent = self.extent()
            for strip in self.waiting:
                self._join(*strip, extent)
            self.waiting = []
        return self.gathered()

    def _join(self, start: int, values: Array, opaque: Array | None, extent: tuple[float, float] = (0, 1)) -> None:
        """Put the samples of one strip, and those of its alpha, in their places."""
        encoding, original, stop = self.encoding, self.original, start + len(values)
        weights = self.region.weights(start, stop)
        share = weights if self.alpha is None else self._join_alpha(start, opaque, weights)
        encoded, channels = encoding(values, extent), original.image.shape[2]
        if weights.min() == 1:
            self._lay(start, encoded if encoded.shape[2] == channels else np.repeat(encoded, channels, axis=2))
            return
        samples = np.array(original.samples(start, stop, encoding))
        # Plane by plane, because sums over three samples a pixel take three times as long.
        all_of_it, part, share = weights[..., 0] == 1, ((weights > 0) & (weights < 1))[..., 0], share[..., 0]
        partial = bool(part.any())
        for channel in range(channels):
            one = min(channel, values.shape[2] - 1)  # a gray answer is that of every colour
            plane = samples[..., channel]
            np.copyto(plane, encoded[..., one], where=all_of_it)
            if partial:
                result = encoding.exact(values[..., one], extent)
                image = encoding.converted(original.values(start, stop, channel, result.dtype))
                mixed = _mixed(result, image, share.astype(result.dtype), sure=self.alpha is None)
                np.copyto(plane, encoding.of_missing()(mixed), where=part)
        self._lay(start, samples)

    def _join_alpha(self, start: int, opaque: Array | None, weights: Array) -> Array:
        """Do so for the alpha; return the result's share of the colours: of what cannot be seen none is mixed in."""
        assert self.alpha is not None
        stop = start + len(weights)
        before = self.original.opacity(start, stop)
        behind = np.full_like(before, self.full) if opaque is None else opaque
        both = behind * weights + before * (1 - weights)
        rows, encoding = self.alpha[start:stop], self.encoding.of_alpha()
        rows[...] = self.original.alpha_samples(start, stop, self.encoding)
        np.copyto(rows, encoding(behind), where=weights == 1)
        np.copyto(rows, encoding(both), where=(weights > 0) & (weights < 1))
        return np.divide(behind * weights, both, out=weights.copy(), where=both > 0)

    def _lay(self, start: int, samples: Array) -> None:
        for top, bottom in self.canvas.cuts(start, start + len(samples)):
            with self.canvas.rows(top, bottom) as out:
                out[...] = samples[top - start : bottom - start]


def _mixed(result: Array, image: Array, share: Array, sure: bool) -> Array:
    """Return ``result · share + image · (1 - share)``; *sure* that no share is 0 or 1 where that matters."""
    mixed = result * share
    mixed += image * (1 - share)
    if not sure:  # NaN that cannot be seen is not mixed in either
        np.copyto(mixed, result, where=share == 1)
        np.copyto(mixed, image, where=share == 0)
    return mixed


class PartialMap(Collector):
    """A map: 0 where the filter does not act, and weaker where it does in part; a direction stays what it is."""

    def __init__(
        self,
        encoding: Encoding,
        channels: int,
        region: Region,
        context: ImageContext,
        height: int,
        measure: bool,
        make: CanvasFactory,
    ) -> None:
        super().__init__(encoding, height, measure, make)
        self.region, self.context = region, context
        self.row = np.zeros((1, region.width, channels), context.work)

    def skip(self, start: int, stop: int) -> None:
        """Write nothing into the rows ``start … stop-1``."""
        super().add(start, [np.repeat(self.row, stop - start, axis=0)] * 2)

    def add(self, start: int, values: Sequence[Array], opaque: Array | None = None) -> None:
        """Take the values of the strip that begins at row *start*."""
        weights = self.region.weights(start, start + len(values[0]))
        directed = self.encoding.directed
        strengths = [weights] * len(values)
        if directed:
            strengths[0] = (weights > 0).astype(weights.dtype)
        if not self.region.partial:
            super().add(start, [np.where(weights > 0, value, value.dtype.type(0)) for value in values], opaque)
            return
        super().add(
            start,
            [np.where(part > 0, value * part, 0) for value, part in zip(values, strengths, strict=True)],
            opaque,
        )
