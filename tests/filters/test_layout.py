"""Samples in memory: the alpha apart from the colours, and beside them."""

from __future__ import annotations

import numpy as np
import pytest
from imfilter.filters.core import native
from imfilter.filters.core.engine.layout import apart, with_alpha, without_alpha

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
