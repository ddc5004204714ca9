"""Minima and maxima over windows and shapes, against every sample looked at."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from imfilter.filters.blur import blur
from imfilter.filters.core import native
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.core.rank import extrema, structuring_element
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage


def least_and_greatest(over, strip, mask, ignoring=False):
    """Compare what is found with every sample looked at."""
    samples = sliding_window_view(strip, mask.shape, (0, 1))[..., mask]
    least, greatest = (np.fmin, np.fmax) if ignoring else (np.minimum, np.maximum)
    np.testing.assert_array_equal(over(strip, "min", ignoring), least.reduce(samples, -1))
    np.testing.assert_array_equal(over(strip, "max", ignoring), greatest.reduce(samples, -1))


def laid_out(strip, layout):
    """Return a strip of the same samples, in another layout."""
    if layout == "planes":
        return np.ascontiguousarray(strip.transpose(2, 0, 1)).transpose(1, 2, 0)
    if layout == "apart":
        return np.repeat(np.repeat(strip, 2, 0), 3, 1)[::-2, ::3]
    strip.setflags(write=False)
    return strip


@pytest.mark.each("layout", ["beside", "planes", "apart"])
@pytest.mark.each("dtype", ["bool", "uint8", "uint16", "float32", "float64"])
@pytest.mark.each("density", [0.2, 0.7, 0.97, 1])
def test_any_shape_gives_the_extremum_of_its_samples(each_core, density, dtype, layout):
    for seed in range(12):
        rng = np.random.default_rng(seed)
        mask = rng.random(rng.integers(1, 12, 2)) < density
        mask[tuple(rng.integers(0, mask.shape))] = True
        shape = structuring_element.of_mask(mask, (0, 0), trimmed=False)
        size = np.add(mask.shape, rng.integers(0, 8, 2))
        strip = rng.integers(0, 256, (*size, rng.integers(1, 4))).astype(dtype)
        if dtype.startswith("float"):
            strip[rng.random(strip.shape) < 0.03] = rng.choice([np.nan, np.inf, -np.inf])
        over = extrema.Over(shape)
        least_and_greatest(over, laid_out(strip, layout), mask, ignoring=bool(seed % 2))


@pytest.mark.each("name", structuring_element.NAMES)
@pytest.mark.each("size", [(31, 33), (64, 2), (3, 70), (40, 1), (1, 131)])
def test_large_shapes_are_taken_apart(each_core, size, name, noise):
    shape = structuring_element.named(name, *size)
    mask = np.ones((shape.height, shape.width), bool) if shape.mask is None else shape.mask
    strip = noise((shape.height + 20, shape.width + 70, 1))
    least_and_greatest(extrema.Over(shape), strip, mask)


@pytest.mark.each("columns", [0, 1, 15, 16, 17, 63, 64, 65, 127, 255, 257, 300])
@pytest.mark.each("rows", [0, 1, 3, 4, 5])
def test_rows_of_any_length_are_whole(each_core, rows, columns):
    strip = np.random.default_rng(columns).integers(0, 256, (rows + 4, columns + 6, 1), np.uint8)
    found = extrema.Over(structuring_element.window(7, 5))(strip, "min")
    assert found.shape == (rows, columns, 1)
    if found.size:
        least_and_greatest(extrema.Over(structuring_element.window(7, 5)), strip, np.ones((5, 7), bool))


def test_a_strip_of_several_tiles_is_that_of_each_part(each_core):
    strip = np.random.default_rng(3).integers(0, 65536, (300, 5000, 1), np.uint16)
    over = extrema.Over(structuring_element.named("disk", 21, 21))
    whole = over(strip, "max")
    for y, x in ((0, 0), (100, 1900), (270, 4950)):
        np.testing.assert_array_equal(over(strip[y : y + 30, x : x + 50], "max"), whole[y : y + 10, x : x + 30])


@pytest.mark.skipif(native.core is None, reason="nothing is compiled")
def test_the_core_refuses_what_does_not_fit():
    core = native.core
    given, out = np.zeros((1, 5, 9), np.uint8), np.zeros((1, 3, 7), np.uint8)

    def call(rectangles, given=given, out=out, width=3, height=3, across=1):
        core.extrema(given, out, np.array([rectangles], np.int32), width, height, across, False, False)

    call([[3, 3, 0, 0]])
    for wrong in ([[3, 3, 1, 0]], [[4, 3, 0, 0]], [[3, 3, 0, -1]], [[0, 1, 0, 0]], [[2, 1, 0, 0], [1, 1, 0, 0]]):
        with pytest.raises(ValueError, match="rectangles"):
            call(wrong)
    with pytest.raises(ValueError, match="rectangles"):
        call(np.zeros((0, 4)))
    for sizes in ({"width": 4}, {"height": 2}, {"across": 2}, {"across": 0}, {"width": 1 << 60}):
        with pytest.raises(ValueError):
            call([[1, 1, 0, 0]], **sizes)
    with pytest.raises(TypeError):
        call([[3, 3, 0, 0]], out=np.zeros((1, 3, 7), np.uint16))
    out.setflags(write=False)
    with pytest.raises((ValueError, BufferError)):
        call([[3, 3, 0, 0]])


@pytest.mark.each("mask", [np.arange(13)[:, None] % 2 == 0, np.arange(25)[None] % 3 != 1, np.eye(40, dtype=bool)])
def test_gaps_stay_gaps(each_core, mask):
    strip = np.random.default_rng(0).integers(0, 256, (50, 50, 1), np.uint8)
    least_and_greatest(extrema.Over(structuring_element.of_mask(mask, (0, 0))), strip, mask)


@given(arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))).filter(np.any))
def test_rectangles_cover_the_mask_and_no_more(mask):
    covered = np.zeros_like(mask)
    found = extrema.rectangles(mask).tolist()
    for width, height, x, y in found:
        assert mask[y : y + height, x : x + width].all()
        covered[y : y + height, x : x + width] = True
    np.testing.assert_array_equal(covered, mask)
    assert [rectangle[:2] for rectangle in found] == sorted(rectangle[:2] for rectangle in found)


def test_a_shape_is_cut_to_what_holds_it_and_its_anchor():
    shape = structuring_element.of_mask(np.array([[0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 0]]), (1, 1))
    assert shape[:3] == (3, 2, (0, 0)) and shape.mask is not None
    assert shape.halo == (0, 0, 2, 1) and shape.reflected().halo == (2, 1, 0, 0)
    assert shape.mask.tolist() == [[False, True, True], [False, True, False]]


@pytest.mark.each("border", BORDERS)
@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("size", [(3, 3), (4, 2), (1, 5), (7, 1), (23, 18)])
def test_minimum_and_maximum_are_scipys(each_core, size, dtype, border, noise):
    image = noise((14, 11), dtype)
    for op, reference in (("min", ndimage.minimum_filter), ("max", ndimage.maximum_filter)):
        expected = reference(image, size[::-1], mode=border, cval=0)
        np.testing.assert_array_equal(blur(image, op=op, size=size, border=border), expected)


def test_the_window_is_3_by_default(noise):
    image = noise((9, 9, 3))
    np.testing.assert_array_equal(blur(image, op="max"), blur(image, op="max", radius=1))


def test_a_missing_sample_reaches_as_far_as_the_window_or_counts_nothing(each_core):
    image = np.arange(81, dtype=np.float32).reshape(9, 9)
    image[4, 4] = np.nan
    gaps = np.isnan(blur(image, op="min", size=(3, 5)))
    assert gaps[2:7, 3:6].all() and gaps.sum() == 15
    without = np.where(np.isnan(image), np.inf, image)
    expected = ndimage.minimum_filter(without, 3)
    np.testing.assert_array_equal(blur(image, op="min", nan="ignore"), expected)
    assert np.isnan(blur(np.full((4, 4), np.nan, np.float32), op="max", nan="ignore")).all()


def test_infinities_are_samples():
    image = np.array([[np.inf, np.nan, np.inf, 1, 2]], np.float32)
    answer = blur(image, op="min", size=(2, 1), nan="ignore")
    assert answer.tolist() == [[np.inf, np.inf, np.inf, 1, 1]]


def test_an_algorithm_is_refused():
    with pytest.raises(ParameterError, match="algorithm: does not apply to op min"):
        blur(np.zeros((3, 3), np.uint8), op="min", algorithm="direct")
