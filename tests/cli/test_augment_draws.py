"""What is drawn: known numbers, the same for arrays, uniform, and independent of all that it shall not depend on."""

import math

import numpy as np
import pytest
from imfilter.cli.batch.augment import draw
from imfilter.cli.batch.augment.augmentation import Augmentation
from imfilter.cli.batch.augment.ranges import Range
from imfilter.cli.commands.augment_steps import steps_of
from scipy import stats

NAMES = [f"class {number % 10}/{number:05}.png" for number in range(5000)]


def samples(seed=7):
    return np.array([draw.sample_key(seed, name) for name in NAMES], np.uint64)


@pytest.mark.each(
    "seed, name, variant, step, parameter, attempt, expected",
    [
        (7, "cat/001.jpg", 1, 2, "angle", 0, 0.00040510813911243115),
        (7, "cat/001.jpg", 1, 2, "angle", 1, 0.915560891815087),
        (0, "", 0, 1, "p", 0, 0.05565966156347135),
    ],
)
def test_draws_stay_what_they_are(seed, name, variant, step, parameter, attempt, expected):
    """Another number here would be another picture for everybody who wrote down a seed."""
    what = draw.what_key(step, parameter, attempt)
    assert draw.uniform(draw.sample_key(seed, name), variant, what) == expected


def reference(seed, name, variant, step, parameter, attempt):
    """The formula, in whole numbers without end."""
    import hashlib

    def word(data, key):
        digest = hashlib.blake2b(data.encode(), digest_size=8, key=key, person=b"imfilter-augment").digest()
        return int.from_bytes(digest, "little")

    def mix(z):
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return z ^ (z >> 31)

    z = mix((word(name, str(seed).encode()) + 0x9E3779B97F4A7C15 * (variant + 1)) % 2**64)
    z = mix(((z ^ word(f"{step}\0{parameter}\0{attempt}", b"")) + 0x9E3779B97F4A7C15) % 2**64)
    return (z >> 11) / 2**53


def test_draws_are_those_of_the_formula_for_one_and_for_arrays():
    keys, what = samples(), draw.what_key(3, "sigma 2", 4)
    variants = np.arange(len(NAMES)) % 7
    drawn = draw.uniform(keys, variants, what)
    assert drawn.dtype == np.float64 and drawn.min() >= 0 and drawn.max() < 1
    for number, name in enumerate(NAMES[:500]):
        variant = int(variants[number])
        assert drawn[number] == draw.uniform(int(keys[number]), variant, what)
        assert drawn[number] == reference(7, name, variant, 3, "sigma 2", 4)


def test_draws_are_uniform_and_independent():
    keys = samples()
    columns = [
        draw.uniform(keys, variant, draw.what_key(step, parameter, attempt))
        for variant, step, parameter, attempt in [
            (1, 1, "angle", 0),
            (2, 1, "angle", 0),
            (1, 2, "angle", 0),
            (1, 1, "scale", 0),
            (1, 1, "angle", 1),
            (1, 1, "angle 2", 0),
        ]
    ]
    columns.append(draw.uniform(samples(8), 1, draw.what_key(1, "angle")))
    for column in columns:
        assert stats.kstest(column, "uniform").pvalue > 1e-3
        following = stats.pearsonr(column[1:], column[:-1])
        assert following.pvalue > 1e-3
        low_bits = np.floor(column * 2**53) % 256
        assert stats.chisquare(np.bincount(low_bits.astype(int), minlength=256)).pvalue > 1e-3
    for at, one in enumerate(columns):
        for other in columns[:at]:
            assert stats.pearsonr(one, other).pvalue > 1e-3
            cells = np.histogram2d(one, other, bins=8, range=[[0, 1]] * 2)[0]
            assert stats.chisquare(cells.ravel()).pvalue > 1e-3


def drawn(*steps, seed=7, names=NAMES, variant=1, size=(640, 480)):
    augmentation = Augmentation(steps_of(steps), seed)
    augmentation.check()
    return [augmentation.drawn(name, variant, *size).steps for name in names]


