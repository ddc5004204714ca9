"""Filters that multiply the spectrum of the whole picture.

The border determines the transform. Extended by reflection, a picture of n samples has the period 2n and is even: its
spectrum is the cosine transform of the n samples, at the frequencies k / 2n. So nothing wraps round, and no padding is
needed. `mirror` has the period 2n - 2 (the cosine transform of the first kind), `wrap` n (the Fourier transform). For
`nearest` and `constant` the picture is padded by the filter's reach, at most half its size on each side, and then
reflected.

Rows are transformed first, a few at a time. Only the frequencies that the filter passes are kept, transposed into
contiguous columns, transformed, multiplied, and transformed back. Rows of the result are computed on demand. In float32
this takes 10 ns per sample if all frequencies matter, and 4 bytes in addition to the picture; NumPy's `fft2`, in
complex128 with a full response, takes 40 ns, and 5 times the memory.

References
----------
G. Strang, "The discrete cosine transform", 1999, for the even extensions.
S. Martucci, "Symmetric convolution and the discrete sine and cosine transforms", 1994, for filters that are not even.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from ..engine import borders
from ..engine.gaps import Gaps, known
from ..engine.image_rows import Source, Whole, computed
from ..engine.layout import strip_of
from ..engine.quantize import AS_COMPUTED, Display
from ..engine.stage import BoundStage, Colours, ImageContext, Rows, Stage, Values
from ..engine.strips import each_strip
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from .transfer_function import Response

TRANSFORMED_ROWS = 32
"""Rows or columns to transform at once. The groups are fixed, so that every sample is the same whichever rows are
requested; 16 to 256 are equally fast, and more take more memory."""
REQUESTED_ROWS = 4 * TRANSFORMED_ROWS
"""Rows to request at once: an earlier filter recomputes the halo of each strip."""
SPARE = 8
"""The response counts as 0 if it is this many times below the tolerance."""


def _transforms() -> Any:
    """Return SciPy's transforms, whose import takes 0.1 s; NumPy lacks cosines, and takes 2.5 times as long."""
    from scipy import fft

    return fft


class Axis(NamedTuple):
    """The transform along one axis: its kind and its number of samples."""

    kind: Literal["cosine", "cosine-1", "fourier"]
    size: int
    """The number of samples of the picture."""
    length: int
    """The number of samples with padding."""

    @property
    def inside(self) -> slice:
        """The range of the picture's samples."""
        before = (self.length - self.size) // 2
        return slice(before, before + self.size)

    @property
    def frequencies(self) -> Array:
        """The frequencies of the coefficients, in cycles per sample, from 0; those of columns may be negative."""
        if self.kind == "cosine":
            return np.arange(self.length) / (2 * self.length)
        if self.kind == "cosine-1":
            return np.arange(self.length) / (2 * self.length - 2)
        return np.fft.fftfreq(self.length)


def axis(size: int, border: borders.Border, reach: int) -> Axis:
    """Return the transform for *size* samples extended by *border*, and a filter with *reach*.

    For a small reach, `mirror` is padded too: for 3000 samples its own transform has the length 2 · 2999, twice a prime
    number, and takes eight times as long.
    """
    if border == "wrap":
        return Axis("fourier", size, size)
    if border == "mirror" and 1 < size <= 2 * reach:
        return Axis("cosine-1", size, size)
    if border != "reflect":
        return Axis("cosine", size, _transforms().next_fast_len(size + 2 * reach, real=True))
    return Axis("cosine", size, size)


def cosines(samples: Array, along: Axis) -> Array:
    """Return the cosine transform of ``(n, samples)``."""
    return _transforms().dct(samples, type=_kind(along), axis=1)


def from_cosines(coefficients: Array, along: Axis) -> Array:
    """Return the samples whose cosine transform begins with *coefficients*, followed by zeros."""
    return _transforms().idct(coefficients, type=_kind(along), n=along.length, axis=1)


