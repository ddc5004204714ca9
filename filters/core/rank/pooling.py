"""Pooling: one value for each window of a CNN layer, and nothing from outside of the image.

What lies past the edge is no sample: a maximum does not see it, and a mean does not count it unless told to. So the
border rules have no say here. A window that is kept to round the size up may reach past the padding; that overhang
never counts.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, NamedTuple

from ..engine.facts import note
from ..engine.layout import narrowest, planes_of, strip_of
from ..engine.quantize import Display
from ..engine.stage import NO_HALO, BoundStage, Colours, Halo, ImageContext, Stage, WeightedSum, Window
from ..lazy_numpy import Array, np
from ..linear.doubling import joins, over_windows
from ..parameters import ImageError
from . import extrema

Op = Literal["max", "min", "avg", "l2"]
WHOLE_STRIP_SAMPLES, STRIP_SAMPLES = 1 << 19, 1 << 17
"""Samples of a channel up to which strips are the higher: of whole numbers, which are narrow, and of others. Pooled by
8, 12 MP of 8 bits take 14 ms so in place of 19 and of float 31 in place of 39; twice as high ones of float 34."""

MAX_SINGLE_OVERLAP = 4
"""Windows that hold a sample, along one axis, above which an extremum is best made of windows that overlap: of 8 bits
31×31 takes 0.2 ns a sample so in place of 0.7, but 9×9 hardly less, and 3×3 no less."""


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
        """How far the last sample of a window is from its first."""
        return (self.taps - 1) * self.dilation

    def evenly(self, samples: int) -> Axis:
        """Return the axis padded for ``⌈samples / stride⌉`` windows, alike on both sides or one more behind.

        >>> Axis(3, 2).evenly(6)
        Axis(taps=3, stride=2, dilation=1, before=0, behind=1)
        """
        total = max((-(-samples // self.stride) - 1) * self.stride + self.reach + 1 - samples, 0)
        return self._replace(before=total // 2, behind=total - total // 2)

    def within(self, samples: int) -> int:
        """Return how many windows *samples* hold, the first of which begins the first window."""
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
    """The windows of a strip, and which of its columns and rows count: from one to another."""

    x: Axis
    y: Axis
    columns: tuple[int, int]
    rows: tuple[int, int]

    @property
    def size(self) -> int:
        """The samples of a window."""
        return self.x.taps * self.y.taps

    def blank(self, planes: Array, value: Any) -> None:
        """Write *value* to all that does not count, in place."""
        for ends, along in ((self.columns, planes), (self.rows, planes.swapaxes(1, 2))):
            along[:, :, : max(ends[0], 0)] = value
            along[:, :, max(ends[1], 0) :] = value

    def counts(self, planes: Array) -> tuple[Array, Array]:
        """Return how many columns and how many rows of each window count; raises ImageError where none does."""
        across = self.x.counts(self.x.within(planes.shape[2]), *self.columns)
        down = self.y.counts(self.y.within(planes.shape[1]), *self.rows)
        if not (across.all() and down.all()):
            raise ImageError("the image lies between the samples of a window: its dilation must be smaller")
        return across, down

    def joined(self, planes: Array, join: Any, wide: Any = None) -> Array:
        """Join the samples of all windows; down the columns first: that leaves fewer rows for the slower pass."""
        planes = _joined(planes, 1, self.y, join)
        return _joined(planes if wide is None else planes.astype(wide, copy=False), 2, self.x, join)


def pooling(op: Op, x: Axis, y: Axis, *, same: bool = False, ceil: bool = False, include_pad: bool = False) -> Stage:
    """Return the stage that pools windows of *x* by *y*; *same* pads as `Axis.evenly` does.

    With *ceil* a last window is kept that begins on the image and ends past the padding. With *include_pad* a mean
    counts the padding's zeros.

    References
    ----------
    PyTorch, torch.nn.MaxPool2d, AvgPool2d and LPPool2d; ONNX, MaxPool, AveragePool and LpPool.
    """
    size = x.taps * y.taps
    pool = {"max": partial(_extremum, greatest=True), "min": partial(_extremum, greatest=False)}.get(
        op, _mean if op == "avg" else _root
    )

    def bind(context: ImageContext) -> BoundStage:
        across, down = (x.evenly(context.width), y.evenly(context.height)) if same else (x, y)
        # That padding depends on the image's size, as a stage's cannot: the strips begin so much earlier.
        extra = Halo(across.before, down.before) if same else NO_HALO

        def function(strip: Array, row: int) -> Array:
            planes = planes_of(strip)[:, : len(strip) - extra.top, : strip.shape[1] - extra.left]
            ends = []
            for axis, samples, first in ((across, context.width, 0), (down, context.height, row * down.stride)):
                low, high = (-axis.before, samples + axis.behind) if include_pad else (0, samples)
                ends.append((low + axis.before - first, high + axis.before - first))
            return strip_of(pool(planes, Windows(across, down, *ends), context))

        rows = max(1, (WHOLE_STRIP_SAMPLES if context.whole else STRIP_SAMPLES) // (context.width * y.stride))
        # Of whole numbers the narrowest type that holds a column's sum.
        work = narrowest(context.most * y.taps) if op == "avg" and context.whole else None
        return BoundStage(function, extra, rows, work=work, placed=True)

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


def _extremum(planes: Array, windows: Windows, context: ImageContext, greatest: bool) -> Array:
    """Return the greatest or the least sample of each window."""
    join, careful = (np.maximum, np.fmax) if greatest else (np.minimum, np.fmin)
    nothing: Any = -np.inf if greatest else np.inf
    if context.whole:
        nothing = 0 if greatest else context.most
    elif context.ignoring and np.isnan(np.max(planes)):
        nothing, join = np.nan, careful
    windows.counts(planes)
    windows.blank(planes, nothing)
    x, y = windows.x, windows.y
    if min(x.taps / x.stride, y.taps / y.stride) > MAX_SINGLE_OVERLAP:
        dilation = x.dilation, y.dilation
        which = "max" if greatest else "min"
        return extrema.over_window(planes, (x.taps, y.taps), which, (x.stride, y.stride), dilation, join is careful)
    return windows.joined(planes, join)


def _mean(planes: Array, windows: Windows, context: ImageContext) -> Array:
    """Return the mean of what counts of each window.

    What is padded is 0 already; of an alpha, beside the colours, white.
    """
    across, down = windows.counts(planes)
    windows.blank(planes, 0)
    size = windows.size
    sums = windows.joined(planes, np.add, narrowest(context.most * size + size // 2) if context.whole else None)
    out = _divided(sums, size, context)
    for few, here in (
        (across != windows.x.taps, np.s_[:, :, across != windows.x.taps]),
        (down != windows.y.taps, np.s_[:, down != windows.y.taps]),
    ):
        if few.any():
            out[here] = _divided(sums[here], np.outer(down, across)[here[1:]], context)
    return out


def _divided(sums: Array, counts: Any, context: ImageContext) -> Array:
    """Return sums over counts; rounded half up where the result is written so."""
    if not context.whole:
        return sums / (counts if isinstance(counts, int) else counts.astype(sums.dtype))
    if not context.rounded:
        return (sums / counts).astype(context.work, copy=False)
    counts = sums.dtype.type(counts) if isinstance(counts, int) else counts.astype(sums.dtype)
    return ((sums + counts // sums.dtype.type(2)) // counts).astype(context.own_type)


def _root(planes: Array, windows: Windows, context: ImageContext) -> Array:
    """Return the root of the sum of squares of each window; of missing samples the others take the place."""
    if not (context.ignoring and np.isnan(np.max(planes))):
        total = windows.joined(planes * planes, np.add)
        return np.sqrt(total, out=total)
    gaps = np.isnan(planes)
    total = windows.joined(np.where(gaps, 0, planes * planes), np.add)
    there = windows.size - windows.joined(gaps.astype(planes.dtype), np.add)
    with np.errstate(divide="ignore"):
        return np.sqrt(np.where(there > 0, total * (windows.size / there), np.nan))


def _joined(planes: Array, along: int, axis: Axis, join: Any) -> Array:
    """Join the samples of all windows along one axis of ``(channels, rows, columns)``.

    Windows and strides that have a factor in common are joined in blocks of so many samples first, then windows of
    blocks: of 8 by 8 the half, the quarter and the eighth. What is left is joined sample by sample, or by doubling:
    two windows of n, one behind the other, are one of 2n.
    """
    taps, stride = axis.taps, axis.stride
    count = axis.within(planes.shape[along])
    planes = _cut(planes, along, 0, (count - 1) * stride + axis.reach + 1)
    if axis.dilation == 1:
        for factor in (2, 3, 5, 7):
            while taps % factor == 0 and stride % factor == 0:
                planes = _each_of([_cut(planes, along, start, None, factor) for start in range(factor)], join)
                taps, stride = taps // factor, stride // factor
    dilation = axis.dilation
    length = (count - 1) * stride + 1
    slow = 3 if along == 2 and stride > 1 else 1  # every s-th sample of a row takes so much longer than neighbours
    if (taps - 1) * slow <= joins(taps) * stride + (slow > 1):
        parts = [_cut(planes, along, tap * dilation, tap * dilation + length, stride) for tap in range(taps)]
        return _each_of(parts, join)
    return _cut(over_windows(planes, taps, join, axis=along, step=dilation), along, 0, None, stride)


def _cut(planes: Array, along: int, start: int, stop: int | None, step: int = 1) -> Array:
    return planes[(slice(None),) * along + (slice(start, stop, step),)]


def _each_of(parts: list[Array], join: Any) -> Array:
    """Join arrays of one shape."""
    if len(parts) == 1:
        return parts[0]
    total = join(parts[0], parts[1])
    for part in parts[2:]:
        join(total, part, out=total)
    return total
