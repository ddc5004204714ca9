"""The boundaries of `edges --op pb`: against a slow reference, and pictures whose boundaries are known."""

import numpy as np
import pytest
from imfilter.filters.core.gradient import boundaries
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.edges import edges
from scipy import ndimage

EDGE = 70


def oriented(gx, gy, turn, sigma):
    """The derivative across a line through each pixel, summed along it."""
    step, longer = 3 * sigma / 1.1, 2 * sigma * 3**0.5
    slope, total, weights = gx * np.cos(turn) + gy * np.sin(turn), 0.0, 0.0
    padded = np.pad(slope, 40, "symmetric")
    for k in range(-3, 4):
        weight = np.exp(-((k * step / longer) ** 2) / 2)
        x, y = round(-k * step * np.sin(turn)), round(k * step * np.cos(turn))
        total = total + weight * padded[40 + y :, 40 + x :][: slope.shape[0], : slope.shape[1]]
        weights += weight
    return np.abs(total) / weights


def sparseness(response, y, x, block):
    """Hoyer's measure of 25 means, times the middle one over the mean, by the paper's formula."""
    half = block // 2
    means = np.array(
        [
            response[EDGE + y + down - half :, EDGE + x + right - half :][:block, :block].mean()
            for down in range(-2 * block, 2 * block + 1, block)
            for right in range(-2 * block, 2 * block + 1, block)
        ]
    )
    return min(1, means[12] / means.mean()) * (5 - means.sum() / np.sqrt((means**2).sum())) / (5 - 1)


def reference(picture, places, sigma=1.1):
    """The strength at some *places*, from 0 to 1, and twice its orientation, in float64."""
    strengths, doubles = zip(*(at_scale(picture, places, sigma * scale) for scale in (1, 2)), strict=True)
    strength = np.mean(strengths, axis=0)
    axes = sum(one * double / np.abs(double) for one, double in zip(strengths, doubles, strict=True))
    return strength / (strength + boundaries.HALF), axes


def at_scale(picture, places, sigma):
    smooth = ndimage.gaussian_filter(picture / 255, (*2 * (sigma * 5**0.5,), 0), truncate=5, mode="reflect")
    slopes = [ndimage.correlate1d(smooth, [-1, 0, 1], axis, mode="reflect") for axis in (1, 0)]
    mixes = [[0.3]] if picture.shape[2] == 1 else [[1, -0.7, 0], [-0.7, 1, 0], [-0.35, -0.35, 1], [0.5, 0.5, -0.7]]
    turns = np.pi * np.arange(8) / 8
    block, answers = 2 * round((5 * sigma / 1.1 - 1) / 2) + 1, []
    for mix in mixes:
        gx, gy = (slope @ np.array(mix) for slope in slopes)
        usual = max(np.sqrt((gx**2 + gy**2).mean()), 1e-3 * 1.1 / sigma)
        gx, gy = (np.pad(part, EDGE, "symmetric") for part in (gx, gy))  # the mirrored picture has its slopes there
        responses = np.array([oriented(gx, gy, turn, sigma) for turn in turns]) / usual
        best = responses.max(axis=0)
        strength = [best[EDGE + y, EDGE + x] * sparseness(best, y, x, block) for y, x in places]
        double = [np.sum(responses[:, EDGE + y, EDGE + x] ** 2 * np.exp(2j * turns)) for y, x in places]
        answers.append((np.array(strength), np.array(double)))
    strengths, doubles = (np.array(part) for part in zip(*answers, strict=True))
    best = strengths.argmax(axis=0), np.arange(len(places))
    return strengths[best], doubles[best]


@pytest.mark.each("sigma", [1.1, 2])
@pytest.mark.each("channels", [1, 3])
def test_the_strength_is_that_of_a_slow_reference(channels, sigma, noise, each_core):
    picture = noise((60, 70, channels)) // 3
    picture[:, 40:] += 90
    picture[20:, :30, -1] //= 2
    places = [(30, 40), (20, 15), (25, 52), (41, 30), (5, 36), (58, 3), (0, 39)]
    strength, double = reference(picture, places, sigma)
    found = edges(picture, op="pb", maps=("magnitude", "gx", "gy"), sigma=sigma)
    at = tuple(np.transpose(places))
    np.testing.assert_allclose(found.magnitude.reshape(60, 70)[at], 255 * strength, rtol=2e-3, atol=0.02)
    turns = np.arctan2(found.gy.reshape(60, 70)[at], found.gx.reshape(60, 70)[at]) % np.pi
    off = np.abs((turns - np.angle(double) / 2 + np.pi / 2) % np.pi - np.pi / 2)
    assert off.max() < 0.01 and strength[0] > 0.5


@pytest.mark.each("turns, degrees", [(0, 0), (1, -90), (2, 180), (3, 90)])
def test_a_step_is_one_line_that_points_to_the_light(turns, degrees):
    step = np.full((60, 60), 60, np.uint8)
    step[:, 30:] = 160
    found = edges(np.rot90(step, turns), op="pb")
    lines = np.rot90(found.image, -turns)
    assert (np.count_nonzero(lines, axis=1) == 1).all() and set(np.argmax(lines, axis=1)) <= {29, 30}
    on = found.image > 0
    assert np.ptp(found.magnitude[on]) < 1e-3 and (np.abs(found.angle[on] - degrees) % 360 < 1e-4).all()