def values(calls, name):
    return np.array([call.values[name] for (call,) in calls])


def test_ranges_are_uniform_whole_numbers_have_both_ends_and_ratios_go_by_their_logarithm():
    angles = values(drawn("rotate --angle -15..15"), "angle")
    assert stats.kstest(angles, stats.uniform(-15, 30).cdf).pvalue > 1e-3
    sizes = values(drawn("blur --op median --size 3..9:2"), "size")
    assert {*sizes} == {3, 5, 7, 9}
    assert stats.chisquare(np.unique(sizes, return_counts=True)[1]).pvalue > 1e-3
    bits = values(drawn("tone --op posterize --bits 2..4"), "bits")
    assert {*bits} == {2, 3, 4} and stats.chisquare(np.unique(bits, return_counts=True)[1]).pvalue > 1e-3
    gammas = np.log2(values(drawn("tone --gamma 0.25..4"), "gamma"))
    assert stats.kstest(gammas, stats.uniform(-2, 4).cdf).pvalue > 1e-3
    parts = np.round(values(drawn("blur --sigma 0.5..2.5:0.25"), "sigma") * 4)
    assert {*parts} == {*range(2, 11)}


@pytest.mark.each(
    "low, high, options",
    [
        (-15.0, 15.0, {}),
        (0.6, 1.4, {}),
        (0.0, 3e-13, {}),
        (0.0, 2.0**34, {}),
        (-1e9, 1e14, {}),
        (5.0, 5.0, {}),
        (0.5, 2.5, {"step": 0.25}),
        (0.1, 0.7, {"step": 0.1}),
        (0.25, 4.0, {"ratio": True}),
        (1e-9, 1e13, {"ratio": True}),
        (-4, 4, {"step": 1, "whole": True}),
        (3, 9, {"step": 2, "whole": True}),
        (0, 2**60, {"step": 1, "whole": True}),
    ],
)
def test_numbers_of_many_draws_are_those_of_each(low, high, options):
    """To the last bit and of the same type, also where the last digit is a half: 12345678901.25 has 13 digits."""
    found = Range(low, high, **options)
    halves = (np.round(np.linspace(1e10, 1.2e10, 300)) + 0.25) / 2**34
    edges = np.array([0, 2.0**-53, 0.5, 1 - 2.0**-53])
    shares = np.concatenate([draw.uniform(samples(), 1, draw.what_key(1, "angle")), halves, edges])
    for some in (shares, shares[:1], shares[:5]):
        ours, expected = found.of_all(some).tolist(), [found.at(share) for share in some.tolist()]
        assert ours == expected and {*map(type, ours)} == {*map(type, expected)}


def test_one_range_is_for_both_axes_and_two_are_drawn_apart():
    assert values(drawn("blur --sigma 1..2"), "sigma").ndim == 1
    x, y = values(drawn("blur --sigma 1..2,3..4"), "sigma").T
    assert stats.kstest(x, stats.uniform(1, 1).cdf).pvalue > 1e-3
    assert stats.kstest(y, stats.uniform(3, 1).cdf).pvalue > 1e-3
    assert stats.pearsonr(x, y).pvalue > 1e-3
    fixed = values(drawn("blur --sigma 1.5,3..4"), "sigma")
    assert {*fixed[:, 0]} == {1.5}
    percent = drawn("affine --translate -10%..10%,5", names=NAMES[:9])
    assert all(call.values["translate"].endswith("%,5") for (call,) in percent)
    pads = drawn("pad --size 0..3", names=NAMES[:99])
    assert {call.values["size"] for (call,) in pads} == {(0,), (1,), (2,), (3,)}


