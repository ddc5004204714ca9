"""Noise: its moments and their independence, and that it hangs on nothing but seed, name and place."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.blur import blur
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.chain import chain
from imfilter.filters.core.engine.quantize import FULL, encoding
from imfilter.filters.core.engine.seeded_random import ROWS_PER_SEED
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.noise import noise as add_noise
from scipy import special

OPS = ["gaussian", "uniform", "salt-pepper", "poisson", "speckle"]
SHAPE = (210, 200, 3)
COUNT = math.prod(SHAPE)


def flat(value, dtype="uint8"):
    return np.full(SHAPE, value, dtype)


def changes(value, dtype="uint8", **values):
    """What noise adds to a flat image, unrounded."""
    return add_noise(flat(value, dtype), depth="float", **values) * FULL[dtype] - value


SURE = 6
"""Standard errors that a mean may be off: 2 in a thousand million are, whatever the release of NumPy draws."""


def standard_error_of_variance(kurtosis):
    return math.sqrt((kurtosis - 1) / COUNT)


# ---- the distributions ------------------------------------------------------------------------------

# Mean, variance and kurtosis of what is added, by the textbooks. The images are flat.
MOMENTS = [
    ({"op": "gaussian"}, 100, "uint8", 0, 12.75**2, 3),
    ({"op": "gaussian", "sigma": 3}, 1000, "uint16", 0, 9, 3),
    ({"op": "gaussian"}, 0.5, "float32", 0, 0.05**2, 3),
    ({"op": "uniform"}, 100, "uint8", 0, 25.5**2 / 3, 1.8),
    ({"op": "uniform", "amplitude": 7}, 1000, "uint16", 0, 49 / 3, 1.8),
    ({"op": "speckle"}, 100, "uint8", 0, 100, 3),
    ({"op": "speckle", "sigma": 0.5}, -8, "float32", 0, 16, 3),
    ({"op": "poisson"}, 100, "uint8", 0, 100, 3.01),
    ({"op": "poisson", "peak": 1000}, 0.25, "float32", 0, 0.25 / 1000, 3.004),
    ({"op": "poisson", "peak": 2}, 255, "uint8", 0, 255**2 / 2, 3.5),
    ({"op": "poisson", "peak": 1e9}, 40000, "uint16", 0, 40000 * 65535 / 1e9, 3),
]


@pytest.mark.parametrize(("values", "value", "dtype", "mean", "variance", "kurtosis"), MOMENTS, ids=str)
def test_the_moments(values, value, dtype, mean, variance, kurtosis):
    for seed in (0, 1):
        change = changes(value, dtype, **values, seed=seed)
        assert abs(change.mean() - mean) < SURE * math.sqrt(variance / COUNT)
        assert abs(change.var() / variance - 1) < SURE * standard_error_of_variance(kurtosis)
        scaled = (change - mean) / math.sqrt(variance)
        assert abs((scaled**4).mean() / kurtosis - 1) < 0.05
        assert kurtosis > 2 or abs(scaled).max() < 3**0.5 + 1e-4


@pytest.mark.parametrize("mean", [0.5, 4, 40])
def test_photons_are_counted_by_poissons_law(mean):
    answer = add_noise(flat(1, "float32"), op="poisson", peak=mean)
    photons = np.rint(answer * mean).astype(int)
    np.testing.assert_allclose(answer, (photons / mean).astype(np.float32))
    found = np.bincount(photons.ravel())
    expected = [COUNT * math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(len(found))]
    likely = np.array(expected) > 20
    chi_squared = (((found - expected) ** 2) / expected)[likely].sum()
    freedom = likely.sum() - 1
    assert chi_squared < special.chdtri(freedom, 1e-9)


def test_a_normal_number_is_as_often_beyond_each_bound_as_it_should_be():
    change = changes(100, sigma=1)
    for bound, share in ((1, 0.317311), (2, 0.0455003), (3, 0.0026998), (4, 6.334e-5)):
        assert abs((abs(change) > bound).sum() - share * COUNT) < SURE * math.sqrt(share * COUNT) + SURE**2 / 2


def test_more_light_has_more_noise_and_less_of_it_beside_the_light():
    dark, bright = (changes(value, op="poisson").std() for value in (16, 144))
    assert dark == pytest.approx(4, rel=0.02) and bright == pytest.approx(12, rel=0.02)


@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255), ("uint16", 65535), ("float32", 1)])
def test_salt_is_white_and_pepper_black(dtype, white):
    answer = add_noise(flat(white / 2, dtype), op="salt-pepper", density=0.2, salt=0.25)[..., 0]
    assert set(np.unique(answer)) == {0, flat(white / 2, dtype)[0, 0, 0], white}
    pixels = answer.size
    for value, share in ((white, 0.05), (0, 0.15)):
        assert abs((answer == value).sum() - share * pixels) < SURE * math.sqrt(share * pixels)


def test_the_channels_of_a_pixel_are_salted_together_or_each_by_itself():
    together = add_noise(flat(100), op="salt-pepper", density=0.3)
    assert (together == together[..., :1]).all()
    changed = add_noise(flat(100), op="salt-pepper", density=0.3, per_channel=True) != 100
    assert abs(changed.all(axis=2).mean() - 0.027) < 0.005


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_no_noise_gives_the_image_back(dtype, noise):
    image = noise((20, 30, 3), dtype)
    for values in (
        {"sigma": 0},
        {"op": "uniform", "amplitude": 0},
        {"op": "speckle", "sigma": 0},
        {"op": "salt-pepper", "density": 0},
    ):
        np.testing.assert_array_equal(add_noise(image, **values), image)
    np.testing.assert_array_equal(
        add_noise(image, op="salt-pepper", density=1, salt=1), 1 if dtype == "float32" else np.iinfo(dtype).max
    )


def test_only_what_is_written_in_whole_numbers_is_cut_off():
    assert add_noise(flat(250), sigma=50).max() == 255
    assert add_noise(flat(250), sigma=50, depth="float").max() > 400 / 255
    assert add_noise(flat(0, "float32"), sigma=1).min() < -3


# ---- independence -----------------------------------------------------------------------------------


def correlation(one, other):
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]


@pytest.mark.parametrize("op", OPS)
def test_no_sample_says_anything_of_another(op):
    values = {"op": op} | ({"per_channel": True, "density": 0.5} if op == "salt-pepper" else {})
    change = changes(100, **values)
    near = SURE / math.sqrt(change[..., 0].size)
    for x, y in ((1, 0), (0, 1), (1, 1), (2, 0), (0, ROWS_PER_SEED), (0, 2 * ROWS_PER_SEED)):
        shifted = change[y:, x:], change[: SHAPE[0] - y, : SHAPE[1] - x]
        assert abs(correlation(*shifted)) < near, (x, y)
        for one, other in ((0, 1), (0, 2), (1, 2)):
            assert abs(correlation(shifted[0][..., one], shifted[1][..., other])) < near
    for other in ({"seed": 1}, {"name": "other.png"}, {"name": "a#1"}, {"seed": 10, "name": ""}):
        assert abs(correlation(change, changes(100, **values, **other))) < near


@pytest.mark.parametrize("op", OPS)
def test_seed_name_and_place_are_all_that_it_depends_on(op):
    image = flat(100)
    first = add_noise(image, op=op, seed=5, name="a/b.png")
    np.testing.assert_array_equal(add_noise(image, op=op, seed=5, name="a/b.png"), first)
    for other in ({"seed": 6}, {"name": "a/c.png"}, {"name": ""}):
        assert (add_noise(image, op=op, **({"seed": 5, "name": "a/b.png"} | other)) != first).any()
    # Rows that are cut off below change nothing above.
    np.testing.assert_array_equal(add_noise(image[:37], op=op, seed=5, name="a/b.png"), first[:37])


def test_a_name_may_be_any_bytes():
    for name in ("grün/日本.png", "caf\udce9.png", "\ud800"):
        assert add_noise(flat(9), name=name).shape == SHAPE


def test_it_is_the_same_scene_at_every_depth():
    eight, sixteen = changes(100, sigma=2.0), changes(25700, "uint16", sigma=514.0)
    np.testing.assert_allclose(sixteen / 257, eight, atol=1e-4)


# ---- strips, threads, chains ------------------------------------------------------------------------


def chained(image, parts, strip_rows=None, jobs=1, alpha=None):
    named = [f.checked(**v).part(f"step {n} ({f.__name__})") for n, (f, v) in enumerate(parts, 1)]
    stages, settings = chain(named)
    encodings = {"image": encoding("picture", image.dtype.name, "float32", "clip", 1.0)}
    outputs = executor.run(stages, image, encodings, settings, alpha, strip_rows, jobs, name="x.png").outputs
    return outputs["image"].samples


@given(
    op=st.sampled_from(OPS),
    rows=st.integers(1, 40),
    height=st.integers(1, 70),
    sigma=st.sampled_from([0.5, 2, 5]),
    border=st.sampled_from(["reflect", "wrap", "constant"]),
    alpha=st.booleans(),
)
def test_strips_draw_what_the_whole_image_draws(op, rows, height, sigma, border, alpha, noise):
    image = noise((height, 9, 3))
    opaque = noise((height, 9)) if alpha else None
    smooth = (blur, {"sigma": sigma, "border": border, "algorithm": "separable"})
    for parts in ([(add_noise, {"op": op})], [(add_noise, {"op": op}), smooth], [smooth, (add_noise, {"op": op})]):
        whole, strips = (chained(image, parts, count, alpha=opaque) for count in (height, rows))
        np.testing.assert_array_equal(strips, whole)


@pytest.mark.parametrize("op", OPS)
def test_any_number_of_threads_draws_the_same(op, noise):
    image = noise((200, 50, 3))
    smooth, add = (blur, {"sigma": 1}), (add_noise, {"op": op})
    for parts in ([add], [add, smooth, add]):
        one, *more = (chained(image, parts, 7, jobs) for jobs in (1, 2, 5))
        for other in more:
            np.testing.assert_array_equal(other, one)


def test_two_steps_of_a_chain_add_two_noises():
    image = flat(100)
    twice = chained(image, [(add_noise, {"sigma": 3}), (add_noise, {"sigma": 4})]).astype(float) - 100
    assert twice.std() == pytest.approx(5, rel=0.01)


# ---- alpha, missing samples, regions ----------------------------------------------------------------


@pytest.mark.parametrize("op", OPS)
def test_the_alpha_stays_and_the_colours_have_the_noise_that_they_have_without(op, run, noise):
    image, alpha = noise((40, 30, 3)), noise((40, 30))
    alpha[:5], alpha[5:10] = 0, 255
    if op == "poisson":  # whose numbers take as many draws as the light before them asks for
        alpha[:-1] = 255
    output = run(add_noise, image, alpha=alpha, op=op)["image"]
    np.testing.assert_array_equal(output.alpha, alpha)
    seen = alpha > 0
    off = np.abs(output.samples.astype(int) - add_noise(image, op=op))[seen]
    assert off.max() <= 1 and (off > 0).mean() < 0.01


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("nan", ["propagate", "ignore"])
def test_what_is_missing_stays_so_and_the_rest_is_not_touched_by_it(op, nan):
    image = flat(0.5, "float32")
    whole = add_noise(image, op=op)
    image[20:30, 7], image[3, 3, 1] = np.nan, np.nan
    answer = add_noise(image, op=op, nan=nan)
    np.testing.assert_array_equal(np.isnan(answer), np.isnan(image))
    known = ~np.isnan(image)
    if op != "poisson":
        np.testing.assert_array_equal(answer[known], whole[known])


def test_negative_light_has_no_photons_and_endless_light_is_certain():
    image = np.array([[-1, -np.inf, 0, np.inf, 3e38, 1e30]], np.float32)
    np.testing.assert_array_equal(
        add_noise(image, op="poisson"), [[0, 0, 0, np.inf, np.float32(3e38), np.float32(1e30)]]
    )


def test_noise_stays_in_its_region(noise):
    image = noise((60, 50, 3))
    whole = add_noise(image)
    answer = add_noise(image, roi=(10, 35, 20, 8))
    np.testing.assert_array_equal(answer[35:43, 10:30], whole[35:43, 10:30])
    answer[35:43, 10:30] = image[35:43, 10:30]
    np.testing.assert_array_equal(answer, image)


def test_luma_has_one_number_a_pixel_in_linear_light_too(noise):
    image = noise((20, 30, 3)) // 2 + 64
    added = add_noise(image, channels="luma", sigma=5, depth="float") * 255 - image.astype(np.float32)
    np.testing.assert_allclose(added, added[..., :1].repeat(3, axis=2), atol=1e-4)
    dark, bright = (add_noise(flat(value), linear=True, sigma=2, depth="16").astype(float).std() for value in (30, 220))
    assert dark > 3 * bright  # the same light, of which dark values show more


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sigma": -1}, "sigma: -1 is below the least value, 0"),
        ({"op": "uniform", "sigma": 1}, "sigma: does not apply to op uniform"),
        ({"amplitude": 1}, "amplitude: does not apply to op gaussian"),
        ({"op": "salt-pepper", "density": 1.5}, "density: 1.5 is above the greatest value, 1"),
        ({"op": "salt-pepper", "salt": -0.5}, "salt: -0.5 is below"),
        ({"op": "poisson", "peak": 0}, "peak: 0 must be above 0"),
        ({"seed": -1}, "seed: -1 is below"),
        ({"seed": 1.5}, "seed: 1.5 is not a whole number"),
        ({"per_channel": True}, "per_channel: does not apply to op gaussian"),
    ],
)
def test_wrong_values_are_refused(values, message):
    with pytest.raises(ParameterError, match=message):
        add_noise(flat(1), **values)
