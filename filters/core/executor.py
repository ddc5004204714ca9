"""The executor: runs stages over an image in strips, and knows all that stages need not know.

It cuts the result into strips of whole rows, asks each stage for them from the last to the first,
pads what a stage sees by the border rule, converts in and out of the work type inside the cache,
and rounds once, at the end. Every stage sees the border of its own input, so a chain gives what its
filters would give one after the other, without the rounding between them. The strips depend on the
image and the stages alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from . import borders, colour
from .borders import Border, Rule
from .encode import FULL, Encoding, hue_map, saturate
from .lazy import Array, np
from .spec import ImageError
from .stage import Frame, Stage, Values, bound, inside

STRIP_BYTES = 1 << 18
"""Size of a strip in the work type: with its padded copy and two temporaries it fits a 1 MiB cache."""
MAX_AROUND = 1 << 28
"""Most samples of a channel that a strip may need with its halo: 1 to 2 GiB."""


@dataclass(frozen=True)
class Settings:
    """What all filters share: how the image is entered, and what lies past its edge."""

    border: Border = "reflect"
    fill: float = 0.0
    linear: bool = False
    channels: str = "each"
    background: tuple[float, ...] | None = None
    """What transparent pixels are laid on, in the image's units; None is white, and black before edges are found."""
    opaque: bool = False
    """The result shall have no alpha."""


@dataclass
class Output:
    """One encoded result, and what became of its values."""

    samples: Array
    alpha: Array | None = None
    low: float = math.inf
    high: float = -math.inf
    clipped: float = 0.0
    """The fraction of samples that the output's range cut off."""


@dataclass(frozen=True)
class Result:
    """The outputs by name, and what was derived on the way, for people."""

    outputs: dict[str, Output]
    facts: list[str]


def run(
    stages: Sequence[Stage],
    image: Array,
    encodings: Mapping[str, Encoding],
    settings: Settings,
    alpha: Array | None = None,
    strip_rows: int | None = None,
) -> Result:
    """Run *stages* over ``image`` ``(height, width, channels)`` and encode what *encodings* names.

    The names are the fields of the last stage's NamedTuple; a bare strip is called ``image``. *alpha*
    ``(height, width)`` travels beside the image, which is then filtered premultiplied: it is filtered
    too where the stages keep a mean, kept where their gain is 0, and dropped where the result is no
    picture of the colours.
    """
    # Infinities and NaN of a float image are data, no mistake of the caller's.
    with np.errstate(invalid="ignore", over="ignore"):
        return _run(stages, image, encodings, settings, alpha, strip_rows)


def _run(
    stages: Sequence[Stage],
    image: Array,
    encodings: Mapping[str, Encoding],
    settings: Settings,
    alpha: Array | None,
    strip_rows: int | None,
) -> Result:
    full = FULL[image.dtype.name]
    work = work_type(stages, image.dtype.name, encodings.values())
    wanted = {field for name, encoding in encodings.items() for field in encoding.fields(name)}
    tolerance = min(encoding.tolerance for encoding in encodings.values())
    finite = image.dtype.kind == "u"
    frame = Frame(full, work, frozenset(wanted), tolerance, finite)
    gain = _gain(stages)
    passage = _Passage(image, alpha, settings, frame, gain, sum(stage.bias for stage in stages))

    chain = _chain(_Image(image, passage.enter), stages, frame, settings.border, passage.fill)
    opacity = None
    if alpha is not None and gain is not None:
        beside = stages if gain else [_centre(stage) for stage in stages]
        opacity = _chain(_Image(image, passage.enter_alpha), beside, frame, settings.border, full)

    rows = strip_rows or _strip_rows(image.shape[1] * image.shape[2], work, stages, chain)
    collectors = {name: _Collector(encoding, chain.height) for name, encoding in encodings.items()}
    for start in range(0, chain.height, rows):
        stop = min(start + rows, chain.height)
        fields = _fields(chain.rows(start, stop))
        opaque = None
        if "image" in encodings:
            opaque = None if opacity is None else opacity.rows(start, stop)
            fields["image"], opaque = passage.leave(fields["image"], opaque)
        for name, collector in collectors.items():
            collector.add(start, [fields[field] for field in collector.encoding.fields(name)])
            if name == "image" and opaque is not None:
                collector.add_alpha(start, opaque)
    facts = [fact for stage in stages for fact in stage.facts(frame)]
    facts.append(f"computed in {np.dtype(work).name}, strips of {rows} rows")
    return Result({name: collector.output() for name, collector in collectors.items()}, facts)


