"""Minima and maxima over windows and shapes: the decompositions against every sample looked at."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from imfilter.filters.blur import blur
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.core.rank import extrema, structuring_element
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage


@given(st.data())
def test_any_shape_gives_the_extremum_of_its_samples(data):
    size = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    mask = data.draw(arrays.arrays(bool, size).filter(np.any))
    anchor = data.draw(st.tuples(st.integers(0, size[1] - 1), st.integers(0, size[0] - 1)))
    shape = structuring_element.of_mask(mask, anchor)
    more = data.draw(st.tuples(st.integers(0, 5), st.integers(0, 5)))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    strip = rng.integers(0, 256, (shape.height + more[0], shape.width + more[1], 2), np.uint8)
    points = np.ones((shape.height, shape.width), bool) if shape.mask is None else shape.mask
    samples = sliding_window_view(strip, points.shape, (0, 1))[..., points]
    np.testing.assert_array_equal(extrema.Over(shape)(strip, "min"), samples.min(-1))
    planes = np.ascontiguousarray(strip.transpose(2, 0, 1)).transpose(1, 2, 0)
    np.testing.assert_array_equal(extrema.Over(shape)(planes, "max"), samples.max(-1))


@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    stride=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    dilation=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
def test_windows_have_strides_and_dilations(size, stride, dilation):
    (width, height), (dx, dy) = size, dilation
    reach = (height - 1) * dy + 1, (width - 1) * dx + 1
    planes = np.random.default_rng(1).integers(0, 256, (2, reach[0] + 6, reach[1] + 9), np.uint8)
    seen = sliding_window_view(planes, reach, (1, 2))[:, :: stride[1], :: stride[0], ::dy, ::dx]
    found = extrema.over_window(planes, size, "max", stride, dilation)
    np.testing.assert_array_equal(found, seen.max((3, 4)))


@pytest.mark.parametrize("mask", [np.arange(13)[:, None] % 2 == 0, np.arange(25)[None] % 3 != 1])
def test_gaps_between_chords_stay_gaps(mask):
    strip = np.random.default_rng(0).integers(0, 256, (30, 30, 1), np.uint8)
    samples = sliding_window_view(strip, mask.shape, (0, 1))[..., mask]
    found = extrema.Over(structuring_element.of_mask(mask, (0, 0)))(strip, "min")
    np.testing.assert_array_equal(found, samples.min(-1))


def test_a_shape_is_cut_to_what_holds_it_and_its_anchor():
    shape = structuring_element.of_mask(np.array([[0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 0]]), (1, 1))
    assert shape[:3] == (3, 2, (0, 0)) and shape.mask is not None
    assert shape.halo == (0, 0, 2, 1) and shape.reflected().halo == (2, 1, 0, 0)
    assert shape.mask.tolist() == [[False, True, True], [False, True, False]]


@pytest.mark.each("border", BORDERS)
@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("size", [(3, 3), (4, 2), (1, 5), (7, 1), (23, 18)])
def test_minimum_and_maximum_are_scipys(size, dtype, border, noise):
    image = noise((14, 11), dtype)
    for op, reference in (("min", ndimage.minimum_filter), ("max", ndimage.maximum_filter)):
        expected = reference(image, size[::-1], mode=border, cval=0)
        np.testing.assert_array_equal(blur(image, op=op, size=size, border=border), expected)


def test_the_window_is_3_by_default(noise):
    image = noise((9, 9, 3))
    np.testing.assert_array_equal(blur(image, op="max"), blur(image, op="max", radius=1))


def test_a_missing_sample_reaches_as_far_as_the_window_or_counts_nothing():
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
    with pytest.raises(ParameterError, match="algorithm: has no meaning with op min"):
        blur(np.zeros((3, 3), np.uint8), op="min", algorithm="direct")