def test_steps_are_done_with_their_probability_and_alternatives_are_as_likely():
    done = sum(bool(calls and calls[0].name == "flip") for calls in drawn("flip --p 0.3"))
    assert stats.binomtest(done, len(NAMES), 0.3).pvalue > 1e-3
    names = [calls[0].name for calls in drawn("blur --sigma 0..2 | noise | none")]
    counts = [names.count(name) for name in ("blur", "noise", "pad")]
    assert sum(counts) == len(NAMES) and stats.chisquare(counts).pvalue > 1e-3
    ops = [call.values["op"] for (call,) in drawn("flip --op {hflip|both|transpose}")]
    assert {*ops} == {"left-right", "both", "transpose"}
    assert stats.chisquare(np.unique(ops, return_counts=True)[1]).pvalue > 1e-3
    assert not any(calls[0].name == "flip" for calls in drawn("flip --p 0"))
    assert all(calls[0].name == "flip" for calls in drawn("flip --p 1"))


def test_what_else_is_drawn_changes_no_draw():
    alone = drawn("rotate --angle -15..15", names=NAMES[:50])
    more = drawn("rotate --angle -15..15 --center 1..9", "blur --sigma 0..2", "flip --p 0.5", names=NAMES[:50])
    assert [calls[0].values["angle"] for calls in alone] == [calls[0].values["angle"] for calls in more]
    assert alone[::-1] == drawn("rotate --angle -15..15", names=NAMES[:50][::-1])


def test_random_fields_get_a_seed_for_each_variant_unless_one_is_given():
    seeds = {call.values["seed"] for (call,) in drawn("noise", names=NAMES[:200])}
    assert len(seeds) == 200
    assert {call.values["seed"] for (call,) in drawn("noise --seed 3", names=NAMES[:9])} == {3}
    assert "seed" not in drawn("erase --area 0..1", names=NAMES[:1])[0][0].given
    assert "seed" in drawn("erase --area 0..1 --op noise", names=NAMES[:1])[0][0].given


def published(rng, width, height, area, ratio):
    """Torchvision's `RandomResizedCrop.get_params`, as it is written there; returns the size."""
    for _ in range(10):
        target = width * height * rng.uniform(*area)
        aspect = math.exp(rng.uniform(math.log(ratio[0]), math.log(ratio[1])))
        w, h = round(math.sqrt(target * aspect)), round(math.sqrt(target / aspect))
        if 0 < w <= width and 0 < h <= height:
            return w, h
    if width / height < ratio[0]:
        return width, round(width / ratio[0])
    if width / height > ratio[1]:
        return round(height * ratio[1]), height
    return width, height


def sizes_of(calls, width, height):
    found = []
    for (call,) in calls:
        extent = call.part().stages[0].result_of(width, height)
        found.append((extent.width, extent.height))
    return np.array(found, float)


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (160, 90), (900, 100), (100, 900)])
def test_random_parts_follow_the_published_law(size):
    step = "crop --area 0.08..1 --ratio 3/4..4/3 --place 0..1,0..1"
    calls = drawn(step, names=NAMES[:2500], size=size)
    ours, rng = sizes_of(calls, *size), np.random.default_rng(5)
    theirs = np.array([published(rng, *size, (0.08, 1), (3 / 4, 4 / 3)) for _ in range(2500)], float)
    for axis in (0, 1):
        assert stats.ks_2samp(ours[:, axis], theirs[:, axis]).pvalue > 1e-3
    middles = [call for (call,) in calls if "area" not in call.given]
    for call in middles:
        assert call.values["place"] is None
        assert call.values["ratio"] == pytest.approx(min(max(size[0] / size[1], 3 / 4), 4 / 3))
    assert len(middles) > 100 or max(size) / min(size) < 2


def test_a_part_is_of_the_image_that_the_steps_before_leave():
    augmentation = Augmentation(steps_of(["resize --size 900,100", "crop --area 0.9 --ratio 0.5..2"]), 7)
    for name in NAMES[:20]:
        last = augmentation.drawn(name, 1, 64, 64).steps[-1]
        assert dict(last.given) == {"ratio": 2.0}
