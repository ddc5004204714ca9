"""A result does not depend on how the image is cut into strips, except for a transform's rounding.

The program's own strips follow from the image and the filters, and from nothing of the machine.
"""

from pathlib import Path

import numpy as np
import pytest
from imfilter.filters.core import catalog
from imfilter.filters.core.engine import executor, image_rows, strips
from imfilter.filters.core.engine.quantize import encoding

from .needed import NEEDED

CUT_SHOWS = {"fourier"}
"""The algorithms whose last bits depend on the strip: a tile of a transform lies elsewhere."""
LEVELS, RELATIVE, SHARE = 1, 1e-6, 1e-3
"""What they may differ by, and in what share of the samples of an integer image."""

LARGE = {"from_": (2, 1, 80, 3, 79, 140, -1, 125), "to": (3, 0, 79, 2, 81, 143, 1, 130)}
CALLED = NEEDED | {"perspective": LARGE}
RANDOM = np.random.default_rng(5)
CALLS = {
    **{
        f"{name}-{op}": (name, needed | ({"op": op} if op else {}))
        for name in catalog.names()
        for needed in [CALLED.get(name, {})]
        for op in (
            catalog.load(name).spec.parameters["op"].choices if "op" in catalog.load(name).spec.parameters else [""]
        )
    },
    **{
        f"{algorithm}": ("blur", {"sigma": 9.0, "algorithm": algorithm})
        for algorithm in ("direct", "separable", "decimated", "fourier")
    },
    "running": ("blur", {"op": "box", "size": (15, 15), "algorithm": "running"}),
    "kernel": ("conv", {"kernel": RANDOM.normal(size=(9, 9))}),
    "kernel with a stride": ("conv", {"kernel": RANDOM.normal(size=(9, 9)), "stride": (2, 3)}),
    "large kernel": ("conv", {"kernel": RANDOM.normal(size=(41, 41))}),
    "bank": ("conv", {"kernel": RANDOM.normal(size=(6, 1, 5, 5))}),
    "bank by transforms": ("conv", {"kernel": RANDOM.normal(size=(6, 1, 25, 25))}),
}


OF_INTEGERS = {"decimated"}
"""Calls whose algorithm is exact enough for integers alone."""


def image(kind):
    noise = np.random.default_rng(3)
    if kind == "uint8":
        return noise.integers(0, 256, (150, 90, 1), np.uint8)
    values = noise.normal(0.5, 0.3, (150, 90, 1)).astype(np.float32)
    if kind == "missing":
        values[70:72, 40] = np.nan
    return values


def outputs(filter, image, values, rows=None, jobs=1):
    """What a filter gives in strips of so many rows, and the algorithms that it took."""
    call = filter.checked(**values)
    stages, own = call.stages(), image.dtype.name
    wanted = {
        name: encoding(kind, own, own, call.values["range"], call.values["gain"], stages[-1].display)
        for name, kind in filter.kinds.items()
        if name in stages[-1].fields
    }
    found = executor.run(stages, image, wanted, call.settings(), strip_rows=rows, jobs=jobs, measure=True)
    algorithms = {fact.value for fact in found.facts if fact.kind == "algorithm"}
    return {name: output.samples for name, output in found.outputs.items()}, algorithms


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (call, kind)
        for call in CALLS
        for kind in ("uint8", "float", "missing")
        if kind == "uint8" or call not in OF_INTEGERS
    ],
)
def test_the_cut_into_strips_shows_nowhere_but_in_the_rounding_of_transforms(call, kind):
    name, values = CALLS[call]
    filter, picture = catalog.load(name), image(kind)
    whole, algorithms = outputs(filter, picture, values, 150)
    for rows in (13, 64):
        cut, _ = outputs(filter, picture, values, rows)
        for output, samples in whole.items():
            if not algorithms & CUT_SHOWS:
                np.testing.assert_array_equal(cut[output], samples, err_msg=f"{output}, {rows} rows")
            elif kind == "uint8":
                changed = cut[output] != samples
                assert np.abs(cut[output].astype(int) - samples).max() <= LEVELS
                assert changed.mean() <= SHARE
            else:
                most = np.nanmax(np.abs(samples))
                np.testing.assert_allclose(cut[output], samples, rtol=0, atol=RELATIVE * most)


@pytest.mark.parametrize("call", CALLS)
def test_the_strips_follow_from_the_image_and_the_filter_alone(call, monkeypatch):
    """Not from the number of threads, nor from what the machine is."""
    name, values = CALLS[call]
    filter, seen = catalog.load(name), []
    each_strip = strips.each_strip

    def watched(height, rows, jobs, task, *ends):
        seen.append((height, rows, *ends))
        each_strip(height, rows, jobs, task, *ends)

    for module in (executor, image_rows):
        monkeypatch.setattr(module, "each_strip", watched)
    results = []
    for jobs in (1, 2, 5):
        found, _ = outputs(filter, image("uint8"), values, jobs=jobs)
        results.append(({output: samples.tobytes() for output, samples in found.items()}, [*seen]))
        seen.clear()
    assert results[0][1]
    assert results[0] == results[1] == results[2]


def test_nothing_in_the_filters_asks_the_machine():
    """What is known of it would decide how work is cut, or which algorithm does it.

    Which core computes is chosen once, and the number of threads changes no result.
    """
    asked = ("cpu_count", "sched_getaffinity", "sysconf", "perf_counter", "monotonic", "environ", "getenv", "psutil")
    filters = Path(executor.__file__).parents[2]
    found = [
        f"{path.relative_to(filters)}: {word}"
        for path in filters.rglob("*.py")
        for word in asked
        if word in path.read_text(encoding="utf-8")
    ]
    chosen = {
        "core/native/__init__.py: environ",
        "core/engine/threads.py: cpu_count",
        "core/engine/threads.py: sched_getaffinity",
    }
    assert set(found) <= chosen
