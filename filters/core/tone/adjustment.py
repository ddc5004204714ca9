"""Levels, brightness, contrast, saturation, hue and gamma, in this order, on unrounded values.

References
----------
A. R. Smith, "Color gamut transform pairs", 1978: hue, saturation and value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import native
from ..engine.colour import LUMA_SUM, LUMA_WEIGHTS, luma
from ..engine.stage import BoundStage, Colours, ImageContext, Rows, Stage, surveyed
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import ImageError
from .histogram import histogram
from .lookup import STEEP, STRAIGHT, Curve, by_sample, look_up, tabulated


class Levels(NamedTuple):
    """The samples that become black and white, and the gamma in between."""

    low: float
    high: float
    gamma: float = 1.0
    """Values above 1 brighten."""


class Adjustment(NamedTuple):
    """The adjustments; the defaults change nothing."""

    levels: Levels | None = None
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    hue: float = 0.0
    """Degrees."""
    gamma: float = 1.0

    @property
    def turns(self) -> bool:
        """Whether the hue changes."""
        return self.hue % 360 != 0

    @property
    def joins_channels(self) -> bool:
        """Whether a sample of the result depends on the pixel's other channels."""
        return self.saturation != 1 or self.turns


def adjusting(asked: Adjustment) -> Stage:
    """Return the stage that adjusts a picture."""
    if asked._replace(hue=asked.hue % 360) == Adjustment():
        return Stage(lambda context: BoundStage(lambda strip: strip, interleaved=True), selects=True, picks=True)
    steep = amplification(asked)
    by_mean = asked.contrast != 1

    def survey(context: ImageContext, image: Rows) -> Array:
        return mean_luma(context, image, lambda values: _until_contrast(values, asked, context.full))

    def curve_for(context: ImageContext) -> Curve:
        return lambda values: _bent(_until_saturation(values, asked, context), asked.gamma, context.full)

    samples = by_sample(curve_for, amplification=steep, joint=by_mean, survey=survey if by_mean else None)
    if not asked.joins_channels:
        return samples

    def bind(context: ImageContext) -> BoundStage:
        if context.colours == "cmyk":
            raise ImageError("CMYK colours have no hue and no saturation here; use --to-rgb")
        if context.colours != "rgb":  # it has no hue or saturation
            return samples.bind(context)  # type: ignore[return-value]
        table = None
        if context.whole:
            table = tabulated(lambda values: _until_saturation(values, asked, context), context, context.work)

        kind = context.result_type if asked.gamma == 1 else context.work

        def adjusted(strip: Array) -> Array:
            if table is None:
                strip = _until_saturation(strip.astype(np.float64), asked, context).astype(context.work, copy=False)
            else:
                strip = strip.astype(context.own_type, copy=False)
            if strip.shape[2] == 3:
                strip = coloured(strip, table, asked.saturation, asked.hue, kind, context.work)
            elif table is not None:  # a luma has no colour
                strip = look_up(strip, table)
            return _bent(strip, asked.gamma, context.full)

        return BoundStage(
            adjusted,
            work=context.own_type,
            anywhere=True,
            interleaved=True,
            saturates=kind == context.rounds_to,
        )

    return samples._replace(bind=bind, colours=Colours(alpha=STRAIGHT, joint=True))


def coloured(strip: Array, table: Array | None, saturation: float, hue: float, kind: Any, work: Any) -> Array:
    """Return colours with another *saturation*, ``l + s·(v - l)`` with their luma l, and then rotated in *hue*.

    A *table* first maps each whole number. Sums have the type *work*, results the type *kind*. The loop takes 1.3 ns
    per sample, NumPy 19.
    """
    if native.core is not None:
        given, step = native.rows_of(np.ascontiguousarray(strip))
        found = native.results(given.shape, kind, step)
        weights = np.array(LUMA_WEIGHTS, np.float64)
        native.core.recolour(
            given, found, None if table is None else table[None], weights, LUMA_SUM, saturation, hue % 360 / 60
        )
        return native.strip_like(found, step)
    values = (strip if table is None else look_up(strip, table)).astype(work, copy=False)
    if saturation != 1:
        middle = luma(values)
        values = values - middle
        values *= saturation
        values += middle
    return native.converted(turned(values, hue) if hue % 360 else np.array(values), kind, work)


