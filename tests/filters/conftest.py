"""Common code of the engine's tests: slow, obvious references, and a runner that sets the strips."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from imfilter.filters.core import catalog, native
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.quantize import FULL, encoding

from .needed import NEEDED


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Call a test marked `every_call` for every filter, with each of its operators and the given values."""
    for mark in metafunc.definition.iter_markers("every_call"):
        (more,) = mark.args
        cases = []
        for name in catalog.names():
            ops = getattr(catalog.load(name).spec.parameters.get("op"), "choices", [""])
            calls = [NEEDED.get(name, {}) | ({"op": op} if op else {}) for op in ops] + more.get(name, [])
            cases += [pytest.param(name, values, id=f"{name}-{number}") for number, values in enumerate(calls)]
        metafunc.parametrize(("name", "values"), cases)


def _source(position: int, size: int, border: str) -> int | None:
    """Walk a position back into 0…size-1 as the border rule says; None is the fill."""
    while not 0 <= position < size:
        below = position < 0
        if border == "constant":
            return None
        if border == "wrap":
            position += size if below else -size
        elif border == "nearest" or size == 1:
            position = 0 if below else size - 1
        elif border == "reflect":
            position = -1 - position if below else 2 * size - 1 - position
        else:
            position = -position if below else 2 * size - 2 - position
    return position


def _slow_correlate(
    image,
    taps,
    *,
    mode="correlate",
    anchor=None,
    border="reflect",
    fill=0,
    padding="same",
    stride=(1, 1),
    dilation=(1, 1),
):
    """Correlate pixel by pixel, tap by tap, in Python's numbers; None if nothing is left of the image."""
    taps = [list(map(float, row)) for row in np.atleast_2d(np.asarray(taps)).tolist()]
    height, width = len(taps), len(taps[0])
    ax, ay = anchor or (width // 2, height // 2)
    if mode == "convolve":
        taps = [row[::-1] for row in taps[::-1]]
        ax, ay = width - 1 - ax, height - 1 - ay
    dx, dy = dilation
    reach = (width - 1) * dx, (height - 1) * dy
    named = {"same": (ax * dx, ay * dy, reach[0] - ax * dx, reach[1] - ay * dy), "valid": (0,) * 4, "full": reach * 2}
    left, top, right, bottom = named.get(padding, padding)
    rows, columns, channels = image.shape
    out_rows = (rows + top + bottom - reach[1] - 1) // stride[1] + 1
    out_columns = (columns + left + right - reach[0] - 1) // stride[0] + 1
    if min(out_rows, out_columns) < 1:
        return None
    pixels = image.astype(float).tolist()
    answer = np.zeros((out_rows, out_columns, channels))
    for y, x, c in np.ndindex(answer.shape):
        total = 0.0
        for i, j in np.ndindex(height, width):
            row = _source(y * stride[1] - top + i * dy, rows, border)
            column = _source(x * stride[0] - left + j * dx, columns, border)
            total += taps[i][j] * (fill if row is None or column is None else pixels[row][column][c])
        answer[y, x, c] = total
    return answer


@pytest.fixture(params=["reference", *(native.core.available() if native.core else [])])
def each_core(request, monkeypatch) -> Iterator[str]:
    """Run the test with the reference instead of the compiled core, and with every instruction set of the core."""
    if request.param == "reference":
        monkeypatch.setattr(native, "core", None)
        yield request.param
        return
    before = native.core.chosen()
    native.core.choose(request.param)
    yield request.param
    native.core.choose(before)


@pytest.fixture(scope="session")
def source() -> Callable:
    """``source(position, size, border)``: which sample a border rule puts at a position, by a loop."""
    return _source


@pytest.fixture(scope="session")
def slow_correlate() -> Callable:
    """``slow_correlate(image, taps, …)``: the unrounded result of `conv`, by loops."""
    return _slow_correlate


@pytest.fixture(scope="session")
def to_samples() -> Callable:
    """``to_samples(values, dtype)``: rounded once, half up, and saturated; floats are unchanged."""

    def convert(values, dtype):
        values = np.asarray(values, np.float64)
        if np.dtype(dtype) == np.float32:
            return values.astype(np.float32)
        return np.clip(np.floor(values + 0.5), 0, np.iinfo(dtype).max).astype(dtype)

    return convert


@pytest.fixture(scope="session")
def run() -> Callable:
    """``run(filter, image, strip_rows=…, alpha=…, …)``: the outputs by name, all in one dtype."""

    def outputs(filter, image, *, strip_rows=None, alpha=None, dtype=None, **values):
        pixels = image if image.ndim == 3 else image[..., None]
        call = filter.checked(**values)
        stages, checked = call.stages(), call.values
        own = pixels.dtype.name
        encodings = {
            name: encoding(kind, own, dtype or own, checked["range"], checked["gain"], stages[-1].display)
            for name, kind in filter.kinds.items()
            if name in stages[-1].fields
        }
        assert own in FULL
        return executor.run(stages, pixels, encodings, call.settings(), alpha, strip_rows, measure=True).outputs

    return outputs


@pytest.fixture(scope="session")
def noise() -> Callable:
    """``noise(shape, dtype)``: the same random image each time."""

    def image(shape, dtype="uint8"):
        rng = np.random.default_rng(7)
        if np.dtype(dtype) == np.float32:
            return rng.uniform(-1, 2, shape).astype(np.float32)
        return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)

    return image
