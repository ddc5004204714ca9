"""Images arranged in a sheet and cut out of it: compiled, and by NumPy."""

import itertools

import numpy as np
import pytest
from imfilter.filters.core import native
from imfilter.filters.core.engine import sheet
from imfilter.filters.core.engine.borders import BORDERS, Rule

TYPES = [(given, work) for given in "BHfd" for work in "BHfd" if work in sheet.LAID[given]]
SIZES = [(1, 1), (7, 3), (9, 28), (3, 65)]


@pytest.fixture
def forms(monkeypatch):
    def both(function):
        """Return what a function gives with the core and without it."""
        compiled = function()
        with monkeypatch.context() as patch:
            patch.setattr(native, "core", None)
            return compiled, function()

    return both


@pytest.mark.parametrize("types", TYPES, ids="".join)
def test_a_compiled_sheet_is_that_of_numpy(types, forms, each_core):
    given, work = map(np.dtype, types)
    around = [(0, 0), (1, 1), (4, 2), (1, -1), (70, 70)]
    cases = itertools.product(SIZES, [(2, 3), (1, 8)], around, BORDERS, [1, 3])
    for (high, wide), (down, across), (before, after), border, channels in cases:
        images = np.random.default_rng(3).integers(0, 250, (down * across * high, wide, channels)).astype(given)
        columns = (-before, max(wide + after, 1 - before))
        rows = (-before, high + abs(after))
        rule = Rule(border, (9.0, 8.0, 7.0) if channels > 1 else 9.0)

        def laid(images=images, rows=rows, columns=columns, rule=rule, high=high, across=across):
            return sheet._laid(images, high, across, rows, columns, work, rule, True)

        compiled, plain = forms(laid)
        assert compiled.dtype == work
        what = f"{high}×{wide}×{channels} {down}, {across} {before} {after} {border}"
        np.testing.assert_array_equal(compiled, plain, err_msg=what)


@pytest.mark.parametrize("kind", "BHfd")
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_what_is_cut_out_is_that_of_numpy(kind, channels, forms, each_core):
    for (high, wide), (down, across), gap in itertools.product(SIZES, [(1, 1), (2, 3), (1, 8)], [0, 1, 9]):
        size = down * (high + gap) - gap, across * (wide + gap) - gap, channels
        results = np.random.default_rng(5).integers(0, 250, size).astype(kind)

        def images(results=results, high=high, wide=wide, down=down, across=across, gap=gap):
            found = np.zeros((down * across * high, wide, channels), kind)
            sheet._cut(results, found, high, across, wide + gap, high + gap)
            return found

        compiled, plain = forms(images)
        np.testing.assert_array_equal(compiled, plain)
        last = plain[-high:]
        np.testing.assert_array_equal(last, results[-high:, -wide:])
