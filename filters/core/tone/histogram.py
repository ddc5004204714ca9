"""Histograms of a picture: of whole numbers, or in many even steps from the least fraction to the greatest."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..engine.colour import luma
from ..engine.sample_counts import STEPS, Histogram, counted
from ..engine.stage import ImageContext, Rows, surveyed
from ..lazy_numpy import Array, np


def histogram(context: ImageContext, image: Rows, of_luma: bool = False) -> Histogram:
    """Count the values of each channel, or of the luma. Missing and infinite samples are not counted."""
    if context.whole and not of_luma:
        numbers = (strip.astype(context.own_type, copy=False) for strip in surveyed(image))
        return Histogram(_added(counted(strip) for strip in numbers))
    if context.whole:
        # The luma of 8 bits has as many steps as that of 16, so that the same picture has the same histogram.
        step = context.most / (STEPS - 1)
        lumas = (_luma_of(strip) for strip in surveyed(image))
        return Histogram(_added(counted((values / step + 0.5).astype(np.uint16)) for values in lumas), 0.0, step)
    parts = (_luma_of(strip) if of_luma else strip for strip in surveyed(image))
    low, high = math.inf, -math.inf
    channels = 1
    for strip in parts:
        channels = strip.shape[2]
        known = strip[np.isfinite(strip)]
        if known.size:
            low, high = min(low, float(known.min())), max(high, float(known.max()))
    if low >= high:  # all equal, or none
        return Histogram(np.ones((channels, 1), np.int64), low if low == high else 0.0)
    if context.largest is not None and low >= 0 and high <= context.most:
        low, high = 0.0, context.most  # the steps of whole numbers, also with an alpha
    step = (high - low) / (STEPS - 1)

    def placed(strip: Array) -> tuple[Array, Array]:
        strip = (_luma_of(strip) if of_luma else strip).astype(np.float64)
        places = np.floor((strip - low) / step + 0.5)
        return np.where(np.isfinite(places), places, 0).astype(np.uint16), ~np.isfinite(strip)

    def counts(strip: Array) -> Array:
        places, gaps = placed(strip)
        found = counted(places).astype(np.int64)
        found[:, 0] -= np.count_nonzero(gaps, axis=(0, 1))
        return found

    return Histogram(_added(counts(strip) for strip in surveyed(image)), low, step)


def _luma_of(strip: Array) -> Array:
    """Return the luma of colours in float64; chroma, or a luma, unchanged."""
    return luma(strip, np.float64) if strip.shape[2] == 3 else strip


def _added(counts: Iterator[Array]) -> Array:
    total: Array | None = None
    for part in counts:
        total = part.astype(np.int64) if total is None else np.add(total, part, out=total)
    assert total is not None
    return total
