"""Histograms of a picture: of whole numbers, or in many even steps from the least fraction to the greatest."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from ..engine.colour import luma
from ..engine.sample_counts import STEPS, Histogram, counted
from ..engine.stage import ImageContext, Rows, surveyed
from ..lazy_numpy import Array, np


def histogram(context: ImageContext, image: Rows, of_luma: bool = False) -> Histogram:
    """Count the values of each channel, or of the luma. Missing and infinite samples are not counted."""
    if context.whole and not of_luma:
        return Histogram(_added(image, lambda strip: counted(strip.astype(context.own_type, copy=False))))
    if context.whole:
        # The luma of 8 bits has as many steps as that of 16, so that the same picture has the same histogram.
        step = context.most / (STEPS - 1)
        return Histogram(
            _added(image, lambda strip: counted((_luma_of(strip) / step + 0.5).astype(np.uint16))), 0.0, step
        )
    low, high = math.inf, -math.inf
    channels = 1
    for count, least, most in surveyed(image, partial(_range, of_luma)):
        channels, low, high = count, min(low, least), max(high, most)
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

    return Histogram(_added(image, counts), low, step)


def _range(of_luma: bool, strip: Array) -> tuple[int, float, float]:
    """Return how many channels are counted, and the least and the greatest value of them."""
    strip = _luma_of(strip) if of_luma else strip
    known = strip[np.isfinite(strip)]
    ends = (float(known.min()), float(known.max())) if known.size else (math.inf, -math.inf)
    return strip.shape[2], *ends


def _luma_of(strip: Array) -> Array:
    """Return the luma of colours in float64; chroma, or a luma, unchanged."""
    return luma(strip, np.float64) if strip.shape[2] == 3 else strip


def _added(image: Rows, counts: Callable[[Array], Array]) -> Array:
    total: Array | None = None
    for part in surveyed(image, lambda strip: counts(strip).astype(np.int64, copy=False), np.add):
        total = part if total is None else total + part
    assert total is not None
    return total
