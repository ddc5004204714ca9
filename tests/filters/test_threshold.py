"""Thresholds: known answers, slow references, and equality with scikit-image."""

import operator
from fractions import Fraction

import numpy as np
import pytest
from imfilter.filters.core.engine import image_rows
from imfilter.filters.core.engine.borders import source_index
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.core.thresholding import histogram_threshold
from imfilter.filters.threshold import COUNTED, SPREAD, threshold

RNG = np.random.default_rng(15)


def two_humps(shape, dtype=np.uint8):
    """Dark and light samples, a quarter of them light."""
    white = {np.uint8: 255, np.uint16: 65535, np.float32: 1.0}[dtype]
    light = RNG.random(shape) < 0.25
    values = np.where(light, RNG.normal(0.7, 0.08, shape), RNG.normal(0.3, 0.1, shape)).clip(0, 1) * white
    return (np.rint(values) if dtype is not np.float32 else values).astype(dtype)


def least(image, op):
    """The greatest sample that is black."""
    return image[threshold(image, op=op) == 0].max()


def test_fixed_is_black_at_the_threshold_and_white_above():
    image = np.array([[99, 100, 101, 255]], np.uint8)
    assert threshold(image, op="fixed", value=100).tolist() == [[0, 0, 255, 255]]
    assert threshold(image, op="fixed").tolist() == [[0, 0, 0, 255]]  # above 127.5


def slow_otsu(image):
    """The level that parts the samples into the most different classes, by trying all: Otsu 1979, formula 12."""
    found = []
    for level in range(image.max()):
        below, above = image[image <= level].astype(float), image[image > level].astype(float)
        apart = below.mean() - above.mean() if below.size else 0.0
        found.append(below.size * above.size * apart**2)
    return int(np.argmax(found))


def exactly_between(image):
    """Otsu's variance between the classes that each level parts, but for a constant factor, without any rounding."""
    levels, counts = (found.tolist() for found in np.unique(image, return_counts=True))
    whole, found, number, total = sum(map(operator.mul, levels, counts)), {}, 0, 0
    for level, count in zip(levels[:-1], counts[:-1], strict=True):
        number, total = number + count, total + count * level
        apart = total * image.size - whole * number
        found[level] = Fraction(apart * apart, number * (image.size - number))
    return found


def test_otsu_of_16_bits_is_the_best_level_in_exact_arithmetic():
    for _ in range(5):
        image = two_humps((200, 301), np.uint16)
        between = exactly_between(image)
        assert least(image, "otsu") == max(between, key=between.__getitem__)


def test_otsu_is_the_best_of_all_levels():
    for _ in range(5):
        image = two_humps((30, 41))
        assert least(image, "otsu") <= slow_otsu(image) < image[threshold(image) > 0].min()


def test_triangle_is_furthest_below_the_line_from_the_peak_to_the_longer_tail():
    # Counts 10 9 1 1 1 1 from level 0 on: the line falls from 10 to 1, and level 2 lies 5.4 below it, the others less.
    levels, counts = np.arange(6.0), np.array([10.0, 9, 1, 1, 1, 1])
    assert histogram_threshold.triangle(levels, counts) == 2
    assert histogram_threshold.triangle(levels, counts[::-1]) == 3


def test_li_is_a_fixed_point_of_the_logarithmic_mean():
    image = two_humps((64, 64), np.float32)
    levels, counts = np.unique(image.astype(float), return_counts=True)
    at = histogram_threshold.li(levels, counts, 1e-12) - levels[0]
    below, above = (
        image[where].astype(float).mean() - levels[0] for where in (image <= at + levels[0], image > at + levels[0])
    )
    assert at == pytest.approx((below - above) / np.log(below / above), abs=1e-9)


