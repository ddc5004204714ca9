"""The boundaries of `edges --op pb`: against a slow reference, and pictures whose boundaries are known."""

import numpy as np
import pytest
from imfilter.filters.core.gradient import boundaries
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.edges import edges
from scipy import ndimage


def cubic(distance):
    """The cubic B-spline, by its definition."""
    distance = np.abs(distance)
    near, far = 2 / 3 - distance**2 + distance**3 / 2, (2 - distance) ** 3 / 6
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))


def gaussian(values, sigma):
    return ndimage.gaussian_filter(values, sigma, truncate=3, mode="reflect")


def textures(lightness):
    found = []
    for sigma in boundaries.TEXTURE_SIGMAS:
        smooth = gaussian(lightness, sigma)
        gx, gy = (ndimage.correlate1d(smooth, [-sigma / 2, 0, sigma / 2], axis) for axis in (1, 0))
        energy, turn = gx**2 + gy**2, np.arctan2(gy, gx)
        striped = energy / (energy + boundaries.TEXTURE_CONTRAST**2)
        for axis in (0, 90, 180, 270):
            share = np.maximum(np.cos(2 * turn - np.radians(axis)), 0) ** 2
            found.append(striped * np.where(energy > 0, share, 0) / 2)
        found.append((1 - striped) / 2)
    return found


def difference(bins, radius, y, x, turn):
    """``½ Σ (g - h)² / (g + h)`` of the halves around one pixel, each the mean of three smoothed places."""
    along = [round(-boundaries.ALONG * radius * np.sin(turn)), round(boundaries.ALONG * radius * np.cos(turn))]
    beside = [round(boundaries.BESIDE * radius * part) for part in (np.cos(turn), np.sin(turn))]
    total = 0.0
    for smooth in bins:
        sides = [
            sum(smooth[y + sign * beside[1] + k * along[1], x + sign * beside[0] + k * along[0]] for k in (-1, 0, 1))
            / 3
            for sign in (1, -1)
        ]
        total += (sides[0] - sides[1]) ** 2 / max(sum(sides), 1e-12) / 2
    return total


def reference(picture, places):
    """The strength at some *places*, from 0 to 1, and the orientation, in float64."""
    picture = np.pad(picture.astype(np.float32), ((60, 60), (60, 60), (0, 0)), "symmetric")
    planes = [plane.astype(np.float64) for plane in boundaries.perceived(picture, 255)]
    cues = boundaries.BRIGHTNESS, boundaries.GREEN_RED, boundaries.BLUE_YELLOW
    compared = []
    for cue, plane in zip(cues, planes, strict=False):
        apart = cue.bin * 3**0.5
        middles = range(-2, int(1 / apart) + 3)
        compared.append((cue, [cubic(plane / apart - middle) for middle in middles]))
    compared.append((boundaries.TEXTURE, textures(planes[0])))
    total = np.zeros((boundaries.ORIENTATIONS, len(places)))
    for cue, bins in compared:
        for radius, weight in zip(cue.radii, cue.weights, strict=True):
            smooth = [gaussian(plane, boundaries.SIGMA * radius) for plane in bins]
            for step in range(boundaries.ORIENTATIONS):
                turn = np.pi * step / boundaries.ORIENTATIONS
                for number, (y, x) in enumerate(places):
                    total[step, number] += weight * difference(smooth, radius, y + 60, x + 60, turn)
    return total.max(axis=0) / (total.max(axis=0) + boundaries.HALF), total


@pytest.mark.each("channels", [1, 3])
def test_the_strength_is_that_of_a_slow_reference(channels, noise, each_core):
    picture = noise((60, 70, channels)) // 3
    picture[:, 40:] += 90
    picture[20:, :30, -1] //= 2
    places = [(30, 40), (20, 15), (25, 52), (41, 30), (5, 36), (58, 3)]
    strength, total = reference(picture, places)
    found = edges(picture, op="pb", maps=("magnitude", "gx", "gy"))
    at = tuple(np.transpose(places))
    np.testing.assert_allclose(found.magnitude.reshape(60, 70)[at], 255 * strength, rtol=1e-3)
    turns = np.arctan2(found.gy.reshape(60, 70)[at], found.gx.reshape(60, 70)[at]) % np.pi
    clear = np.sort(total, axis=0)[-1] > 1.02 * np.sort(total, axis=0)[-2]
    best, count = total.argmax(axis=0), boundaries.ORIENTATIONS
    left, top, right = (total[(best + step) % count, range(len(places))] for step in (-1, 0, 1))
    best = np.pi * (best + (right - left) / (2 * (2 * top - left - right))) / count
    off = np.abs((turns - best + np.pi / 2) % np.pi - np.pi / 2)
    assert clear.sum() >= 3 and off[clear].max() < 0.01