def of_images(
    images: Array, asked: Sequence[Adjustment], by_mean: bool, coloured_too: bool, rounded: bool = False
) -> Array:
    """Return images ``(images, height, width, channels)``, each adjusted by its own factors; see `Many.apply`.

    None has levels or gamma, and either all have a contrast or none. Colours are *rounded* to 8 bits, or float32. The
    loops take 1.1 ns per sample, NumPy 4.
    """
    count, height, width, channels = images.shape
    brightness = np.array([own.brightness for own in asked], np.float64)
    contrast = np.array([own.contrast for own in asked], np.float64)
    means = _mean_lumas(images, brightness) if by_mean else np.zeros(count)
    found = contrasted(images, brightness, contrast, means)
    if not coloured_too:
        return found
    kind = np.uint8 if rounded else np.float32
    if native.core is None:
        each = zip(found, asked, strict=True)
        return np.stack([coloured(one, None, own.saturation, own.hue, kind, np.float32) for one, own in each])
    rows, out = found.reshape(count, 1, height, width * channels), np.empty((count, 1, height, width * 3), kind)
    weights = np.array(LUMA_WEIGHTS, np.float64)
    for given, result, own in zip(rows, out, asked, strict=True):
        native.core.recolour(given, result, None, weights, LUMA_SUM, own.saturation, own.hue % 360 / 60)
    return out.reshape(images.shape)


def contrasted(images: Array, brightness: Array, contrast: Array, means: Array) -> Array:
    """Return float32 images with samples ``(v·brightness - mean)·contrast + mean``, with each image's own numbers.

    >>> import numpy as np
    >>> contrasted(np.array([[[[10], [20]]]], np.uint8), *np.array([[2.0], [0.5], [30.0]])).ravel().tolist()
    [25.0, 35.0]
    """
    count, height, width, channels = images.shape
    if native.core is not None:
        given = np.ascontiguousarray(images).reshape(count, height, width * channels)
        found = np.empty(given.shape, np.float32)
        native.core.contrast(given, found, np.stack([brightness, contrast, means], axis=1).ravel())
        return found.reshape(images.shape)
    brightness, contrast, means = (numbers.reshape(-1, 1, 1, 1) for numbers in (brightness, contrast, means))
    values = images.astype(np.float64)
    values *= brightness
    values -= means
    values *= contrast
    values += means
    return values.astype(np.float32)


def _mean_lumas(images: Array, brightness: Array) -> Array:
    """Return the mean luma of each of several images, brightened by its own factor, as `mean_luma` does."""
    count, height, width, channels = images.shape
    if images.dtype == np.uint8:
        numbers = images.reshape(count, -1, channels) + 256 * np.arange(count * channels).reshape(count, 1, channels)
        counts = np.bincount(numbers.ravel(), minlength=count * channels * 256).reshape(count, channels, 256)
        curves = np.arange(256.0) * brightness[:, None]
        means = (counts * curves[:, None]).sum(axis=2) / (height * width)
        return (luma(means[:, None]) if channels == 3 else means).ravel()
    rows = luma_sums(images, brightness)
    return np.array([math.fsum(own) for own in rows.tolist()]) / (height * width)


def luma_sums(images: Array, brightness: Array) -> Array:
    """Return the sums of luma ``(images, rows)`` of rows in brightened images of one or three channels, in float64.

    >>> import numpy as np
    >>> luma_sums(np.array([[[[10.0], [20]], [[0], [1]]]], np.float32), np.array([2.0])).tolist()
    [[60.0, 2.0]]
    """
    count, height, width, channels = images.shape
    if native.core is not None:
        given = np.ascontiguousarray(images).reshape(count, height, width * channels)
        sums, weights = np.empty((count, height, 1)), np.array(LUMA_WEIGHTS, np.float64)
        native.core.luma_sums(given, sums, brightness, weights, LUMA_SUM, channels)
        return sums[..., 0]
    values = images.astype(np.float64) * brightness.reshape(-1, 1, 1, 1)
    return luma(values.reshape(-1, width, channels)).reshape(count, height, width).sum(axis=2)


