"""The frequency response of a kernel: known answers, and the filter's own effect on waves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.conv import conv
from imfilter.filters.core.linear import kernels
from imfilter.filters.core.measure import response, response_along


def test_a_mean_of_three_takes_away_the_wave_of_three_pixels():
    weights = kernels.named()["mean3"].weights
    assert np.abs(response(weights, [1 / 3, -1 / 3], [0, 1 / 3])).max() < 1e-15


@pytest.mark.each("name", kernels.names())
def test_what_is_even_is_multiplied_by_the_sum(name):
    kernel = kernels.named()[name]
    found = response(kernel.weights, [0], [0], kernel.anchor)
    assert abs(abs(found[0, 0]) - abs(kernel.sum)) <= 1e-12 * kernel.absolute_sum


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 7), st.integers(0, 7), st.integers(0, 1 << 20))
def test_a_wave_is_multiplied_by_the_response(height, width, x, y, seed):
    """Of a whole number of waves in an image that goes on, each pixel is, as the filter computes it."""
    random = np.random.default_rng(seed)
    weights = random.normal(size=(height, width))
    anchor = int(random.integers(width)), int(random.integers(height))
    rows, columns = np.mgrid[:8, :8]
    wave = np.exp(2j * np.pi * (x * columns + y * rows) / 8)
    parts = [conv(part, kernel=weights, anchor=anchor, border="wrap") for part in (wave.real.copy(), wave.imag.copy())]
    found = response(weights, [x / 8], [y / 8], anchor)[0, 0]
    assert np.allclose(parts[0] + 1j * parts[1], found * wave, atol=1e-9)
    assert np.allclose(response_along(weights, [x / 8], [y / 8], anchor), found)


def test_the_default_anchor_is_the_middle():
    weights = np.arange(12.0).reshape(3, 4)
    grid = np.linspace(-0.5, 0.5, 5)
    assert np.array_equal(response(weights, grid, grid), response(weights, grid, grid, (2, 1)))
