"""The median as a denoiser, whose window grows with the noise."""

from __future__ import annotations

from ..engine.stage import Stage
from ..rank.rank_filter import ranked
from .by_noise import Noise, by_noise, reject_unused
from .defaults import WIDEST_MEDIAN, median_size


def denoising(window: tuple[int, int] | None, noise: float | None, strength: float) -> Stage:
    """Return the median of a *window*; if it is None, the window derives from *strength* times the *noise*."""

    def median(width: int, height: int) -> Stage:
        return ranked(width, height, 50, name="median")

    def make(found: Noise) -> Stage:
        return median(median_size(found), median_size(found))

    if window is not None:
        reject_unused(noise, strength)
        return median(*window)
    return by_noise(make, median(WIDEST_MEDIAN, WIDEST_MEDIAN), noise, strength)
