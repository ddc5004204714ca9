"""Canny's edges for other stages: binary, by thresholds in the image's units."""

from __future__ import annotations

from ..engine.stage import BoundStage, ImageContext, Stage, whole_image
from ..linear import symmetric
from . import gradient, non_maximum_suppression
from .hysteresis_by_rows import Hysteresis

SIGMA = 2.0
LOW, HIGH = 0.12, 0.3
"""The default thresholds for the 3×3 operator, as fractions of white; the ratio of 2.5 is within the 2 to 3 that Canny
recommends. `benchmarks/contours.py` chose them, with the sigma: on noisy pictures and textures with known contours, a
wider Gaussian with lower thresholds finds more contours and fewer false ones."""


def thresholds(low: float | None, high: float | None, white: float) -> tuple[float, float]:
    """Return both thresholds: a given upper one below the default lower one pulls the lower one down."""
    above = HIGH * white if high is None else high
    below = min(LOW * white, above / 2) if low is None else low
    return below, max(above, below)


def canny(sigma: tuple[float, float], low: float | None, high: float | None) -> list[Stage]:
    """Return the stages from an image to its edges, which are True."""
    weights = gradient.weights_of("sobel")

    def bind(context: ImageContext) -> BoundStage:
        limits = thresholds(low, high, context.full)
        find = non_maximum_suppression.thinned(weights, context, "l2", limits, ())
        return find._replace(function=lambda strip, start: find.function(strip, start)[0])

    stage = gradient.stage_of(weights, bind)
    window = stage.window._replace(halo=stage.window.halo.wider(non_maximum_suppression.HALO))
    joined = whole_image(non_maximum_suppression.hysteresis, gain=None)._replace(by_channel=True)
    return [
        *([symmetric.smoothing(sigma)] if max(sigma) > 0 else []),
        stage._replace(window=window, weights=None),
        joined._replace(memory=lambda context, channels: 3, by_rows=Hysteresis),  # the classes and the result
    ]
