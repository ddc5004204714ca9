"""NaN reaches as far as the kernel; filled or left out, it does what slow loops say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.engine import executor, nan_policy
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.engine.chain import chain
from imfilter.filters.core.engine.quantize import Encoding, encoding
from imfilter.filters.core.engine.stage import ImageContext
from imfilter.filters.core.linear import kernels
from imfilter.filters.core.linear.kernels import Kernel
from imfilter.filters.core.linear.planner import ALGORITHMS, plan
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.edges import edges
from imfilter.filters.sharpen import sharpen

NAN = np.float32("nan")
RNG = np.random.default_rng(11)
FLOAT = ImageContext(1.0, np.float64, tolerance=1e-5, finite=False)
BOX, GAUSS, RANK3 = (
    np.ones((35, 35)),
    np.asarray(kernels.gaussian((6.0, 6.0)).taps),
    RNG.integers(-9, 9, (9, 3)) @ np.eye(3, 9),
)
DENSE = RNG.integers(-9, 9, (9, 9))
OF_EACH = {"direct": DENSE, "separable": GAUSS, "running": BOX, "fourier": DENSE}


def image(*holes, shape=(60, 50), value=None):
    pixels = np.full(shape, value, np.float32) if value is not None else RNG.random(shape).astype(np.float32)
    for hole in holes:
        pixels[hole] = NAN
    return pixels


def run(steps, pixels, dtype="float32", **options):
    stages, settings = chain([filter.checked(**given).part() for filter, given in steps])
    encodings = {"image": encoding("picture", pixels.dtype.name, dtype, "clip", 1.0)}
    flat = pixels[..., None] if pixels.ndim == 2 else pixels
    output = executor.run(stages, flat, encodings, settings, **options).outputs["image"]
    return output.samples[..., 0] if pixels.ndim == 2 else output.samples


# ---- propagate --------------------------------------------------------------------------------------


def wide():
    """A kernel that decimation serves."""
    return np.asarray(kernels.gaussian((64.0, 64.0)).taps)


@pytest.mark.each("bad", [NAN, np.float32("inf"), np.float32("-inf")])
@pytest.mark.parametrize("algorithm", [*OF_EACH, "decimated"])
def test_what_is_not_finite_reaches_no_further_than_the_kernel(algorithm, bad):
    taps = wide() if algorithm == "decimated" else OF_EACH[algorithm]
    assert plan(Kernel.of(taps), FLOAT, algorithm=algorithm).algorithm == algorithm
    height, width = (side // 2 for side in taps.shape)
    pixels = image(shape=(2 * height + 90, 2 * width + 80))
    y, x = height + 40, width + 30
    pixels[y, x] = bad
    answer = conv(pixels, kernel=taps, algorithm=algorithm, max_taps=10**6)
    finite = np.isfinite(answer)
    far = np.ones(pixels.shape, bool)
    far[y - height : y + height + 1, x - width : x + width + 1] = False
    assert finite[far].all() and not finite.all()
    tidy = pixels.copy()
    tidy[y, x] = 0
    assert np.abs(answer - conv(tidy, kernel=taps, max_taps=10**6))[far].max() <= 2e-5 * np.abs(taps).sum()


def test_every_algorithm_for_fractions_was_tried():
    assert set(OF_EACH) | {"decimated", "running"} == set(ALGORITHMS)  # running sums are of whole numbers


@given(st.data())
def test_it_reaches_just_as_far_as_a_loop_says(slow_correlate, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    pixels = rng.random((data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12)), 1)).astype(np.float32)
    bad = data.draw(st.sampled_from([[NAN], [NAN, np.inf], [np.inf, -np.inf]]))
    for value in bad:
        pixels[rng.integers(pixels.shape[0]), rng.integers(pixels.shape[1])] = value
    taps = rng.random((data.draw(st.integers(1, 8)), data.draw(st.integers(1, 9)))) + 0.1
    both = st.tuples(st.integers(1, 3), st.integers(1, 3))
    values = {
        "stride": data.draw(both),
        "dilation": data.draw(both),
        "padding": data.draw(st.sampled_from(["same", "full"])),
        "border": data.draw(st.sampled_from(BORDERS)),
    }
    expected = slow_correlate(pixels, taps, **values)
    given = conv(pixels, kernel=taps, **values)
    np.testing.assert_array_equal(np.isnan(given), np.isnan(expected))
    np.testing.assert_allclose(given, expected, rtol=1e-5)


@pytest.mark.parametrize("bad", [NAN, np.float32("inf")])
@pytest.mark.parametrize("nan", ["propagate", "ignore"])
def test_it_reaches_no_further_in_a_chain(bad, nan):
    pixels = image()
    pixels[30, 25] = bad
    answer = run([(blur, {"sigma": 1, "nan": nan}), (sharpen, {}), (edges, {})], pixels)
    reach = 4 + 1 + 1
    far = np.ones(pixels.shape, bool)
    far[30 - reach : 31 + reach, 25 - reach : 26 + reach] = False
    assert np.isfinite(answer[far]).all()


def test_one_channel_is_missing_and_the_others_are_not():
    pixels = image(shape=(20, 20, 3))
    pixels[10, 10, 1] = NAN
    for nan, gaps in (("propagate", 9), ("ignore", 0)):
        answer = blur(pixels, op="mean", nan=nan)
        assert [int(np.isnan(answer[..., channel]).sum()) for channel in range(3)] == [0, gaps, 0]
        np.testing.assert_array_equal(answer[..., 0], blur(pixels[..., 0], op="mean"))


def test_what_cannot_be_seen_is_not_even_missing():
    pixels, alpha = image(value=0.5, shape=(20, 20, 3)), np.ones((20, 20), np.float32)
    pixels[5, 5], alpha[5, 5] = NAN, 0
    encodings = {"image": Encoding("float32", full=1)}
    output = executor.run(blur.checked().stages(), pixels, encodings, blur.checked().settings(), alpha).outputs["image"]
    np.testing.assert_allclose(output.samples, 0.5, rtol=1e-6)


# ---- fill -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filter", "values"),
    [(blur, {"sigma": 2}), (sharpen, {}), (edges, {}), (blur, {"linear": True}), (edges, {"op": "canny"})],
)
def test_filled_is_as_if_the_value_stood_there(filter, values):
    pixels = image((slice(5, 9), 4), (20, 20), shape=(30, 30, 3))
    whole = np.where(np.isnan(pixels), np.float32(0.75), pixels)
    given, expected = filter(pixels, **values, nan="fill=0.75"), filter(whole, **values)
    for one, other in zip(*((x if isinstance(x, tuple) else (x,)) for x in (given, expected)), strict=True):
        if one is not None:
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("linear", [False, True])
def test_a_chains_later_filter_fills_what_is_left(linear):
    pixels = image((slice(10, 30), slice(10, 30)))
    late = {"sigma": 1, "nan": "fill=0.25", "linear": linear}
    first = blur(pixels, sigma=1, nan="ignore")
    assert np.isnan(first).any()
    np.testing.assert_allclose(
        run([(blur, {"sigma": 1, "nan": "ignore"}), (blur, late)], pixels), blur(first, **late), atol=1e-6
    )


def test_a_chain_fills_under_an_alpha_too():
    pixels, alpha = image((slice(10, 30), slice(10, 30)), shape=(40, 40, 3)), np.full((40, 40), 0.5, np.float32)
    steps = [(blur, {}), (blur, {"nan": "fill=0.25"})]
    np.testing.assert_allclose(run(steps, pixels, alpha=alpha), run(steps, pixels), rtol=1e-5)


@pytest.mark.parametrize("text", ["skip", "fill", "fill=", "fill=x", "fill=nan", "fill=inf", "", 3])
def test_what_says_nothing_is_refused(text):
    with pytest.raises(ParameterError, match="nan: "):
        blur(image(), nan=text)


# ---- ignore -----------------------------------------------------------------------------------------


def slow(pixels, taps, source, border, fill, relative):
    """Left out, by a loop: a mean of what is there, or differences from what is in the middle."""
    height, width = taps.shape
    answer = np.full(pixels.shape, np.nan)
    for y, x in np.ndindex(pixels.shape):
        total = weights = 0.0
        for i, j in np.ndindex(taps.shape):
            at = (
                source(y + i - height // 2, pixels.shape[0], border),
                source(x + j - width // 2, pixels.shape[1], border),
            )
            value = fill if None in at else float(pixels[at])
            if not np.isnan(value):
                total += taps[i, j] * value
                weights += taps[i, j]
        if relative:
            answer[y, x] = total - float(pixels[y, x]) * (weights - taps.sum())
        elif abs(weights) > 1e-9:
            answer[y, x] = total / weights * taps.sum()
    return answer


@given(st.data())
def test_left_out_is_what_a_loop_says(source, data):
    height, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    pixels = rng.random((height, width)).astype(np.float32)
    pixels[rng.random((height, width)) < data.draw(st.sampled_from([0.1, 0.5, 0.9]))] = NAN
    size = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 5))
    taps = rng.integers(1, 9, size).astype(float)
    relative = taps.size > 1 and data.draw(st.booleans())
    if relative:
        taps.flat[0] -= taps.sum() - 1e-4
    border = data.draw(st.sampled_from(BORDERS))

    expected = slow(pixels, taps, source, border, 0.3, relative)
    for rows in (1, 2, 99):
        stages = conv.checked(kernel=taps, nan="ignore").stages()
        settings = conv.checked(kernel=taps, nan="ignore", border=border, fill=0.3).settings()
        output = executor.run(
            stages, pixels[..., None], {"image": Encoding("float32", full=1)}, settings, strip_rows=rows
        )
        np.testing.assert_allclose(output.outputs["image"].samples[..., 0], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("algorithm", ["direct", "fourier"])
def test_every_algorithm_leaves_out_alike(algorithm):
    taps = np.abs(RANK3)
    pixels = image((slice(10, 30), slice(10, 40)), (slice(None), 3))
    expected = conv(pixels, kernel=taps, nan="ignore", algorithm="direct")
    np.testing.assert_allclose(conv(pixels, kernel=taps, nan="ignore", algorithm=algorithm), expected, rtol=1e-5)
    assert np.isnan(expected).any()


def test_known_answers():
    row = np.array([[1, NAN, 3, NAN, NAN, NAN, 7]], np.float32)
    assert conv(row, kernel="1 1 1", nan="ignore", border="constant", fill=0).tolist()[0][:4] == [1.5, 6, 9, 9]
    assert blur(row, op="mean", size=(3, 1), nan="ignore")[0, :4].tolist() == [1, 2, 3, 3]
    assert np.isnan(blur(row, op="mean", size=(3, 1), nan="ignore")[0, 4])
    ramp = np.array([[0, 1, NAN, 3, 4, 5]] * 3, np.float32)
    # Beside the hole half of the difference is left, in the hole nothing.
    np.testing.assert_array_equal(edges(ramp, op="central", nan="ignore").gx[1], [1, 1, NAN, 1, 2, 1])


def test_few_weights_stand_no_approximation():
    pixels = image((slice(None), slice(20, None)), shape=(520, 520))
    assert plan(kernels.gaussian((64.0, 64.0)), FLOAT).algorithm == "decimated"
    given, exact = (blur(pixels, sigma=64, nan="ignore", algorithm=name) for name in ("auto", "separable"))
    np.testing.assert_allclose(given, exact, rtol=1e-6)
    assert np.isnan(exact[:, 277:]).all() and not np.isnan(exact[:, :270]).any()


def test_what_is_missing_has_no_detail():
    pixels = image((10, 10), shape=(20, 20))
    values = {"sigma": 2, "nan": "ignore"}
    assert sharpen(pixels, op="unsharp", amount=3, **values)[10, 10] == blur(pixels, **values)[10, 10]


def test_what_is_missing_and_cannot_be_seen_stays_where_it_is():
    pixels, alpha = image((slice(0, 20), slice(None)), shape=(40, 20, 3)), np.ones((40, 20), np.float32)
    alpha[:20] = 0
    encodings = {"image": Encoding("float32", full=1)}
    steps = [(blur, {"nan": "ignore"}), (blur, {})]
    stages, settings = chain([filter.checked(**given).part() for filter, given in steps])
    output = executor.run(stages, pixels, encodings, settings, alpha).outputs["image"]
    assert not np.isnan(output.samples[output.alpha > 0]).any()


@pytest.mark.parametrize("sigma", [1.5, 30])
def test_far_from_any_hole_nothing_changes(sigma):
    pixels = image((3, 3), shape=(300, 40))
    np.testing.assert_allclose(
        blur(pixels, sigma=sigma, nan="ignore")[250:], blur(pixels, sigma=sigma)[250:], atol=1e-5
    )


@pytest.mark.each("values", [{"op": op} for op in edges.spec.parameters["op"].choices] + [{"sigma": 2}, {"thin": True}])
def test_a_flat_image_with_holes_has_no_edges(values):
    pixels = image((slice(5, 12), slice(5, 12)), (20, 3), value=0.1)
    answer = edges(pixels, **values, nan="ignore")
    for part in answer:
        if part is not None:
            assert (part[~np.isnan(part)] == 0).all()
    hole = np.isnan(pixels)
    if values.get("op") in ("canny", "zerocross"):
        assert not np.isnan(answer.image).any()
    elif "sigma" not in values:
        np.testing.assert_array_equal(np.isnan(answer.image), hole)


@pytest.mark.parametrize(
    ("filter", "values"),
    [(blur, {"sigma": 2}), (blur, {"op": "mean", "size": 5}), (sharpen, {}), (sharpen, {"op": "unsharp"})],
)
def test_a_flat_image_with_holes_stays_flat(filter, values):
    pixels = image((slice(5, 8), slice(5, 7)), (20, 3), value=0.1)
    answer = filter(pixels, **values, nan="ignore")
    np.testing.assert_allclose(answer[~np.isnan(answer)], 0.1, rtol=1e-6)
    assert not np.isnan(answer[~np.isnan(pixels)]).any()


def test_edges_of_smoothed_means_are_flat_too():
    pixels = image((slice(5, 12), slice(5, 12)), value=0.1)
    answer = run([(blur, {"sigma": 1.3, "nan": "ignore"}), (edges, {"nan": "ignore"})], pixels)
    assert (answer[~np.isnan(answer)] == 0).all()


def test_canny_goes_past_a_hole():
    pixels = image(value=0)
    pixels[:, 25], pixels[:, 26:] = 0.5, 1
    whole = edges(pixels, op="canny").image
    pixels[30, 22:28] = NAN
    holed = edges(pixels, op="canny", nan="ignore").image
    np.testing.assert_array_equal(holed, whole)
    assert (edges(pixels, op="canny").image != whole).any()  # unknown is no edge


@pytest.mark.parametrize("nan", ["propagate", "ignore"])
@pytest.mark.parametrize("values", [{"op": "kirsch"}, {"op": "sobel", "thin": True}, {"op": "scharr"}])
def test_all_that_is_written_of_an_unknown_pixel_is_unknown(values, nan):
    pixels = image((slice(20, 30), slice(20, 30)))
    answer = edges(pixels, **values, nan=nan)
    hole = np.isnan(pixels)
    if nan == "propagate":
        hole[19:31, 19:31] = True
    for part in (answer.image, answer.magnitude, answer.angle):
        np.testing.assert_array_equal(np.isnan(part), hole)


def test_beside_a_hole_a_thin_line_goes_on():
    pixels = image(value=0)
    pixels[:, 25], pixels[:, 26:] = 0.5, 1
    line = edges(pixels, thin=True).image > 0
    pixels[30, 26:] = NAN
    holed = edges(pixels, thin=True, nan="ignore").image > 0
    assert holed[:, 25].all() and (line == holed).mean() > 0.99


@pytest.mark.parametrize("nan", ["ignore", "fill=9"])
def test_integers_go_through_a_chain_as_without_the_option(nan, noise):
    pixels, alpha = noise((30, 20, 3)), noise((30, 20))
    steps = [(conv, {"kernel": "0 1 0; 1 -4 1; 0 1 0", "bias": 100.0}), (blur, {}), (edges, {})]
    asked = [(filter, {**given, "nan": nan}) for filter, given in steps]
    for beside in (None, alpha):
        np.testing.assert_array_equal(run(asked, pixels, alpha=beside), run(steps, pixels, alpha=beside))


def test_the_strongest_channel_is_one_that_is_there():
    pixels = image(shape=(20, 20, 3))
    pixels[10, 10, 1] = NAN
    for filter in (blur, edges):
        assert np.isnan(filter(pixels, channels="max")[0] if filter is edges else filter(pixels, channels="max")).any()
        answer = filter(pixels, channels="max", nan="ignore")
        assert not np.isnan(answer.image if filter is edges else answer).any()


@pytest.mark.parametrize("border", ["reflect", "constant"])
def test_under_an_alpha_each_channel_has_its_own_weights(border, source):
    pixels, alpha = image(shape=(12, 10, 3)), RNG.random((12, 10)).astype(np.float32)
    pixels[3:6, 4:7, 0] = pixels[8, 8] = NAN
    encodings = {"image": Encoding("float32", full=1)}
    settings = blur.checked(op="mean", nan="ignore", border=border, fill=0.3).settings()
    output = executor.run(blur.checked(op="mean", nan="ignore").stages(), pixels, encodings, settings, alpha).outputs[
        "image"
    ]
    np.testing.assert_allclose(output.alpha, blur(alpha, op="mean", border=border, fill=1), rtol=1e-5)
    for y, x, c in np.ndindex(pixels.shape):
        total = weights = 0.0
        for i, j in np.ndindex(3, 3):
            at = source(y + i - 1, 12, border), source(x + j - 1, 10, border)
            if None in at:
                total, weights = total + 0.3, weights + 1
            elif not np.isnan(pixels[at][c]):
                total += float(alpha[at]) * float(pixels[at][c])
                weights += float(alpha[at])
        expected = total / weights if weights else np.nan
        np.testing.assert_allclose(output.samples[y, x, c], expected, rtol=1e-5)


@pytest.mark.parametrize("nan", ["ignore", "fill=3"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_an_image_without_gaps_is_as_without_the_option(nan, dtype, noise):
    pixels = noise((40, 30, 3), dtype)
    for filter in (blur, sharpen, edges):
        given, expected = filter(pixels, nan=nan), filter(pixels)
        for one, other in zip(*((x if isinstance(x, tuple) else (x,)) for x in (given, expected)), strict=True):
            np.testing.assert_array_equal(one, other)


def test_what_has_no_gaps_costs_one_look(monkeypatch, noise):
    looks = []
    look = nan_policy.has_gaps
    monkeypatch.setattr(nan_policy, "has_gaps", lambda image: looks.append(0) or look(image))
    monkeypatch.setattr(nan_policy, "_present", lambda strip: pytest.fail("a strip was looked at"))
    blur(noise((300, 300), "float32"), nan="ignore")
    assert len(looks) == 1
    blur(noise((30, 30)), nan="ignore")
    blur(noise((30, 30), "float32"))
    assert len(looks) == 1


def test_strips_and_threads_leave_out_alike():
    pixels = image((slice(10, 30), slice(10, 40)), (50, 3), shape=(80, 50))
    steps = [(blur, {"sigma": 3, "nan": "ignore"}), (edges, {"nan": "ignore"})]
    whole = run(steps, pixels, strip_rows=80)
    for rows in (1, 7):
        np.testing.assert_allclose(run(steps, pixels, strip_rows=rows), whole, rtol=1e-6, atol=1e-10)
        np.testing.assert_array_equal(run(steps, pixels, strip_rows=rows, jobs=3), run(steps, pixels, strip_rows=rows))


@pytest.mark.parametrize("algorithm", ["direct", "fourier"])
def test_a_missing_alpha_is_left_out_however_sums_are_computed(algorithm):
    image = np.full((31, 30, 4), 0.5, np.float32)
    image[15, 15, 3] = np.nan
    found = blur(image, op="disk", nan="ignore", algorithm=algorithm)
    np.testing.assert_allclose(found, np.float32(0.5), atol=1e-6)
