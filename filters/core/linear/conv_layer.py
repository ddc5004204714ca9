"""A filter bank as a stage: the first layer of a network.

For large kernels Fourier transforms are far faster than sums tap by tap.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

from ..engine import colour, nan_policy
from ..engine.facts import Fact, chosen_algorithm, note
from ..engine.layout import strip_of
from ..engine.stage import AlphaHandling, BoundStage, Colours, Function, ImageContext, Stage, Window, inside
from ..lazy_numpy import Array, np
from ..parameters import ImageError
from . import dense, overlap_save
from .convolve import Mode, Padding, reach
from .footprint import Footprint

Activation = Literal["none", "relu", "sigmoid", "tanh"]

# Nanoseconds per sample and map in float32, on one core.
TAP = 0.0205
BACK, EACH_INPUT = 1.2, 0.5
"""The cost of a transform in one direction, relative to a single kernel's, and of each further input."""
PRECISE = 16.0
"""The largest absolute sum of a kernel for which transforms in float32 are exact enough."""


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

    Each map is the sum of its kernels' responses to the ``inputs`` channels of its group, plus its *bias*, passed
    through the *activation*. Kernels with one input filter a colour picture's luma. The result has no colours and no
    alpha: a transparent picture is first composited on its background.

    References
    ----------
    V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
    """
    maps, inputs, height, width = weights.shape
    x, y = anchor or (width // 2, height // 2)
    if mode == "convolve":
        weights, x, y = weights[..., ::-1, ::-1], width - 1 - x, height - 1 - y
    halo, padding = reach((width, height), (x, y), dilation, padding)
    channels = inputs * groups
    bias = np.zeros(maps) if bias is None else np.asarray(bias, np.float64)
    window = Footprint(width, height, stride, dilation, False)

    def bind(context: ImageContext) -> BoundStage:
        geometry = {"dilation": dilation, "stride": stride, "out": context.work}
        correlate, rows = partial(dense.correlate_bank, weights=weights, bias=bias, **geometry), 1
        if by_transform(context):
            correlate = _transformed(weights, groups, bias, correlate, context)
            rows = overlap_save.tile_shape(height, width)[0] - height + 1

        def answer(strip: Array) -> Array:
            if strip.shape[2] != channels:
                raise ImageError(_misfit(weights.shape, groups, strip.shape[2], context.colours))
            gaps = np.isnan(strip) if context.ignoring else None
            if gaps is None or not gaps.any():
                total = correlate(strip)
            else:
                middle = inside(strip, halo)[:: stride[1], :: stride[0]]
                total = correlate(nan_policy.filled(strip, 0))
                total = _present(total, weights, bias, gaps, middle, window, geometry)
            _activate(total, activation)
            return total

        return BoundStage(answer, rows=rows, work=context.own_type, interleaved=True)

    ties, absolute = _has_ties(weights), np.abs(weights).sum(axis=(1, 2, 3))

    def by_transform(context: ImageContext) -> bool:
        plain = stride == dilation == (1, 1)
        return plain and not ties and _transform_pays(weights.shape, groups, context.work)

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        tile = overlap_save.tile_shape(height, width)
        seen = _channels(inputs) + (f" of {groups} groups" if groups > 1 else "")
        return (
            note(f"{name}: {maps} kernels {width}×{height} on {seen}, anchor {x},{y}, activation {activation}"),
            chosen_algorithm("fourier", f"{tile[1]}×{tile[0]} tiles, transformed once for all maps")
            if by_transform(context)
            else chosen_algorithm("dense", f"{inputs * height * width} taps for each of {maps} maps"),
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
    """Return the stage that adds a bias to the result of a filter with *gain*, and applies the activation."""

    def bind(context: ImageContext) -> Function:
        def answer(strip: Array) -> Array:
            values = strip + np.asarray(bias + white_offset * context.full, context.work)
            _activate(values, activation)
            return values

        return answer

    return Stage(bind, colours=Colours(alpha=AlphaHandling(divide=bool(gain), multiply=True)))


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
    """Whether sums of whole numbers often end in exact halves, which the smallest error would round down."""
    return (
        any(bool((times == np.rint(times)).all()) for times in (weights * 2.0**n for n in range(1, 13)))
        and not (weights == np.rint(weights)).all()
    )


def _transformed(weights: Array, groups: int, bias: Array, direct: Function, context: ImageContext) -> Function:
    """Return the correlation by Fourier transforms, with the *direct* one where NaN or infinity would spread."""
    # The transform's error is a little above 1e-7 of the largest sum.
    exact = np.float64 if np.abs(weights).sum(axis=(1, 2, 3)).max() > PRECISE else context.work
    transform = overlap_save.prepare_bank(weights, groups, exact)
    added = bias[:, None, None].astype(exact)

    def correlate(strip: Array) -> Array:
        if context.finite or np.isfinite(strip.sum()):
            total = transform(strip)
            total += added
            return strip_of(total.astype(context.work, copy=False))
        return direct(strip)

    return correlate


def _activate(total: Array, activation: Activation) -> None:
    """Apply an activation in place."""
    if activation == "relu":
        np.maximum(total, 0, out=total)
    elif activation == "tanh":
        np.tanh(total, out=total)
    elif activation == "sigmoid":  # as a hyperbolic tangent, which does not overflow
        total *= 0.5
        np.tanh(total, out=total)
        total += 1
        total *= 0.5


def _present(
    total: Array,
    weights: Array,
    bias: Array,
    gaps: Array,
    middle: Array,
    window: Footprint,
    geometry: dict[str, Any],
) -> Array:
    """Return sums corrected for missing samples, which counted as 0: as `nan_policy` does, map by map.

    For maps that keep a mean, the weights are divided by the sum of those present; for differences a missing sample is
    replaced by the pixel in the middle of its channel.
    """
    maps, inputs = weights.shape[:2]
    sums = weights.sum(axis=(2, 3))
    total_sum, absolute = sums.sum(axis=1), np.abs(weights).sum(axis=(1, 2, 3))
    first = np.arange(maps) // (maps * inputs // gaps.shape[2]) * inputs
    there = (~gaps).astype(total.dtype)
    weight, relative = np.zeros_like(total), total.copy()
    for channel in range(inputs):
        found = dense.correlate_bank(
            there[:, :, channel::inputs], weights[:, channel : channel + 1], np.zeros(maps), **geometry
        )
        weight += found
        relative += middle[:, :, first + channel] * (sums[:, channel] - found)
    with np.errstate(divide="ignore", invalid="ignore"):
        divided = (total - bias) / weight * total_sum + bias
    divided[np.abs(weight) <= nan_policy.MIN_WEIGHT_SUM * absolute] = np.nan
    # Elsewhere results stay bit-identical to those of a strip without missing samples.
    reached = window.reached(np.logical_or.reduce(gaps, axis=2, keepdims=True))
    mean = np.abs(total_sum) > 1e-3 * absolute
    return np.where(reached, np.where(mean, divided, relative), total).astype(total.dtype, copy=False)


def _luma(strip: Array, colours: colour.ColourModel) -> Array:
    channels = strip.shape[2]
    if colours == "cmyk":
        raise ImageError("has CMYK colours, which have no luma; use --to-rgb")
    if channels not in (1, 3) or (channels > 1 and colours == "bands"):
        raise ImageError(f"has {channels} channels, which have no luma; use a bank with {channels} inputs")
    return colour.luma(strip, strip.dtype)


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"


def _misfit(shape: Sequence[int], groups: int, channels: int, colours: colour.ColourModel) -> str:
    """Return the error that the kernels' inputs do not match the image's channels, with banks that would fit."""
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
