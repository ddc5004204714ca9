"""The bilateral filter against loops over pixels and neighbours; flat areas and edges are kept."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imfilter.filters.blur import blur
from imfilter.filters.core import native
from imfilter.filters.core.denoise import bilateral
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.parameters import ParameterError

compiled = pytest.mark.skipif(native.core is None, reason="there is no compiled core")
WHITE = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}


def slow(image, source, *, sigma, radii, unit, border="reflect", fill=0.0, alpha=None, ignoring=False):
    """The definition, in float64: for every pixel the mean of its ellipse of neighbours."""
    rows, columns, channels = image.shape
    answer = np.empty(image.shape)
    (sx, sy), (rx, ry) = sigma, radii
    for y, x in np.ndindex(rows, columns):
        middle, total, sums = image[y, x].astype(float), np.zeros(channels), np.zeros(channels)
        for dy in range(-ry, ry + 1):
            for dx in range(-rx, rx + 1):
                if (dx * ry) ** 2 + (dy * rx) ** 2 > (rx * ry) ** 2:
                    continue
                row, column = source(y + dy, rows, border), source(x + dx, columns, border)
                past = row is None or column is None
                other = np.full(channels, fill) if past else image[row, column].astype(float)
                distance = (dx / sx) ** 2 if dx else 0.0
                distance += (dy / sy) ** 2 if dy else 0.0
                squares = ((other - middle) / unit) ** 2
                weight = math.exp(-distance / 2) * np.exp(-(np.nansum(squares) if ignoring else squares.sum()) / 2)
                weight = weight * (1.0 if alpha is None or past else alpha[row, column] / 255)
                there = ~np.isnan(other) if ignoring else np.ones(channels, bool)
                total[there] += weight * other[there]
                sums[there] += weight
        answer[y, x] = total / np.where(sums > 0, sums, np.nan)
    return answer


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_it_is_what_the_loops_give(data, source, noise, to_samples, each_core):
    border = data.draw(st.sampled_from(BORDERS))
    dtype = data.draw(st.sampled_from(sorted(WHITE)))
    shape = (data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6)), data.draw(st.sampled_from([1, 3, 5])))
    sigma = data.draw(st.tuples(st.sampled_from([0, 0.5, 1, 2]), st.sampled_from([0, 0.3, 1.5])))
    unit = data.draw(st.sampled_from([0.02, 0.1, 3.0])) * WHITE[dtype]
    image = noise(shape, dtype)
    values = {"op": "bilateral", "sigma": sigma, "range_sigma": unit, "border": border, "fill": WHITE[dtype]}
    radii = bilateral.window_radii(sigma)
    if data.draw(st.booleans()):
        values["radius"] = radii = data.draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
        radii = tuple(radius if s else 0 for radius, s in zip(radii, sigma, strict=True))
    expected = slow(image, source, sigma=sigma, radii=radii, unit=unit, border=border, fill=WHITE[dtype])
    answer = blur(image, **values)
    if dtype == "float32":
        np.testing.assert_allclose(answer, expected, atol=1e-6)
    else:
        exact = blur(image, **values, depth="float") * WHITE[dtype]
        np.testing.assert_allclose(exact, expected, atol=1e-3 if dtype == "uint8" else 1e-6 * WHITE[dtype])
        assert np.abs(answer.astype(int) - to_samples(expected, dtype)).max() <= 1


@pytest.mark.parametrize(("dtype", "channels"), [("uint8", 1), ("uint8", 3), ("uint16", 3)])
@pytest.mark.parametrize("unit", [0.02, 0.05, 0.5])
def test_whole_numbers_are_as_exact_as_promised(dtype, channels, unit, noise, to_samples, each_core):
    """The definition by whole arrays, on noise: at most a level off, and that in a thousandth of the samples."""
    image, radius, white = noise((150, 130, channels), dtype), 4, WHITE[dtype]
    padded = np.pad(image.astype(np.float64) / white, ((radius, radius), (radius, radius), (0, 0)), "symmetric")
    total, sums = 0.0, 0.0
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            other = padded[radius + dy : radius + dy + 150, radius + dx : radius + dx + 130]
            distance = ((other - image / white) ** 2).sum(axis=2, keepdims=True)
            weight = np.exp(-(dx * dx + dy * dy) / 8 - distance / (2 * unit**2)) * (dx * dx + dy * dy <= 16)
            total, sums = total + weight * other, sums + weight
    off = np.abs(
        blur(image, op="bilateral", range_sigma=unit * white).astype(int) - to_samples(total / sums * white, dtype)
    )
    assert off.max() <= 1 and (off > 0).mean() <= 1e-3


def test_double_precision_stays(noise, source, each_core):
    image = noise((7, 20, 3), "float32").astype(np.float64) / 3
    expected = slow(image, source, sigma=(1, 1), radii=(2, 2), unit=0.2)
    np.testing.assert_allclose(blur(image, op="bilateral", sigma=1, range_sigma=0.2), expected, atol=1e-14)


def test_a_pair_of_pixels_by_hand():
    """Two samples 10 apart, at range sigma 10: the neighbour's weight is e⁻¹ᐟ² · e⁻¹ᐟ² = e⁻¹."""
    answer = blur(
        np.array([[0, 10]], np.float32), op="bilateral", sigma=(1, 0), radius=(1, 0), range_sigma=10, border="nearest"
    )
    near, far = math.exp(-0.5), math.exp(-1)
    expected = 10 * far / (1 + near + far)
    np.testing.assert_allclose(answer, [[expected, 10 - expected]], rtol=1e-6)