class _Passage:
    """In and out of the space that stages work in: the work type, luma, linear light, premultiplied alpha."""

    def __init__(
        self, image: Array, alpha: Array | None, settings: Settings, frame: Frame, gain: float | None, bias: float
    ) -> None:
        self.image, self.alpha, self.settings = image, alpha, settings
        self.full, self.work, self.gain, self.bias = frame.full, frame.work, gain, bias
        self.fill = float(self._decoded(settings.fill))
        self.ground = np.array(settings.background or (self.full,) * 3, np.float64)[None, None]

    def _decoded(self, value: Any) -> Array:
        """Take values in the file's units to those of the work space."""
        value = np.asarray(value, np.float64)
        return colour.decode_srgb(value, self.full) if self.settings.linear else value

    def enter(self, start: int, stop: int) -> Array:
        strip = self.image[start:stop]
        if self.settings.linear:
            strip = colour.decode_samples(strip, self.work, self.full)
        elif self.alpha is not None or self.settings.channels == "luma":
            strip = strip.astype(self.work)
        if self.alpha is not None:
            part = self.enter_alpha(start, stop) / np.asarray(self.full, self.work)
            strip *= part
            if self.gain is None and self.settings.background is not None:
                strip += ((1 - part) * self._ground(strip)).astype(self.work)
        return colour.luma(strip) if self.settings.channels == "luma" else strip

    def enter_alpha(self, start: int, stop: int) -> Array:
        assert self.alpha is not None
        return self.alpha[start:stop, :, None].astype(self.work)

    def _ground(self, strip: Array) -> Array:
        ground = self._decoded(self.ground)
        return ground if strip.shape[2] == 3 else colour.luma(ground)

    def leave(self, picture: Array, opaque: Array | None) -> tuple[Array, Array | None]:
        """Return the picture and its alpha in the file's units, unrounded."""
        if opaque is not None and self.gain:
            opaque = opaque / self.gain
            picture = colour.unpremultiply(picture, opaque, self.full)
        if self.bias:
            picture = picture + self.bias
        if self.settings.channels == "max":
            picture = colour.strongest(picture)
        if opaque is not None and self.settings.opaque:
            part = np.clip(opaque / self.full, 0, 1)
            picture = picture * part + self._ground(picture) * (1 - part)
            opaque = None
        if self.settings.linear and self.gain is not None:
            picture = colour.encode_srgb(picture, self.full)
        return picture, opaque


def work_type(stages: Sequence[Stage], dtype: str, encodings: Iterable[Encoding]) -> Any:
    """Return float32 where its rounding stays below what every output tolerates, else float64.

    The bound counts four roundings of the largest intermediate, ``4 · 2⁻²⁴ · full · amplification``;
    a result off by that much of a level rounds differently in as large a part of the pixels. A float
    image takes float64: its values may be far from 0 beside their range, and have squares past float32.
    """
    if dtype == "float32":
        return np.float64
    amplification = math.prod(stage.amplification for stage in stages)
    error = 4 * 2.0**-24 * FULL[dtype] * amplification
    return np.float32 if all(error <= encoding.tolerance for encoding in encodings) else np.float64


