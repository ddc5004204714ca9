"""Warping by a matrix: a slow reference, every border, both cores, parts, the horizon, missing samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imfilter.filters.affine import affine
from imfilter.filters.core import native
from imfilter.filters.core.engine.borders import BORDERS, Rule
from imfilter.filters.core.resampling import warp
from imfilter.filters.core.resampling.homography import Matrix

from . import warp_reference

TURNED = Matrix(0.8137, 0.5519, -3.2178, -0.6143, 0.9027, 4.1311)
TILTED = Matrix(0.9137, 0.2119, -1.5178, 0.1143, 1.2027, -0.7311, 0.0213, 0.0517, 1.0)
HORIZON = Matrix(1.0137, 0.3119, -2.0178, 0.2143, 1.1027, -3.0311, 0.0313, -0.1117, 1.0)
INTERPOLATIONS = tuple(warp.NUMBERS)
FILL = 37.0


def computed(image, matrix, interpolation, border, size, kind=np.float64, work=np.float64, rows=None):
    start, stop = rows or (0, size[1])
    return warp.warped(image, matrix, interpolation, Rule(border, FILL), (start, stop, size[0]), kind, work)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.each("interpolation", INTERPOLATIONS)
@pytest.mark.each("matrix", [TURNED, TILTED, HORIZON, Matrix(0.01, 0, 0, 0, 30, -90)])
@pytest.mark.each("shape", [(9, 13), (1, 1), (1, 7), (5, 2)])
def test_the_slow_reference(border, interpolation, matrix, shape, each_core, source):
    image, size = np.random.default_rng(5).normal(100, 50, (*shape, 3)), (17, 14)
    found = computed(image, matrix, interpolation, border, size)
    for channel in range(3):
        expected = warp_reference.warped(image[..., channel], matrix, size, interpolation, border, FILL, source)
        np.testing.assert_allclose(found[..., channel], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.each("interpolation", INTERPOLATIONS)
@pytest.mark.each("layout", ["interleaved", "planes", "upside down"])
@pytest.mark.each("kind", ["uint8", "uint16", "float32", "float64"])
def test_every_type_and_layout(channels, interpolation, layout, kind, each_core):
    """Wide results, so that whole vectors lie inside; the sums of 8 bits are in float."""
    values = np.random.default_rng(6).integers(0, 256, (40, 300, channels)).astype(kind)
    image = values.transpose(2, 0, 1).copy().transpose(1, 2, 0) if layout == "planes" else values
    if layout == "upside down":
        image = np.ascontiguousarray(values[::-1])[::-1]
    expected = computed(values.astype(np.float64), TURNED, interpolation, "mirror", (560, 16))
    work = np.float32 if kind == "uint8" else np.float64
    np.testing.assert_allclose(
        computed(image, TURNED, interpolation, "mirror", (560, 16), work, work),
        expected,
        atol=2e-4 if kind == "uint8" else 1e-9,
    )
    if kind.startswith("uint"):
        rounded = np.clip(np.floor(expected + 0.5), 0, np.iinfo(kind).max)
        found = computed(image, TURNED, interpolation, "mirror", (560, 16), np.dtype(kind), work)
        assert np.abs(found - rounded).max() <= 1 and (found != rounded).mean() < 1e-3


@given(
    st.lists(st.floats(-3, 3), min_size=6, max_size=6),
    st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)),
    st.sampled_from(BORDERS),
    st.sampled_from(INTERPOLATIONS),
)
@settings(max_examples=60, deadline=None)
def test_any_matrix_in_parts_gives_the_same_bytes(entries, bent, border, interpolation):
    matrix = Matrix(*entries, *bent, 1.0)
    image = np.random.default_rng(7).integers(0, 256, (20, 31, 3), np.uint8)
    whole = computed(image, matrix, interpolation, border, (290, 11), np.uint8, np.float32)
    for start, stop in ((0, 1), (1, 6), (6, 11)):
        part = computed(image, matrix, interpolation, border, (290, 11), np.uint8, np.float32, (start, stop))
        np.testing.assert_array_equal(part, whole[start:stop])


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.each("interpolation", INTERPOLATIONS)
def test_places_without_bounds_are_ground(border, interpolation, each_core):
    """Too far to be counted in int32: nothing overflows, and both cores agree."""
    image = np.full((4, 5, 1), 9.0)
    for huge in (1e12, 1e99):
        found = computed(image, Matrix(huge, 0, 0, 0, huge, 0), interpolation, border, (3, 2))
        assert (found == FILL).all()
    assert (computed(image, Matrix(1, 0, 0, 0, 1, 0, 0, 0, -1.0), interpolation, border, (3, 2)) == FILL).all()
    assert (computed(image, Matrix(1, 0, 0, 0, 1, 0, 0, 0, 0.0), interpolation, border, (3, 2)) == FILL).all()


def test_what_is_flat_stays_flat_to_the_last_bit(each_core):
    image = np.full((30, 40, 1), 0.1)
    assert (computed(image, TURNED, "bilinear", "nearest", (50, 40)) == 0.1).all()


@pytest.mark.each("dtype", ["float32", "float64"])
def test_nan_reaches_the_results_between_which_it_lies(dtype, each_core):
    image = np.ones((21, 21), dtype)
    image[10, 10] = np.nan
    found = affine(image, translate=(0.25, 0.25), border="nearest")
    missing = np.zeros((21, 21), bool)
    missing[10:12, 10:12] = True
    np.testing.assert_array_equal(np.isnan(found), missing)
    found = affine(image, translate=(3, -2), border="nearest")
    np.testing.assert_array_equal(np.argwhere(np.isnan(found)), [[8, 13]])


def test_missing_samples_are_left_out(each_core):
    """One of four samples is missing: the others' weights sum to 1."""
    image = np.array([[8.0, np.nan], [4.0, 2.0]])
    found = affine(image, translate=(-0.5, -0.5), nan="ignore", border="nearest")
    assert found[0, 0] == pytest.approx((8 + 4 + 2) / 3)
    assert np.isfinite(found).all()
    assert np.isnan(affine(np.full((3, 3), np.nan), angle=10, nan="ignore", border="nearest")).all()


