"""Non-local means: against the definition in loops; and the noise estimate from which its strength derives."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imfilter.filters.blur import blur
from imfilter.filters.core import native
from imfilter.filters.core.denoise import noise_estimate
from imfilter.filters.core.engine import image_rows
from imfilter.filters.core.engine.chain import chain
from imfilter.filters.core.engine.executor import run as run_stages
from imfilter.filters.core.engine.quantize import Encoding
from imfilter.filters.core.parameters import ParameterError


def slow(image, source, radius, patch, strength, noise, border="reflect", fill=0.0, alpha=None):
    """Buades, Coll and Morel's definition with the IPOL weights, pixel by pixel; NaN are left out."""
    rows, columns, channels = image.shape
    values, f = image.astype(float), patch // 2

    def opaque(y, x):
        return 1.0 if alpha is None else alpha[source(y, rows, border), source(x, columns, border)]

    def at(y, x):
        row, column = source(y, rows, border), source(x, columns, border)
        return np.full(channels, float(fill)) if row is None or column is None else values[row, column]

    def around(y, x):
        return np.array([[at(y + i, x + j) for j in range(-f, f + 1)] for i in range(-f, f + 1)])

    def opaque_around(y, x):
        return np.array([[[opaque(y + i, x + j)] for j in range(-f, f + 1)] for i in range(-f, f + 1)])

    answer = np.empty(image.shape)
    for y, x in np.ndindex(rows, columns):
        own, total, weights = around(y, x), np.zeros(channels), np.zeros(channels)
        for i in range(y - radius[1], y + radius[1] + 1):
            for j in range(x - radius[0], x + radius[0] + 1):
                squares = (own - around(i, j)) ** 2
                common = ~np.isnan(squares) * opaque_around(y, x) * opaque_around(i, j)
                if (i, j) == (y, x):
                    weight = 1.0
                elif common.any():
                    weight = math.exp(-max(np.nansum(squares * common) / common.sum() - 2 * noise**2, 0) / strength**2)
                else:
                    continue
                there = ~np.isnan(at(i, j))
                total[there] += weight * opaque(i, j) * at(i, j)[there]
                weights[there] += weight * opaque(i, j)
        with np.errstate(invalid="ignore"):
            answer[y, x] = total / weights
    return answer


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 9999),
    shape=st.tuples(st.integers(1, 7), st.integers(1, 7), st.sampled_from([1, 3, 5])),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
    radius=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    patch=st.sampled_from([1, 3, 5]),
    strength=st.sampled_from([0.02, 0.2, 1.0]),
    noise=st.sampled_from([0.0, 0.1]),
    border=st.sampled_from(["reflect", "wrap", "constant"]),
)
def test_it_is_the_definition(
    seed, shape, dtype, radius, patch, strength, noise, border, source, to_samples, each_core
):
    rng = np.random.default_rng(seed)
    white = 1 if dtype == "float32" else np.iinfo(dtype).max
    image = to_samples(white * np.clip(rng.normal(0.5, 0.2, shape), 0, 1), dtype)
    strength, noise = strength * white, noise * white
    answer = blur(
        image, op="nlm", radius=radius, patch=patch, strength=strength, noise_sigma=noise, border=border, fill=3
    )
    exact = slow(image, source, radius, patch, strength, noise, border, 3)
    if dtype == "float32":
        np.testing.assert_allclose(answer, exact, atol=1e-6)
    else:
        assert np.abs(answer - exact).max() <= 0.501


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 9999),
    shape=st.tuples(st.integers(1, 7), st.integers(1, 7), st.sampled_from([1, 3, 5])),
    part=st.sampled_from([0.1, 0.5, 0.9]),
    patch=st.sampled_from([1, 3]),
)
def test_missing_samples_count_nothing(seed, shape, part, patch, source, each_core):
    rng = np.random.default_rng(seed)
    image = rng.random(shape, np.float32)
    image[rng.random(shape) < part] = np.nan
    answer = blur(image, op="nlm", radius=2, patch=patch, strength=0.3, noise_sigma=0.05, nan="ignore")
    np.testing.assert_allclose(answer, slow(image, source, (2, 2), patch, 0.3, 0.05), atol=1e-6)


def test_two_pixels_by_hand():
    """Patches of one pixel, 10 apart, strength 10: the other has the weight 1/e; past the edge they are repeated."""
    weight = math.exp(-1)
    answer = blur(np.array([[0, 10]], np.float32), op="nlm", size=(3, 1), patch=1, strength=10)
    np.testing.assert_allclose(answer[0], [10 * weight / (2 + weight), (20) / (2 + weight)], rtol=1e-6)


