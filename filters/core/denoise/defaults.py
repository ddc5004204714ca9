"""The parameters that suit some noise: what `benchmarks/denoise_defaults.py` finds best on photographs.

Each is a plain function of the noise's standard deviation, as white has 255; the decibels that a search of the best
parameters for each deviation would win beside it are below 0.1 from 5 to 75 levels, unless it says otherwise.
"""

from __future__ import annotations

from .by_noise import Noise

WIDEST_SIGMA = 3.0
"""Of a bilateral filter, in pixels."""
WIDEST_RADIUS = 3
"""Of a guided filter's window."""
WIDEST_MEDIAN = 9
WIDEST_SEARCH, WIDEST_PATCH = 35, 9
"""Sides of the search window of non-local means, and of a patch."""


def bilateral_parameters(noise: Noise) -> tuple[float, float]:
    """Return sigma, in pixels, and the standard deviation of colours, in the image's units."""
    levels = min(noise.levels, 100.0)
    sigma = round(1.2 + levels / 60, 2)
    return sigma, noise.level * (2 + levels / 25) * noise.channels**0.5


def guided_parameters(noise: Noise) -> tuple[int, float]:
    """Return the window's radius, and epsilon, for values from 0 to 1."""
    levels = noise.levels
    factor = 3 + min(levels, 40) ** 2 / 130
    return 1 if levels < 40 else 2, factor * (noise.level / noise.full) ** 2


def median_size(noise: Noise) -> int:
    """Return the side of the window."""
    return 3 if noise.levels < 30 else 5 if noise.levels < 55 else 7


def nonlocal_parameters(noise: Noise) -> tuple[int, int, float]:
    """Return the sides of the search window and of a patch, and the strength in the image's units."""
    return 13, 5 if noise.channels == 1 else 3, noise.level * max(0.5, 1 - 2.5 * noise.level / noise.full)


def variation_weight(noise: Noise) -> float:
    """Return the weight of the total variation, in the image's units."""
    return noise.level * (0.62 + min(noise.levels, 60.0) / 125)


def wavelet_window(noise: Noise) -> int:
    """Return the side of the window in which the energy of a band is taken."""
    return 9 if noise.levels < 20 else 11 if noise.levels < 40 else 15