def _strip_rows(samples_per_row: int, work: Any, stages: Sequence[Stage], chain: _Rows) -> int:
    """Return a strip's height: what fits the cache, no lower than its halo, and what the last stage likes best."""
    fitting = STRIP_BYTES // (samples_per_row * np.dtype(work).itemsize)
    # A strip lower than the halo around it would be mostly halo.
    rows = max(16, fitting, *(stage.halo.top + stage.halo.bottom for stage in stages))
    liked = chain.liked if isinstance(chain, _Applied) else 1
    return -(-rows // liked) * liked


def _gain(stages: Sequence[Stage]) -> float | None:
    """What a constant image is multiplied by; None where colours do not survive."""
    gain = 1.0
    for stage in stages:
        if stage.gain is None:
            return None
        gain *= stage.gain
    return gain


def _centre(stage: Stage) -> Stage:
    """Return a stage of the same geometry that only picks the pixel under the anchor."""
    sx, sy = stage.stride
    return Stage(
        lambda frame: lambda strip: inside(strip, stage.halo)[::sy, ::sx],
        halo=stage.halo,
        padding=stage.padding,
        stride=stage.stride,
        border="nearest",
    )


def _fields(values: Values) -> dict[str, Array]:
    return values._asdict() if isinstance(values, tuple) else {"image": values}  # type: ignore


def _each(function: Callable[..., Array], *values: Values) -> Values:
    """Apply *function* to strips, or field by field to NamedTuples of strips."""
    if isinstance(values[0], tuple):
        fields = zip(*values, strict=True)
        return values[0]._make(None if field[0] is None else function(*field) for field in fields)  # type: ignore
    return function(*values)


class _Rows(Protocol):
    """An image whose rows are computed when they are asked for."""

    height: int
    width: int

    def rows(self, start: int, stop: int) -> Values:
        """Return the rows ``start … stop-1``."""


class _Image(_Rows):
    """The image itself, as *enter* hands out its rows."""

    def __init__(self, image: Array, enter: Callable[[int, int], Array]) -> None:
        self.height, self.width = image.shape[:2]
        self.enter = enter

    def rows(self, start: int, stop: int) -> Values:
        return self.enter(start, stop)


class _Applied(_Rows):
    """A stage applied to the rows above it."""

    def __init__(self, above: _Rows, stage: Stage, frame: Frame, border: Border, fill: float) -> None:
        self.above, self.stride = above, stage.stride
        self.halo, self.padding = stage.halo, stage.padding or stage.halo
        self.rule = Rule(stage.border, 0.0) if stage.border else Rule(border, fill)
        self.work = frame.work
        self.function, extra, self.liked, self.anchored = bound(stage, frame)
        self.width = self._size(above.width, 0)
        self.height = self._size(above.height, 1)
        window = f"{self.halo.left + self.halo.right + 1}×{self.halo.top + self.halo.bottom + 1}"
        if min(self.width, self.height) < 1:
            raise ImageError(
                f"the image, {above.width}×{above.height}, is smaller than the kernel's window, {window}: "
                "nothing is left; more --padding would help"
            )
        self.halo, self.padding = self.halo.wider(extra), self.padding.wider(extra)
        around = (16 + self.halo.top + self.halo.bottom) * (self.width + self.halo.left + self.halo.right)
        if around > MAX_AROUND:
            raise ImageError(
                f"the filter's window, {window}, is too large: a strip and what it sees around it hold {around} "
                f"samples, the limit is {MAX_AROUND}; a smaller sigma, size or dilation would help"
            )

    def _size(self, size: int, axis: int) -> int:
        padded = size + self.padding[axis] + self.padding[axis + 2]
        return (padded - self.halo[axis] - self.halo[axis + 2] - 1) // self.stride[axis] + 1

    def rows(self, start: int, stop: int) -> Values:
        if self.anchored and start % self.liked:
            spare = start % self.liked
            return _each(lambda strip: strip[spare:], self.rows(start - spare, stop))
        first = start * self.stride[1] - self.padding.top
        last = (stop - 1) * self.stride[1] - self.padding.top + self.halo.top + self.halo.bottom + 1
        left = self.padding.left
        right = (self.width - 1) * self.stride[0] + self.halo.left + self.halo.right + 1 - left - self.above.width
        index = borders.source_index(first, last, self.above.height, self.rule.border)
        needed = np.unique(index[index >= 0])
        if needed.size == 0:
            needed = np.zeros(1, np.intp)
        # Contiguous groups: one as a rule; two where `wrap` reaches to the other side.
        groups = np.split(needed, np.flatnonzero(np.diff(needed) > 1) + 1)
        starts = [int(group[0]) for group in groups]
        parts = [self.above.rows(int(group[0]), int(group[-1]) + 1) for group in groups]

        def surrounded(*strips: Array) -> Array:
            return borders.surround(list(zip(starts, strips, strict=True)), index, left, right, self.work, self.rule)

        return self.function(_each(surrounded, *parts))


class _Whole(_Rows):
    """A stage that needs the whole image: everything above it is computed first."""

    def __init__(self, applied: _Applied) -> None:
        self.height, self.width = applied.height, applied.width
        self.values = applied.rows(0, applied.height)

    def rows(self, start: int, stop: int) -> Values:
        return _each(lambda strip: strip[start:stop], self.values)


def _chain(source: _Rows, stages: Sequence[Stage], frame: Frame, border: Border, fill: float) -> _Rows:
    last = source
    for stage in stages:
        applied = _Applied(last, stage, frame, border, fill)
        last = _Whole(applied) if stage.whole else applied
    return last


class _Collector:
    """Gathers the strips of one output, encoded as they come; or raw where its range must be known first."""

    def __init__(self, encoding: Encoding, height: int) -> None:
        self.encoding, self.height = encoding, height
        self.samples: Array | None = None
        self.alpha: Array | None = None
        self.low, self.high, self.cut = math.inf, -math.inf, 0

    def add(self, start: int, values: Sequence[Array]) -> None:
        encoding, first = self.encoding, values[0]
        if first.dtype != bool:
            self.low = min(self.low, float(np.fmin.reduce(first, axis=None)))
            self.high = max(self.high, float(np.fmax.reduce(first, axis=None)))
            self.cut += encoding.count_clipped(first)
        if encoding.kind == "hue":
            strip = hue_map(first, values[1], encoding.gain, encoding.full)
        else:
            strip = first if encoding.stretched else encoding(first)
        if self.samples is None:
            self.samples = np.empty((self.height, *strip.shape[1:]), strip.dtype)
        self.samples[start : start + len(strip)] = strip

    def add_alpha(self, start: int, opaque: Array) -> None:
        encoding = self.encoding
        strip = opaque[..., 0] * encoding.scale
        strip = strip.astype(np.float32) if encoding.dtype == "float32" else saturate(strip, encoding.dtype)
        if self.alpha is None:
            self.alpha = np.empty((self.height, strip.shape[1]), strip.dtype)
        self.alpha[start : start + len(strip)] = strip

    def output(self) -> Output:
        assert self.samples is not None
        samples = self.samples
        if self.encoding.stretched:
            samples = self.encoding(samples, (self.low, self.high))
        return Output(samples, self.alpha, self.low, self.high, self.cut / self.samples.size)
