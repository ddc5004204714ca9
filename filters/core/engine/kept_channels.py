"""The picture if one channel is filtered: the others are copied from the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..lazy_numpy import Array, np
from .colour_parts import ALPHA, PRIMARIES
from .mask import Region
from .masked_output import PartialPicture
from .moved_original import Original
from .quantize import Encoding
from .working_space import Passage


class KeptChannels(PartialPicture):
    """A picture of which only some channels come from the result."""

    def __init__(
        self,
        encoding: Encoding,
        passage: Passage,
        region: Region | None,
        original: Original,
        only: frozenset[str],
        *how: Any,
    ) -> None:
        """*only* names the channels; *how* are the arguments of `Collector` after the height."""
        region = region or Region(*original.image.shape[:2], mask=None, spans=None, partial=False)
        super().__init__(encoding, passage, region, original, *how)
        self.chosen = [number for number, name in enumerate(PRIMARIES) if name in only]
        self.kept = [number for number in range(self.image.shape[2]) if number not in self.chosen]
        self.keeps_alpha = ALPHA not in only

    def add(self, start: int, values: Sequence[Array], opaque: Array | None = None) -> None:
        """Take the values of the strip that begins at row *start*, and their alpha."""
        found = values[0][..., self.chosen] if self.chosen or opaque is None else opaque
        self.note(start, found, self.region.weights(start, start + len(found)) > 0)
        self.gather(start, values, opaque)

    def _put(self, start: int, samples: Array) -> None:
        joined = np.array(samples)
        joined[..., self.kept] = self._samples(start, start + len(samples))[..., self.kept]
        super()._put(start, joined)

    def _lay_alpha(self, start: int, opaque: Array | None, weights: Array) -> Array:
        share = super()._lay_alpha(start, opaque, weights)
        if self.keeps_alpha and self.alpha is not None:
            self.alpha[start : start + len(weights)] = self._alpha_samples(start, start + len(weights))
        return share
