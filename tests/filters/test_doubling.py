"""Sums and extrema over windows by doubling, against loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.core.linear.doubling import Turns, joins, over_windows


def by_loop(samples, length, join, axis, step):
    """Join the samples of every window, one after the other."""
    lines = np.moveaxis(samples, axis, 0)
    found = []
    for first in range(len(lines) - (length - 1) * step):
        total = lines[first].copy()
        for tap in range(1, length):
            total = join(total, lines[first + tap * step])
        found.append(total)
    return np.moveaxis(np.array(found), 0, axis)


@pytest.mark.parametrize(
    ("join", "overlap"),
    [(np.add, False), (np.maximum, False), (np.maximum, True), (np.minimum, True), (np.bitwise_or, True)],
)
@given(length=st.integers(1, 40), step=st.integers(1, 5), more=st.integers(1, 20), axis=st.integers(0, 2))
def test_every_window_along_any_axis(join, overlap, length, step, more, axis):
    shape = [2, 3, 2]
    shape[axis] = (length - 1) * step + more
    samples = np.random.default_rng(length).integers(0, 256, shape, np.uint16)
    before = samples.copy()
    found = over_windows(samples, length, join, axis=axis, step=step, overlap=overlap)
    np.testing.assert_array_equal(found, by_loop(samples, length, join, axis, step))
    assert found.dtype == samples.dtype
    np.testing.assert_array_equal(samples, before)


@pytest.mark.parametrize(("join", "overlap"), [(np.add, False), (np.maximum, True)])
@given(length=st.integers(1, 70), step=st.integers(1, 5), more=st.integers(1, 20))
def test_kept_arrays_hold_the_way_to_the_result_and_the_result_lies_where_it_is_wanted(
    join, overlap, length, step, more
):
    samples = np.random.default_rng(length).integers(0, 256, (length - 1) * step + more, np.uint16)
    turns, out = Turns(), np.empty(more, np.uint16)
    for _ in range(2):  # the second time in the same arrays
        found = over_windows(samples, length, join, step=step, overlap=overlap, turns=turns, out=out)
        np.testing.assert_array_equal(found, by_loop(samples, length, join, 0, step))
        assert np.shares_memory(found, out)
    without = over_windows(samples, length, join, step=step, overlap=overlap, turns=turns)
    np.testing.assert_array_equal(without, found)


@given(have=st.integers(1, 20), more=st.integers(0, 50), step=st.integers(1, 3))
def test_overlapping_windows_grow_from_shorter_ones(have, more, step):
    length = have + more
    samples = np.random.default_rng(length).integers(0, 256, length * step + 9, np.uint8)
    windows = over_windows(samples, have, np.maximum, step=step, overlap=True)
    found = over_windows(windows, length, np.maximum, step=step, have=have, overlap=True)
    np.testing.assert_array_equal(found, by_loop(samples, length, np.maximum, 0, step))


@given(length=st.integers(1, 300), have=st.integers(1, 20), overlap=st.booleans())
def test_joins_are_counted_as_they_are_done(length, have, overlap):
    have = min(have, length) if overlap else 1
    calls = []

    def join(near, far, out=None):
        calls.append(near)
        return near

    over_windows(np.zeros(length - have + 1), length, join, have=have, overlap=overlap)
    assert len(calls) == joins(length, have, overlap=overlap)


def test_sums_round_as_they_always_did():
    """Windows of 1, 2, 4, … from the left: the order in which floats are added is part of the result's bits."""
    samples = np.random.default_rng(0).random(50, np.float32)
    pairs = samples[:-1] + samples[1:]
    fours = pairs[:-2] + pairs[2:]
    eights = fours[:-4] + fours[4:]
    np.testing.assert_array_equal(over_windows(samples, 5, np.add), samples[:46] + fours[1:])
    np.testing.assert_array_equal(over_windows(samples, 11, np.add), (samples[:40] + pairs[1:41]) + eights[3:43])
