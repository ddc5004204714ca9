"""A bank of kernels as a stage: the first layer of a network, as one matrix product for each row of results.

The columns that a kernel sees are stacked once, as in `im2col`; then the samples that a row of results sees, of all
channels, lie one after the other in memory: a matrix ``(height · inputs · width, columns)`` that overlaps the next
row's, and of which nothing is copied. Its product with the kernels ``(maps, height · inputs · width)`` runs at 110
GFLOP/s a core, as any that BLAS is given. All products of an image have one shape: strips give the same bits. For large
kernels Fourier transforms are faster, by far.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Literal

from ..engine import colour, nan_policy
from ..engine.facts import Fact, chosen_algorithm, note
from ..engine.layout import planes_of, strip_of
from ..engine.stage import AlphaHandling, BoundStage, Colours, Function, ImageContext, Stage, Window, inside
from ..lazy_numpy import Array, np
from ..parameters import ImageError
from . import overlap_save, tiled_matmul
from .convolve import Mode, Padding, reach
from .footprint import Footprint

Activation = Literal["none", "relu", "sigmoid", "tanh"]

MAX_PRODUCT_COLUMNS = 640
"""Most columns of a product."""
MAX_STACKED_SAMPLES = 1 << 19
"""Most samples that are stacked at once, unless 16 rows of results see more."""
# Nanoseconds a sample and map in float32, on one core.
TAP = 0.0225
BACK, EACH_INPUT = 0.55, 0.5
"""The transform of one direction as a part of a kernel's, and what another input adds."""
PRECISE = 16.0
"""The absolute sum of a kernel up to which float32 is exact enough for transforms, and for all samples of float."""


