"""Outputs of a filter that acts on a part of the image: gathered, and joined with what was there."""

from __future__ import annotations

from collections.abc import Sequence

from . import colour
from .collector import Canvas, Collector, Make, Output
from .encode import FULL, Encoding
from .lazy import Array, np
from .region import Region
from .stage import Frame


class Original:
    """The image as it was, in the samples of an output."""

    def __init__(self, image: Array, alpha: Array | None, background: tuple[float, ...] | None, opaque: bool) -> None:
        """An *opaque* output shows it on the *background*, which is white unless it is given."""
        self.image, self.alpha, self.background = image, alpha, background
        self.opaque = opaque and alpha is not None

    @property
    def has_alpha(self) -> bool:
        """Whether the output has one."""
        return self.alpha is not None and not self.opaque

    def values(self, start: int, stop: int) -> Array:
        """Return rows in the image's units, as float64."""
        strip = self.image[start:stop].astype(np.float64)
        if not self.opaque:
            return strip
        full = FULL[self.image.dtype.name]
        ground = np.array(self.background or (full,) * 3, np.float64)[None, None]
        if strip.shape[2] == 1:
            ground = colour.luma(ground)
        part = self.opacity(start, stop) / full
        return np.where(part > 0, strip, 0) * part + ground * (1 - part)

    def opacity(self, start: int, stop: int) -> Array:
        """Return rows of the alpha as ``(rows, columns, 1)`` of float64."""
        assert self.alpha is not None
        return self.alpha[start:stop, :, None].astype(np.float64)

    def samples(self, start: int, stop: int, encoding: Encoding) -> Array:
        """Return rows as the output's samples: those of the image, bit by bit, where the type is the same."""
        if encoding.dtype == self.image.dtype.name and not self.opaque:
            return self.image[start:stop]
        return encoding.of_alpha()(self.values(start, stop))

    def alpha_samples(self, start: int, stop: int, encoding: Encoding) -> Array:
        """Return rows of the alpha as the output's samples."""
        assert self.alpha is not None
        if encoding.dtype == self.alpha.dtype.name:
            return self.alpha[start:stop, :, None]
        return encoding.of_alpha()(self.opacity(start, stop))


class PartialPicture(Collector):
    """The picture: the result where the filter acts, the image where it does not, both where it does in part."""

    def __init__(
        self, encoding: Encoding, original: Original, region: Region, frame: Frame, measure: bool, make: Make = Canvas
    ) -> None:
        height, width, channels = original.image.shape
        super().__init__(encoding, height, measure, make)
        self.original, self.region, self.full = original, region, frame.full
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
        all_of_it, part = weights == 1, (weights > 0) & (weights < 1)
        partial = bool(part.any())
        share = weights
        if self.alpha is not None:
            before = original.opacity(start, stop)
            behind = np.full_like(before, self.full) if opaque is None else opaque
            both = behind * weights + before * (1 - weights)
            # Of what cannot be seen no colour is mixed in.
            share = np.divide(behind * weights, both, out=weights.copy(), where=both > 0)
            rows = self.alpha[start:stop]
            rows[...] = original.alpha_samples(start, stop, encoding)
            np.copyto(rows, encoding.of_alpha()(behind), where=all_of_it)
            np.copyto(rows, encoding.of_alpha()(both), where=part)
        samples = np.array(original.samples(start, stop, encoding))
        np.copyto(samples, encoding(values, extent), where=all_of_it)
        if partial:
            result, image = encoding.exact(values, extent), original.values(start, stop) * encoding.scale
            mixed = np.where(share == 1, result, result * share + image * (1 - share))
            np.copyto(samples, Encoding(encoding.dtype)(np.where(share == 0, image, mixed)), where=part)
        self._lay(start, samples)

    def _lay(self, start: int, samples: Array) -> None:
        for rows, out in self.canvas.parts(start, start + len(samples)):
            out[...] = samples[rows]


class PartialMap(Collector):
    """A map: 0 where the filter does not act, and weaker where it does in part; a direction stays what it is."""

    def __init__(
        self, encoding: Encoding, channels: int, region: Region, frame: Frame, height: int, measure: bool, make: Make
    ) -> None:
        super().__init__(encoding, height, measure, make)
        self.region, self.frame = region, frame
        self.row = np.zeros((1, region.width, channels), frame.work)

    def skip(self, start: int, stop: int) -> None:
        """Write nothing into the rows ``start … stop-1``."""
        super().add(start, [np.repeat(self.row, stop - start, axis=0)] * 2)

    def add(self, start: int, values: Sequence[Array], opaque: Array | None = None) -> None:
        """Take the values of the strip that begins at row *start*."""
        weights = self.region.weights(start, start + len(values[0]))
        directed = self.encoding.kind in ("angle", "hue")
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