def from_sines(coefficients: Array, along: Axis) -> Array:
    """Return the samples of a sum of sines with the frequencies and weights of the corresponding cosines."""
    samples = np.zeros((len(coefficients), along.length), coefficients.dtype)
    if along.kind == "cosine-1":  # the sines of its frequencies are 0 at the first and the last sample
        if along.length > 2:
            samples[:, 1:-1] = _transforms().idst(coefficients[:, 1:], type=1, n=along.length - 2, axis=1)
        return samples
    shifted = samples  # the first sine has the second frequency
    shifted[:, : coefficients.shape[1] - 1] = coefficients[:, 1:]
    return _transforms().idst(shifted, type=2, axis=1)


def surrounded(samples: Array, along: Axis, border: borders.Border, fill: Any) -> Array:
    """Return ``(n, samples)`` padded to the length of the transform; *fill* is for `constant`."""
    if along.length == along.size:
        return samples
    first, last = along.inside.start, along.inside.stop
    if border != "constant":
        return samples[:, borders.source_index(-first, along.length - first, along.size, border)]
    whole = np.empty((len(samples), along.length), samples.dtype)
    whole[:, :first], whole[:, first:last], whole[:, last:] = fill, samples, fill
    return whole


def _kind(along: Axis) -> Any:
    return 1 if along.kind == "cosine-1" else 2


