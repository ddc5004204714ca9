"""Outputs of a filter that acts on a part of the image: gathered, and blended with the original."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..lazy_numpy import Array, np
from .mask import Region
from .moved_original import Original
from .output_buffer import Collector
from .quantize import Encoding
from .working_space import Passage


class PartialPicture(Collector):
    """The picture: the result where the filter acts, the image elsewhere, and a blend where it acts in part."""

    def __init__(self, encoding: Encoding, passage: Passage, region: Region, original: Original, *how: Any) -> None:
        """*original* is kept where the filter does not act; *how* are the further arguments of `Collector`."""
        height, width, channels = original.image.shape
        super().__init__(encoding, height, *how)
        self.passage, self.region = passage, region
        self.image, self.original_alpha, self.nodata = original
        self.canvas = self.make((height, width, channels), encoding.dtype)
        self.opaque = passage.settings.opaque and passage.alpha is not None
        if passage.alpha is not None and not self.opaque:
            self.alpha = np.empty((height, width, 1), encoding.dtype)

    def skip(self, start: int, stop: int) -> None:
        """Keep the rows ``start … stop-1`` unchanged."""
        self._put(start, self._samples(start, stop))
        if self.alpha is not None:
            self.alpha[start:stop] = self._alpha_samples(start, stop)

    def add(self, start: int, values: Sequence[Array], opaque: Array | None = None) -> None:
        """Take the values of the strip that begins at row *start*, and their alpha."""
        self.note(start, values[0], self.region.weights(start, start + len(values[0])) > 0)
        self.gather(start, values, opaque)

    def lay(
        self, start: int, values: Sequence[Array], opaque: Array | None, extent: tuple[float, float] = (0, 1)
    ) -> None:
        """Write the samples of one strip, and those of its alpha."""
        encoding, (strip, *_), channels = self.encoding, values, self.image.shape[2]
        stop = start + len(strip)
        weights = self.region.weights(start, stop)
        share = weights if self.alpha is None else self._lay_alpha(start, opaque, weights)
        encoded = encoding(strip, extent)
        if weights.min() == 1:
            self._put(start, encoded if encoded.shape[2] == channels else np.repeat(encoded, channels, axis=2))
            return
        samples = np.array(self._samples(start, stop))
        # Plane by plane, as sums over interleaved samples take three times as long.
        all_of_it, part, share = weights[..., 0] == 1, ((weights > 0) & (weights < 1))[..., 0], share[..., 0]
        partial = bool(part.any())
        for channel in range(channels):
            one = min(channel, strip.shape[2] - 1)  # a gray response applies to every colour
            plane = samples[..., channel]
            np.copyto(plane, encoded[..., one], where=all_of_it)
            if partial:
                result = encoding.exact(strip[..., one], extent)
                image = encoding.converted(self._plane(start, stop, channel, result.dtype))
                mixed = _mixed(result, image, share.astype(result.dtype), sure=self.alpha is None)
                np.copyto(plane, encoding.of_missing()(mixed), where=part)
        self._put(start, samples)

    def _lay_alpha(self, start: int, opaque: Array | None, weights: Array) -> Array:
        """Write the alpha; return the result's share of the colours, in which transparent pixels have no part."""
        assert self.alpha is not None
        stop = start + len(weights)
        before = self._opacity(start, stop)
        behind = np.full_like(before, self.passage.full) if opaque is None else opaque
        both = behind * weights + before * (1 - weights)
        rows, encoding = self.alpha[start:stop], self.encoding.of_alpha()
        rows[...] = self._alpha_samples(start, stop)
        np.copyto(rows, encoding(behind), where=weights == 1)
        np.copyto(rows, encoding(both), where=(weights > 0) & (weights < 1))
        return np.divide(behind * weights, both, out=weights.copy(), where=both > 0)

    def _put(self, start: int, samples: Array) -> None:
        for top, bottom in self.cuts(start, start + len(samples)):
            with self.canvas.rows(top, bottom) as out:
                out[...] = samples[top - start : bottom - start]

    def _samples(self, start: int, stop: int) -> Array:
        """Return rows of the image as the output's samples, bit for bit if the type is the same.

        Only the value of missing samples may change.
        """
        encoding, nodata = self.encoding, self.nodata
        as_they_are = encoding.dtype == self.image.dtype.name and encoding.scale == 1 and not self.opaque
        if as_they_are and (nodata is None or nodata.value == encoding.nodata):
            return self.image[start:stop]
        planes = [self._plane(start, stop, channel, np.float64) for channel in range(self.image.shape[2])]
        kept = encoding.of_alpha()._replace(nodata=encoding.nodata, reserved=encoding.reserved)
        return kept(np.stack(planes, axis=2))

    def _plane(self, start: int, stop: int, channel: int, dtype: Any) -> Array:
        """Return rows of one channel of the image in its units, on the background if the result has no alpha."""
        plane = self.image[start:stop, :, channel].astype(dtype)
        if self.nodata is not None:
            plane[self.nodata.gaps(self.image[start:stop])[..., channel]] = np.nan
        if not self.opaque:
            return plane
        part = self._opacity(start, stop)[..., 0] / self.passage.full
        backdrop = self.passage.backdrop(self.image.shape[2], linear=False)
        value = backdrop.flat[channel % backdrop.size]
        return (np.where(part > 0, plane, 0) * part + value * (1 - part)).astype(dtype)

    def _opacity(self, start: int, stop: int) -> Array:
        """Return rows of the image's alpha as ``(rows, columns, 1)`` of float64."""
        assert self.original_alpha is not None
        return self.original_alpha[start:stop, :, None].astype(np.float64)

    def _alpha_samples(self, start: int, stop: int) -> Array:
        """Return rows of the image's alpha as the output's samples."""
        alpha = self.original_alpha
        assert alpha is not None
        if self.encoding.dtype == alpha.dtype.name and self.encoding.scale == 1:
            return alpha[start:stop, :, None]
        return self.encoding.of_alpha()(self._opacity(start, stop))


def _mixed(result: Array, image: Array, share: Array, sure: bool) -> Array:
    """Return ``result · share + image · (1 - share)``; *sure* skips the check for shares of 0 and 1."""
    mixed = result * share
    mixed += image * (1 - share)
    if not sure:  # transparent NaN is not mixed in
        np.copyto(mixed, result, where=share == 1)
        np.copyto(mixed, image, where=share == 0)
    return mixed


class PartialMap(Collector):
    """A map: 0 where the filter does not act, and weaker where it acts in part; directions do not change."""

    def __init__(self, encoding: Encoding, row: Array, region: Region, height: int, *how: Any) -> None:
        """*row* is a row of 0, for rows on which the filter does not act."""
        super().__init__(encoding, height, *how)
        self.row, self.region = row, region

    def skip(self, start: int, stop: int) -> None:
        """Write 0 into the rows ``start … stop-1``."""
        super().add(start, [np.repeat(self.row, stop - start, axis=0)] * 2)

    def add(self, start: int, values: Sequence[Array], opaque: Array | None = None) -> None:
        """Take the values of the strip that begins at row *start*."""
        weights = self.region.weights(start, start + len(values[0]))
        if self.region.partial:
            strengths = [weights] * len(values)
            if self.encoding.directed:
                strengths[0] = (weights > 0).astype(weights.dtype)
            values = [value * strength for value, strength in zip(values, strengths, strict=True)]
        super().add(start, [np.where(weights > 0, value, value.dtype.type(0)) for value in values], opaque)