def test_three_colours_have_one_weight():
    """A channel without noise is averaged by what the others say: not at all where they differ."""
    image = np.zeros((1, 8, 3), np.float32)
    image[0, ::2, 0] = 1
    image[0, 4:, 2] = 0.1
    answer = blur(image, op="nlm", size=(3, 1), patch=1, strength=0.15)
    np.testing.assert_allclose(answer[..., 2], image[..., 2], atol=1e-6)
    assert 0 < blur(image[..., 2], op="nlm", size=(3, 1), patch=1, strength=0.15)[0, 3] < 0.1


def test_a_pattern_that_repeats_is_cleaned_and_kept():
    clean = np.tile(np.array([[60, 60, 190, 190]], float), (48, 12))
    noisy = np.clip(clean + np.random.default_rng(0).normal(0, 20, clean.shape) + 0.5, 0, 255).astype(np.uint8)
    errors = [np.sqrt(np.mean((answer - clean) ** 2)) for answer in (blur(noisy, op="nlm"), blur(noisy, sigma=1))]
    assert errors[0] < 7 and errors[1] > 20


@pytest.mark.parametrize("shape", [(90, 80, 3), (90, 80)])
@pytest.mark.parametrize("sigma", [8, 40])
def test_the_default_strength_suits_the_noise(sigma, shape):
    """Within a tenth of the least error of half and of twice the strength."""
    y, x = np.mgrid[:90, :80]
    clean = np.broadcast_to((110 + 60 * np.sin(x / 4) * (y > 45) + (x > 40) * 30).T, (*shape[:1:-1], 80, 90)).T
    rng = np.random.default_rng(1)
    noisy = np.clip(clean + rng.normal(0, sigma, shape) + 0.5, 0, 255).astype(np.uint8)

    def error(**values):
        return np.sqrt(np.mean((blur(noisy, op="nlm", **values) - clean) ** 2))

    best = min(error(noise_sigma=sigma, strength=part * sigma) for part in (0.5, 0.75, 1))
    assert error() < 1.1 * best < 0.5 * sigma
    assert error(noise_sigma=sigma) < 1.1 * best


@pytest.mark.parametrize(("channels", "patch"), [(1, 3), (3, 3), (5, 3), (3, 15)])
def test_strips_and_blocks_give_the_same_bits(run, noise, each_core, channels, patch):
    """Blocks are 256 columns wide, and as many rows high as fit a cache.

    In float the sums of a patch of 15 are not exact, those of its columns are.
    """
    image = noise((90, 290, channels)) // 128 * 255
    values = {"op": "nlm", "radius": 2, "patch": patch, "strength": 150, "noise_sigma": 5}
    whole = run(blur, image, strip_rows=90, depth="float", dtype="float32", **values)["image"].samples
    for rows in (1, 7, 20):
        strips = run(blur, image, strip_rows=rows, depth="float", dtype="float32", **values)["image"].samples
        np.testing.assert_array_equal(strips, whole)
    reach = 2 + patch // 2
    piece = run(blur, image[:, 17:], depth="float", dtype="float32", **values)["image"].samples
    np.testing.assert_array_equal(piece[:, reach:], whole[:, 17 + reach :])


