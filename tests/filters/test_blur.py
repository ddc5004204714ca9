"""Blur: Gaussian and mean."""

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.parameters import ParameterError
from scipy import ndimage


def gaussian(image, sigma, border="reflect"):
    x, y = sigma if isinstance(sigma, tuple) else (sigma, sigma)
    across = (y, x, 0)[: image.ndim]
    return ndimage.gaussian_filter(image.astype(np.float64), across, mode=border, cval=0, truncate=4)


@pytest.mark.each("border", BORDERS)
@pytest.mark.each("dtype", ["uint8", "uint16"])
@pytest.mark.each("sigma", [0.4, 2, 7.3, (3.0, 0.6)])
def test_the_gaussian_is_scipys(sigma, dtype, border, noise):
    image = noise((101, 67, 3), dtype)
    off = np.abs(blur(image, sigma=sigma, border=border) - np.floor(gaussian(image, sigma, border) + 0.5))
    assert off.max() <= 1
    assert (off > 0).mean() <= 1e-3


@pytest.mark.parametrize("sigma", [0.4, 2, 20])
def test_the_gaussian_of_a_float_image_is_scipys(sigma, noise):
    image = noise((101, 67), "float32")
    assert np.abs(blur(image, sigma=sigma) - gaussian(image, sigma)).max() <= 1e-5 * np.ptp(image)


@pytest.mark.parametrize(("scale", "options"), [(257, {"depth": "16"}), (40, {"gain": 40})])
def test_a_finer_output_is_as_exact(scale, options, noise):
    image = noise((200, 200)) // 40
    expected = np.floor(gaussian(image, 2) * scale + 0.5)
    assert (blur(image, sigma=2, **options) != expected).mean() <= 1e-3


def test_a_stretched_output_is_as_exact(noise):
    image = noise((200, 200))
    exact = gaussian(image, 20)
    expected = np.floor((exact - exact.min()) * 255 / np.ptp(exact) + 0.5)
    assert (blur(image, sigma=20, range="stretch") != expected).mean() <= 1e-3


def test_sigma_0_gives_the_image_back(noise):
    np.testing.assert_array_equal(blur(noise((5, 6, 3)), sigma=0), noise((5, 6, 3)))


def test_sigma_is_x_first():
    dot = np.zeros((9, 9), np.uint8)
    dot[4, 4] = 255
    answer = blur(dot, sigma=(1, 0))
    assert answer[4, 3] > 0 and answer[3, 4] == 0


@pytest.mark.each("size", [(1, 1), (2, 2), (3, 3), (4, 3), (1, 8), (21, 21)])
@pytest.mark.each("border", ["reflect", "mirror", "wrap"])
def test_the_mean_is_exact(size, border, noise):
    """Also where the sum over the window lies half way between two levels."""
    image = noise((30, 20))
    sums = ndimage.correlate(image.astype(np.int64), np.ones(size[::-1], np.int64), mode=border)
    expected = np.floor(sums / (size[0] * size[1]) + 0.5)
    np.testing.assert_array_equal(blur(image, op="mean", size=size, border=border), expected)


def test_halves_round_up():
    assert blur(np.array([[0, 1]], np.uint8), op="mean", size=(2, 1)).tolist() == [[0, 1]]


def test_every_half_of_a_mean_of_110_rounds_up():
    """A product with 1/110 in float32 would put an eighth of them below the half."""
    for level in range(255):
        rows = np.array([[level], [level + 1]] * 10, np.uint8)
        assert (blur(rows, op="mean", size=(11, 10), border="wrap") == level + 1).all()


def test_a_wide_mean_is_exact(noise):
    """The sums are past what float32 holds exactly; by running sums of whole numbers in the reference."""
    image = np.pad(noise((40, 400)), 150, "symmetric").astype(np.int64)
    sums = np.pad(image.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    sums = sums[301:, 301:] - sums[:-301, 301:] - sums[301:, :-301] + sums[:-301, :-301]
    answer = blur(noise((40, 400)), op="mean", size=301)
    assert (answer != np.floor(sums / 301**2 + 0.5)).mean() <= 1e-3


def test_radius_is_another_way_to_give_the_window(noise):
    image = noise((9, 9))
    np.testing.assert_array_equal(blur(image, op="mean", radius=(2, 1)), blur(image, op="mean", size=(5, 3)))


def test_the_radius_of_a_gaussian_is_its_sigma(noise):
    image = noise((9, 9))
    np.testing.assert_array_equal(blur(image, radius=1.5), blur(image, sigma=1.5))
    np.testing.assert_array_equal(blur(image, radius=(2, 1), size=(17, 9)), blur(image, sigma=(2, 1)))
    np.testing.assert_array_equal(blur(image, size=9), blur(image, sigma=1))
    np.testing.assert_array_equal(blur(image, radius=2, sigma=2), blur(image, sigma=2))


@pytest.mark.parametrize(
    ("values", "parameter", "reason"),
    [
        ({"sigma": 2, "radius": 3}, "radius", "3 contradicts sigma 2; the radius of a Gaussian is its sigma"),
        ({"sigma": 2, "size": 7}, "sigma", "2 fills size 17,17, which contradicts size 7,7"),
        ({"size": 5, "radius": 3}, "radius", "3 fills size 25,25, which contradicts size 5,5"),
        ({"radius": 1001}, "radius", "1001 is above the greatest sigma, 1000 px"),
        ({"op": "mean", "size": 5, "radius": 3}, "radius", "3,3 means size 7,7, which contradicts size 5"),
        ({"size": 4}, "size", "the window of a Gaussian must be odd"),
        ({"op": "mean", "sigma": 1}, "sigma", "does not apply to op mean"),
        ({"sigma": -1}, "sigma", "-1 is below the least value, 0 px"),
        ({"sigma": 1e12}, "sigma", "above the greatest value, 1000 px"),
        ({"sigma": (1, 2, 3)}, "sigma", "has 3 numbers; use one, or x,y"),
        ({"op": "mean", "size": 0}, "size", "0 is below the least value, 1 px"),
        ({"op": "mean", "size": 2.5}, "size", "not a whole number"),
    ],
)
def test_a_wrong_value_is_refused_with_its_reason(values, parameter, reason):
    with pytest.raises(ParameterError, match=reason) as raised:
        blur(np.zeros((3, 3), np.uint8), **values)
    assert raised.value.parameter == parameter


def test_nan_spreads_no_further_than_the_window():
    image = np.zeros((9, 9), np.float32)
    image[4, 4] = np.nan
    assert np.isnan(blur(image, op="mean")).sum() == 9
    assert np.isnan(blur(image, sigma=0.5)).sum() == 25


@pytest.mark.each("shape", [(200, 210), (3, 5), (1, 300), (60, 400)])
@pytest.mark.each("sigma", [4.4, 9.0, 17.7, 40.0])
@pytest.mark.each("border", ["reflect", "mirror"])
def test_wide_gaussians_of_noise_keep_the_bounds_of_every_type(shape, sigma, border):
    image = np.random.default_rng(5).integers(0, 2, shape) * 255.0
    exact = ndimage.gaussian_filter(image, sigma, mode=border)
    levels = blur(image.astype(np.uint8), sigma=sigma, border=border)
    wrong = np.abs(levels - np.clip(np.floor(exact + 0.5), 0, 255))
    assert wrong.max() <= 1 and np.count_nonzero(wrong) <= 1 + 1e-3 * wrong.size
    fractions = blur((image / 255).astype(np.float32), sigma=sigma, border=border)
    assert np.abs(fractions - exact / 255).max() <= 1e-5