def test_the_window_is_opencvs_disk():
    """A dot seen by a range sigma past all differences shows the window: 13 samples at 5×5, 5 at 3×3."""
    dot = np.zeros((15, 15), np.float32)
    dot[7, 7] = 1
    counts = [(blur(dot, op="bilateral", size=size, range_sigma=1e6) > 0).sum() for size in (1, 3, 5, 7, 9)]
    assert counts == [1, 5, 13, 29, 49]


def test_far_colours_stay_apart_and_a_wide_range_is_a_gaussian(each_core):
    step = np.zeros((12, 12, 3), np.uint8)
    step[:, 6:] = (200, 90, 30)
    np.testing.assert_array_equal(blur(step, op="bilateral", sigma=3, range_sigma=20), step)
    far = blur(step, op="bilateral", sigma=1.5, radius=6, range_sigma=1e5, depth="float") * 255
    np.testing.assert_allclose(far[5, 6:], blur(step, sigma=1.5, depth="float")[5, 6:] * 255, atol=2.0)


def test_the_distance_is_that_of_all_channels():
    """A step in red alone keeps the noise in green where it is, too."""
    image = np.zeros((9, 10, 3), np.uint8)
    image[:, 5:, 0] = 255
    image[:, 5:, 1] = 12
    answer = blur(image, op="bilateral", sigma=2, range_sigma=30)
    np.testing.assert_array_equal(answer[..., 1], image[..., 1])
    assert blur(image[..., 1], op="bilateral", sigma=2, range_sigma=30)[4, 4] > 0


def test_eight_and_sixteen_bits_agree(noise):
    image = noise((20, 20, 3))
    deep = image.astype(np.uint16) * 257
    small = blur(image, op="bilateral", depth="16")
    assert np.abs(small.astype(int) - blur(deep, op="bilateral")).max() <= 1
    np.testing.assert_array_equal(blur(image, op="bilateral"), blur(image, op="bilateral", range_sigma=25.5))


