"""The statistics of channels: against NumPy, exact for whole numbers, and without ignored samples."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imfilter.filters.core.measure import statistics as measured
from imfilter.filters.core.parameters import ImageError, ParameterError

PERCENTS = (0, 0.1, 1, 5, 25, 33.3, 50, 75, 99, 99.9, 100)


@st.composite
def pictures(draw):
    kind = draw(st.sampled_from(["uint8", "uint16"]))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    shape = *(int(side) for side in rng.integers(1, 40, 2)), draw(st.sampled_from([1, 3, 4, 5]))
    top = draw(st.sampled_from([1, 3, 256, np.iinfo(kind).max + 1]))
    return rng.integers(0, min(top, np.iinfo(kind).max + 1), shape).astype(kind)


@settings(max_examples=80, deadline=None)
@given(pictures(), st.sampled_from([1, 3]))
def test_figures_of_whole_numbers_are_those_of_numpy(image, jobs):
    colours = image[..., :3] if image.shape[2] == 4 else image
    for channel, found in enumerate(measured(colours, jobs=jobs)):
        plane = colours[..., channel]
        assert [found.percentile(p) for p in PERCENTS] == [
            np.percentile(plane, p, method="inverted_cdf") for p in PERCENTS
        ]
        assert (found.samples, found.minimum, found.maximum) == (plane.size, plane.min(), plane.max())
        assert found.mean == math.fsum(plane.ravel().tolist()) / plane.size
        assert found.std == pytest.approx(plane.std(dtype=np.float64), rel=1e-12, abs=1e-12)
        full = np.iinfo(image.dtype).max
        assert (found.black, found.white) == (np.count_nonzero(plane == 0), np.count_nonzero(plane == full))
        assert np.array_equal(found.counts, np.bincount(plane.ravel(), minlength=full + 1))
        assert found.exact


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32), st.sampled_from(["float32", "float64"]), st.sampled_from([1, 3]))
def test_figures_of_floats_lie_half_a_step_beside_those_of_numpy(seed, kind, jobs):
    rng = np.random.default_rng(seed)
    image = (rng.normal(rng.normal(0, 100), rng.uniform(0.001, 50), (31, 23, 3))).astype(kind)
    for channel, found in enumerate(measured(image, jobs=jobs)):
        plane = image[..., channel].astype(np.float64)
        assert (found.minimum, found.maximum) == (plane.min(), plane.max())
        assert found.mean == pytest.approx(plane.mean(), rel=1e-12)
        assert found.std == pytest.approx(plane.std(), rel=1e-9)
        assert not found.exact
        for p in PERCENTS:
            apart = found.percentile(p) - np.percentile(plane, p, method="inverted_cdf")
            assert abs(apart) <= 0.501 * found.step + 1e-9 * abs(found.maximum)


def test_any_number_of_threads_and_any_strip_gives_the_same(monkeypatch):
    rng = np.random.default_rng(1)
    for image in (rng.integers(0, 1 << 16, (97, 61, 3), np.uint16), rng.normal(0, 1, (97, 61, 3))):
        monkeypatch.undo()
        whole = measured(image, jobs=1)
        # Sums of strips of one size are those of any number of threads; of other strips they are rounded elsewhere.
        monkeypatch.setattr("imfilter.filters.core.measure.survey.STRIP", 61 * 3 * 5)
        first, *others = (measured(image, jobs=jobs) for jobs in (1, 2, 7))
        for one, other in zip(first, whole, strict=True):
            assert np.array_equal(one.counts, other.counts)
            assert (one.mean, one.std) == pytest.approx((other.mean, other.std), rel=1e-13, abs=1e-15)
        for found in others:
            assert [one[:9] for one in found] == [one[:9] for one in first]


def test_nan_and_infinities_are_counted_and_left_out():
    image = np.array([[np.nan, 1.0, np.inf], [2.0, -np.inf, np.nan]], np.float32)
    found = measured(image)[0]
    assert (found.samples, found.nan, found.infinite) == (2, 2, 2)
    assert (found.minimum, found.maximum, found.mean, found.std) == (1.0, 2.0, 1.5, 0.5)
    assert (found.black, found.white) == (0, 2)
    nothing = measured(np.full((2, 2), np.nan))[0]
    assert (nothing.samples, nothing.nan) == (0, 4)
    assert math.isnan(nothing.mean) and math.isnan(nothing.percentile(50))
    assert nothing.histogram(4).counts.tolist() == [0, 0, 0, 0]


def test_extreme_floats_have_a_range():
    most = float(np.finfo(np.float64).max)
    found = measured(np.array([[-most, most, 0.0]]))[0]
    assert (found.minimum, found.maximum, found.samples, int(found.counts.sum())) == (-most, most, 3, 3)
    assert found.percentile(100) == most and abs(found.percentile(50)) <= found.step
    assert found.histogram(4).high == most
    flat = measured(np.full((3, 3), 0.1, np.float32))[0]
    assert flat.std < 1e-9 and flat.percentile(1) == flat.percentile(99) == flat.minimum and flat.exact
    least = measured(np.array([[0.0, 5e-324]]))[0]
    assert (least.minimum, least.maximum, int(least.counts.sum())) == (0.0, 5e-324, 2)


def test_what_is_transparent_or_missing_is_left_out():
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (40, 50, 4), np.uint8)
    image[:9, :, 3] = 0
    seen = image[image[..., 3] > 0]
    for channel, found in enumerate(measured(image)):
        assert found.samples == len(seen)
        assert np.array_equal(found.counts, np.bincount(seen[:, channel], minlength=256))
    floats = image.astype(np.float32)
    for channel, found in enumerate(measured(floats)):
        assert found.samples == len(seen) and found.mean == pytest.approx(seen[:, channel].mean())
    gaps = np.ma.masked_array(image[..., 0], image[..., 0] < 100)
    found = measured(gaps)[0]
    assert (found.samples, found.minimum) == (np.count_nonzero(image[..., 0] >= 100), 100)
    hidden = np.zeros((3, 3, 2), np.uint8)
    assert measured(hidden)[0].samples == 0


@pytest.mark.each("kind", ["uint8", "uint16", "float32"])
def test_the_luma_is_that_of_its_weights(kind):
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (30, 20, 3)).astype(kind)
    exact = image.astype(np.float64) @ [0.299, 0.587, 0.114]
    (found,) = measured(image, luma=True)
    if kind == "float32":
        assert (found.minimum, found.maximum) == pytest.approx((exact.min(), exact.max()), rel=1e-6)
    else:
        assert np.array_equal(
            found.counts, np.bincount(np.floor(exact + 0.5).astype(int).ravel(), minlength=len(found.counts))
        )


@settings(max_examples=60, deadline=None)
@given(pictures(), st.integers(1, 300))
def test_a_histogram_counts_every_sample_once(image, bins):
    found = measured(image[..., :1])[0]
    drawn = found.histogram(bins)
    levels = len(found.counts)
    slow = np.zeros(bins, int)
    for value in image[..., 0].ravel().tolist():
        slow[value * bins // levels] += 1
    assert np.array_equal(drawn.counts, slow)
    assert drawn.levels.sum() == levels and (drawn.low, drawn.high) == (0, levels - 1)


def test_white_of_fewer_bits_ends_the_histogram():
    image = np.array([[0, 4095, 17]], np.uint16)
    found = measured(image, white=4095)[0]
    assert (found.white, len(found.counts)) == (1, 4096)
    assert measured(image)[0].white == 0


def test_wrong_calls():
    image = np.zeros((2, 2), np.uint8)
    with pytest.raises(ParameterError, match="jobs"):
        measured(image, jobs=0)
    with pytest.raises(ParameterError, match="percent"):
        measured(image)[0].percentile(101)
    with pytest.raises(ParameterError, match="bins"):
        measured(image)[0].histogram(0)
    with pytest.raises(ImageError):
        measured(np.array([["a"]]))


def test_sums_of_many_bright_samples_are_exact():
    from imfilter.filters.core.measure.survey import _of_counts

    for many in ((1 << 32) - 5, 1 << 40):
        counts = np.zeros(1 << 16, np.int64)
        counts[[65535, 65533, 0]] = many, 4, 1
        found = _of_counts(counts, 65535)
        count = many + 5
        total, squares = 65535 * many + 65533 * 4, 65535**2 * many + 65533**2 * 4
        assert (found.samples, found.mean) == (count, total / count)
        assert found.std == math.sqrt((count * squares - total * total) / (count * count))
