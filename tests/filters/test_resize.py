"""Resize: known answers, a slow reference, and the derivation of sizes."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imfilter.filters.core import native
from imfilter.filters.core.engine import executor, geometry
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.resize import resize

KERNELS = ("bilinear", "bicubic", "lanczos")
EVERY = (*KERNELS, "nearest", "area")
RNG = np.random.default_rng(1)


def kernel(name, x):
    """The kernels as the papers print them."""
    x = abs(x)
    if name == "bilinear":
        return max(0.0, 1 - x)
    if name == "bicubic":  # Keys, equation 15, a = -1/2
        return 1.5 * x**3 - 2.5 * x**2 + 1 if x < 1 else -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0
    if x == 0:
        return 1.0
    return 3 * math.sin(math.pi * x) * math.sin(math.pi * x / 3) / (math.pi * x) ** 2 if x < 3 else 0.0


def weights_of(name, place, step, size, antialias=True):
    """The weights of all samples for the result that stands for *place* to *place* + *step*."""
    middle, wide = place + step / 2, max(step, 1) if antialias else 1
    if name == "nearest":
        found = [float(i <= middle < i + 1) for i in range(size)]
    elif name == "area":
        found = [float(max(0, min(i + 1, place + step) - max(i, place))) for i in range(size)]
    else:
        found = [kernel(name, float((i + Fraction(1, 2) - middle) / wide)) for i in range(size)]
    return [weight / sum(found) for weight in found]


def slow(image, width, height, name, antialias=True, part=None):
    """Resize in Python's numbers: all samples of an axis, for each result."""
    rows, columns = image.shape[:2]
    x, y, across, down = part or (0, 0, columns, rows)
    values = image.astype(float)
    down_by, across_by = (
        np.array([weights_of(name, begin + k * step, step, size, antialias) for k in range(results)])
        for begin, step, results, size in (
            (Fraction(y), Fraction(down) / height, height, rows),
            (Fraction(x), Fraction(across) / width, width, columns),
        )
    )
    return np.einsum("yi,xj,ij...->yx...", down_by, across_by, values)


def rounded(values, most):
    """Half up, counting a sum that lacks the last bits of a half as a half."""
    return np.clip(np.floor(values + 0.5 + 1e-9), 0, most)


def near(found, exact, most):
    """Within a level of the exact result, and equal in 999 samples of a thousand."""
    off = np.abs(found.astype(float) - rounded(exact, most))
    assert off.max() <= 1 and np.count_nonzero(off) <= 1 + 1e-3 * off.size


# ---- known answers ------------------------------------------------------------------------------------


def test_twice_as_large_by_hand(each_core):
    """The middles of the results are a quarter and three quarters of a sample from those of the samples."""
    answer = resize(np.array([[0, 160], [80, 240]], np.uint8), scale=2)
    across = np.array([0, 40, 120, 160])
    np.testing.assert_array_equal(answer, np.array([0, 20, 60, 80])[:, None] + across)


def test_half_as_large_by_hand(each_core):
    """The widened triangle gives four samples 1/8, 3/8, 3/8, 1/8; at the edges three are left: 3, 3, 1 of 7."""
    row = np.array([[0, 70, 160, 80, 240, 14]], np.uint8)
    assert resize(row, width=3, height=None).shape == (1, 3)
    exact = [(3 * 0 + 3 * 70 + 160) / 7, (70 + 3 * 160 + 3 * 80 + 240) / 8, (80 + 3 * 240 + 3 * 14) / 7]
    np.testing.assert_array_equal(resize(row, size=(3, 1))[0], np.floor(np.array(exact) + 0.5))


def test_nearest_takes_the_sample_that_holds_the_middle(each_core):
    """Pillow, torch's nearest-exact and OpenCV's INTER_NEAREST_EXACT; torch's nearest gives 0 2 5 7."""
    assert resize(np.arange(10, dtype=np.uint8)[None], size=(4, 1), interpolation="nearest").tolist() == [[1, 3, 6, 8]]