class Filtered(Rows):
    """A picture filtered by a response; its rows are transformed back on demand."""

    preferred_rows = TRANSFORMED_ROWS

    def __init__(self, above: Rows, response: Response, context: ImageContext) -> None:
        self.height, self.width = above.height, above.width
        self.response, self.context = response, context
        self.across, self.down = (
            axis(size, context.rule.border, response.reach(size)) for size in (self.width, self.height)
        )
        self.missing: Gaps | None = None
        # A picture from which the part is subtracted is read twice, and should be computed only once.
        if response.takes_away and not isinstance(above, (Source, Whole)):
            above = computed(above, REQUESTED_ROWS, context.jobs)
        self.level = np.asarray(context.full / 2)
        if not context.finite:
            whole, self.missing = known(computed(above, REQUESTED_ROWS, context.jobs))
            above, values = whole, whole.values
            self.level = (values.min(axis=(0, 1)) / 2 + values.max(axis=(0, 1)) / 2).astype(np.float64)
        self.above = above
        half = self.across.length // 2 + 1 if self.across.kind == "fourier" else None
        self.u = np.abs(self.across.frequencies[:half])
        kept = response.columns(self.u, context.tolerance / context.most / SPARE)
        self.count = len(kept)
        # Copying a slice takes half the time of indexing.
        self.kept = slice(self.count) if self.count and kept[-1] == self.count - 1 else kept
        self.columns: Any = None
        self.crossed: Any = None
        each_strip(self.height, REQUESTED_ROWS, context.jobs, self._analyse)
        self.fills = [self._fill(channel) for channel in range(len(self.columns))]
        each_strip(self.count, TRANSFORMED_ROWS, context.jobs, self._filter)

    def _level(self, channel: int) -> float:
        """The value subtracted before the transform and added after it, so that flat pictures stay exactly the same."""
        return float(self.level.flat[min(channel, self.level.size - 1)])

    def _analyse(self, start: int, stop: int) -> None:
        """Transform rows, and keep their significant frequencies, as columns."""
        strip = self.above.rows(start, stop)
        if self.columns is None:
            work = (
                np.result_type(self.context.work, np.complex64) if self.across.kind == "fourier" else self.context.work
            )
            self.columns = np.empty((strip.shape[2], self.count, self.height), work)
        for channel, columns in enumerate(self.columns):
            for first in range(start, stop, TRANSFORMED_ROWS):
                last = min(first + TRANSFORMED_ROWS, stop)
                rows = strip[first - start : last - start, :, channel].astype(self.context.work)
                rows -= self._level(channel)
                columns[:, first:last] = self._of_rows(rows, channel)[:, self.kept].T

    def _of_rows(self, rows: Array, channel: int) -> Array:
        """Return the transforms of rows, padded by the border rule."""
        rule = self.context.rule
        rows = surrounded(rows, self.across, rule.border, rule.level(channel, len(self.columns)) - self._level(channel))
        return _transforms().rfft(rows, axis=1) if self.across.kind == "fourier" else cosines(rows, self.across)

    def _fill(self, channel: int) -> Array:
        """The padding of the columns, if it is constant: ``(columns, 1)``."""
        fill = self.context.rule.level(channel, len(self.columns)) - self._level(channel)
        rows = np.full((1, self.width), fill, self.context.work)
        return self._of_rows(rows, channel)[:, self.kept].T

    def _filter(self, start: int, stop: int) -> None:
        """Transform columns, multiply them by the response, and transform them back."""
        response, down, work = self.response, self.down, self.context.work
        u, v = self.u[self.kept][start:stop, None], down.frequencies[None]
        part = response.part(u, v)
        if down.kind == "fourier":
            part = part.astype(work)
            for columns in self.columns:
                spectrum = _transforms().fft(columns[start:stop], axis=1)
                spectrum *= part
                columns[start:stop] = _transforms().ifft(spectrum, axis=1)
            return
        odd = None
        if response.crossed:
            mirrored = response.part(u, -v)
            part, odd = (part + mirrored) / 2, ((part - mirrored) / 2).astype(work)
            if self.crossed is None:
                self.crossed = np.empty_like(self.columns)
        part = part.astype(work)
        for channel, columns in enumerate(self.columns):
            whole = surrounded(columns[start:stop], down, self.context.rule.border, self.fills[channel][start:stop])
            spectrum = cosines(whole, down)
            if odd is not None:
                # The part that is odd in u and v turns a product of cosines into one of sines: e^i(a+b) - e^i(a-b).
                self.crossed[channel, start:stop] = from_sines(spectrum * odd, down)[:, down.inside]
            spectrum *= part
            columns[start:stop] = from_cosines(spectrum, down)[:, down.inside]

    def rows(self, start: int, stop: int) -> Array:
        """Return rows of the result."""
        planes = np.empty((len(self.columns), stop - start, self.width), self.context.work)
        for block in range(start - start % TRANSFORMED_ROWS, stop, TRANSFORMED_ROWS):
            end = min(block + TRANSFORMED_ROWS, self.height)
            first, last = max(block, start), min(end, stop)
            for channel, plane in enumerate(planes):
                plane[first - start : last - start] = self._part(channel, block, end)[first - block : last - block]
        if self.response.takes_away:
            np.subtract(self.above.rows(start, stop).transpose(2, 0, 1), planes, out=planes)
        strip = strip_of(planes)
        if self.missing is not None:
            self.missing.put_back(strip, start, self.context.ignoring)
        return strip

    def _part(self, channel: int, start: int, stop: int) -> Array:
        """Return rows of the part that the response describes."""
        part = self._of_columns(self.columns[channel, :, start:stop], from_cosines)
        if self.crossed is not None:
            part -= self._of_columns(self.crossed[channel, :, start:stop], from_sines)
        if self.response.has_mean:
            part += self._level(channel)
        return part

    def _of_columns(self, columns: Array, inverse: Callable[[Array, Axis], Array]) -> Array:
        """Return the rows whose transforms are in *columns*; other frequencies are 0."""
        across = self.across
        coefficients = np.zeros((columns.shape[1], len(self.u)), columns.dtype)
        coefficients[:, self.kept] = columns.T
        if across.kind == "fourier":
            return _transforms().irfft(coefficients, across.length, axis=1)
        return inverse(coefficients, across)[:, across.inside]


def logarithm(picture: Rows, context: ImageContext) -> Array:
    """Return ``ln(1 + |F|)`` as a map of the picture's size, with zero frequency at the centre.

    F is the unitary Fourier transform, the sum over √(width · height), of the picture in levels from 0 to 255. Noise of
    one level is then 1 everywhere, whatever the size and the depth, and repeating patterns stand out: plain sums would
    all be large, with similar logarithms.
    """
    whole = picture if context.finite else known(computed(picture, REQUESTED_ROWS, context.jobs))[0]
    first = whole.rows(0, 1)
    answer = np.empty((whole.height, whole.width, first.shape[2]), np.result_type(first.dtype, np.float32))
    for channel in range(answer.shape[2]):
        spectrum = np.abs(_transforms().fft2(_levels(whole, channel, context), norm="ortho"))
        answer[..., channel] = _transforms().fftshift(np.log1p(spectrum, out=spectrum))
    return answer


