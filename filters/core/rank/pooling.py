"""Pooling: one value for each window of a CNN layer, with no samples from outside the image.

The padding holds no samples: a maximum skips it, and a mean counts it only on request. So border rules do not apply. A
window kept to round the size up may extend beyond the padding; that overhang never counts.
"""

from __future__ import annotations

from functools import reduce
from typing import Any, Literal

from .. import native
from ..engine.facts import note
from ..engine.layout import planes_of, strip_of
from ..engine.quantize import Display
from ..engine.stage import NO_HALO, BoundStage, Colours, Halo, ImageContext, Stage, WeightedSum, Window
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import ImageError

Op = Literal["max", "min", "avg", "l2"]
OPS = ("min", "max", "avg", "l2")
"""In the order of the compiled core."""
EXACT = 1 << 22
"""The largest sum of whole numbers that is exact in float32, as is its rounded mean."""


class Axis(NamedTuple):
    """The windows along x or along y."""

    taps: int
    stride: int
    dilation: int = 1
    before: int = 0
    """Padded samples."""
    behind: int = 0

    @property
    def reach(self) -> int:
        """The distance from the first sample of a window to its last."""
        return (self.taps - 1) * self.dilation

    def evenly(self, samples: int) -> Axis:
        """Return the axis padded for ``⌈samples / stride⌉`` windows, equally on both sides or one more at the end.

        >>> Axis(3, 2).evenly(6)
        Axis(taps=3, stride=2, dilation=1, before=0, behind=1)
        """
        total = max((-(-samples // self.stride) - 1) * self.stride + self.reach + 1 - samples, 0)
        return self._replace(before=total // 2, behind=total - total // 2)

    def within(self, samples: int) -> int:
        """Return how many windows fit into *samples*, if the first window begins at the first sample."""
        return (samples - self.reach - 1) // self.stride + 1

    def counts(self, windows: int, low: int, high: int) -> Array:
        """Return how many samples of each window are among ``low … high-1``; the first window begins at 0.

        >>> Axis(3, 2).counts(3, 1, 5).tolist()
        [2, 3, 1]
        """
        if low <= 0 and high > (windows - 1) * self.stride + self.reach:
            return np.full(windows, self.taps)
        begin = self.stride * np.arange(windows)
        first, last = (np.clip(-((begin - end) // self.dilation), 0, self.taps) for end in (low, high))
        return last - first


class Windows(NamedTuple):
    """The windows of a strip, and the ranges of its columns and rows that count."""

    x: Axis
    y: Axis
    columns: tuple[int, int]
    rows: tuple[int, int]

    def counts(self, rows: int, columns: int) -> Array:
        """Return how many samples of each window count; raises ImageError if none does."""
        across = self.x.counts(self.x.within(columns), *self.columns)
        down = self.y.counts(self.y.within(rows), *self.rows)
        if not (across.all() and down.all()):
            raise ImageError("a window has no sample in the image; use a smaller dilation")
        return np.outer(down, across)[..., None]

    def pooled(self, strip: Array, op: Op, out: Any, ignoring: bool = False, in_double: bool = True) -> Array:
        """Return the value of *op* for each window; NaN makes NaN, or is skipped by extrema if *ignoring*."""
        if native.core is None:
            return self._reference(strip, op, out, ignoring)
        given, step = native.rows_of(strip)
        rows, columns = self.y.within(strip.shape[0]), self.x.within(strip.shape[1])
        result = np.empty((len(given), rows, columns * step), out)
        (width, sx, dx), (height, sy, dy) = self.x[:3], self.y[:3]
        sizes = height, width, sy, sx, dy, dx, *self.rows, *self.columns, step
        native.core.pool(given, result, OPS.index(op), ignoring, in_double, *sizes)
        return native.strip_like(result, step)

    def _reference(self, strip: Array, op: Op, out: Any, ignoring: bool) -> Array:
        extremum = op in ("max", "min")
        planes = planes_of(strip).astype(np.float64)
        nothing = 0.0 if not extremum else np.nan if ignoring else -np.inf if op == "max" else np.inf
        for ends, along in ((self.columns, planes), (self.rows, planes.swapaxes(1, 2))):
            along[:, :, : max(ends[0], 0)] = nothing
            along[:, :, max(ends[1], 0) :] = nothing
        if op == "l2":
            planes *= planes
        join = (np.fmax if ignoring else np.maximum) if op == "max" else np.fmin if ignoring else np.minimum
        for along, (taps, stride, gap, *_) in ((1, self.y), (2, self.x)):
            planes, size = planes.swapaxes(0, along), ((self.y, self.x)[along - 1]).within(planes.shape[along])
            starts = (tap * gap for tap in range(taps))
            parts = (planes[start : start + (size - 1) * stride + 1 : stride] for start in starts)
            planes = reduce(join if extremum else np.add, parts).swapaxes(0, along)
        total = strip_of(planes)
        if op == "avg":
            total = total / self.counts(*strip.shape[:2])
        elif op == "l2":
            total = np.sqrt(total)
        return total.astype(out) if extremum else native.converted(total, out)


def pooling(op: Op, x: Axis, y: Axis, *, same: bool = False, ceil: bool = False, include_pad: bool = False) -> Stage:
    """Return the stage that pools windows of *x* by *y*; *same* pads as `Axis.evenly` does.

    *ceil* keeps a last window that begins in the image and ends beyond the padding. *include_pad* makes a mean count
    the padding as zeros.

    References
    ----------
    PyTorch, torch.nn.MaxPool2d, AvgPool2d and LPPool2d; ONNX, MaxPool, AveragePool and LpPool.
    """
    size = x.taps * y.taps

    def bind(context: ImageContext) -> BoundStage:
        across, down = (x.evenly(context.width), y.evenly(context.height)) if same else (x, y)
        # A stage's padding cannot depend on the image's size, as this one does: strips begin earlier by that much.
        extra = Halo(across.before, down.before) if same else NO_HALO
        selects = op in ("max", "min")
        out = context.own_type if selects or (op == "avg" and context.rounded) else context.work
        # If all samples count, strips need no positions: an image of 28×28 in a stack takes 1 µs instead of 16.
        inside = not (same or ceil) and (across.before, across.behind, down.before, down.behind) == (0, 0, 0, 0)
        in_double = np.dtype(context.work) == np.float64 or (op == "avg" and context.most * size > EXACT)

        def function(strip: Array, row: int = 0) -> Array:
            strip = strip[: len(strip) - extra.top, : strip.shape[1] - extra.left]
            whole = Windows(across, down, (0, strip.shape[1]), (0, strip.shape[0]))
            if op == "l2":  # the padding is already 0; that of an alpha is white
                return _norm(strip, whole, context, in_double)
            if inside:
                return whole.pooled(strip, op, out, context.ignoring, in_double)
            ends = []
            for axis, samples, first in ((across, context.width, 0), (down, context.height, row * down.stride)):
                low, high = (-axis.before, samples + axis.behind) if include_pad else (0, samples)
                ends.append((low + axis.before - first, high + axis.before - first))
            windows = Windows(across, down, *ends)
            windows.counts(*strip.shape[:2])
            return windows.pooled(strip, op, out, context.ignoring, in_double)

        return BoundStage(function, extra, work=context.own_type, placed=not inside, interleaved=True)

    def centre(samples: int, axis: int) -> float:
        along = (x, y)[axis]
        return along.reach / 2 - (along.evenly(samples) if same else along).before

    return Stage(
        bind,
        window=Window(
            Halo(0, 0, x.reach, y.reach),
            padding=None if same else Halo(x.before, y.before, x.behind, y.behind),
            stride=(x.stride, y.stride),
            ceil=ceil,
            border="constant",
            centre=centre,
        ),
        selects=op in ("max", "min"),
        picks=op in ("max", "min"),
        colours=Colours(gain=size**0.5 if op == "l2" else 1.0),
        weights=WeightedSum(1.0, 1.0) if op == "avg" else None,
        amplification=size**0.5 if op == "l2" else 1.0,
        display=Display(gain=size**-0.5 if op == "l2" else 1.0),
        facts=lambda context: (
            note(f"{op} of {size} samples in {x.reach + 1}×{y.reach + 1}, stride {x.stride},{y.stride}"),
        ),
    )


def _norm(strip: Array, windows: Windows, context: ImageContext, in_double: bool) -> Array:
    """Return the root of the sum of squares of each window, scaled up to replace missing samples."""
    if not (context.ignoring and np.isnan(np.max(strip))):
        return windows.pooled(strip, "l2", context.work, in_double=in_double)
    gaps = np.isnan(strip)
    norms = windows.pooled(np.where(gaps, 0, strip), "l2", np.float64)
    every = windows.x.taps * windows.y.taps
    there = every - windows.pooled(gaps.astype(np.float64), "l2", np.float64) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(there > 0.5, norms * np.sqrt(every / there), np.nan).astype(context.work)
