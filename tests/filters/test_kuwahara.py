"""Kuwahara's filter against a loop over its quarters."""

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.core.engine.borders import source_index

RNG = np.random.default_rng(76)


def slow(image, x, y):
    """The mean of the quarter that varies least, pixel by pixel; Kuwahara et al. 1976."""
    height, width, _ = image.shape
    rows, columns = source_index(-y, height + y, height, "reflect"), source_index(-x, width + x, width, "reflect")
    answer = np.empty(image.shape)
    for row in range(height):
        for column in range(width):
            quarters = [
                image[np.ix_(rows[row + top : row + top + y + 1], columns[column + left : column + left + x + 1])]
                for top in (0, y)
                for left in (0, x)
            ]
            spread = [quarter.astype(float).var(axis=(0, 1)).sum() for quarter in quarters]
            chosen = 0
            for number in (1, 2, 3):
                chosen = number if spread[number] < spread[chosen] * (1 - 2.0**-13) else chosen
            answer[row, column] = quarters[chosen].astype(float).mean(axis=(0, 1))
    return answer


@pytest.mark.parametrize("radius", [(1, 1), (2, 3), (4, 0)])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_the_mean_of_the_quarter_that_varies_least(each_core, radius, channels):
    image = RNG.normal(100, 20, (14, 17, channels)).astype(np.float32)
    answer = blur(image, op="kuwahara", radius=radius)
    np.testing.assert_allclose(answer, slow(image, *radius), atol=1e-3)


def test_an_edge_stays_as_it_is():
    image = np.zeros((9, 12), np.uint8)
    image[:, 5:] = 200
    assert (blur(image, op="kuwahara", size=5) == image).all()


def test_transparent_pixels_count_nothing():
    image = np.zeros((9, 9, 4), np.uint8)
    image[...] = 255, 0, 0, 0
    image[:, 4:] = 10, 200, 30, 255
    answer = blur(image, op="kuwahara")
    assert (answer[:, 4:] == image[:, 4:]).all() and (answer[..., 3] == image[..., 3]).all()


def test_missing_samples_are_left_out():
    image = np.full((8, 8), 0.5, np.float32)
    image[3, 3] = np.nan
    assert (blur(image, op="kuwahara", nan="ignore") == 0.5).all()
    assert np.isnan(blur(image, op="kuwahara")).sum() == 1