def test_many_samples_are_as_exact_as_promised(noise, to_samples, each_core):
    """By whole arrays: at most a level off, and that in a thousandth of the samples; large patches too."""
    image = noise((60, 90, 3))
    for patch in (3, 11):
        around = 2 + patch // 2
        padded = np.pad(image.astype(float), ((around, around), (around, around), (0, 0)), "symmetric")
        near = padded[2:-2, 2:-2]
        total, sums = 0.0, 0.0
        for i, j in np.ndindex(5, 5):
            other = padded[i : i + near.shape[0], j : j + near.shape[1]]
            windows = np.lib.stride_tricks.sliding_window_view(((near - other) ** 2).sum(axis=2), (patch, patch))
            weight = np.exp(-windows.mean(axis=(2, 3)) / 3 / 9000.0)[..., None]
            total, sums = total + weight * other[patch // 2 :, patch // 2 :][:60, :90], sums + weight
        answer = blur(image, op="nlm", radius=2, patch=patch, strength=9000**0.5, noise_sigma=0)
        off = np.abs(answer.astype(int) - to_samples(total / sums, "uint8"))
        assert off.max() <= 1 and (off > 0).mean() <= 1e-3


def test_double_precision_stays(noise, source, each_core):
    image = noise((7, 20, 3), "float32").astype(np.float64) / 3
    answer = blur(image, op="nlm", radius=2, patch=3, strength=0.5)
    np.testing.assert_allclose(answer, slow(image, source, (2, 2), 3, 0.5, 0), atol=1e-14)


def test_where_all_is_transparent_nothing_is_missing(run, noise, each_core):
    alpha = np.zeros((9, 8), np.float32)
    output = run(blur, noise((9, 8, 3), "float32"), alpha=alpha, op="nlm", strength=0.5)["image"]
    assert np.isfinite(output.samples).all()


def test_nan_and_infinity_reach_as_far_as_the_windows(each_core):
    image = np.zeros((21, 40), np.float32)
    image[10, 10], image[10, 30] = np.nan, np.inf
    answer = blur(image, op="nlm", radius=2, patch=3, strength=0.5)
    reach = np.zeros(image.shape, bool)
    for x in (10, 30):
        reach[10 - 3 : 10 + 4, x - 3 : x + 4] = True
    assert np.isnan(answer[8:13, 8:13]).all() and (answer[~reach] == 0).all()


def test_nan_beside_an_alpha_reaches_as_far_as_the_windows(run, each_core):
    image, alpha = np.zeros((15, 15, 3), np.float32), np.full((15, 15), 0.5, np.float32)
    image[7, 7, 1] = np.nan
    output = run(blur, image, alpha=alpha, op="nlm", radius=2, patch=3, strength=0.5)["image"].samples
    assert np.isnan(output[5:10, 5:10, 1]).all() and np.isfinite(output[:4]).all()


def test_what_is_missing_far_away_changes_no_bit(noise, each_core):
    image = noise((30, 60, 3), "float32")
    holed = image.copy()
    holed[3:6, 3:5, 1] = np.nan
    values = {"op": "nlm", "strength": 0.4, "noise_sigma": 0.2, "nan": "ignore"}
    np.testing.assert_array_equal(blur(holed, **values)[:, 14:], blur(image, **values)[:, 14:])
    assert np.isfinite(blur(holed, **values)).all()


@pytest.mark.skipif(native.core is None, reason="there is no compiled core")
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_vectors_of_every_width_give_the_same_bytes(dtype, noise):
    image, chosen, found = noise((30, 45, 3), dtype), native.core.chosen(), []
    strength = 0.3 * (1 if dtype == "float32" else np.iinfo(dtype).max)
    for name in set(native.core.available()) - {"baseline"}:
        native.core.choose(name)
        found.append(blur(image, op="nlm", radius=3, strength=strength, depth="float").tobytes())
    native.core.choose(chosen)
    assert len(set(found)) <= 1


@pytest.mark.skipif(native.core is None, reason="there is no compiled core")
@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("out", np.empty((1, 4, 7), np.uint8), "do not follow"),
        ("out", np.empty((1, 3, 6), np.uint8), "do not follow"),
        ("opacity", np.ones((2, 10, 12)), "one sample is taken for each pixel"),
        ("step", 5, "no pixels"),
        ("x", -1, "x"),
        ("y", 3, "do not follow"),
        ("patch", 2**62, "patch"),
    ],
)
def test_the_compiled_core_refuses_sizes_that_do_not_fit(name, change, words):
    values = {
        "given": np.zeros((1, 10, 12), np.uint8),
        "out": np.empty((1, 4, 6), np.uint8),
        "opacity": None,
        "step": 1,
        "x": 2,
        "y": 2,
        "patch": 1,
        "factor": 1.0,
        "spared": 0.0,
        "ignoring": False,
    }
    native.core.nonlocal_means(*values.values())
    with pytest.raises(ValueError, match=words):
        native.core.nonlocal_means(*(values | {name: change}).values())


def test_no_strength_gives_the_image_back(noise, each_core):
    np.testing.assert_array_equal(blur(noise((9, 9, 3)), op="nlm", strength=0), noise((9, 9, 3)))
    np.testing.assert_array_equal(blur(noise((9, 9, 3)), op="nlm", size=1), noise((9, 9, 3)))


