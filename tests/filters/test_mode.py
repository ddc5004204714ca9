"""The most frequent sample of a window, by a slow and obviously right loop."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from imfilter.filters.blur import blur
from imfilter.filters.core import native
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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PLANES, st.integers(1, 5), st.integers(1, 5), st.booleans())
def test_every_core_finds_what_a_loop_finds(each_core, plane, width, height, gaps):
    if gaps and plane.dtype.kind == "f":
        plane = np.where(plane == 3, np.float32(np.nan), plane)
    found = mode_filter.mode_of(plane[..., None], width, height)[..., 0]
    np.testing.assert_array_equal(found, slow(plane, width, height))


@pytest.mark.each("size", [3, (5, 2), (1, 1), 11, (40, 3)])
@pytest.mark.each("levels", [3, 256, 65536])
@pytest.mark.each("channels", [1, 3])
def test_whole_images(size, levels, channels, each_core):
    width, height = (size, size) if isinstance(size, int) else size
    dtype = np.uint8 if levels <= 256 else np.uint16
    image = np.random.default_rng(levels).integers(0, levels, (13, 17, channels)).astype(dtype)
    image[:, 5:9] = image[:1, :1]
    padded = np.pad(image, ((height // 2, (height - 1) // 2), (width // 2, (width - 1) // 2), (0, 0)), mode="symmetric")
    expected = np.dstack([slow(padded[..., channel], width, height) for channel in range(channels)])
    assert np.array_equal(blur(image, op="mode", size=size), expected)


def test_ties_go_to_the_pixel_and_then_to_the_least(each_core):
    assert blur(np.array([[9, 2, 5]], np.uint8), op="mode").tolist() == [[9, 2, 5]]
    assert blur(np.array([[9, 9, 5, 2, 2]], np.uint8), op="mode", size=(5, 1)).tolist()[0][2] == 2


def test_missing_samples_count_nothing_where_they_are_ignored(each_core):
    image = np.array([[1, 1, np.nan, 2, 2, 2]], np.float32)
    found = blur(image, op="mode", nan="ignore").ravel()
    assert found.tolist() == [1, 1, 1, 2, 2, 2]
    spread = blur(image, op="mode").ravel()
    assert np.isnan(spread).tolist() == [False, True, True, True, False, False]


def test_the_least_of_many_values_is_found(each_core):
    """Windows whose values are as frequent, in a tile with more and with fewer values than theirs."""
    plane = np.random.default_rng(0).permutation(300 * 200).astype(np.uint16).reshape(300, 200, 1)
    for strip in (plane, plane // 997):
        found = mode_filter.mode_of(strip, 4, 3)[150:160, 120:140, 0]
        np.testing.assert_array_equal(found, slow(strip[150:162, 120:143, 0], 4, 3))


@pytest.mark.skipif(native.core is None, reason="needs the compiled core")
def test_the_core_refuses_what_does_not_fit():
    given, out = np.zeros((1, 9, 11), np.uint8), np.zeros((1, 7, 9), np.uint8)
    for height, width, step in ((2, 3, 1), (3, 3, 3), (0, 3, 1), (3, 3, -1)):
        with pytest.raises(ValueError):
            native.core.mode(given, out, height, width, step, True)
