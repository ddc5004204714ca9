"""The most frequent sample of a window, by a slow and obviously right loop."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from imfilter.filters.blur import blur
from imfilter.filters.core.rank import mode_filter


def slow(plane, width, height):
    """The mode of each window of a padded plane; the own sample before the least of those as frequent."""
    rows, columns = plane.shape[0] - height + 1, plane.shape[1] - width + 1
    found = np.empty((rows, columns), plane.dtype)
    for y in range(rows):
        for x in range(columns):
            window = [value for value in plane[y : y + height, x : x + width].ravel().tolist() if value == value]
            own = plane[y + height // 2, x + width // 2]
            counts = Counter(window)
            most = max(counts.values(), default=0)
            tied = sorted(value for value, count in counts.items() if count == most)
            found[y, x] = own if own in tied else tied[0] if tied else np.nan
    return found


PLANES = st.sampled_from(["uint8", "uint16", "float32"]).flatmap(
    lambda dtype: arrays.arrays(
        dtype, st.tuples(st.integers(5, 9), st.integers(5, 12)), elements=st.integers(0, 5).map(float)
    )
)


@given(PLANES, st.integers(1, 5), st.integers(1, 5), st.booleans())
def test_both_ways_find_what_a_loop_finds(plane, width, height, gaps):
    if gaps and plane.dtype.kind == "f":
        plane = np.where(plane == 3, np.float32(np.nan), plane)
    expected = slow(plane, width, height)
    values = np.unique(plane)
    counted = mode_filter._by_counting(plane, values[values == values], width, height)
    assert np.array_equal(counted, expected, equal_nan=plane.dtype.kind == "f")
    sorted_ = mode_filter._by_sorting(plane, width, height)
    assert np.array_equal(sorted_, expected, equal_nan=plane.dtype.kind == "f")


@pytest.mark.each("size", [3, (5, 2), (1, 1), 11, (40, 3)])
@pytest.mark.each("levels", [3, 256, 65536])
@pytest.mark.each("channels", [1, 3])
def test_whole_images(size, levels, channels):
    width, height = (size, size) if isinstance(size, int) else size
    dtype = np.uint8 if levels <= 256 else np.uint16
    image = np.random.default_rng(levels).integers(0, levels, (13, 17, channels)).astype(dtype)
    image[:, 5:9] = image[:1, :1]
    padded = np.pad(image, ((height // 2, (height - 1) // 2), (width // 2, (width - 1) // 2), (0, 0)), mode="symmetric")
    expected = np.dstack([slow(padded[..., channel], width, height) for channel in range(channels)])
    assert np.array_equal(blur(image, op="mode", size=size), expected)


def test_ties_go_to_the_pixel_and_then_to_the_least():
    assert blur(np.array([[9, 2, 5]], np.uint8), op="mode").tolist() == [[9, 2, 5]]
    assert blur(np.array([[9, 9, 5, 2, 2]], np.uint8), op="mode", size=(5, 1)).tolist()[0][2] == 2


def test_missing_samples_count_nothing_where_they_are_ignored():
    image = np.array([[1, 1, np.nan, 2, 2, 2]], np.float32)
    found = blur(image, op="mode", nan="ignore").ravel()
    assert found.tolist() == [1, 1, 1, 2, 2, 2]
    spread = blur(image, op="mode").ravel()
    assert np.isnan(spread).tolist() == [False, True, True, True, False, False]


def test_a_large_window_is_counted_where_a_value_occurs(monkeypatch):
    """The work on each value is that of the box it lies in."""
    counted = []
    counts = mode_filter._counts
    monkeypatch.setattr(mode_filter, "_counts", lambda there, *rest: counted.append(there.size) or counts(there, *rest))
    plane = np.zeros((300, 300), np.uint8)
    for label in range(1, 21):
        plane[10 * label : 10 * label + 8, 10 * label : 10 * label + 8] = label
    assert mode_filter.mode_of(plane, 7, 7).max() == 20
    assert sum(counted) < 2 * plane.size
