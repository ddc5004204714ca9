"""One output of an image, gathered strip by strip and encoded as the strips come."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from .probe import Levels, Probe
from .quantize import Encoding, hue_map

PIECE = 1 << 18
"""Samples that are stretched at a time."""


class Output(NamedTuple):
    """One encoded result, and, where it was measured, what became of its values."""

    samples: Any
    """An array, or what was made to serve as its canvas."""
    alpha: Array | None = None
    low: float = math.inf
    high: float = -math.inf
    clipped: float = 0.0
    """The fraction of samples that the output's range cut off; missing ones do not count."""
    nodata: float | None = None
    """The value of samples that are missing."""
    missing: int = 0
    """How many are."""
    moved: int = 0
    """How many others were moved by one level, away from that value."""
    levels: Levels | None = None
    """Where the values lie in the range of the samples; None where that is not fixed."""
    blank: bool = False
    """The values say yes or no, and all say no."""


class Canvas:
    """Where the samples of an output go: one array, unless a `CanvasFactory` gives what takes them otherwise.

    Such a thing has `cuts` and `rows`, called from several threads, and the array's *shape*, *dtype* and *size*.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: Any) -> None:
        # Of many channels each is a plane, as it comes: 64 of them side by side take 5 times as long to fill.
        planes = shape[2] > 4
        self.samples = np.empty((shape[2], *shape[:2]), dtype).transpose(1, 2, 0) if planes else np.empty(shape, dtype)

    def cuts(self, start: int, stop: int) -> Iterable[tuple[int, int]]:
        """Return the parts of the rows from *start* to *stop* that `rows` gives room for at a time."""
        return ((start, stop),)

    @contextlib.contextmanager
    def rows(self, start: int, stop: int) -> Iterator[Array]:
        """Give room for some rows, which is filled when the context ends."""
        yield self.samples[start:stop]


CanvasFactory = Callable[[tuple[int, int, int], Any], Any]
"""Makes a `Canvas`, or what serves as one, of a shape and dtype."""


class Collector:
    """Gathers strips; raw ones where the image's range must be known before they can be encoded."""

    def __init__(self, encoding: Encoding, height: int, measure: bool, make: CanvasFactory = Canvas) -> None:
        self.encoding, self.height = encoding, height
        self.make = Canvas if encoding.stretched else make
        self.measure = measure or encoding.stretched
        self.probe = Probe(encoding, height)
        self.counts_gaps = measure or encoding.nodata is not None
        self.canvas: Any = None
        self.alpha: Array | None = None
        # Lists, because appending is safe from several threads.
        self.lows: list[float] = []
        self.highs: list[float] = []
        self.cuts: list[int] = []
        self.found: list[bool] = []
        self.gaps: list[int] = []
        self.moved: list[int] = []
        self.binary = False
        self.probed = True

    def measured(self, values: Array) -> None:
        """Take note of the range of *values*."""
        if values.dtype != bool:
            self.lows.append(float(np.fmin.reduce(values, axis=None)))
            self.highs.append(float(np.fmax.reduce(values, axis=None)))
            self.cuts.append(self.encoding.count_clipped(values))

    def looked_at(self, start: int, values: Array, where: Array | None = None) -> None:
        """Take note of where *values* lie in the range of the output, or whether any is yes, if somebody asks."""
        if not self.probed:
            return
        if values.dtype == bool:
            self.found.append(bool(values.any() if where is None else (values & where).any()))
        self.probe.take(start, values, where)

    def count(self, values: Array) -> None:
        """Take note of how many of *values* are missing."""
        self.binary = values.dtype == bool
        if self.counts_gaps and values.dtype.kind == "f":
            self.gaps.append(int(np.count_nonzero(np.isnan(values))))

    def extent(self) -> tuple[float, float]:
        """Return the least and the greatest value; where there was none, the least is infinite."""
        return min(self.lows, default=math.inf), max(self.highs, default=-math.inf)

    def skip(self, start: int, stop: int) -> None:
        """Take note that nothing is to be done in the rows ``start … stop-1``."""
        raise NotImplementedError

    def add(self, start: int, values: Sequence[Array], opaque: Array | None = None) -> None:
        """Take the values of the strip that begins at row *start*, and their alpha."""
        encoding, first = self.encoding, values[0]
        self._note(start, first)
        if self.canvas is None:
            channels = 3 if encoding.kind == "hue" else first.shape[2]
            dtype = first.dtype if encoding.stretched else encoding.dtype
            self.canvas = self.make((self.height, first.shape[1], channels), dtype)
        for top, bottom in self.canvas.cuts(start, start + len(first)):
            rows = slice(top - start, bottom - start)
            with self.canvas.rows(top, bottom) as out:
                self._encode([value[rows] for value in values], out)
        if opaque is not None:
            self._add_alpha(start, opaque)

    def put(self, start: int, values: Sequence[Array], out: Array) -> None:
        """Take the values of rows for which the canvas gives the room *out*, where they may already be."""
        self._note(start, values[0])
        if values[0] is not out:
            self._encode(values, out)

    def _note(self, start: int, values: Array) -> None:
        self.looked_at(start, values)
        self.count(values)
        if self.measure:
            self.measured(values)

    def _encode(self, values: Sequence[Array], out: Array) -> None:
        encoding, first = self.encoding, values[0]
        if encoding.kind == "hue":
            out[...] = hue_map(first, values[1], encoding.gain, encoding.full)
        elif encoding.stretched:
            out[...] = first
        else:
            self.moved.append(encoding.into(first, out))

    def _add_alpha(self, start: int, opaque: Array) -> None:
        encoding = self.encoding.of_alpha()
        if self.alpha is None:
            self.alpha = np.empty((self.height, opaque.shape[1], 1), encoding.dtype)
        encoding.into(opaque, self.alpha[start : start + len(opaque)])

    def output(self) -> Output:
        """Return the whole output."""
        if self.encoding.stretched:
            values = self.canvas.samples
            self.canvas.samples = np.empty(values.shape, self.encoding.dtype)
            rows = max(1, PIECE // max(values[0].size, 1))
            for start in range(0, len(values), rows):  # what is computed on the way takes five times as much
                stop = start + rows
                self.moved.append(
                    self.encoding.into(values[start:stop], self.canvas.samples[start:stop], self.extent())
                )
        return self.gathered()

    def gathered(self) -> Output:
        """Return what was gathered."""
        samples = self.canvas.samples if isinstance(self.canvas, Canvas) else self.canvas
        alpha = None if self.alpha is None else self.alpha[..., 0]
        blank = bool(self.found) and not any(self.found)
        missing = sum(self.gaps)
        clipped = sum(self.cuts) / max(samples.size - missing, 1)
        nodata = None if self.binary or self.encoding.kind == "hue" else self.encoding.nodata
        levels = self.probe.levels()
        return Output(samples, alpha, *self.extent(), clipped, nodata, missing, sum(self.moved), levels, blank)