def test_area_weighs_by_what_is_covered(each_core):
    """From five samples to two, each result covers two and a half."""
    row = np.array([[10, 20, 30, 40, 50]], np.float32)
    expected = [(10 + 20 + 15) / 2.5, (15 + 40 + 50) / 2.5]
    np.testing.assert_allclose(resize(row, size=(2, 1), interpolation="area")[0], expected, rtol=1e-7)
    assert resize(np.array([[1, 2], [4, 4]], np.uint8), size=1, interpolation="area").item() == 3  # 2.75
    assert resize(np.array([[1, 1], [4, 4]], np.uint8), size=1, interpolation="area").item() == 3  # 2.5, half up


def test_a_parabola_between_its_samples(each_core):
    """Keys's kernel reproduces parabolas: at x + 1/4 and x + 3/4."""
    x = np.arange(20.0)
    found = resize((x * x)[None], size=(40, 1), interpolation="bicubic")[0]
    middle = (np.arange(40) + 0.5) / 2 - 0.5
    assert np.abs(found - middle**2)[8:-8].max() < 1e-12


def test_without_antialiasing_samples_are_skipped(each_core):
    """Stripes one sample wide, one white and two black: each result depends on two neighbours only."""
    stripes = np.tile(np.array([255, 0, 0], np.uint8), 20)[None]
    kept, lost = (resize(stripes, size=(20, 1), antialias=answer) for answer in ("on", "off"))
    assert (kept[0, 1:-1] == 85).all() and (lost == 0).all()


def test_ties_go_up_though_weights_are_no_binary_fractions(each_core):
    """Enlarged by 6, results are multiples of 1/144; one in 144 is half a level, which sums of sixths miss."""
    image = RNG.integers(0, 256, (60, 60), np.uint8)
    exact = slow(image * 144.0, 360, 360, "bilinear") / 144
    np.testing.assert_array_equal(resize(image, scale=6), np.floor(np.round(exact * 144) / 144 + 0.5))


# ---- against the slow reference -----------------------------------------------------------------------

