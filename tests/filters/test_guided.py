"""The guided filter against the paper's formulas in loops, and what it is for: flat stays, edges stay."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imfilter.filters.blur import blur
from imfilter.filters.core import native
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.parameters import ParameterError

WHITE = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}


def slow(image, source, *, radii, epsilon, white, border="reflect", fill=0.0, alpha=None, ignoring=False):
    """Equations 11, 14 and 16 of the paper for p = I, on the image continued by its border; float64.

    Of a gray image they are equations 5, 6 and 8.
    """
    (rx, ry), (rows, columns, channels) = radii, image.shape
    size = (rows + 4 * ry, columns + 4 * rx)
    values, weights = np.full((*size, channels), float(fill)), np.ones(size)
    for y, x in np.ndindex(size):
        row, column = source(y - 2 * ry, rows, border), source(x - 2 * rx, columns, border)
        if row is not None and column is not None:
            values[y, x] = image[row, column]
            weights[y, x] = 1.0 if alpha is None else alpha[row, column] / 255
    if ignoring:
        weights[np.isnan(values).any(axis=2)] = 0
        values[np.isnan(values)] = 0
    lines = {}
    for y, x in np.ndindex(rows + 2 * ry, columns + 2 * rx):
        part = values[y : y + 2 * ry + 1, x : x + 2 * rx + 1].reshape(-1, channels)
        weight = weights[y : y + 2 * ry + 1, x : x + 2 * rx + 1].reshape(-1)
        if weight.sum() > 0:
            mean = weight @ part / weight.sum()
            covariance = (part - mean).T * weight @ (part - mean) / weight.sum()
            slopes = np.linalg.solve(covariance + epsilon * white**2 * np.eye(channels), covariance)
            lines[y, x] = slopes, mean - mean @ slopes, mean
    answer = np.full(image.shape, np.nan)
    for y, x in np.ndindex(rows, columns):
        near = [lines[y + i, x + j] for i in range(2 * ry + 1) for j in range(2 * rx + 1) if (y + i, x + j) in lines]
        if near:
            slopes, offset, mean = (sum(parts) / len(near) for parts in zip(*near, strict=True))
            gaps = np.isnan(image[y, x]) & ignoring
            pixel = np.where(gaps, mean, image[y, x])
            answer[y, x] = np.where(gaps, mean, pixel @ slopes + offset)
    return answer


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_it_is_what_the_paper_says(each_core, data, source, noise, to_samples):
    border = data.draw(st.sampled_from(BORDERS))
    dtype = data.draw(st.sampled_from(sorted(WHITE)))
    shape = (data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6)), data.draw(st.sampled_from([1, 3])))
    radii = data.draw(st.tuples(st.integers(0, 3), st.integers(0, 2)))
    epsilon = data.draw(st.sampled_from([1e-6, 1e-3, 0.01, 2.0]))
    image, white = noise(shape, dtype), WHITE[dtype]
    guide = data.draw(st.sampled_from(["color", "channel"]))
    parts = [image] if guide == "color" else np.split(image, shape[2], axis=2)
    known = {"radii": radii, "epsilon": epsilon, "white": white, "border": border, "fill": white}
    expected = np.concatenate([slow(part, source, **known) for part in parts], axis=2)
    answer = blur(image, op="guided", radius=radii, epsilon=epsilon, guide=guide, border=border, fill=white)
    if dtype == "float32":
        np.testing.assert_allclose(answer, expected, atol=1e-6)
    else:
        assert np.abs(answer.astype(int) - to_samples(expected, dtype)).max() <= 1


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize(("radius", "epsilon"), [(1, 0.002), (4, 0.01), (4, 1e-5), (30, 0.04)])
def test_whole_numbers_are_as_exact_as_promised(each_core, dtype, radius, epsilon, noise, to_samples):
    """By sums of whole numbers; bright, where a small variance is the difference of large squares."""
    white = int(WHITE[dtype])
    image = np.minimum(noise((120, 130), dtype) // 4 + white // 4 * 3, white).astype(dtype)
    count = (2 * radius + 1) ** 2

    def box(values):
        totals = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        n = 2 * radius + 1
        return totals[n:, n:] - totals[:-n, n:] - totals[n:, :-n] + totals[:-n, :-n]

    padded = np.pad(image.astype(object if dtype == "uint16" else np.int64), 2 * radius, "symmetric")
    sums, squares = box(padded), box(padded**2)
    mean, variance = (sums / count).astype(float), ((count * squares - sums**2) / count**2).astype(float)
    slope = variance / (variance + epsilon * white**2)
    exact = (box(slope) * image + box(mean - slope * mean)) / count
    off = np.abs(blur(image, op="guided", radius=radius, epsilon=epsilon).astype(int) - to_samples(exact, dtype))
    assert off.max() <= 1 and (off > 0).mean() <= 1e-3


@pytest.mark.parametrize("pictures", ["noise", "bright", "almost gray", "black and white"])
@pytest.mark.parametrize(("radius", "epsilon"), [(2, 0.01), (4, 0.0012)])
def test_colour_is_as_exact_as_promised(each_core, pictures, radius, epsilon, noise, to_samples):
    """By sums of whole numbers, and NumPy's solver in float64; also where the covariance is nearly singular."""
    image, size = noise((80, 90, 3)), 2 * radius + 1
    if pictures == "bright":
        image = image // 8 + 224
    elif pictures == "almost gray":
        image = image[..., :1] // 2 + image // 64
    elif pictures == "black and white":
        image = np.repeat(image[..., :1] // 128 * 255, 3, axis=2)

    def box(values):
        totals = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0), *[(0, 0)] * (values.ndim - 2)))
        return totals[size:, size:] - totals[:-size, size:] - totals[size:, :-size] + totals[:-size, :-size]

    reach = (2 * radius, 2 * radius)
    padded = np.pad(image.astype(np.int64), (reach, reach, (0, 0)), "symmetric")
    sums, products = box(padded), box(padded[..., :, None] * padded[..., None, :])
    mean = sums / size**2
    covariance = (size**2 * products - sums[..., :, None] * sums[..., None, :]) / size**4
    slopes = np.linalg.solve(covariance + epsilon * 255**2 * np.eye(3), covariance)
    offsets = mean - np.einsum("yxi,yxij->yxj", mean, slopes)
    exact = (np.einsum("yxi,yxij->yxj", image, box(slopes)) + box(offsets)) / size**2
    off = np.abs(blur(image, op="guided", radius=radius, epsilon=epsilon).astype(int) - to_samples(exact, "uint8"))
    assert off.max() <= 1 and (off > 0).mean() <= 1e-3


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("guide", ["color", "channel"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_wide_images_and_long_windows_give_what_the_reference_gives(
    each_core, dtype, guide, channels, noise, monkeypatch
):
    """The compiled core takes some hundreds of columns at a time, and up to four channels together."""
    for columns, radius in ((1300, (3, 2)), (700, (70, 1)), (40, (1, 300)), (600, (501, 0))):
        image = noise((30, columns, channels), dtype)
        values = {"op": "guided", "radius": radius, "epsilon": 0.01, "guide": guide, "depth": "float"}
        answer = blur(image, **values)
        with monkeypatch.context() as patch:
            patch.setattr(native, "core", None)
            np.testing.assert_allclose(answer, blur(image, **values), atol=5e-6, err_msg=f"{columns} {radius}")


@pytest.mark.skipif(native.core is None, reason="needs the compiled core")
def test_sizes_that_do_not_fit_are_refused():
    image, out = np.zeros((3, 9, 12)), np.zeros((3, 5, 4))

    def call(height=3, width=5, across=1, together=3):
        native.core.guided(image, out, height, width, across, together, 1.0, 0.0, True)

    call()
    for wrong in ({"height": 2}, {"width": 1 << 61}, {"width": 0}, {"across": 2}, {"together": 2}, {"together": 5}):
        with pytest.raises(ValueError):
            call(**wrong)


def test_an_edge_in_one_channel_is_one_in_all():
    """Green has a faint step where red has a strong one: guided by all, it stays."""
    image = np.full((12, 12, 3), 60, np.uint8)
    image[:, 6:] = (240, 75, 60)
    faint = {guide: blur(image, op="guided", guide=guide)[5, 6:, 1] for guide in ("color", "channel")}
    assert faint["color"][0] >= 74 and faint["channel"][0] < 70


def test_a_row_by_hand(each_core):
    """0 0 9 with windows of three: means 0, 3, 6, variances 0, 18, 18; at epsilon 18 the slopes are 0, ½, ½."""
    image = np.array([[0, 0, 9]], np.float32)
    answer = blur(image, op="guided", radius=(1, 0), epsilon=18)
    # Lines: 0; x/2 + 3/2; x/2 + 3. The windows at the ends come twice, by the border.
    expected = [(0 + 0 + 1.5) / 3, (0 + 1.5 + 3) / 3, (1.5 + 3 + 3) / 3 + 9 / 2]
    np.testing.assert_allclose(answer, [expected], rtol=1e-6)


def test_a_step_stays_and_noise_goes():
    rng = np.random.default_rng(0)
    step = np.where(np.arange(40) < 20, 60, 190) + rng.normal(0, 4, (40, 40))
    image = np.rint(step).astype(np.uint8)
    answer = blur(image, op="guided", epsilon=0.002, depth="float") * 255
    assert answer[:, :16].std() < 2 and answer[:, 24:].std() < 2
    assert (answer[:, 20] - answer[:, 19]).min() > 110
    mean = blur(image, op="mean", size=9, depth="float") * 255
    assert (mean[:, 20] - mean[:, 19]).max() < 40


def test_epsilon_is_the_same_for_every_depth(noise):
    image = noise((20, 20, 3))
    small = blur(image, op="guided", depth="16")
    deep = blur(image.astype(np.uint16) * 257, op="guided")
    flat = blur((image / np.float32(255)).astype(np.float32), op="guided") * 65535
    assert np.abs(small.astype(int) - deep).max() <= 1 and np.abs(flat - deep).max() <= 1


def test_radius_0_gives_the_image_back_and_a_wide_epsilon_the_mean_of_means(noise):
    image = noise((9, 9, 3), "float32")
    np.testing.assert_array_equal(blur(image, op="guided", radius=0), image)
    twice = blur(blur(image, op="mean", size=5), op="mean", size=5)
    np.testing.assert_allclose(blur(image, op="guided", radius=2, epsilon=1e6), twice, atol=1e-5)
    np.testing.assert_array_equal(blur(image, op="guided", size=(9, 5)), blur(image, op="guided", radius=(4, 2)))


@pytest.mark.parametrize("offset", [1e3, 1e6])
def test_values_far_from_0_keep_their_variance(offset):
    """Float images: to what float32 can tell apart there; a variance is never negative."""
    near = (np.random.default_rng(0).integers(0, 16, (20, 20)) / 16).astype(np.float32)
    answer = blur(near + np.float32(offset), op="guided", epsilon=1e-3)
    np.testing.assert_allclose(answer - np.float64(offset), blur(near, op="guided", epsilon=1e-3), atol=offset * 2**-23)


@pytest.mark.parametrize("guide", ["color", "channel"])
def test_flat_stays_flat_where_the_variance_is_all_rounding(guide):
    """A variance of less than 0 in one channel, or along a mixture of all, would cancel epsilon out."""
    random = np.random.default_rng(0)
    image = random.uniform(1e7, 1e8, (1, 400, 1)).astype(np.float32) * np.ones((60, 1, 3), np.float32)
    image[random.random(image.shape) < 0.01] *= 1 + 2**-23
    for epsilon in (0.125, 0.5):
        answer = blur(image, op="guided", radius=(0, 29), epsilon=epsilon, guide=guide)
        np.testing.assert_allclose(answer, image, rtol=4e-6 if native.core is None else 2**-21)


# ---- missing samples and alpha ----------------------------------------------------------------------


def test_missing_samples_count_nothing_and_become_the_mean_of_the_means(source, noise):
    image = noise((9, 8, 3), "float32")
    image[3, 3], image[4, 4, 1], image[0, 0, 2] = np.nan, np.nan, np.nan
    expected = slow(image, source, radii=(1, 2), epsilon=0.1, white=1.0, ignoring=True)
    answer = blur(image, op="guided", radius=(1, 2), epsilon=0.1, nan="ignore")
    np.testing.assert_allclose(answer, expected, atol=1e-6)


def test_windows_without_a_whole_pixel_have_no_line(source, noise):
    """Red and blue of pixels that lack green see the lines of those around them."""
    image = noise((9, 8, 3), "float32")
    image[2:7, 2:7, 1] = np.nan
    expected = slow(image, source, radii=(1, 1), epsilon=0.1, white=1.0, ignoring=True)
    answer = blur(image, op="guided", radius=1, epsilon=0.1, nan="ignore")
    known = ~np.isnan(expected)
    np.testing.assert_allclose(answer[known], expected[known], atol=1e-6)


def test_nothing_known_stays_missing_and_nan_reaches_twice_the_radius():
    image = np.full((19, 19), 0.5, np.float32)
    image[2:17, 2:17] = np.nan
    answer = blur(image, op="guided", radius=2, nan="ignore")
    assert np.isnan(answer[9, 9]) and np.isnan(answer).sum() == 49 and (answer[~np.isnan(answer)] == 0.5).all()
    dot = np.zeros((19, 19), np.float32)
    dot[9, 9] = np.nan
    assert np.isnan(blur(dot, op="guided", radius=2)).sum() == 81


def test_samples_count_by_their_alpha_which_stays(run, noise, source, to_samples):
    image, alpha = noise((9, 8, 3)), noise((9, 8))
    alpha[1:6, 2:7] = 0
    output = run(blur, image, alpha=alpha, op="guided", radius=1, epsilon=0.05)["image"]
    shown = np.where(alpha[..., None] > 0, image, 0)
    expected = slow(shown, source, radii=(1, 1), epsilon=0.05, white=255.0, alpha=alpha)
    np.testing.assert_array_equal(output.alpha, alpha)
    np.testing.assert_allclose(output.samples[alpha > 0], to_samples(expected[alpha > 0], "uint8"), atol=1)


def test_what_cannot_be_seen_does_not_bleed(run):
    image, alpha = np.full((12, 12, 3), 20, np.uint8), np.zeros((12, 12), np.uint8)
    image[:, 5:], alpha[:, :5] = (0, 255, 0), 255
    assert (run(blur, image, alpha=alpha, op="guided")["image"].samples[:, :5] == 20).all()


def test_alpha_is_the_same_in_strips_and_where_all_is_opaque_as_without(run, noise):
    image, alpha = noise((40, 30, 3)), np.full((40, 30), 255, np.uint8)
    plain = run(blur, image, op="guided")["image"].samples
    np.testing.assert_array_equal(run(blur, image, alpha=alpha, op="guided")["image"].samples, plain)
    values = {"border": "constant", "fill": 255, "op": "guided"}
    constant = run(blur, image, alpha=alpha, **values)["image"].samples
    np.testing.assert_array_equal(constant, run(blur, image, **values)["image"].samples)
    alpha[20:] = noise((20, 30))
    whole, strips = (run(blur, image, alpha=alpha, op="guided", strip_rows=rows)["image"].samples for rows in (40, 4))
    np.testing.assert_array_equal(strips, whole)
    np.testing.assert_array_equal(whole[:16], plain[:16])


@pytest.mark.parametrize(
    ("values", "parameter", "reason"),
    [
        ({"size": (5, 4)}, "size", "5,4: the window of a guided filter must be odd"),
        ({"epsilon": 0}, "epsilon", "0 must be above 0"),
        ({"epsilon": 1e7}, "epsilon", "above the greatest value"),
        ({"guide": "alpha"}, "guide", "unknown value .*color, channel"),
        ({"sigma": 2}, "sigma", "does not apply to op guided"),
        ({"range_sigma": 2}, "range_sigma", "does not apply to op guided"),
    ],
)
def test_a_wrong_value_is_refused_with_its_reason(values, parameter, reason):
    with pytest.raises(ParameterError, match=reason) as raised:
        blur(np.zeros((3, 3), np.uint8), op="guided", **values)
    assert raised.value.parameter == parameter