def _levels(picture: Rows, channel: int, context: ImageContext) -> Array:
    """Return a channel in levels from 0 to 255."""
    levels = np.empty((picture.height, picture.width), context.work)

    def convert(start: int, stop: int) -> None:
        levels[start:stop] = picture.rows(start, stop)[..., channel].astype(context.work) * (255 / context.full)

    each_strip(picture.height, REQUESTED_ROWS, context.jobs, convert)
    return levels


def map_of(response: Response, height: int, width: int, start: int, stop: int) -> Array:
    """Return rows of the response, in the layout of `logarithm`."""
    u = (np.arange(width) - width // 2) / width
    v = (np.arange(start, stop) - height // 2) / height
    return response(u[None], v[:, None])


class Maps(Rows):
    """A filtered picture with its spectrum and the response, as far as requested."""

    preferred_rows = TRANSFORMED_ROWS

    def __init__(self, above: Rows, response: Response, context: ImageContext, answer: Callable[..., Values]) -> None:
        if not isinstance(above, (Source, Whole)):
            above = computed(above, REQUESTED_ROWS, context.jobs)
        self.height, self.width, self.above = above.height, above.width, above
        self.response, self.wanted, self.answer = response, context.requested_fields, answer
        # Computed before the picture is filtered, so that intermediate results are released first.
        self.spectrum = logarithm(above, context) if "spectrum" in context.requested_fields else None
        self.filtered = Filtered(above, response, context) if "image" in context.requested_fields else None

    def rows(self, start: int, stop: int) -> Values:
        """Return rows of the picture and of the maps."""
        image = None if self.filtered is None else self.filtered.rows(start, stop)
        spectrum = None if self.spectrum is None else self.spectrum[start:stop]
        response = None
        if "response" in self.wanted:
            plane = map_of(self.response, self.height, self.width, start, stop)
            response = np.broadcast_to(plane[..., None], self.above.rows(start, stop).shape)
        return self.answer(image, spectrum, response)


def memory(response: Response, context: ImageContext, channels: int) -> float:
    """Return the bytes per sample that the stage of a response takes for a whole picture."""
    size = np.dtype(context.work).itemsize
    # For a picture that may have gaps: copies with and without them, and their positions.
    kept = 0.0 if context.finite else 2 * size + 1
    if "spectrum" in context.requested_fields:
        kept += size + 4 * size / channels  # channel by channel in complex numbers
    if "image" not in context.requested_fields:
        return kept
    across = axis(context.width, context.rule.border, response.reach(context.width))
    half = across.length // 2 + 1 if across.kind == "fourier" else across.length
    counted = response.columns(np.abs(across.frequencies[:half]), context.tolerance / context.most / SPARE)
    columns = len(counted) / context.width * (2 * size if across.kind == "fourier" else size)
    return kept + columns * (2 if response.crossed and across.kind != "fourier" else 1) + size * response.takes_away


def filtering(response: Response, answer: Callable[..., Values], **properties: Any) -> Stage:
    """Return the stage that filters by a response; *answer* combines the picture, its spectrum and the response."""

    def bind(context: ImageContext) -> BoundStage:
        if context.requested_fields <= {"image"}:
            return BoundStage(lambda above: Filtered(above, response, context))
        return BoundStage(lambda above: Maps(above, response, context, answer))

    return Stage(
        bind,
        takes="rows",
        holds=True,
        memory=lambda context, channels: memory(response, context, channels),
        colours=Colours(gain=response.mean),
        amplification=2.0,
        # Without the mean, results are signed. A step from black to white gives half of white on each side in a
        # high-pass.
        display=AS_COMPUTED if response.mean else Display("offset"),
        **properties,
    )