SIZES = [(20, 10), (53, 10), (1, 1), (31, 90), (4, 37), (106, 74), (159, 3)]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.each("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.each("antialias", ["on", "off"])
def test_every_kernel_is_the_formula(name, dtype, antialias, noise, each_core):
    if name == "area" and antialias == "off":
        return
    for (width, height), channels in zip(SIZES, (1, 2, 3, 4, 5, 3, 1), strict=True):
        image = noise((37, 53, channels), dtype) if dtype != "float64" else RNG.random((37, 53, channels))
        found = resize(image, size=(width, height), interpolation=name, antialias=antialias, bands=True)
        exact = slow(image, width, height, name, antialias == "on")
        if image.dtype.kind == "f":
            np.testing.assert_allclose(found, exact, rtol=0, atol=3e-7 if dtype == "float32" else 1e-14)
        else:
            near(found, exact, np.iinfo(dtype).max)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(1, 70), st.integers(1, 70), st.sampled_from(EVERY),
    st.integers(1, 4), st.sampled_from(["uint8", "float64"]),
)  # fmt: skip
def test_any_size_from_any_size(columns, rows, width, height, name, channels, dtype):
    rng = np.random.default_rng([columns, rows, width, height])
    image = (rng.random((rows, columns, channels)) * 255).astype(dtype)
    found = resize(image, size=(width, height), interpolation=name, bands=True)
    exact = slow(image, width, height, name)
    if dtype == "uint8":
        assert np.abs(found - rounded(exact, 255)).max() <= 1
    else:
        np.testing.assert_allclose(found, exact, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", EVERY)
def test_the_size_unchanged_is_the_identity(name, noise, each_core):
    for dtype in ("uint8", "uint16", "float32", "float64"):
        image = noise((13, 9, 4), dtype if dtype != "float64" else "float32").astype(dtype)
        if image.dtype.kind == "f":
            image[3, 4, 0], image[5, 5, 1], image[6, 6, 1] = np.nan, np.inf, -0.0
        for values in ({"size": (9, 13)}, {"scale": 1}, {"width": 9}, {"size": (9, 13), "fit": "cover"}):
            assert resize(image, **values, interpolation=name, bands=True).tobytes() == image.tobytes()


def test_the_size_unchanged_keeps_the_colours_of_transparent_pixels(each_core):
    image = RNG.integers(0, 256, (9, 13, 4), np.uint8)
    image[2:5, :, 3] = 0
    np.testing.assert_array_equal(resize(image, size=(13, 9)), image)


@pytest.mark.parametrize("name", EVERY)
def test_a_flat_picture_stays_as_it_is(name, each_core):
    for dtype, values in (("uint8", (0, 1, 77, 254, 255)), ("uint16", (1, 40001, 65535)), ("float32", (0.1, -3.7))):
        for value, size in ((value, size) for value in values for size in SIZES):
            flat = np.full((37, 53, 3), value, dtype)
            assert (resize(flat, size=size, interpolation=name) == flat[0, 0, 0]).all(), (dtype, value, size)


@pytest.mark.parametrize("name", EVERY)
def test_nan_reaches_no_further_than_the_weights(name, noise, each_core):
    image = noise((40, 50), "float32")
    image[20, 30] = np.nan
    for width, height in ((25, 20), (100, 80), (50, 10)):
        found = resize(image, size=(width, height), interpolation=name)
        seen = np.abs(slow(np.isnan(image).astype(float), width, height, name)) > 1e-12
        around = 1 if name in ("lanczos", "bicubic") else 0  # results whose weight there is just 0 may see it
        wide = np.pad(seen, around, mode="edge")
        grown = np.any([wide[i : i + height, j : j + width] for i in range(1 + 2 * around)
                        for j in range(1 + 2 * around)], axis=0)  # fmt: skip
        assert np.isnan(found[seen]).all() and not np.isnan(found[~grown]).any()


def test_missing_samples_are_left_out(each_core):
    image = np.array([[0.2, np.nan, 0.6, 0.8]], np.float32)
    found = resize(image, size=(2, 1), interpolation="area", nan="ignore")
    np.testing.assert_allclose(found, [[0.2, 0.7]], rtol=1e-6)
    exact = [(3 * 0.2 + 0.6) / 4, (3 * 0.6 + 3 * 0.8) / 6]
    np.testing.assert_allclose(resize(image, size=(2, 1), nan="ignore"), [exact], rtol=1e-6)
    hole = np.full((4, 4), np.nan, np.float32)
    assert np.isnan(resize(hole, size=2, nan="ignore")).all()


def test_half_a_level_of_alpha_shows_its_colour(each_core):
    """It is rounded up to one level, and a level has a colour."""
    image = np.array([[[200, 100, 50, 1], [0, 0, 0, 0]]], np.uint8)
    assert resize(image, size=(1, 1)).tolist() == [[[200, 100, 50, 1]]]


def test_colours_do_not_bleed_out_of_transparent_pixels(each_core):
    image = np.zeros((2, 4, 4), np.uint8)
    image[:, :2] = 200, 100, 50, 255  # opaque
    image[:, 2:] = 0, 0, 255, 0  # and blue that nobody sees
    found = resize(image, size=(2, 1))
    # The weights of both results are 3, 3 and 1 sevenths: 6 of them see what is opaque, or 1.
    assert found[0].tolist() == [[200, 100, 50, 219], [200, 100, 50, 36]]


def test_missing_samples_beside_an_alpha_weigh_by_it(each_core):
    image = np.ones((1, 4, 4), np.float32)
    image[0, :, 0] = 0.2, np.nan, 0.6, 0.8
    image[0, :, 3] = 1, 1, 0.5, 0.25
    found = resize(image, size=(1, 1), interpolation="area", nan="ignore")
    assert found[0, 0, 0] == pytest.approx((0.2 + 0.3 + 0.2) / 1.75, rel=1e-6)
    assert found[0, 0, 3] == pytest.approx(2.75 / 4, rel=1e-6)


def test_linear_light_keeps_the_brightness_of_fine_stripes(each_core):
    stripes = np.tile(np.array([0, 255], np.uint8), (8, 16))
    assert resize(stripes, scale=0.5, interpolation="area", linear=True)[2, 4] == 188  # half of white in sRGB
    assert resize(stripes, scale=0.5, interpolation="area")[2, 4] == 128


# ---- sizes ---------------------------------------------------------------------------------------------

BY_OPTION = [
    ({"size": (20, 10)}, (20, 10)),
    ({"size": 20}, (20, 20)),
    ({"scale": 0.5}, (25, 15)),
    ({"scale": (2, 0.1)}, (100, 3)),
    ({"scale": 0.29}, (15, 9)),  # 14.5, as it is written, and 8.7
    ({"scale": 0.001}, (1, 1)),
    ({"shortest": 15}, (25, 15)),
    ({"longest": 25}, (25, 15)),
    ({"longest": 33}, (33, 20)),  # 19.8
    ({"width": 75}, (75, 45)),
    ({"height": 1}, (2, 1)),  # 1.67
    ({"width": 1}, (1, 1)),  # 0.6
    ({"size": (20, 20), "fit": "contain"}, (20, 12)),
    ({"size": (200, 20), "fit": "contain"}, (33, 20)),
    ({"size": (3, 200), "fit": "contain"}, (3, 2)),  # 1.8
    ({"size": (20, 20), "fit": "cover"}, (20, 20)),
    ({"size": (20, 20), "fit": "pad"}, (20, 20)),
]


@pytest.mark.each("values, expected", BY_OPTION)
def test_the_size_follows_from_the_option(values, expected):
    for name in ("bilinear", "nearest", "area"):
        found = resize(np.zeros((30, 50, 3), np.uint8), **values, interpolation=name)
        assert found.shape == (*expected[::-1], 3), values


def test_the_longest_side_may_be_the_height():
    assert resize(np.zeros((50, 30), np.uint8), longest=25).shape == (25, 15)
    assert resize(np.zeros((50, 30), np.uint8), shortest=15).shape == (25, 15)


def test_cover_is_the_middle_part():
    """Half as high as it is wide in place of 30 to 50: the rows from 2.5 to 27.5."""
    image = RNG.random((30, 50))
    found = resize(image, size=(20, 10), fit="cover")
    np.testing.assert_allclose(found, slow(image, 20, 10, "bilinear", part=(0, 2.5, 50, 25)), atol=1e-12)
    found = resize(image, size=(20, 20), fit="cover", interpolation="area")
    np.testing.assert_allclose(found, slow(image, 20, 20, "area", part=(10, 0, 30, 30)), atol=1e-12)


def test_pad_surrounds_what_contain_gives():
    image = RNG.integers(1, 256, (30, 50, 3), np.uint8)
    inner = resize(image, size=(20, 20), fit="contain")
    found = resize(image, size=(20, 20), fit="pad")
    np.testing.assert_array_equal(found[4:16], inner)
    assert not found[:4].any() and not found[16:].any()
    filled = resize(image, size=(20, 20), fit="pad", fill=(1, 2, 3))
    assert (filled[:4] == [1, 2, 3]).all()
    np.testing.assert_array_equal(resize(image, size=(20, 20), fit="pad", border="nearest")[0], inner[0])


def test_pad_is_transparent_where_there_is_an_alpha():
    image = np.full((10, 20, 4), 255, np.uint8)
    found = resize(image, size=(10, 10), fit="pad")
    assert (found[:2, :, 3] == 0).all() and (found[3:7, :, 3] == 255).all()
    assert (resize(image, size=(10, 10), fit="pad", fill=0)[:2, :, 3] == 255).all()


def test_where_the_result_lies():
    def lies(width, height, **values):
        return geometry.of(resize.checked(**values).stages(), width, height)

    assert lies(50, 30, size=(25, 10)).in_image(1, 1) == (2, 3)
    cover = lies(50, 30, size=(20, 10), fit="cover")
    assert cover.in_image(0, 0) == (0, 2.5) and cover.in_image(20, 10) == (50, 27.5)
    pad = lies(50, 30, size=(25, 25), fit="pad")
    assert pad.in_image(0, 5) == (0, 0) and pad.in_image(25, 20) == (50, 30)


WRONG = [
    ({}, "size: is required unless --scale, --shortest, --longest, --width or --height is given"),
    ({"size": 3, "scale": 2}, "scale: cannot be combined with --size"),
    ({"width": 3, "height": 2}, "height: cannot be combined with --width; use --size for both"),
    ({"scale": 2, "fit": "cover"}, "fit: requires --size"),
    ({"size": 0}, "size: 0 is below the least value, 1 px"),
    ({"size": (3, 2, 1)}, "size: (3, 2, 1) has 3 numbers"),
    ({"scale": 0}, "scale: 0 must be above 0"),
    ({"size": 1e12}, "size: 1e+12 is above the greatest value"),
    ({"size": 2, "interpolation": "box"}, "interpolation: unknown value 'box'"),
    ({"size": 2, "interpolation": "area", "antialias": "off"}, "antialias: does not apply with --interpolation area"),
]


@pytest.mark.each("values, words", WRONG)
def test_wrong_parameters_are_refused_in_words(values, words):
    with pytest.raises(ParameterError) as caught:
        resize(np.zeros((3, 3), np.uint8), **values)
    assert str(caught.value).startswith(words), values


def test_on_and_off_are_true_and_false():
    image = RNG.integers(0, 256, (9, 13), np.uint8)
    for words, truth in (("on", True), ("off", False)):
        one, other = (resize(image, size=4, antialias=value) for value in (words, truth))
        np.testing.assert_array_equal(one, other)


# ---- strips, layouts, memory ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_strips_and_threads_give_the_same_bytes(name, run, each_core, monkeypatch):
    for dtype, shape in (("uint8", (90, 61, 3)), ("float32", (37, 40, 1))):
        image = (RNG.random(shape) * 255).astype(dtype)
        for size in ((20, 33), (133, 200), (61, 7)):
            values = {"size": size, "interpolation": name}
            whole = resize(image, **values)
            for rows in (1, 7, 300):
                found = run(resize, image, strip_rows=rows, **values)["image"].samples
                np.testing.assert_array_equal(found.reshape(whole.shape), whole)
            with monkeypatch.context() as patch:
                patch.setattr(executor, "STRIP_BYTES", 1)
                np.testing.assert_array_equal(resize(image, **values, jobs=3), whole)


def test_channels_side_by_side_and_apart_give_the_same_bytes(each_core):
    image = RNG.integers(0, 256, (40, 50, 3), np.uint8)
    apart = np.ascontiguousarray(image.transpose(2, 0, 1)).transpose(1, 2, 0)
    for size in ((20, 10), (99, 77)):
        np.testing.assert_array_equal(resize(image, size=size), resize(apart, size=size))


def test_a_stack_is_one_call_each(each_core):
    stack = RNG.integers(0, 256, (5, 28, 28, 3), np.uint8)
    found = resize(stack, size=(12, 9), stack=True)
    np.testing.assert_array_equal(found, [resize(image, size=(12, 9)) for image in stack])


def test_rows_are_read_once_and_not_all_at_a_time(monkeypatch):
    """Each strip sees the rows that its results need, and so does the memory."""
    from imfilter.filters.core.resampling import scaling

    seen = []
    inner = scaling.resample
    monkeypatch.setattr(scaling, "resample", lambda strip, *rest: seen.append(len(strip)) or inner(strip, *rest))
    resize(np.zeros((4000, 3000), np.uint8), scale=0.25, jobs=1)
    assert len(seen) > 4 and sum(seen) < 4000 * 1.1


@pytest.mark.skipif(native.core is None, reason="needs the compiled core")
def test_axes_that_see_very_many_samples():
    """One result of a million: the sum does not lose what float32 would."""
    row = np.tile(np.array([0, 255], np.uint8), (1, 1 << 20))
    assert resize(row, size=(1, 1), interpolation="area").item() == 128
    assert resize(row.T, size=(1, 1), interpolation="area").item() == 128
