"""Operators' results in 8 and 16 bits: at their own fixed scale, or by a given range."""

from __future__ import annotations

import numpy as np
import pytest
from imfilter.filters.edges import edges
from imfilter.filters.frequency import frequency
from imfilter.filters.pool import pool

STEP = np.array([[0] * 40 + [255] * 40] * 9, np.uint8)


@pytest.mark.each(
    "options", [{"op": "laplacian"}, *({"op": op, "sigma": s} for op in ("log", "dog") for s in (1, 3, 5))]
)
@pytest.mark.each("image", [STEP, STEP.T, STEP.astype(np.uint16) * 257])
def test_of_signed_operators_a_whole_step_reaches_both_ends(options, image):
    white = np.iinfo(image.dtype).max
    answer = edges(image, **options).image
    assert answer.min() <= round(1 / 255 * white) and answer.max() == white
    assert (edges(np.full_like(image, 90), **options).image == white // 2 + 1).all()


def test_a_highpass_shows_zero_at_mid_gray():
    answer = frequency(STEP, op="highpass").image
    raw = frequency(STEP.astype(np.float32), op="highpass").image
    np.testing.assert_array_equal(answer, np.floor(np.clip(raw + 128, 0, 255) + 0.5))


SCALES = [
    ({"op": "sobel"}, 1),
    ({"op": "sobel", "size": 5}, 1 / 16),
    ({"op": "sobel", "size": 7}, 1 / 256),
    ({"op": "prewitt"}, 1),
    ({"op": "scharr"}, 1 / 4),
    ({"op": "farid"}, 8),
    ({"op": "kirsch"}, 1 / 4),
    ({"op": "robinson"}, 1),
    ({"op": "scharr", "channels": "each"}, 1 / 4),
]


@pytest.mark.each("options", [options for options, _ in SCALES])
def test_gradients_show_in_sobels_units_and_are_raw_as_float(options, noise):
    image = noise((30, 30, 3)) // 12 + 100
    found = edges(image, **options)
    scale = next(scale for known, scale in SCALES if known == options)
    expected = np.clip(np.floor(found.magnitude.astype(float) * scale + 0.5), 0, 255)
    assert np.abs(found.image - expected).max() <= 1
    assert (found.image != expected).mean() < 0.01
    raw = edges(image, depth="float", **options).image * 255
    np.testing.assert_allclose(raw, found.magnitude, rtol=1e-6)


def test_a_named_range_takes_values_as_the_formula_gives_them():
    clipped = edges(STEP, op="laplacian", range="clip").image
    assert clipped.max() == 255 and (clipped > 0).sum() == len(STEP)
    offset = edges(STEP, op="log", range="offset").image
    np.testing.assert_array_equal(
        offset, np.floor(np.clip(edges(STEP.astype(np.float32), op="log").image + 128, 0, 255) + 0.5)
    )


def test_a_gain_is_a_further_factor():
    twice = edges(STEP // 16, op="scharr", gain=2).image
    np.testing.assert_array_equal(twice, edges(STEP // 16, op="scharr", range="clip", gain=0.5).image)


def test_an_l2_norm_shows_as_the_root_of_the_mean_square():
    assert (pool(np.full((6, 6), 77, np.uint8), op="l2", size=3) == 77).all()
    assert pool(np.full((6, 6), 77, np.uint8), op="l2", size=3, depth="float")[0, 0] == np.float32(231 / 255)
