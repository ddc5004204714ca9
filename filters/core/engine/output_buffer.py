"""One output of an image, gathered and encoded strip by strip."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from .layout import is_at
from .probe import Levels, Probe
from .quantize import Encoding, hue_map


class Tally(NamedTuple):
    """Measurements of the values of an output, or of some of its rows."""

    low: float = math.inf
    high: float = -math.inf
    clipped: int = 0
    """The number of samples clipped by the output's range."""
    missing: int = 0
    moved: int = 0
    binary: bool = False
    """The values are binary."""
    found: frozenset[bool] = frozenset()
    """Whether strips of binary values have a true one: the answers of all strips."""
    probed: Sequence[Array] = ()
    """The values that a `Probe` sampled."""
    exact: Sequence[Array] = ()
    """Their unsaturated values, if the results were saturated before."""

    @staticmethod
    def joined(parts: Sequence[Tally]) -> Tally:
        """Return the measurements of several parts together.

        >>> Tally.joined([Tally(0, 7, 1), Tally(-2, 3, 4)])[:3]
        (-2, 7, 5)
        """
        low, high, clipped, missing, moved, binary, found, probed, exact = zip(*parts, strict=True)
        probes = ([array for part in taken for array in part] for taken in (probed, exact))
        return Tally(
            min(low), max(high), sum(clipped), sum(missing), sum(moved), any(binary), frozenset().union(*found), *probes
        )

    def output(self, encoding: Encoding, samples: Any, alpha: Array | None, levels: Levels | None) -> Output:
        """Return the whole output that was measured."""
        return Output(
            samples,
            alpha,
            self.low,
            self.high,
            self.clipped / max(samples.size - self.missing, 1),
            None if self.binary or encoding.kind == "hue" else encoding.nodata,
            self.missing,
            self.moved,
            levels,
            blank=self.found == {False},
        )


class Output(NamedTuple):
    """One encoded result, with measurements of its values if requested."""

    samples: Any
    """An array, or the canvas made for it."""
    alpha: Array | None = None
    low: float = math.inf
    high: float = -math.inf
    clipped: float = 0.0
    """The fraction of samples clipped by the output's range, without missing ones."""
    nodata: float | None = None
    """The value of missing samples."""
    missing: int = 0
    """The number of missing samples."""
    moved: int = 0
    """The number of other samples that were moved by one level, away from that value."""
    levels: Levels | None = None
    """The position of the values in the range of the samples; None if the range is not fixed."""
    blank: bool = False
    """The values are binary, and all are false."""
    tally: Tally | None = None
    """The measurements of a part of the rows; the other fields are those of a whole output."""