def test_sigma_0_gives_the_image_back(noise, each_core):
    image = noise((9, 9, 3), "float32")
    np.testing.assert_array_equal(blur(image, op="bilateral", sigma=0), image)
    row = blur(image, op="bilateral", sigma=(0, 2))
    np.testing.assert_array_equal(row[:, 3:4], blur(image[:, 3:4], op="bilateral", sigma=(0, 2)))


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_every_width_and_block_gives_a_pixel_the_same_bits(channels, noise, each_core):
    """Blocks of this window are 256 columns wide; a piece of the image has its pixels in other blocks and lanes."""
    image = noise((5, 600, channels))
    values = {"op": "bilateral", "radius": (9, 40), "sigma": (4, 20), "depth": "float", "border": "constant"}
    whole = blur(image, **values)
    for left, width in [(0, 255), (3, 257), (190, 300), (400, 200), *((240, 18 + n) for n in range(1, 35, 3))]:
        inner = np.s_[:, 0 if left == 0 else 9 : width if left + width == 600 else width - 9]
        piece = blur(image[:, left : left + width], **values)
        np.testing.assert_array_equal(piece[inner], whole[:, left : left + width][inner])


@compiled
@pytest.mark.parametrize("dtype", WHITE)
def test_vectors_of_every_width_give_the_same_bytes(dtype, noise):
    image, chosen, found = noise((30, 45, 3), dtype), native.core.chosen(), []
    for name in set(native.core.available()) - {"baseline"}:
        native.core.choose(name)
        found.append(blur(image, op="bilateral", range_sigma=0.2 * WHITE[dtype], depth="float").tobytes())
    native.core.choose(chosen)
    assert len(set(found)) <= 1


@compiled
@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("out", np.empty((1, 4, 7), np.uint8), "do not follow"),
        ("out", np.empty((2, 4, 6), np.uint8), "do not follow"),
        ("opacity", np.ones((1, 6, 5)), "one sample is taken for each pixel"),
        ("step", 3, "no pixels"),
        ("step", 0, "no pixels"),
        ("step", 2, "do not follow"),
        ("exponents", np.zeros(8), "exponents"),
        ("height", -3, "height"),
        ("width", 2**62, "width"),
    ],
)
def test_the_compiled_core_refuses_sizes_that_do_not_fit(name, change, words):
    values = {
        "given": np.zeros((1, 6, 8), np.uint8),
        "out": np.empty((1, 4, 6), np.uint8),
        "opacity": None,
        "step": 1,
        "exponents": np.zeros(9),
        "height": 3,
        "width": 3,
        "scale": 1.0,
        "ignoring": False,
    }
    native.core.bilateral(*values.values())
    with pytest.raises(ValueError, match=words):
        native.core.bilateral(*(values | {name: change}).values())


def test_values_far_from_0_stay_exact(each_core):
    image = np.random.default_rng(0).uniform(0, 1, (12, 12)).astype(np.float32)
    far = (image + 4096).astype(np.float32)
    near = (far.astype(np.float64) - 4096).astype(np.float32)
    answer = blur(far, op="bilateral", range_sigma=0.3) - np.float64(4096)
    np.testing.assert_allclose(answer, blur(near, op="bilateral", range_sigma=0.3), atol=2.0**-11)


# ---- missing samples and alpha ----------------------------------------------------------------------


def test_missing_samples_weigh_nothing_and_are_filled_by_distance_alone(source, noise, each_core):
    image = noise((9, 8, 3), "float32")
    image[3, 3], image[4, 4, 1], image[0, 0, 2] = np.nan, np.nan, np.nan
    values = {"op": "bilateral", "sigma": 1.2, "range_sigma": 0.7, "nan": "ignore"}
    expected = slow(image, source, sigma=(1.2, 1.2), radii=(2, 2), unit=0.7, ignoring=True)
    np.testing.assert_allclose(blur(image, **values), expected, atol=1e-6)


