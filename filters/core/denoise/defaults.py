"""Default parameters for a given noise: the best on photographs, as found by `benchmarks/denoise_defaults.py`.

Each is a simple function of the noise's standard deviation, for white of 255. Searching for the best parameters at each
deviation would gain less than 0.1 dB from 5 to 75 levels, unless noted otherwise.
"""

from __future__ import annotations

from .by_noise import Noise

WIDEST_SIGMA = 3.0
"""The sigma of a bilateral filter, in pixels."""
WIDEST_RADIUS = 3
"""The radius of a guided filter's window."""
WIDEST_MEDIAN = 9
WIDEST_SEARCH, WIDEST_PATCH = 13, 7
"""Sides of the search window of non-local means, and of a patch."""


def bilateral_parameters(noise: Noise) -> tuple[float, float]:
    """Return sigma, in pixels, and the standard deviation of colours, in the image's units."""
    levels = min(noise.levels, 100.0)
    sigma, unit = 1.2 + levels / 60, 2 + levels / 25
    if noise.channels > 1:
        sigma, unit = max(sigma, 1.75), 1.2 * unit
    return round(sigma, 2), noise.level * unit


def guided_parameters(noise: Noise) -> tuple[int, float]:
    """Return the window's radius, and epsilon, for values from 0 to 1."""
    levels = min(noise.levels, 100.0)
    radius = 1 if noise.channels == 1 and levels < 40 else 2
    factor = 4.2 + levels**2 / 500 if noise.channels > 1 else 3 + levels**2 / (130 if levels < 40 else 220)
    part = noise.level / noise.full
    return radius, factor * part * part


def median_size(noise: Noise) -> int:
    """Return the side of the window."""
    return 3 if noise.levels < 30 else 5 if noise.levels < 45 else 7 if noise.levels < 65 else 9


def nonlocal_parameters(noise: Noise) -> tuple[int, int, float]:
    """Return the sides of the search window and of a patch, and the strength in the image's units.

    Strong clipped noise needs a strength of half of it and a patch of 5, other noise 0.65 times it and 7; the choice
    made here loses at most 0.2 dB in either case.
    """
    patch = 3 if noise.channels > 1 else 5 if noise.levels < 40 else 7
    return 13, patch, noise.level * max(0.58, 1 - 2.5 * noise.level / noise.full)


def variation_weight(noise: Noise) -> float:
    """Return the weight of the total variation, in the image's units."""
    return noise.level * noise.levels / (noise.levels + 5.5) * (1.45 if noise.channels > 1 else 1)


def wavelet_window(noise: Noise) -> int:
    """Return the side of the window for the energy of a band."""
    return 9 if noise.levels < 20 else 11 if noise.levels < 30 else 15 if noise.levels < 60 else 21
