"""Samples in memory: the alpha separate from the colours, and interleaved with them."""

from __future__ import annotations

import numpy as np
import pytest
from imfilter.filters.core import native
from imfilter.filters.core.engine.layout import apart, copy_pixels, picked, with_alpha, without_alpha

CHANNELS, TYPES = (2, 3, 4, 5), ("uint8", "uint16", "float32", "float64")


@pytest.mark.parametrize("dtype", TYPES)
def test_alpha_apart_and_beside_is_as_numpy_has_it(dtype, each_core):
    rng = np.random.default_rng(3)
    for channels in CHANNELS:
        for rows, columns in ((1, 1), (1, 2), (5, 7), (3, 40)):
            whole = rng.integers(0, 256, (rows, columns, channels + 2)).astype(dtype)
            for samples in (np.ascontiguousarray(whole[..., :channels]), whole[..., 1:-1], whole[::-1, ::-1, 1:-1]):
                before = samples.copy()
                colours, alpha = apart(*without_alpha(samples))
                assert colours.dtype == alpha.dtype == dtype
                assert np.array_equal(colours, samples[..., :-1]) and np.array_equal(alpha, samples[..., -1])
                joined = with_alpha(colours, alpha)
                assert joined.dtype == dtype and np.array_equal(joined, np.dstack([colours, alpha]))
                assert np.array_equal(samples, before)


def test_alpha_beside_views_and_other_types(each_core):
    colours, alpha = np.arange(60, dtype=np.uint8).reshape(4, 5, 3), np.arange(20, dtype=np.uint8).reshape(4, 5)
    for given, beside in (
        (colours[::-1], alpha),
        (colours[:, 1:4], alpha[:, 1:4]),
        (colours.transpose(1, 0, 2), alpha.T),
        (colours, alpha.astype(np.float32)),
        (colours.astype(">u2"), alpha.astype(">u2")),
        (colours[:0], alpha[:0]),
    ):
        assert np.array_equal(with_alpha(given, beside), np.dstack([given, beside]))


@pytest.mark.skipif(native.core is None, reason="there is no compiled core")
def test_a_large_picture_is_parted_by_the_compiled_core(monkeypatch):
    def unused(*given):
        raise AssertionError("NumPy copies pixel by pixel")

    pixels = np.arange(4 * 6 * 4, dtype=np.uint8).reshape(4, 6, 4)
    monkeypatch.setattr(np, "dstack", unused)
    monkeypatch.setattr(np, "ascontiguousarray", unused)
    assert np.array_equal(with_alpha(*without_alpha(pixels)), pixels)


SIDES = (1, 2, 5, 6, 9, 16, 17, 35, 130)
WAYS = [(swap, x, y) for swap in (False, True) for x in (1, -1) for y in (1, -1)]


@pytest.mark.parametrize("pixel", [1, 2, 3, 4, 5, 6, 8, 12, 16, 20])
def test_pixels_are_moved_and_nothing_beside_them(pixel, each_core):
    """As vectors move them: whole ones, what is left of a row, and what a small image has."""
    rng = np.random.default_rng(pixel)
    for rows in SIDES:
        for columns in SIDES:
            image = rng.integers(0, 256, (rows, columns, pixel), np.uint8)
            for swap, x, y in WAYS:
                view = image[::y, ::x].transpose(1, 0, 2) if swap else image[::y, ::x]
                memory = np.full(view.size + 64, 77, np.uint8)
                copy_pixels(view, memory[32:-32].reshape(view.shape))
                assert np.array_equal(memory[32:-32].reshape(view.shape), view), (rows, columns, swap, x, y)
                assert (memory[:32] == 77).all() and (memory[-32:] == 77).all()
            numbers = rng.integers(0, rows, 7).repeat(2), rng.integers(0, columns, 11)
            assert np.array_equal(picked(image, *numbers), image[numbers[0]][:, numbers[1]])


@pytest.mark.each("dtype", TYPES)
def test_pixels_of_a_part_are_picked(dtype, each_core):
    whole = np.arange(7 * 8 * 3).reshape(7, 8, 3).astype(dtype)
    for image in (whole[:, 1:6], whole[2:], whole[::2], whole[..., :1]):
        found = picked(image, np.array([1, 1, 3]), np.array([0, 4]))
        assert found.dtype == dtype and np.array_equal(found, image[[1, 1, 3]][:, [0, 4]])
