"""Zero crossings of `edges`: against MATLAB's rules, written as a loop, and answers worked out by hand."""

import numpy as np
import pytest
from imfilter.filters.core.gradient.zero_crossings import OF_MEAN
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.edges import edges


def matlabs(b, threshold):
    """The four pairs ``[- +]``, then ``[+ 0 -]`` where the response is 0, of MATLAB's edge.m, pixel by pixel."""
    found = np.zeros(b.shape, bool)
    for y, x in np.ndindex(b.shape):
        for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            if not (0 <= y + down < b.shape[0] and 0 <= x + right < b.shape[1]):
                continue
            other = b[y + down, x + right]
            found[y, x] |= b[y, x] < 0 < other and abs(b[y, x] - other) > threshold
            if b[y, x] == 0 and 0 <= y - down < b.shape[0] and 0 <= x - right < b.shape[1]:
                across = b[y - down, x - right]
                found[y, x] |= other < 0 < across and abs(other - across) > 2 * threshold
    return found


@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("sigma, threshold", [(1.4, 0.0), (2, 0.01), ((0.7, 1.5), 0.05), (1, None)])
def test_the_crossings_are_those_of_matlabs_rules(dtype, sigma, threshold, noise):
    image = noise((37, 29), dtype)
    white = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    response = edges(image, op="log", sigma=sigma, depth="float").image.astype(np.float64)
    given = None if threshold is None else threshold * white
    # As floats of white 1 the response of integers is the formula's over white.
    of = (np.abs(response).mean() * OF_MEAN) if threshold is None else threshold
    found = edges(image, op="zerocross", sigma=sigma, threshold=given).image
    assert set(np.unique(found)) <= {0, white}
    np.testing.assert_array_equal(found == white, matlabs(response, of))
    assert (found == white).any()


def test_a_step_has_one_crossing_on_its_bright_side():
    """The response is positive in the dark and negative in the light: the negative pixel is marked."""
    step = np.zeros((9, 40), np.uint8)
    step[:, 20:] = 200
    for image, column in ((step, 20), (200 - step, 19)):
        found = edges(image, op="zerocross").image
        assert np.flatnonzero(found[4]).tolist() == [column]


def test_a_crossing_on_a_pixel_is_that_pixel():
    """For a step through the middle of a pixel the response there is 0, between opposite signs."""
    step = np.zeros((5, 41), np.float32)
    step[:, 20], step[:, 21:] = 0.5, 1
    assert np.flatnonzero(edges(step, op="zerocross").image[2]).tolist() == [20]


def test_the_threshold_is_of_the_slope_across():
    step = np.zeros((5, 40), np.float32)
    step[:, 20:] = 1
    response = edges(step, op="log", sigma=2).image[2]
    slope = float(response[19] - response[20])
    assert edges(step, op="zerocross", threshold=slope * 0.999).image[2].any()
    assert not edges(step, op="zerocross", threshold=slope * 1.001).image[2].any()


def test_a_flat_picture_has_none():
    for threshold in (None, 0):
        assert not edges(np.full((20, 20), 77, np.uint8), op="zerocross", threshold=threshold).image.any()


def test_a_missing_sample_has_no_sign():
    image = np.zeros((40, 40), np.float32)
    image[:, 30:], image[5, 5] = 1, np.nan
    found = edges(image, op="zerocross", nan="ignore").image
    assert not np.isnan(found).any() and (found[:, 30] == 1).all() and np.count_nonzero(found) == 40


def test_wrong_parameters_are_refused():
    with pytest.raises(ParameterError, match="px is too small for zerocross"):
        edges(np.zeros((5, 5)), op="zerocross", sigma=0.1)
    with pytest.raises(ParameterError, match="di-zenzo needs gx and gy, which zerocross does not compute"):
        edges(np.zeros((5, 5, 3)), op="zerocross", channels="di-zenzo")