def test_transparent_colours_never_bleed(each_core):
    image = np.zeros((9, 9, 4), np.uint8)
    image[..., 1] = 255  # hidden green
    image[2:7, 2:7] = (200, 0, 0, 255)
    found = affine(image, angle=30, border="nearest")
    seen = found[..., 3] > 0
    assert (found[seen][:, 0] == 200).all() and (found[seen][:, 1] == 0).all()
    assert np.count_nonzero(found[..., 3] % 255) > 0


def test_an_alpha_gets_a_transparent_ground_unless_a_fill_is_named(each_core):
    image = np.full((8, 8, 4), 255, np.uint8)
    assert affine(image, translate=(4, 0))[0, 0].tolist() == [0, 0, 0, 0]
    assert affine(image, translate=(4, 0), fill=9)[0, 0].tolist() == [9, 9, 9, 255]
    assert affine(image, translate=(4.5, 0))[0, 4].tolist() == [255, 255, 255, 128]
    assert affine(image[..., :3], translate=(4, 0), fill=(1, 2, 3))[0, 0].tolist() == [1, 2, 3]


@pytest.mark.skipif(native.core is None, reason="there is no compiled core")
def test_wide_pictures_have_places_that_do_not_drift():
    """16 bits, of which the last is 1/65535: at the far end of 60 000 columns the place is as good as at the first."""
    image = (np.arange(60_000) % 2 * 65535).astype(np.uint16)[None, :, None].repeat(2, axis=0)
    matrix = Matrix(1 - 1e-5, 0, 0.25, 0, 1, 0)
    found = computed(image, matrix, "bilinear", "nearest", (60_000, 1), np.uint16, np.float64)[0, :, 0]
    x = np.arange(60_000) + 0.5
    x = (x * (1 - 1e-5) + 0.25) - 0.5
    left = np.floor(x).astype(int).clip(0, 59_998)
    row = image[0, :, 0].astype(float)
    expected = np.floor(row[left] + (x - left) * (row[left + 1] - row[left]) + 0.5)
    assert (found[1:-1] != expected[1:-1]).mean() < 1e-3
