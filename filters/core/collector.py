"""One output of an image, gathered strip by strip and encoded as the strips come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from .encode import Encoding, hue_map
from .lazy import Array, np


class Output(NamedTuple):
    """One encoded result, and, where it was measured, what became of its values."""

    samples: Array
    alpha: Array | None = None
    low: float = math.inf
    high: float = -math.inf
    clipped: float = 0.0
    """The fraction of samples that the output's range cut off."""


class Collector:
    """Gathers strips; raw ones where the image's range must be known before they can be encoded."""

    def __init__(self, encoding: Encoding, height: int, measure: bool) -> None:
        self.encoding, self.height = encoding, height
        self.measure = measure or encoding.stretched
        self.samples: Array | None = None
        self.alpha: Array | None = None
        # Lists, because appending is safe from several threads.
        self.lows: list[float] = []
        self.highs: list[float] = []
        self.cuts: list[int] = []

    def add(self, start: int, values: Sequence[Array]) -> None:
        """Take the values of the strip that begins at row *start*."""
        encoding, first = self.encoding, values[0]
        if self.measure and first.dtype != bool:
            self.lows.append(float(np.fmin.reduce(first, axis=None)))
            self.highs.append(float(np.fmax.reduce(first, axis=None)))
            self.cuts.append(encoding.count_clipped(first))
        if self.samples is None:
            channels = 3 if encoding.kind == "hue" else first.shape[2]
            dtype = first.dtype if encoding.stretched else encoding.dtype
            self.samples = np.empty((self.height, first.shape[1], channels), dtype)
        out = self.samples[start : start + len(first)]
        if encoding.kind == "hue":
            out[...] = hue_map(first, values[1], encoding.gain, encoding.full)
        elif encoding.stretched:
            out[...] = first
        else:
            encoding.into(first, out)

    def add_alpha(self, start: int, opaque: Array) -> None:
        """Take the alpha of the strip that begins at row *start*."""
        encoding = self.encoding.of_alpha()
        if self.alpha is None:
            self.alpha = np.empty((self.height, opaque.shape[1], 1), encoding.dtype)
        encoding.into(opaque, self.alpha[start : start + len(opaque)])

    def output(self) -> Output:
        """Return the whole output."""
        assert self.samples is not None
        samples = self.samples
        low, high = min(self.lows, default=math.inf), max(self.highs, default=-math.inf)
        if self.encoding.stretched:
            samples = self.encoding(samples, (low, high))
        alpha = None if self.alpha is None else self.alpha[..., 0]
        return Output(samples, alpha, low, high, sum(self.cuts) / samples.size)