def test_samples_count_by_their_alpha_which_stays(run, noise, source, to_samples, each_core):
    image, alpha = noise((8, 7, 3)), noise((8, 7))
    alpha[2:5, 2:6] = 0
    output = run(blur, image, alpha=alpha, op="nlm", radius=2, patch=3, strength=90)["image"]
    shown = np.where(alpha[..., None] > 0, image, 0)
    exact = slow(shown, source, (2, 2), 3, 90, 0, alpha=alpha / 255)
    np.testing.assert_array_equal(output.alpha, alpha)
    np.testing.assert_allclose(output.samples[alpha > 0], to_samples(exact[alpha > 0], "uint8"), atol=1)


def test_what_is_transparent_does_not_show(run):
    rng = np.random.default_rng(3)
    image = np.clip(rng.normal(20, 8, (40, 40, 3)), 0, 255).astype(np.uint8)
    alpha = np.where(np.arange(40) < 16, 255, 0).astype(np.uint8)[None].repeat(40, 0)
    output = run(blur, image, alpha=alpha, op="nlm")["image"]
    assert abs(output.samples[:, 14:16].mean() - image[:, :16].mean()) < 1  # black, without the alpha's weights
    opaque = np.full_like(alpha, 255)
    without = blur(image, op="nlm", noise_sigma=8)
    np.testing.assert_array_equal(run(blur, image, alpha=opaque, op="nlm", noise_sigma=8)["image"].samples, without)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"patch": 4}, "patch: 4 is even"),
        ({"size": 4}, "size: 4,4: a search window must be odd"),
        ({"size": 201}, "the limit is 10201"),
        ({"strength": -1}, "strength: -1 is below"),
        ({"algorithm": "direct"}, "algorithm: does not apply to op nlm"),
        ({"op": "mean", "patch": 3}, "patch: does not apply to op mean"),
    ],
)
def test_wrong_values_are_refused(values, words):
    with pytest.raises(ParameterError, match=words):
        blur(np.zeros((5, 5), np.uint8), **({"op": "nlm"} | values))


# ---- the noise --------------------------------------------------------------------------------------


def estimate(image):
    source = image_rows.Source(image, lambda start, stop: image[start:stop])
    return noise_estimate.estimate(source)


@pytest.mark.parametrize("sigma", [2, 10, 40])
def test_the_noise_is_told(sigma, to_samples):
    y, x = np.mgrid[:200, :150]
    plane = 100 + 0.2 * x + 0.1 * y + 50 * (x > 70)
    noisy = plane[..., None] + np.random.default_rng(4).normal(0, sigma, (200, 150, 3))
    assert estimate(to_samples(noisy, "uint8")) == pytest.approx(sigma, rel=0.03)
    assert estimate(to_samples(noisy * 257, "uint16")) == pytest.approx(sigma * 257, rel=0.03)
    holed = noisy.astype(np.float32)
    holed[20:60] = np.nan
    assert estimate(holed) == pytest.approx(sigma, rel=0.03)


def test_few_of_many_rows_tell_it(monkeypatch):
    noisy = np.random.default_rng(5).normal(0, 5, (2000, 90, 1)).astype(np.float32)
    monkeypatch.setattr(noise_estimate, "MAX_ANSWERS", 20_000)
    assert estimate(noisy) == pytest.approx(5, rel=0.03)


@pytest.mark.parametrize("image", [np.zeros((2, 50, 1)), np.full((9, 9, 3), np.nan), np.full((9, 9, 1), 7.0)])
def test_there_may_be_none(image):
    assert estimate(image) == 0


# ---- surveys ----------------------------------------------------------------------------------------


def test_a_survey_sees_what_the_stage_works_on(noise):
    """In a chain what the filter before gives; under an alpha straight colours. The verbose facts tell it."""
    image = noise((40, 30, 3))
    parts = [blur.checked(**values).part() for values in ({"sigma": 1.0}, {"op": "nlm"})]
    stages, settings = chain(parts)
    softened = blur(image, sigma=1.0, depth="float") * 255
    told = run_stages(stages, image, {"image": Encoding("uint8")}, settings, measure=True).facts
    assert f"noise of {estimate(softened):.4g}" in " ".join(fact.text for fact in told)
    alpha = np.full((40, 30), 128, np.uint8)
    alpha[:, :20] = 0
    stages, settings = blur.checked(op="nlm").stages(), blur.checked(op="nlm").settings()
    told = run_stages(stages, image, {"image": Encoding("uint8")}, settings, alpha, measure=True).facts
    hidden = np.where(alpha[..., None] > 0, image, np.nan)
    assert f"noise of {estimate(hidden):.4g}" in " ".join(fact.text for fact in told)