def test_nothing_known_stays_missing_and_nan_reaches_as_far_as_the_window(each_core):
    image = np.full((15, 15), 0.5, np.float32)
    image[2:13, 2:13] = np.nan
    answer = blur(image, op="bilateral", nan="ignore")
    assert np.isnan(answer[7, 7]) and np.isnan(answer).sum() < 81 and (answer[~np.isnan(answer)] == 0.5).all()
    dot = np.zeros((15, 15), np.float32)
    dot[7, 7] = np.nan
    assert np.isnan(blur(dot, op="bilateral")).sum() == 49


def test_nan_beside_an_alpha_reaches_as_far_as_the_window(run, each_core):
    image, alpha = np.zeros((15, 15, 3), np.float32), np.full((15, 15), 0.5, np.float32)
    image[7, 7, 1] = np.nan
    output = run(blur, image, alpha=alpha, op="bilateral")["image"].samples
    assert np.isnan(output[..., 1]).sum() == 49


def test_samples_count_by_their_alpha_which_stays(run, noise, source, to_samples, each_core):
    image, alpha = noise((9, 8, 3)), noise((9, 8))
    alpha[2:5, 2:6] = 0
    output = run(blur, image, alpha=alpha, op="bilateral", sigma=1, range_sigma=90)["image"]
    shown = np.where(alpha[..., None] > 0, image, 0)
    expected = slow(shown, source, sigma=(1, 1), radii=(2, 2), unit=90, alpha=alpha)
    np.testing.assert_array_equal(output.alpha, alpha)
    np.testing.assert_allclose(output.samples[alpha > 0], to_samples(expected[alpha > 0], "uint8"), atol=1)


@pytest.mark.parametrize("border", ["reflect", "constant"])
def test_what_cannot_be_seen_does_not_bleed(run, border):
    """Dark colours next to transparent ones do not change, whatever is stored under the transparency."""
    image, alpha = np.full((9, 9, 3), 20, np.uint8), np.zeros((9, 9), np.uint8)
    image[:, 5:], alpha[:, :5] = (0, 255, 0), 255
    output = run(blur, image, alpha=alpha, op="bilateral", range_sigma=1e6, border=border, fill=20)["image"]
    assert (output.samples[:, :5] == 20).all()


def test_alpha_is_the_same_in_strips_and_where_all_is_opaque_as_without(run, noise, each_core):
    image, alpha = noise((40, 30, 3)), np.full((40, 30), 255, np.uint8)
    plain = run(blur, image, op="bilateral")["image"].samples
    np.testing.assert_array_equal(run(blur, image, alpha=alpha, op="bilateral")["image"].samples, plain)
    alpha[20:] = noise((20, 30))
    whole, strips = (
        run(blur, image, alpha=alpha, op="bilateral", strip_rows=rows)["image"].samples for rows in (40, 4)
    )
    np.testing.assert_array_equal(strips, whole)
    np.testing.assert_array_equal(whole[:16], plain[:16])


@compiled
def test_where_all_is_transparent_samples_stay(noise):
    image, out = noise((1, 6, 24), "float32"), np.empty((1, 4, 18), np.float32)
    native.core.bilateral(image, out, np.zeros((1, 6, 8)), 3, np.zeros(9), 3, 3, 1.0, False)
    np.testing.assert_array_equal(out, image[:, 1:-1, 3:-3])


# ---- wrong calls ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "parameter", "reason"),
    [
        ({"size": 4}, "size", "the window of a bilateral filter must be odd"),
        ({"sigma": 60}, "sigma", "the window would be 241×241, .* at most 201"),
        ({"radius": (3, 101)}, "size", "the window would be 7×203"),
        ({"range_sigma": 0}, "range_sigma", "0 must be above 0"),
        ({"range_sigma": -3}, "range_sigma", "-3 must be above 0"),
        ({"epsilon": 0.1}, "epsilon", "does not apply to op bilateral"),
    ],
)
def test_a_wrong_value_is_refused_with_its_reason(values, parameter, reason):
    with pytest.raises(ParameterError, match=reason) as raised:
        blur(np.zeros((3, 3), np.uint8), op="bilateral", **values)
    assert raised.value.parameter == parameter