def slow_local(image, op, size, k, border="reflect"):
    """The samples above the threshold of their window, pixel by pixel."""
    height, width = image.shape
    rows, columns = (source_index(-r, n + r, n, border) for r, n in ((size // 2, height), (size // 2, width)))
    means, deviations = np.empty(image.shape), np.empty(image.shape)
    for y in range(height):
        for x in range(width):
            window = image[np.ix_(rows[y : y + size], columns[x : x + size])].astype(float)
            means[y, x], deviations[y, x] = window.mean(), window.std()
    white = 255 if image.dtype == np.uint8 else 1
    limit = {
        "niblack": means - k * deviations,
        "sauvola": means * (1 + k * (deviations / (white / 2) - 1)),
        "wolf": means - k * (1 - deviations / deviations.max()) * (means - image.min()),
        "mean": means - k,
    }[op]
    assert np.abs(image - limit).min() > 1e-9  # no sample for rounding to decide on
    return image > limit


@pytest.mark.parametrize("op", [*SPREAD, "mean"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_local_thresholds_are_those_of_each_window(each_core, op, dtype):
    image = two_humps((23, 31), dtype)
    values = {"offset": 0.37} if op == "mean" else {"k": 0.31}
    expected = slow_local(image, op, 7, *values.values())
    assert ((threshold(image, op=op, size=7, border="reflect", **values) > 0) == expected).all()


def test_a_sample_equal_to_its_window_s_mean_is_black():
    image = np.full((40, 40), 201, np.uint8)
    image[5:8, 5:8] = [[1, 0, 2], [0, 1, 2], [1, 2, 0]]
    assert not threshold(image, op="mean", size=3)[20:, 20:].any()
    assert threshold(image, op="mean", size=3)[6, 6] == 0


@pytest.mark.parametrize("op", COUNTED)
def test_an_image_of_one_value_is_black(op):
    for dtype in (np.uint8, np.uint16, np.float32):
        assert not threshold(np.full((3, 4), 1, dtype), op=op).any()


@pytest.mark.parametrize("op", COUNTED)
def test_what_is_not_finite_counts_nothing(op):
    image = two_humps((20, 20), np.float32)
    holed = image.copy()
    holed[::5, ::7] = np.nan
    holed[1, 1] = np.inf
    kept = np.isfinite(holed)
    expected = threshold(holed[kept][None], op=op)[0]
    assert (threshold(holed, op=op)[kept] == expected).all()
    assert not threshold(np.full((2, 2), np.nan, np.float32), op=op).any()


def test_missing_samples_are_left_out_of_windows():
    image = two_humps((20, 20), np.float32)
    image[7, 7:9] = np.nan
    whole = threshold(image, op="sauvola", size=5, nan="ignore") > 0
    window = image[4:9, 4:9].astype(float)
    limit = np.nanmean(window) * (1 + 0.2 * (np.nanstd(window) / 0.5 - 1))
    assert whole[6, 6] == (image[6, 6] > limit) and not whole[7, 7]


def test_each_channel_has_a_threshold_of_its_own():
    image = np.stack([two_humps((30, 30)), two_humps((30, 30)) // 3], axis=2)
    image = np.concatenate([image, image[..., :1] // 2], axis=2)
    answer = threshold(image, channels="each")
    for number in range(3):
        assert (answer[..., number] == threshold(image[..., number])).all()
    assert threshold(image).shape == (30, 30)


def test_one_bit_is_bool():
    image = two_humps((20, 30))
    answer = threshold(image, depth="1")
    assert answer.dtype == bool and (answer == (threshold(image) > 0)).all()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"op": "sauvola", "size": 4}, "odd"),
        ({"op": "otsu", "size": 5}, "size"),
        ({"op": "fixed", "offset": 5}, "offset"),
        ({"op": "li", "value": 5}, "value"),
        ({"op": "mean", "k": 1}, "k"),
    ],
)
def test_wrong_values_are_named(values, words):
    with pytest.raises(ParameterError, match=words):
        threshold(np.zeros((4, 4), np.uint8), **values)


@pytest.mark.peers
class TestScikitImage:
    """The same pixels, except where a sample equals the mean of its window."""

    @pytest.fixture(params=[np.uint8, np.uint16, np.float32])
    def image(self, request):
        return two_humps((200, 301), request.param)

    @pytest.mark.parametrize("op", COUNTED)
    def test_one_threshold(self, image, op):
        skimage = pytest.importorskip("skimage.filters")
        limit = getattr(skimage, f"threshold_{op}")(image)
        if op == "otsu" and image.dtype == np.uint16:
            # It multiplies the numbers of samples in float32, which takes one of many levels that are nearly as good.
            between = exactly_between(image)
            best, theirs = between[least(image, "otsu")], between[image[image <= limit].max()]
            assert theirs <= best < theirs * (1 + Fraction(1, 10**6))
            return
        assert ((threshold(image, op=op) > 0) == (image > limit)).all()

    @pytest.mark.parametrize("op", ["niblack", "sauvola"])
    def test_a_threshold_for_each_pixel(self, image, op):
        skimage = pytest.importorskip("skimage.filters")
        half = {} if op == "niblack" else {"r": 0.5 if image.dtype.kind == "f" else None}
        limit = getattr(skimage, f"threshold_{op}")(image, 25, 0.2, **half)
        assert ((threshold(image, op=op, size=25) > 0) == (image > limit)).all()

    @pytest.mark.parametrize("op", ["mean", "gaussian"])
    def test_beside_the_mean(self, image, op):
        skimage = pytest.importorskip("skimage.filters")
        offset = 0.0123 * {"u1": 255, "u2": 65535, "f4": 1}[image.dtype.str[1:]]
        limit = skimage.threshold_local(image, 35, op, offset)
        assert ((threshold(image, op=op, size=35, offset=offset) > 0) == (image > limit)).all()


@pytest.mark.each("gathered", [1, 100, 1 << 22])
def test_samples_are_counted_alike_whenever_they_are_sorted(noise, monkeypatch, gathered):
    monkeypatch.setattr(histogram_threshold, "GATHERED", gathered)
    values = np.round(noise((300, 7, 2), "float32") * 20) / 20
    values[3:5, 2] = np.nan
    found = histogram_threshold._gathered(None, image_rows.Whole(values, 300, 7))
    for channel, (levels, counts) in enumerate(found):
        plane = values[..., channel].astype(float)
        expected = np.unique(plane[np.isfinite(plane)], return_counts=True)
        np.testing.assert_array_equal(levels, expected[0])
        np.testing.assert_array_equal(counts, expected[1])
