"""Outputs that are computed in their places are those that are encoded from strips."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from imfilter.filters.core.engine import executor
from imfilter.filters.edges import GRADIENT_FIELDS, edges

RNG = np.random.default_rng(5)
CHOSEN = [names for count in range(1, 6) for names in combinations(GRADIENT_FIELDS, count)]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", ["each", "luma"])
@pytest.mark.parametrize("border", ["reflect", "constant", "wrap"])
def test_maps_in_their_places_are_those_of_the_slow_way(monkeypatch, dtype, channels, border):
    monkeypatch.setattr(executor, "STRIP_BYTES", 1)  # strips of 16 rows
    monkeypatch.setattr(executor, "IN_PLACE_BYTES", 1)
    white = {"uint8": 255, "uint16": 65535}.get(dtype, 1)
    image = (RNG.random((70, 23, 3)) * white).astype(dtype)
    for names in CHOSEN:
        found = edges(image, maps=names, channels=channels, border=border)
        with monkeypatch.context() as patch:
            patch.setattr(executor, "StageRows", type(None))  # nothing is computed in its place
            expected = edges(image, maps=names, channels=channels, border=border)
        for name in names:
            one, other = (getattr(every, name) for every in (found, expected))
            assert one.dtype == other.dtype and one.shape == other.shape
            np.testing.assert_array_equal(one, other, err_msg=f"{names} {name}")


def test_each_map_by_itself_is_that_of_all():
    image = RNG.integers(0, 256, (400, 50), np.uint8)
    whole = edges(image, jobs=1)
    for name in GRADIENT_FIELDS:
        np.testing.assert_array_equal(getattr(edges(image, maps=name, jobs=2), name), getattr(whole, name))