def test_the_strength_is_relative_to_the_picture():
    """A step has the same strength whatever its height, unless it is only rounding or noise; of two one is weaker."""

    def strongest(height, other=0):
        step = np.full((60, 90), 100, np.uint8)
        step[:, 30:] += height
        step[:, 60:] -= other
        found = edges(step, op="pb", maps="magnitude").magnitude
        return float(found[:, 15:45].max()), float(found[:, 45:75].max())

    assert strongest(36)[0] == pytest.approx(strongest(72)[0], rel=1e-4) == pytest.approx(strongest(144)[0], rel=1e-4)
    assert strongest(1)[0] < 100 < 128 < strongest(3)[0] < strongest(9)[0] < strongest(36)[0]
    one, other = strongest(60, 20)
    assert other < 0.8 * one and strongest(30, 10) == pytest.approx((one, other), rel=1e-4)


def test_colours_of_one_luma_have_a_boundary():
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, :30], picture[:, 30:] = (150, 100, 80), (60, 146, 81)
    assert edges(picture, op="pb").image[:, 28:32].max(axis=1).min() > 128
    assert edges(picture, op="pb", channels="luma").image.max() < 60
    assert edges(picture, channels="luma").image.max() < 30


def test_a_texture_is_suppressed_and_a_faint_step_is_kept(noise):
    """Grain, and a step that is weaker than its grains: where Sobel finds the step it finds the grains too."""
    grain = ndimage.gaussian_filter(noise((120, 90)).astype(float), 1.5)
    picture = np.full((120, 210), 110.0)
    picture[:, :90] += (grain - grain.mean()) / grain.std() * 18
    picture[:, 150:] += 30
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    found = edges(picture, op="pb").image
    assert found[:, 148:152].max(axis=1).min() > 150
    assert np.count_nonzero(found[:, :75] > 128) < 0.005 * found[:, :75].size
    sobel = edges(picture, sigma=2, thin=True, depth="float").image
    step = sobel[:, 148:152].max(axis=1).min()
    assert np.count_nonzero(sobel[:, :75] >= step) > 0.03 * sobel[:, :75].size


def test_the_border_is_no_boundary(noise):
    picture = noise((200, 200, 3))
    picture[:] = ndimage.gaussian_filter(picture.astype(float), (1, 1, 0))
    found = edges(picture, op="pb").image
    assert np.count_nonzero(found[10:-10, 10:-10] > 100) < 0.002 * 180**2
    for rim in (found[:3], found[-3:], found[:, :3], found[:, -3:]):
        assert np.count_nonzero(rim > 100) <= 0.04 * rim.size


def test_gray_is_as_gray_in_colours(noise):
    gray = noise((50, 40))
    gray[:, 20:] //= 2
    coloured = np.repeat(gray[..., None], 3, axis=2)
    np.testing.assert_allclose(
        edges(gray, op="pb", maps="magnitude").magnitude,
        edges(coloured, op="pb", maps="magnitude").magnitude,
        atol=0.05,
    )


def test_the_picture_is_the_thinned_magnitude_and_the_threshold_binarises_it(noise):
    picture = noise((50, 60, 3))
    found = edges(picture, op="pb")
    on = found.image > 0
    assert 0.02 < on.mean() < 0.5
    np.testing.assert_array_equal(found.image[on], np.floor(found.magnitude[on] + 0.5).astype(np.uint8))
    np.testing.assert_allclose(np.hypot(found.gx, found.gy), found.magnitude, rtol=1e-5)
    assert found.magnitude.min() >= 0 and found.magnitude.max() < 255
    strong = edges(picture, op="pb", threshold=40, depth="float").image
    exact = edges(picture, op="pb", depth="float", maps="image").image
    np.testing.assert_array_equal(strong == 1, exact > 40 / 255)


def test_all_depths_agree(noise):
    picture = noise((40, 50, 3))
    expected = edges(picture, op="pb", maps="magnitude").magnitude / 255
    deep = edges(picture.astype(np.uint16) * 257, op="pb", maps="magnitude").magnitude / 65535
    floats = edges((picture / np.float32(255)).astype(np.float32), op="pb", maps="magnitude").magnitude
    np.testing.assert_allclose(deep, expected, atol=2e-5)
    np.testing.assert_allclose(floats, expected, atol=2e-5)


def test_missing_samples_make_no_boundary():
    picture = np.full((70, 70, 3), 0.5, np.float32)
    picture[:, 40:] = 0.7
    whole = edges(picture, op="pb", maps="magnitude").magnitude
    picture[10:14, 8:12], picture[50, 60, 1] = np.nan, np.nan
    for nan in ("propagate", "ignore"):
        found = edges(picture, op="pb", maps="magnitude", nan=nan).magnitude
        missing = np.isnan(found)
        assert missing.sum() == 17 and missing[10:14, 8:12].all() and missing[50, 60]
        np.testing.assert_allclose(found[~missing], whole[~missing], atol=0.01)


def test_wrong_parameters_are_refused():
    picture = np.zeros((5, 5, 3), np.uint8)
    with pytest.raises(ParameterError, match="opponent is for pb"):
        edges(picture, channels="opponent")
    with pytest.raises(ParameterError, match="di-zenzo needs gx and gy, which pb does not compute"):
        edges(picture, op="pb", channels="di-zenzo")
    with pytest.raises(ParameterError, match="must be one number for pb"):
        edges(picture, op="pb", sigma=(1, 2))
    with pytest.raises(ParameterError, match=r"0\.1 px is too small for pb"):
        edges(picture, op="pb", sigma=0.1)
    with pytest.raises(ParameterError, match="thin"):
        edges(picture, op="pb", thin=True)