def layer(
    weights: Array,
    *,
    groups: int = 1,
    bias: Array | None = None,
    activation: Activation = "none",
    mode: Mode = "correlate",
    anchor: tuple[int, int] | None = None,
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    padding: Padding = "same",
    name: str = "bank",
) -> list[Stage]:
    """Return the stages that correlate (or convolve) with ``weights (maps, inputs, height, width)``.

    Each map is the sum of its kernels' answers to the channels of its group, ``inputs`` of them, plus its *bias*,
    and that through the *activation*. Kernels that see one channel see a colour picture's luma. The result has
    no colours, and so no alpha: a transparent picture is laid on its background first.

    References
    ----------
    V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016. K. Chellapilla, S. Puri and
    P. Simard, "High performance convolutional neural networks for document processing", 2006, for the product.
    """
    maps, inputs, height, width = weights.shape
    x, y = anchor or (width // 2, height // 2)
    if mode == "convolve":
        weights, x, y = weights[..., ::-1, ::-1], width - 1 - x, height - 1 - y
    halo, padding = reach((width, height), (x, y), dilation, padding)
    channels = inputs * groups
    finish = _finish(bias, activation)
    window = Footprint(width, height, stride, dilation, False)

    def bind(context: ImageContext) -> BoundStage:
        work = np.float32 if apart(context) else context.work
        product = prepare(weights, groups, stride, dilation, work)
        correlate, rows = product, 1
        if by_transform(context):
            correlate = _transformed(weights, groups, product, context.finite, work)
            rows = overlap_save.tile_shape(height, width)[0] - height + 1
        if apart(context):
            correlate = _means_apart(weights, groups, correlate, stride[1], dilation[1])
        # Only a strip where a sample is missing needs it.
        careful = cache(lambda: _present(weights, groups, correlate, stride, dilation, context.work))

        def answer(strip: Array) -> Array:
            if strip.shape[2] != channels:
                raise ImageError(_misfit(weights.shape, groups, strip.shape[2], context.colours))
            gaps = np.isnan(strip) if context.ignoring else None
            if gaps is None or not gaps.any():
                total = correlate(strip)
            else:
                middle = inside(strip, halo)[:: stride[1], :: stride[0]]
                total = careful()(nan_policy.filled(strip, 0), gaps, middle, window)
            finish(total)
            return strip_of(total)

        return BoundStage(answer, rows=rows)

    ties, absolute = _has_ties(weights), np.abs(weights).sum(axis=(1, 2, 3))

    def apart(context: ImageContext) -> bool:
        return np.dtype(context.work) == np.float64 and context.tolerance > 0 and float(absolute.max()) <= PRECISE

    def by_transform(context: ImageContext) -> bool:
        plain = stride == dilation == (1, 1)
        work = np.float32 if apart(context) else context.work
        return plain and not ties and _transform_pays(weights.shape, groups, work)

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        tile = overlap_save.tile_shape(height, width)
        seen = _channels(inputs) + (f" of {groups} groups" if groups > 1 else "")
        return (
            note(f"{name}: {maps} kernels {width}×{height} on {seen}, anchor {x},{y}, activation {activation}"),
            chosen_algorithm("fourier", f"{tile[1]}×{tile[0]} tiles, transformed once for all maps")
            if by_transform(context)
            else chosen_algorithm("product", f"{inputs * height * width} stacked samples, one matrix product a row"),
            *([note("the sums in float32, the mean of each row apart")] if apart(context) else []),
        )

    stage = Stage(
        bind,
        window=Window(halo, padding=padding, stride=stride),
        colours=Colours(gain=None, joint=True, maps=maps),
        amplification=max(1.0, float(absolute.max())),
        facts=facts,
    )
    return [Stage(lambda context: lambda strip: _luma(strip, context.colours)), stage] if channels == 1 else [stage]


def activated(activation: Activation, bias: float = 0.0, white_offset: float = 0.0, gain: float | None = 1.0) -> Stage:
    """Return the stage of an activation behind a picture's filter of the *gain*, and of what is added before it."""

    def bind(context: ImageContext) -> Function:
        finish = _finish(np.full(1, bias + white_offset * context.full), activation)

        def answer(strip: Array) -> Array:
            planes = np.array(planes_of(strip), context.work)
            finish(planes)
            return strip_of(planes)

        return answer

    return Stage(bind, colours=Colours(alpha=AlphaHandling(divide=bool(gain), multiply=True)))


def prepare(weights: Array, groups: int, stride: tuple[int, int], dilation: tuple[int, int], work: Any) -> Function:
    """Return the function from a padded strip to ``(maps, rows, columns)``."""
    maps, inputs, height, width = weights.shape
    (sx, sy), (dx, dy) = stride, dilation
    each = maps // groups
    # (groups, maps of a group, height · inputs · width)
    matrices = weights.reshape(groups, each, inputs, height, width).transpose(0, 1, 3, 2, 4)
    matrices = np.ascontiguousarray(matrices.reshape(groups, each, -1), work)
    # Rows a dilation apart are stacked beside each other; every `turns`-th result begins on the same of them.
    common = math.gcd(sy, dy)
    turns, advance = dy // common, sy // common

    def correlate(strip: Array) -> Array:
        planes = planes_of(strip)
        rows = tiled_matmul.result_count(strip.shape[0], height, sy, dy)
        columns = tiled_matmul.result_count(strip.shape[1], width, sx, dx)
        out = np.empty((maps, rows, columns), work)
        across = min(MAX_PRODUCT_COLUMNS, columns)
        halo = dy * (height - 1) + 1
        down = max(16, (MAX_STACKED_SAMPLES // (len(planes) * width * across) - halo) // sy)
        for top in range(0, rows, down):
            part = out[:, top : top + down]
            seen = planes[:, top * sy : (top + part.shape[1] - 1) * sy + halo]
            for left in range(0, columns, across):
                result = part[:, :, left : left + across]
                for group in range(groups):
                    channels = seen[group * inputs : (group + 1) * inputs, :, left * sx :]
                    stacks = _stacked(channels, width, result.shape[2], sx, dx, dy, work)
                    maps_of_group = result[group * each : (group + 1) * each]
                    for first in range(min(turns, part.shape[1])):
                        start, phase = divmod(first * sy, dy)
                        lines = stacks[phase][start:]
                        target = maps_of_group[:, first::turns].transpose(1, 0, 2)
                        shape = (len(target), height * inputs * width, lines.shape[2])
                        strides = (advance * lines.strides[0], *lines.strides[1:])
                        np.matmul(matrices[group], np.lib.stride_tricks.as_strided(lines, shape, strides), out=target)
        return out

    return correlate


def _transform_pays(shape: Sequence[int], groups: int, work: Any) -> bool:
    """Whether Fourier transforms cost less than products, by the constants above."""
    maps, inputs, height, width = shape
    tile = overlap_save.cost(height, width)
    transform = BACK * tile + EACH_INPUT * (inputs - 1) + BACK * tile * inputs * groups / maps
    product = TAP * inputs * height * width
    if np.dtype(work) == np.float64:
        transform, product = 1.6 * transform, 2.1 * product
    return product > transform


def _has_ties(weights: Array) -> bool:
    """Whether exact halves are common among the sums of whole numbers, which the least error would round down."""
    return (
        any(bool((times == np.rint(times)).all()) for times in (weights * 2.0**n for n in range(1, 13)))
        and not (weights == np.rint(weights)).all()
    )


def _transformed(weights: Array, groups: int, product: Function, finite: bool, work: Any) -> Function:
    """Return the correlation by Fourier transforms, and by the *product* where NaN or infinity would spread."""
    # The transform's error is 1e-7 of the largest sum, and a little more.
    exact = np.float64 if np.abs(weights).sum(axis=(1, 2, 3)).max() > PRECISE else work
    transform = overlap_save.prepare_bank(weights, groups, exact)

    def correlate(strip: Array) -> Array:
        if finite or np.isfinite(strip.sum()):
            return transform(strip).astype(work, copy=False)
        return product(strip)

    return correlate


def _means_apart(weights: Array, groups: int, correlate: Function, stride: int, dilation: int) -> Function:
    """Return a correlation of strips in float64 that is computed in float32: half the time.

    Each row's mean is taken out of it, and what the kernels make of that is added. What is left is no larger than the
    image's range, however far from 0 its values are, and the errors are parts of that.
    """
    maps, inputs, height, _ = weights.shape
    sums = weights.sum(axis=3)
    first = np.arange(maps) // (maps // groups) * inputs

    def answer(strip: Array) -> Array:
        planes = planes_of(strip)
        means = planes.mean(axis=2)
        means[~np.isfinite(means)] = 0
        rest = np.empty(planes.shape, np.float32)
        np.subtract(planes, means[:, :, None], out=rest, casting="same_kind")
        total = correlate(strip_of(rest))
        rows = total.shape[1]
        of_means = np.zeros((maps, rows))
        for i in range(height):
            seen = means[:, i * dilation : i * dilation + (rows - 1) * stride + 1 : stride]
            for channel in range(inputs):
                of_means += sums[:, channel, i, None] * seen[first + channel]
        total += of_means[:, :, None].astype(np.float32)
        return total

    return answer


def _stacked(planes: Array, width: int, columns: int, stride: int, dilation: int, apart: int, work: Any) -> list[Array]:
    """Return the columns that a kernel's *width* taps see, stacked as ``(rows, channels · width, columns)``.

    There is an array for each of the rows that are taken in turn, *apart* of them.
    """
    stacks = []
    for phase in range(min(apart, planes.shape[1])):
        rows = planes[:, phase::apart].transpose(1, 0, 2)
        stack = np.empty((*rows.shape[:2], width, columns), work)
        for j in range(width):
            start = j * dilation
            stack[:, :, j] = rows[:, :, start : start + (columns - 1) * stride + 1 : stride]
        stacks.append(stack.reshape(len(rows), -1, columns))
    return stacks


def _finish(bias: Array | None, activation: Activation) -> Callable[[Array], None]:
    """Return the function that adds the bias to ``(maps, rows, columns)`` and activates them, in place."""

    def finish(total: Array) -> None:
        if bias is not None and bias.any():
            total += bias[:, None, None].astype(total.dtype)
        if activation == "relu":
            np.maximum(total, 0, out=total)
        elif activation == "tanh":
            np.tanh(total, out=total)
        elif activation == "sigmoid":  # by the tangent, which does not overflow
            total *= 0.5
            np.tanh(total, out=total)
            total += 1
            total *= 0.5

    return finish


Careful = Callable[[Array, Array, Array, Footprint], Array]


def _present(
    weights: Array,
    groups: int,
    correlate: Function,
    stride: tuple[int, int],
    dilation: tuple[int, int],
    work: Any,
) -> Careful:
    """Return how missing samples are left out: as `nan_policy` does, map by map.

    Where a map's kernels keep a mean, their weights are divided by the sum of those that are there; in differences
    a missing sample counts as the pixel in the middle of its channel.
    """
    inputs = weights.shape[1]
    sums = weights.sum(axis=(2, 3))
    total_sum, absolute = sums.sum(axis=1), np.abs(weights).sum(axis=(1, 2, 3))
    mean = (np.abs(total_sum) > 1e-3 * absolute)[:, None, None]
    group_of = np.arange(len(weights)) // (len(weights) // groups)

    def of_channel(channel: int) -> Function:
        only = np.zeros_like(weights)
        only[:, channel] = weights[:, channel]
        return prepare(only, groups, stride, dilation, work)

    of_channels = [of_channel(channel) for channel in range(inputs)]

    def careful(strip: Array, gaps: Array, middle: Array, window: Footprint) -> Array:
        total = correlate(strip)
        there = (~gaps).astype(work)
        weight = np.zeros_like(total)
        relative = total.copy()
        for channel, of in enumerate(of_channels):
            found = of(there)
            weight += found
            at = planes_of(middle)[group_of * inputs + channel]
            relative += at * (sums[:, channel, None, None].astype(work) - found)
        enough = np.abs(weight) > nan_policy.MIN_WEIGHT_SUM * absolute[:, None, None]
        with np.errstate(divide="ignore"):
            divided = np.where(enough, total / weight * total_sum[:, None, None], np.nan)
        # Elsewhere the bits stay those of a strip where nothing is missing.
        reached = window.reached(np.logical_or.reduce(gaps, axis=2, keepdims=True))[None, :, :, 0]
        return np.where(reached, np.where(mean, divided, relative), total).astype(work, copy=False)

    return careful


def _luma(strip: Array, colours: colour.ColourModel) -> Array:
    channels = strip.shape[2]
    if colours == "cmyk":
        raise ImageError("has CMYK colours, which have no luma; use --to-rgb")
    if channels not in (1, 3) or (channels > 1 and colours == "bands"):
        raise ImageError(f"has {channels} channels, which have no luma; a bank that sees {channels} would fit")
    return colour.luma(strip, strip.dtype)


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"


def _misfit(shape: Sequence[int], groups: int, channels: int, colours: colour.ColourModel) -> str:
    """Say that kernels see another number of channels than there are, and what would fit."""
    maps, inputs, height, width = shape
    in_groups = f" in {groups} groups" if groups > 1 else ""
    needed = f"the bank of shape {tuple(shape)}{in_groups} sees {_channels(inputs * groups)}"
    what = {1: "one, gray", 3: "three, in colour"}.get(channels, str(channels))
    fitting = [f"a bank of shape ({maps}, 1, {height}, {width})"]
    if channels == 3 and maps % 3 == 0 and inputs == 1:
        fitting.append("--groups 3")
    elif channels == 1 and inputs * groups == 3:
        fitting = ["a picture in colour", *fitting]
    elif channels not in (1, 3):
        fitting = [
            f"a bank of shape ({maps}, {channels}, {height}, {width})",
            *(["--to-rgb"] if colours == "cmyk" else []),
        ]
    return f"{needed}, the picture has {what}; {' or '.join(fitting)} would fit"