def turned(values: Array, degrees: float) -> Array:
    """Return colours with the HSV hue rotated by *degrees*; the greatest and the least channel keep their values.

    >>> import numpy as np
    >>> turned(np.array([[[255.0, 0, 0], [7, 7, 7]]]), 120).tolist()
    [[[0.0, 255.0, 0.0], [7.0, 7.0, 7.0]]]
    """
    red, green, blue = (values[..., channel] for channel in range(3))
    value = np.maximum(np.maximum(red, green), blue)
    chroma = value - np.minimum(np.minimum(red, green), blue)
    scale = np.divide(1, chroma, out=np.zeros_like(chroma), where=chroma != 0)
    chroma = chroma + (red + green + blue) * 0  # NaN if one is not finite
    sector = np.where(
        value == red,
        (green - blue) * scale,
        np.where(value == green, (blue - red) * scale + 2, (red - green) * scale + 4),
    )
    out = np.empty_like(values)
    for channel, corner in enumerate((5, 3, 1)):
        place = (sector + (corner + degrees / 60) % 6) % 6
        out[..., channel] = value - chroma * np.clip(np.minimum(place, 4 - place), 0, 1)
    return out


def mean_luma(context: ImageContext, image: Rows, curve: Curve) -> Array:
    """Return the mean luma of an image after a *curve*, in float64; for bands without colour each one's mean.

    Missing and infinite samples are ignored.
    """
    if context.whole:
        found = histogram(context, image)
        means = (found.counts * curve(found.values)).sum(axis=1) / found.counts[0].sum()
        return luma(means[None, None])[0, 0] if _has_luma(context, len(means)) else means
    sums: list[Array] = []
    number = 0
    for strip in surveyed(image):
        with np.errstate(invalid="ignore", over="ignore"):
            values = curve(strip.astype(np.float64))
            values = luma(values) if _has_luma(context, values.shape[2]) else values
        # Row by row, so that the sum does not depend on the number of rows in a strip.
        rows = np.ascontiguousarray(values.transpose(0, 2, 1))
        found = rows.sum(axis=2)
        if np.isfinite(found).all():
            number += rows.shape[0] * rows.shape[2]
        else:
            known = np.isfinite(rows).all(axis=1, keepdims=True)
            number += int(known.sum())
            found = np.where(known, rows, 0).sum(axis=2)
        sums += [*found]
    return np.array([math.fsum(parts) for parts in np.array(sums).T.tolist()]) / max(1, number)


def _has_luma(context: ImageContext, channels: int) -> bool:
    return context.colours == "rgb" and channels == 3


def _until_contrast(values: Array, asked: Adjustment, full: float) -> Array:
    if asked.levels is not None:
        low, high, gamma = asked.levels
        values = _bent((values - low) * (full / (high - low)), 1 / gamma, full)
    return values * asked.brightness if asked.brightness != 1 else values


def _until_saturation(values: Array, asked: Adjustment, context: ImageContext) -> Array:
    values = _until_contrast(values, asked, context.full)
    if asked.contrast == 1:
        return values
    mean = context.survey_result
    return (values - mean) * asked.contrast + mean


def _bent(values: Array, gamma: float, full: float) -> Array:
    """Return ``white·(v / white)^gamma``; negative values are unchanged."""
    if gamma == 1:
        return values
    return np.where(values < 0, values, (np.maximum(values, 0) / full) ** gamma * full)


def amplification(asked: Adjustment) -> float:
    """Return the steepest slope of the result; a power below 1 is infinitely steep at black."""
    exponents = [asked.gamma, 1 if asked.levels is None else 1 / asked.levels.gamma]
    if min(exponents) < 1 or asked.levels is not None:
        return STEEP
    return max(1, asked.brightness) * max(1, asked.contrast) * (1 + 2 * asked.saturation) * asked.gamma