def test_the_parts_of_a_pixel_add_up_to_one(noise):
    values = (noise((20, 20)) / 255).astype(np.float32)
    np.testing.assert_allclose(np.sum(boundaries.binned(values, 0.05), axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(np.sum(boundaries.textures(np.pad(values, 12)), axis=0), 1, atol=1e-5)


def test_lab_is_that_of_the_textbook():
    """White, black and the primaries of sRGB, as B. Lindbloom's calculator gives them."""
    colours = {
        (255, 255, 255): (100, 0, 0),
        (0, 0, 0): (0, 0, 0),
        (255, 0, 0): (53.24, 80.09, 67.20),
        (0, 255, 0): (87.73, -86.18, 83.18),
        (0, 0, 255): (32.30, 79.19, -107.86),
        (128, 128, 128): (53.59, 0, 0),
    }
    found = boundaries.perceived(np.array([[*colours]], np.float32), 255)
    for number, (lightness, *hues) in enumerate(colours.values()):
        assert found[0][0, number] * 100 == pytest.approx(lightness, abs=0.02)
        for plane, hue in zip(found[1:], hues, strict=True):
            held = min(max(hue, boundaries.LEAST_HUE), boundaries.LEAST_HUE + boundaries.HUES)
            assert plane[0, number] * boundaries.HUES + boundaries.LEAST_HUE == pytest.approx(held, abs=0.05)


@pytest.mark.each("turns, degrees", [(0, 0), (1, -90), (2, 180), (3, 90)])
def test_a_step_is_one_line_that_points_to_the_light(turns, degrees):
    step = np.full((60, 60), 60, np.uint8)
    step[:, 30:] = 160
    found = edges(np.rot90(step, turns), op="pb")
    lines = np.rot90(found.image, -turns)
    assert (np.count_nonzero(lines, axis=1) == 1).all() and set(np.argmax(lines, axis=1)) <= {29, 30}
    on = found.image > 0
    assert np.ptp(found.magnitude[on]) < 1e-3 and (np.abs(found.angle[on] - degrees) % 360 < 1e-4).all()


def test_of_high_contrast_the_strength_hardly_depends():
    """What is compared are histograms: those that share no bin differ wholly, however far they are apart."""

    def strongest(height):
        step = np.full((40, 60), 100, np.uint8)
        step[:, 30:] += height
        return float(edges(step, op="pb", maps="magnitude").magnitude.max())

    assert strongest(9) < strongest(18) < strongest(36) < strongest(72)
    assert strongest(72) < strongest(144) < 1.2 * strongest(72)


def test_colours_of_one_luma_have_a_boundary():
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, :30], picture[:, 30:] = (150, 100, 80), (60, 146, 81)
    assert edges(picture, op="pb").image[:, 28:32].max(axis=1).min() > 128
    assert edges(picture, op="pb", channels="luma").image.max() < 60
    assert edges(picture, channels="luma").image.max() < 30


def test_a_texture_has_a_boundary_and_little_within(noise):
    """Stripes along x beside stripes along y, of one mean: Sobel finds them all."""
    y, x = np.mgrid[:90, :120]
    picture = (128 + 60 * np.sin(np.where(x < 60, y, x) * 2 * np.pi / 5)).astype(np.uint8)
    found = edges(picture, op="pb", maps="magnitude").magnitude
    sobel = edges(picture, maps="magnitude").magnitude
    border, within = np.s_[20:70, 58:62], [np.s_[20:70, 20:40], np.s_[20:70, 80:100]]
    assert all(found[border].mean() > 2 * found[part].mean() for part in within)
    assert all(sobel[border].mean() < 2 * sobel[part].mean() for part in within)


def test_the_border_is_no_boundary(noise):
    picture = noise((80, 80, 3))
    picture[:] = ndimage.gaussian_filter(picture.astype(float), (1, 1, 0))
    found = edges(picture, op="pb").image
    inner = np.count_nonzero(found[10:-10, 10:-10] > 60) / 60**2
    for rim in (found[:2], found[-2:], found[:, :2], found[:, -2:]):
        assert np.count_nonzero(rim > 60) / rim.size <= 2 * inner + 0.02


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


def test_missing_samples_make_no_boundary(noise):
    picture = np.full((70, 70, 3), 0.5, np.float32)
    picture[:, 40:] = 0.7
    whole = edges(picture, op="pb", maps="magnitude").magnitude
    picture[10:14, 8:12], picture[50, 60, 1] = np.nan, np.inf
    for nan in ("propagate", "ignore"):
        found = edges(picture, op="pb", maps="magnitude", nan=nan).magnitude
        assert np.isnan(found[10:14, 8:12]).all() and np.isnan(found).sum() == 16
        np.testing.assert_allclose(found[2:40, 2:8], whole[2:40, 2:8], atol=1e-3)


def test_wrong_parameters_are_refused():
    picture = np.zeros((5, 5, 3), np.uint8)
    with pytest.raises(ParameterError, match="lab is for pb"):
        edges(picture, channels="lab")
    with pytest.raises(ParameterError, match="di-zenzo needs gx and gy, which pb has not"):
        edges(picture, op="pb", channels="di-zenzo")
    with pytest.raises(ParameterError, match="thin"):
        edges(picture, op="pb", thin=True)