class Canvas:
    """The destination of an output's samples: one array, unless a `CanvasFactory` makes another kind.

    Another kind has `cuts` and `rows`, which several threads call, and the array's *shape*, *dtype* and *size*.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: Any) -> None:
        # Many channels are stored as planes, as they arrive: interleaving 64 of them takes 5 times as long.
        planes = shape[2] > 4
        self.samples = np.empty((shape[2], *shape[:2]), dtype).transpose(1, 2, 0) if planes else np.empty(shape, dtype)

    def cuts(self, start: int, stop: int) -> Iterable[tuple[int, int]]:
        """Return the parts of the rows ``start … stop-1`` for which `rows` has room at a time."""
        return ((start, stop),)

    @contextlib.contextmanager
    def rows(self, start: int, stop: int) -> Iterator[Array]:
        """Provide memory for some rows, which is filled by the end of the context."""
        yield self.samples[start:stop]


CanvasFactory = Callable[..., Any]
"""Makes a `Canvas`, or an equivalent, for a shape and dtype; *alpha* tells if a streamed output has an alpha."""


class Collector:
    """Gathers strips; if encoding needs the range of all values, strips wait until all have arrived."""

    def __init__(
        self,
        encoding: Encoding,
        height: int,
        measure: bool = False,
        probed: bool = True,
        make: CanvasFactory = Canvas,
        streamed: bool = False,
    ) -> None:
        """*make* returns the canvas.

        A *streamed* output stores nothing: if the range is needed all strips come twice, and the canvas takes the alpha
        as its last channel.
        """
        self.encoding, self.height, self.streamed = encoding, height, streamed
        self.make: CanvasFactory = Canvas if encoding.stretched and not streamed else make
        self.measure = measure or encoding.stretched
        self.probe = Probe(encoding, height) if probed else None
        self.counts_gaps = measure or encoding.nodata is not None
        self.canvas: Any = None
        self.alpha: Array | None = None
        # Lists, as several threads can append safely.
        self.waiting: list[tuple[int, Sequence[Array], Array | None]] = []
        self.ranges: list[tuple[float, float, int]] = []
        self.found: list[bool] = []
        self.gaps: list[int] = []
        self.moved: list[int] = []
        self.binary = False
        self.extent: tuple[float, float] | None = None
        """The range of all values, once known."""
        self.part: tuple[int, int] | None = None
        """The requested rows, from the first to one past the last; None for all. Other rows are ignored."""

    def note(self, start: int, values: Array, where: Array | None = None) -> None:
        """Record the requested measurements of a strip's values, of which *where* marks those that count."""
        if self.extent is not None:  # the second pass
            return
        first, last = self.asked(start, start + len(values))
        if (first, last) != (start, start + len(values)):
            rows = slice(first - start, last - start)
            start, values, where = first, values[rows], None if where is None else where[rows]
        self.binary = values.dtype == bool
        if self.probe is not None:
            if self.binary:
                self.found.append(bool(values.any() if where is None else (values & where).any()))
            self.probe.take(start, values, where)
        if self.counts_gaps and values.dtype.kind == "f":
            self.gaps.append(int(np.count_nonzero(np.isnan(values))))
        if self.measure and not self.binary:
            counted = values if where is None else values[np.broadcast_to(where, values.shape)]
            low, high = (float(end.reduce(counted, axis=None)) for end in (np.fmin, np.fmax))
            self.ranges.append((low, high, self.encoding.count_clipped(counted)))

    def asked(self, start: int, stop: int) -> tuple[int, int]:
        """Return those of some rows, at least one, that are asked for."""
        return (start, stop) if self.part is None else (max(start, self.part[0]), min(stop, self.part[1]))

    def cuts(self, start: int, stop: int) -> Iterable[tuple[int, int]]:
        """Return the parts of the rows that are asked for which the canvas gives room for at a time."""
        return self.canvas.cuts(*self.asked(start, stop))

    def add(self, start: int, values: Sequence[Array], opaque: Array | None = None) -> None:
        """Take the values of the strip that begins at row *start*, and their alpha."""
        self.note(start, values[0])
        self.gather(start, values, opaque)

    def skip(self, start: int, stop: int) -> None:
        """Record that the filter does not act on the rows ``start … stop-1``."""
        raise NotImplementedError

    def gather(self, start: int, values: Sequence[Array], opaque: Array | None) -> None:
        """Encode a strip, or store a copy until the range of all values is known."""
        if self.extent is not None:
            self.lay(start, values, opaque, self.extent)
        elif self.encoding.stretched and self.streamed:
            return
        elif self.encoding.stretched:
            self.waiting.append((start, [np.array(value) for value in values], opaque))
        else:
            self.lay(start, values, opaque)

    def lay(
        self, start: int, values: Sequence[Array], opaque: Array | None, extent: tuple[float, float] = (0, 1)
    ) -> None:
        """Write the samples of a strip, and those of its alpha."""
        encoding, first, joined = self.encoding, values[0], self.streamed and opaque is not None
        if self.canvas is None:
            channels = 3 if encoding.kind == "hue" else first.shape[2]
            size = self.height, first.shape[1], channels
            self.canvas = self.make(size, encoding.dtype, alpha=True) if joined else self.make(size, encoding.dtype)
        of_alpha = encoding.of_alpha()
        for top, bottom in self.cuts(start, start + len(first)):
            rows = slice(top - start, bottom - start)
            with self.canvas.rows(top, bottom) as out:
                self._encode([value[rows] for value in values], out[..., :-1] if joined else out, extent)
                if opaque is not None and joined:
                    of_alpha.into(opaque[rows], out[..., -1:])
        if opaque is not None and not joined:
            if self.alpha is None:
                self.alpha = np.empty((self.height, opaque.shape[1], 1), of_alpha.dtype)
            of_alpha.into(opaque, self.alpha[start : start + len(opaque)])

    def place(self, start: int, stop: int, size: tuple[int, int]) -> Array:
        """Return the memory for rows of a canvas that is one array with *size*, columns and channels."""
        if self.canvas is None:
            self.canvas = Canvas((self.height, *size), self.encoding.dtype)
        return self.canvas.samples[start:stop]

    def put(self, start: int, values: Sequence[Array], out: Array) -> None:
        """Take the values of rows into *out*, the canvas's memory, where they may already be."""
        self.note(start, values[0])
        if is_at(values[0], out):
            return
        # Values that a stage moved within that memory are copied first.
        self._encode([value.copy() if np.may_share_memory(value, out) else value for value in values], out)

    def _encode(self, values: Sequence[Array], out: Array, extent: tuple[float, float] = (0, 1)) -> None:
        if self.encoding.kind == "hue":
            out[...] = hue_map(values[0], values[1], self.encoding.gain, self.encoding.full)
        else:
            self.moved.append(self.encoding.into(values[0], out, extent))

    def settle(self, extent: tuple[float, float] | None = None) -> None:
        """Record that the first pass is over; strips come again to be encoded with the range of all values.

        Their *extent* is given if not all of them came here.
        """
        self.extent = extent or self._range()

    def _range(self) -> tuple[float, float]:
        low = min((low for low, _, _ in self.ranges), default=math.inf)
        high = max((high for _, high, _ in self.ranges), default=-math.inf)
        return low, high

    def output(self) -> Output:
        """Return the whole output."""
        extent = self._range()
        while self.waiting:
            self.lay(*self.waiting.pop(), extent)
        samples = self.canvas.samples if isinstance(self.canvas, Canvas) else self.canvas
        levels = None if self.probe is None else self.probe.levels()
        return self.tally().output(self.encoding, samples, None if self.alpha is None else self.alpha[..., 0], levels)

    def tally(self) -> Tally:
        """Return what is known of the values that came."""
        clipped = sum(clipped for _, _, clipped in self.ranges)
        probed = () if self.probe is None else self.probe.taken
        found = frozenset(self.found)
        return Tally(*self._range(), clipped, sum(self.gaps), sum(self.moved), self.binary, found, probed)
