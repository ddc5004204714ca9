"""The compiled core against hostile arguments: it refuses each in words or serves it, and never writes outside."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imfilter.filters.core import native

pytestmark = pytest.mark.skipif(native.core is None, reason="there is no compiled core")

CHOICES = {"available", "choose", "chosen"}
KINDS = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
GUARD = 64
REFUSALS = (TypeError, ValueError, MemoryError, OverflowError, BufferError)


class Shape(NamedTuple):
    """What the arrays of a good call are made from: sizes of the result, of the window, and the type of samples."""

    planes: int = 2
    rows: int = 9
    columns: int = 21
    step: int = 1
    height: int = 3
    width: int = 5
    gap: int = 1
    stride: int = 1
    kind: str = "uint8"
    nan: bool = False

    @property
    def real(self) -> str:
        return "float64" if self.kind == "float64" else "float32"

    @property
    def double(self) -> bool:
        return self.kind == "float64"

    def samples(self, *shape: int, kind: str | None = None) -> np.ndarray:
        """Return random samples: whole numbers of all of their range, or reals about 0, some NaN where wanted."""
        kind = kind or self.kind
        rng = np.random.default_rng(sum(shape))
        if kind.startswith("float"):
            values = rng.normal(size=shape).astype(kind)
            if self.nan:
                values[rng.random(shape) < 0.1] = np.nan
            return values
        return rng.integers(0, KINDS[kind], shape, kind, endpoint=True)

    def image(self, rows: int, columns: int, kind: str | None = None) -> np.ndarray:
        return self.samples(self.planes, rows, columns * self.step, kind=kind)

    def result(self, kind: str | None = None) -> np.ndarray:
        return np.zeros((self.planes, self.rows, self.columns * self.step), kind or self.kind)

    def windowed(self, kind: str | None = None) -> np.ndarray:
        return self.image(self.rows + self.height - 1, self.columns + self.width - 1, kind)

    def taps(self, count: int) -> np.ndarray:
        return np.random.default_rng(count).normal(size=count)

    def pixels(self) -> Shape:
        """Return the shape of pixels: channels side by side in one plane, or one in each."""
        return self._replace(planes=max(self.planes, 1) if self.step == 1 else 1)


def box(s: Shape) -> list[Any]:
    return [s.windowed(), s.result(), s.height, s.width, s.step, float(s.height * s.width)]


def guided(s: Shape) -> list[Any]:
    wide = s._replace(height=2 * s.height - 1, width=2 * s.width - 1)
    return [
        wide.windowed(),
        s.result(),
        s.height,
        s.width,
        s.step,
        max(s.planes, 1),
        0.01 * KINDS[s.kind] ** 2,
        0.0,
        s.double,
    ]


def extrema(s: Shape) -> list[Any]:
    shapes = {(1, 1, s.width // 2, s.height // 2), (1, s.height, 0, 0), (s.width, s.height, 0, 0)}
    return [s.windowed(), s.result(), np.array([sorted(shapes)], np.int32), s.width, s.height, s.step, True, s.nan]


def pool(s: Shape) -> list[Any]:
    rows, columns = ((n - 1) * s.stride + (k - 1) * s.gap + 2 for n, k in ((s.rows, s.height), (s.columns, s.width)))
    rows, columns = max(rows, 0), max(columns, 0)
    op = (s.height + s.width) % 4
    sizes = [s.height, s.width, s.stride, s.stride, s.gap, s.gap, 0, rows, 0, columns, s.step]
    return [s.image(rows, columns), s.result(), op, s.nan, s.double, *sizes]


def png_rows(s: Shape) -> list[Any]:
    plain = s._replace(planes=1, columns=max(s.columns, 1), kind="uint8")
    length = plain.columns * s.step + s.gap - 1  # the last pixel may be cut off
    filtered = np.zeros((1, s.rows, length + 1), np.uint8)
    return [plain.samples(1, s.rows + s.gap % 2, length), filtered, s.step, s.height % 5]


def permute(s: Shape) -> list[Any]:
    plain = s._replace(planes=1, columns=max(s.columns, 1), kind="uint8")
    source = plain.samples(1, s.rows, plain.columns * s.step)
    swap, reverse_x, reverse_y = s.gap % 2, s.height % 2, s.width % 2
    size = (1, plain.columns, s.rows * s.step) if swap else source.shape
    return [source, np.zeros(size, np.uint8), s.step, swap, reverse_x, reverse_y]


def pick(s: Shape) -> list[Any]:
    source = s.samples(1, max(s.rows, 1), max(s.columns, 1) * s.step, kind="uint8")
    rows, columns = (
        (np.arange(count, dtype=np.int32) * 7 % size)[None, None]
        for count, size in ((s.height, max(s.rows, 1)), (s.width, max(s.columns, 1)))
    )
    return [source, np.zeros((1, s.height, s.width * s.step), np.uint8), rows, columns, s.step]


def lay(s: Shape) -> list[Any]:
    height, width, down, across = max(s.rows, 1), max(s.columns, 1), s.gap - 1, s.stride
    source = s.samples(1, down * across * height, width * s.step)
    rows, columns = (
        (np.arange(size + count - 1, dtype=np.int32) - count // 2).clip(-(count % 2), size - 1)[None, None]
        for size, count in ((height, s.height), (width, s.width))
    )
    sheet = np.zeros((1, down * rows.size, across * columns.size * s.step), "f8" if s.double else s.kind)
    return [source, sheet, rows, columns, np.arange(float(s.step)), height, across, s.step]


def cut(s: Shape) -> list[Any]:
    height, width, down, across = max(s.rows, 1), s.columns * s.step, s.gap - 1, s.stride
    source = s.samples(1, down * (height + s.height), across * (width + s.width), kind="uint8")
    images = np.zeros((1, down * across * height, width), np.uint8)
    return [source, images, height, across, height + s.height, width + s.width]


def parts(s: Shape) -> list[Any]:
    step, part = s.step + 1, 1 + s.width % s.step
    found = [s.samples(1, s.rows, s.columns * size, kind="uint8") for size in (step, step - part, part)]
    return [*found, step, part]


def png_unfilter(s: Shape) -> list[Any]:
    plain = s._replace(planes=1, columns=max(s.columns, 1), kind="uint8")
    filtered = plain.samples(1, s.rows, plain.columns * s.step + s.gap)
    filtered[:, :, 0] %= 6
    return [filtered, np.zeros((1, s.rows, filtered.shape[2] - 1), np.uint8), s.step]


def reached(results: int, taps: int, gap: int, stride: int) -> int:
    return (results - 1) * stride + (taps - 1) * gap + 1 if results else (taps - 1) * gap


def separable(s: Shape) -> list[Any]:
    source = s.image(reached(s.rows, s.height, s.gap, s.stride), reached(s.columns, s.width, s.gap, s.stride))
    column, row = s.taps(s.height), s.taps(s.width)
    return [source, s.result(), column, row, s.gap, s.gap, s.stride, s.stride, s.step, 3.0, s.double]


def interpolate(s: Shape) -> list[Any]:
    cells = max(-(-s.rows // s.gap), 1), max(-(-s.columns // s.stride), 1)
    coarse = s.image(cells[0] + s.height - 1, cells[1] + s.width - 1, s.real)
    return [coarse, s.result(), s.taps(s.height * s.gap), s.taps(s.width * s.stride), s.gap, s.stride, s.step, 2.0]


def resample(s: Shape) -> list[Any]:
    axes = []
    for results, most in ((s.rows, s.height), (s.columns, s.width)):
        first = np.arange(results) * s.stride // s.gap
        end = np.maximum.accumulate(first + 1 + np.arange(results) % most)
        taps = np.resize(s.taps(13), (1, results, int((end - first).max(initial=1))))
        axes += [np.stack([first, end]).astype(np.int32)[None], taps, int(end.max(initial=0)) + s.gap - 1]
    seen_down, down, rows, seen_across, across, columns = axes
    source = s.image(rows, columns)
    return [source, s.result(), seen_down, down, seen_across, across, s.step, s.double, s.stride == 1, 0.25]


def settle(s: Shape) -> list[Any]:
    return [s.samples(s.planes, s.rows, s.columns * s.step, kind=s.real), 0.1 * s.gap]


def jpeg_ends(s: Shape) -> list[Any]:
    count = 12 * s.columns * s.step
    data = np.where((data := s.samples(1, 1, count, kind="uint8")) == 255, 254, data)
    edges = np.linspace(0, count, max(s.rows, 1) + 1).astype(np.int32)
    places = np.stack([edges[:-1], edges[1:]], axis=1)[None]
    tables = np.zeros((1, 2 * min(s.height, 4), 272), np.uint8)
    # Codes of all lengths but the longest, so that every code is one.
    tables[..., :15] = 1
    tables[..., 15] = 2
    tables[..., 16:33] = np.arange(17) % 12 + (16 * (s.gap - 1) * (np.arange(2 * min(s.height, 4)) % 2))[:, None]
    blocks = np.array([[[0, 1]] * s.width], np.int32)
    return [data, places, np.zeros((1, len(places[0]), 1), np.int32), tables, blocks, 2 * s.rows, s.stride]


def dense(s: Shape) -> list[Any]:
    across = s.gap * s.step
    source = s.image(reached(s.rows, s.height, s.gap, 1), reached(s.columns, s.width, s.gap, 1))
    taps = s.taps(s.height * s.width)
    if s.stride > 1:
        taps[:: s.stride] = 0
    return [source, s.result(), taps, s.height, s.width, s.gap, across, 3.0, s.double]


def bank(s: Shape) -> list[Any]:
    planes = max(s.planes, 1)
    source = s._replace(planes=planes).image(
        reached(s.rows, s.height, s.gap, s.stride), reached(s.columns, s.width, s.gap, s.stride)
    )
    inputs, maps = planes, 2 * s.step
    out = np.zeros((1, s.rows, s.columns * maps), s.kind)
    weights = s.taps(maps * inputs * s.height * s.width)
    sizes = [inputs, s.height, s.width, s.step, s.stride, s.stride, s.gap, s.gap]
    return [source, out, weights, s.taps(maps), *sizes, 2.0, s.double]


def fourier(s: Shape) -> list[Any]:
    rows, columns = 32, 16
    inputs = max(s.planes, 1) * s.step if s.gap > 1 else 0
    s = s._replace(columns=max(s.columns, 1), planes=max(s.planes, 1))
    out = np.zeros((2, s.rows, s.columns), s.kind) if inputs else s.result()
    spectrum = s.samples((inputs * 2 or 1) * (rows // 16), columns, 32, kind=s.real)
    angles = [[j * k / n for j in (1, 2, 3)] for n in (4, 8, 16, 32) for k in range(n // 4)]
    turns = np.exp(-2j * np.pi * np.array([[0, 0, 0], *angles]))
    twiddles = np.resize(np.ascontiguousarray(turns).view(np.float64), 3 * rows)
    return [
        s.windowed(),
        out,
        np.nan_to_num(spectrum),
        twiddles,
        rows,
        s.height,
        s.width,
        inputs,
        s.step,
        0.5,
        0.25,
        0.0,
        1.0,
    ]


def odd(s: Shape) -> tuple[np.ndarray, np.ndarray, int]:
    smooth, derivative = np.array([1.0, 2, 1]), np.array([-1.0, 0, 1])
    if s.height > 3:
        smooth = np.array([1.0, 4, 6, 4, 1])
    return smooth, derivative, max(len(smooth), len(derivative))


def gradient(s: Shape) -> list[Any]:
    smooth, derivative, reach = odd(s)
    source = s._replace(height=reach, width=reach).windowed()
    sums = 2 if s.double else 0 if s.kind == "uint8" and s.gap > 1 else 1
    maps = [s.result(s.real) for _ in range(4)]
    image = s.result(s.real if s.kind.startswith("float") else s.kind)
    return [source, smooth, derivative, s.step, s.stride % 3, sums, *maps, image]


def thinned_gradient(s: Shape) -> list[Any]:
    smooth, derivative, reach = odd(s)
    s = s._replace(step=1)
    source = s._replace(height=reach + 2, width=reach + 2).windowed()
    out = s.result("uint8" if s.gap > 1 else s.real)
    return [source, smooth, derivative, s.stride % 3, 2 if s.double else 1, 0.5, 1.0, True, False, out]


def polar(s: Shape) -> list[Any]:
    gx, gy = (s.samples(s.planes, s.rows + n, s.columns, kind=s.real)[:, n:] for n in (0, 1))
    return [gx, gy, s.stride % 3, *(np.zeros(gx.shape, s.real) for _ in range(2))]


def thin(s: Shape) -> list[Any]:
    gx, gy = (s.samples(s.planes, s.rows + 2 + n, s.columns + 2, kind=s.real)[:, n:] for n in (0, 1))
    out = np.zeros((s.planes, s.rows, s.columns), "uint8" if s.gap > 1 else s.real)
    return [gx, gy, s.stride % 3, 0.5, 1.0, out]


def join(s: Shape) -> list[Any]:
    return [s.samples(s.planes, s.rows, s.columns * s.step, kind="uint8") % 3, s.step]


def luma(s: Shape) -> list[Any]:
    out = np.zeros((s.planes, s.rows, s.columns), s.real)
    return [s._replace(step=3).image(s.rows, s.columns), out, np.array([0.3, 0.6, 0.1]), 1.0]


def luma_sums(s: Shape) -> list[Any]:
    s = s._replace(step=3 if s.step > 1 else 1)
    sums, brightness = np.zeros((s.planes, s.rows, 1)), s.taps(s.planes)
    return [s.image(s.rows, s.columns), sums, brightness, np.array([0.3, 0.6, 0.1]), 1.0, s.step]


def contrast(s: Shape) -> list[Any]:
    return [s.image(s.rows, s.columns), s.result(s.real), s.taps(3 * s.planes)]


def recolour(s: Shape) -> list[Any]:
    s = s._replace(planes=1, step=3)
    numbers = {"uint8": 256, "uint16": 65536}.get(s.kind, 0) if s.gap > 1 else 0
    table = s.samples(1, 1, numbers, kind="float32") if numbers else None
    weights = np.array([0.3, 0.6, 0.1])
    return [s.image(s.rows, s.columns), s.result(), table, weights, 1.0, 0.5 * s.height, 0.8 * s.width]


def by_alpha(s: Shape) -> list[Any]:
    s = s.pixels()
    out = np.zeros((s.planes, s.rows, s.columns * s.step), s.real)
    alpha = s.samples(1, s.rows, s.columns)
    return [s.image(s.rows, s.columns), out, alpha, s.step, float(KINDS[s.kind]), 0.5, s.gap % 2]


def local_curves(s: Shape) -> list[Any]:
    s = s._replace(planes=1, step=3) if s.step > 1 else s.pixels()
    curves = s.samples(s.height, s.width, 256 if s.gap > 1 else 9, kind=s.real)
    places, weights = [0.0, 1.0, 0.3 * s.stride, 0.17, -0.5, 0.31], np.array([0.3, 0.6, 0.1])
    return [s.image(s.rows, s.columns), s.result(), np.nan_to_num(curves), s.step, *places, weights, 1.0]


def look_up(s: Shape) -> list[Any]:
    s = s.pixels()
    whole = "uint16" if s.kind in ("uint16", "float64") else "uint8"
    rows = s.planes * s.step if s.gap > 1 else 1
    table = s.samples(1, rows, 65536 if whole == "uint16" else 256)
    return [s.image(s.rows, s.columns, whole), s.result(), table, s.step]


def histogram(s: Shape) -> list[Any]:
    s = s.pixels()
    whole = "uint16" if s.kind in ("uint16", "float64") else "uint8"
    counts = np.zeros((1, s.planes * s.step, 65536 if whole == "uint16" else 256), np.int32)
    return [s.image(s.rows, s.columns, whole), counts, s.step]


def rank(s: Shape) -> list[Any]:
    count = s.height * s.width
    network = s.height == s.width and s.height in (3, 5)
    ranks = np.arange(-1.0, count) // 2 if s.nan and not network else np.array([float(count // 2)])
    return [s.windowed(), s.result(), s.height, s.width, s.step, np.maximum(ranks, -1), network]


def mode(s: Shape) -> list[Any]:
    return [s.windowed(), s.result(), s.height, s.width, s.step, s.nan]


def opacity(s: Shape, source: np.ndarray) -> np.ndarray | None:
    return s.samples(1, source.shape[1], source.shape[2] // s.step, kind=s.kind) if s.gap > 1 else None


def bilateral(s: Shape) -> list[Any]:
    s = s.pixels()
    source = s.windowed()
    exponents = -np.abs(s.taps(s.height * s.width))
    scale = 20.0 / KINDS[s.kind] ** 2
    return [source, s.result(), opacity(s, source), s.step, exponents, s.height, s.width, scale, s.nan]


def nonlocal_means(s: Shape) -> list[Any]:
    s = s.pixels()
    x, y, patch = s.width // 2, s.height // 2, s.stride - 1
    source = s._replace(height=2 * (y + patch) + 1, width=2 * (x + patch) + 1).windowed()
    return [source, s.result(), opacity(s, source), s.step, x, y, patch, 20.0 / KINDS[s.kind] ** 2, 0.1, s.nan]


def warp(s: Shape) -> list[Any]:
    s = s.pixels()
    source, channels = s.image(s.height + 3, 4 * s.width), s.planes * s.step
    matrix = np.array([0.9, 0.3, -2.0, -0.2, 1.1, 0.7, 0.01 * (s.gap - 1), -0.02 * (s.stride - 1), 1.0])
    border = (s.height + s.gap) % 5
    return [source, s.result(), matrix, s.taps(channels), s.step, 3, s.width % 3, border, s.kind != "uint8"]


def bm3d(s: Shape) -> list[Any]:
    planes, rows, columns = max(s.planes, 1), 8 + 3 * s.rows, 8 + s.columns
    first, last, step = s.rows // 2, 3 * s.rows, s.stride
    end = min(first + s.gap, -(-last // step) + 1)
    top = max(0, min(first * step, last) - 19 - s.height)
    bottom = min(rows, (end - 1) * step + 19 + 8)
    given, basic = (s.samples(planes, rows, columns + n, kind="float32")[..., n:] for n in (0, 1))
    guide = np.random.default_rng(rows).integers(0, 512, (1, rows, columns)).astype(np.float32)
    out = np.zeros((2 * planes, bottom - top, columns), np.float32)
    sizes = [top, first, end, step, 4 * s.height]
    return [given, basic if s.width > 3 else None, guide, out, *sizes, 64.0 * 50**2, 1.5, *(s.taps(64),) * 3]


GOOD: dict[str, tuple[str, Callable[[Shape], list[Any]]]] = {
    "box": ("ionnnf", box),
    "guided": ("ionnnnffb", guided),
    "extrema": ("iosnnnbb", extrema),
    "pool": ("ionbbnnnnnnnnnnn", pool),
    "png_rows": ("ionn", png_rows),
    "png_unfilter": ("ion", png_unfilter),
    "permute": ("ionnnn", permute),
    "pick": ("iossn", pick),
    "lay": ("iosstnnn", lay),
    "cut": ("ionnnn", cut),
    "take_apart": ("ioonn", parts),
    "put_together": ("oiinn", parts),
    "separable": ("iottnnnnnfb", separable),
    "interpolate": ("iottnnnf", interpolate),
    "resample": ("iossssnbbf", resample),
    "settle": ("of", settle),
    "jpeg_ends": ("ssossnn", jpeg_ends),
    "dense": ("iotnnnnfb", dense),
    "bank": ("iottnnnnnnnnfb", bank),
    "fourier": ("iostnnnnnffff", fourier),
    "gradient": ("ittnnnppppp", gradient),
    "polar": ("iinpp", polar),
    "thinned_gradient": ("ittnnffbbo", thinned_gradient),
    "thin": ("iinffo", thin),
    "join": ("on", join),
    "luma": ("iotf", luma),
    "opacity": ("ioinffb", by_alpha),
    "luma_sums": ("iottfn", luma_sums),
    "contrast": ("iot", contrast),
    "recolour": ("ioqtfff", recolour),
    "local_curves": ("iosnfffffftf", local_curves),
    "look_up": ("iosn", look_up),
    "histogram": ("ion", histogram),
    "rank": ("ionnntb", rank),
    "mode": ("ionnnb", mode),
    "bilateral": ("ioqntnnfb", bilateral),
    "warp": ("iottnnnnb", warp),
    "nonlocal_means": ("ioqnnnnffb", nonlocal_means),
    "bm3d": ("sqsonnnnnffttt", bm3d),
}
"""Each function's arguments, and a good call: (i)nput, (o)utput, (s)pecial array, o(p)tional output and (q) input,
(t)aps, (n)umber of samples, real number (f), truth (b)."""

ARRAYS, OUTPUTS = "iosptq", "op"


class Guarded:
    """An output in the middle of a larger array, whose samples around it are not to change."""

    def __init__(self, like: np.ndarray) -> None:
        planes, rows, samples = like.shape
        side = GUARD // like.itemsize
        self.all = np.zeros((planes + 2, rows + 2, samples + 2 * side), like.dtype)
        self.all.view(np.uint8)[:] = 0xA5
        self.inner = self.all[1:-1, 1:-1, side : side + samples]
        self.inner[:] = like
        self.mask = np.ones(self.all.shape, bool)
        self.mask[1:-1, 1:-1, side : side + samples] = False

    def check(self) -> None:
        outside = np.ascontiguousarray(self.all[self.mask]).view(np.uint8)
        assert (outside == 0xA5).all(), "samples outside of the output changed"


def guarded(roles: str, arguments: list[Any]) -> tuple[list[Any], list[Guarded]]:
    """Return the arguments with the outputs guarded."""
    guards = []
    for i, role in enumerate(roles):
        array = arguments[i]
        if role in OUTPUTS and isinstance(array, np.ndarray) and array.ndim == 3 and max(array.shape) < 2**20:
            if array.dtype.hasobject:
                continue
            guards.append(Guarded(arguments[i]))
            arguments = [*arguments[:i], guards[-1].inner, *arguments[i + 1 :]]
    return arguments, guards


def results_of(name: str, arguments: list[Any]) -> list[np.ndarray]:
    """Call a function with copies of its outputs, guarded; return them."""
    arguments, guards = guarded(GOOD[name][0], arguments)
    assert getattr(native.core, name)(*arguments) is None
    for guard in guards:
        guard.check()
    return [guard.inner.copy() for guard in guards]


def attempt(name: str, arguments: list[Any]) -> bool:
    """Call a function that may refuse, then in words; return whether it served."""
    arguments, guards = guarded(GOOD[name][0], arguments) if len(arguments) == len(GOOD[name][0]) else (arguments, [])
    try:
        getattr(native.core, name)(*arguments)
    except REFUSALS as error:
        assert str(error).isascii() and (str(error) or isinstance(error, MemoryError))
        return False
    finally:
        for guard in guards:
            guard.check()
    return True


def bytes_of(results: list[np.ndarray]) -> list[bytes]:
    """Return the bytes of results; of NaN there is only one."""
    return [np.where(r != r, np.nan, r).astype(r.dtype).tobytes() for r in results]


@pytest.fixture(params=native.core.available() if native.core else [])
def each_set(request):
    before = native.core.chosen()
    native.core.choose(request.param)
    yield request.param
    native.core.choose(before)


each_name = pytest.mark.parametrize("name", GOOD)
SHAPES = [
    Shape(),
    Shape(1, 11, 19, 3, 3, 3, kind="uint16"),
    Shape(2, 7, 37, 2, 5, 5, 2, 2, "float32"),
    Shape(3, 10, 33, 1, 1, 4, 2, 1, "float64", True),
    Shape(1, 1, 1, 1, 1, 1),
    Shape(1, 0, 5, 3, 3, 3),
    Shape(2, 5, 0, 1, 3, 3, kind="float32"),
    Shape(0, 5, 5, 1, 3, 3, kind="uint16"),
]


def test_each_function_has_a_good_call():
    names = {name for name in dir(native.core) if not name.startswith("_")}
    assert names == CHOICES | GOOD.keys()


shapes = st.builds(
    Shape,
    planes=st.integers(0, 3),
    rows=st.integers(0, 13),
    columns=st.one_of(st.integers(0, 40), st.integers(41, 140)),
    step=st.integers(1, 4),
    height=st.integers(1, 7),
    width=st.integers(1, 7),
    gap=st.integers(1, 3),
    stride=st.integers(1, 3),
    kind=st.sampled_from(sorted(KINDS)),
    nan=st.booleans(),
)


@each_name
@settings(max_examples=60, deadline=None)
@given(shapes)
def test_wide_vectors_give_the_same_bytes(name, shape):
    """Those of 32 and 64 bytes; those of 16 have no fused products on x86, so that sums differ in their last bits."""
    roles, make = GOOD[name]
    before, found = native.core.chosen(), {}
    try:
        for chosen in native.core.available():
            native.core.choose(chosen)
            found[chosen] = results_of(name, make(shape))
            again, guards = make(shape), []
            for i, role in enumerate(roles):  # each output by itself, as tight as can be
                if role in OUTPUTS:
                    again[i] = again[i].copy()
                    guards.append(again[i])
            getattr(native.core, name)(*again)
            assert bytes_of(guards) == bytes_of(found[chosen])
    finally:
        native.core.choose(before)
    if {"avx2", "avx512"} <= found.keys():
        assert bytes_of(found["avx2"]) == bytes_of(found["avx512"])
    if name in EXACT:
        assert len({tuple(bytes_of(results)) for results in found.values()}) == 1


EXACT = {
    "look_up",
    "histogram",
    "extrema",
    "png_rows",
    "png_unfilter",
    "permute",
    "pick",
    "lay",
    "cut",
    "take_apart",
    "put_together",
    "join",
    "rank",
    "mode",
    "bm3d",
    "contrast",
    "settle",
    "jpeg_ends",
}
"""What only chooses samples, counts in whole numbers, or rounds each product gives the same bytes on every machine."""


@each_name
def test_number_and_types_of_arguments(name, each_set):
    roles, make = GOOD[name]
    good = make(SHAPES[0])
    assert attempt(name, good)
    assert not attempt(name, good[:-1]) and not attempt(name, [*good, 1]) and not attempt(name, [])
    for i, role in enumerate(roles):
        for wrong in (None, "é", b"bytes", [1], object(), 1.5, 1j, np.zeros(()), np.array(["é"]), np.array([None])):
            served = attempt(name, [*good[:i], wrong, *good[i + 1 :]])
            allowed = role == "b" or (role in "pq" and wrong is None) or (role == "f" and isinstance(wrong, float))
            allowed = allowed or (role == "f" and np.shape(wrong) == () and isinstance(wrong, np.ndarray))
            assert not served or allowed, (i, wrong)


NUMBERS = [*(n + d for n in (0, 2**15, 2**16, 2**31, 2**32, 2**51, 2**62, 2**63) for d in (-1, 0, 1)), -(2**63), 2**64]


@each_name
@pytest.mark.parametrize("shape", SHAPES)
def test_sizes_beyond_all_measure(name, shape, each_set):
    roles, make = GOOD[name]
    places = [i for i, role in enumerate(roles) if role == "n"]
    for i in places:
        good = make(shape)
        for number in (*NUMBERS, good[i] - 1, good[i] + 1, 2 * good[i], -good[i]):
            attempt(name, [*make(shape)[:i], number, *good[i + 1 :]])
    for (i, j), number in itertools.product(itertools.combinations(places, 2), (0, 2**31, 2**51, 2**62)):
        good = make(shape)
        good[i], good[j] = number, 2**63 // max(number, 2)
        attempt(name, good)


def test_columns_of_any_distance_without_a_map(each_set):
    """Whose size would tell that they are too far apart."""
    distances = [number for number in (*NUMBERS, 2**60, 2**61) if not 2**16 < number < 2**40]  # which take memory
    for wide, across in itertools.product((1, 3, 9, 15), distances):
        taps = np.arange(-(wide // 2), wide // 2 + 1.0)
        served = attempt("gradient", [np.zeros((1, 40, 40), np.uint8), taps, taps, across, 0, 1, *[None] * 5])
        assert served == (1 <= across <= 2**16)


@each_name
@pytest.mark.parametrize("shape", SHAPES[:4])
def test_numbers_that_are_none(name, shape, each_set):
    roles, make = GOOD[name]
    for i, role in enumerate(roles):
        for number in (np.nan, np.inf, -np.inf, -1.0, 0.0, -0.0, 1e308, 5e-324):
            good = make(shape)
            if role == "f":
                good[i] = number
            elif role == "t":
                good[i][:] = number
                attempt(name, list(good))
                good[i][:] = 1
                good[i][-1:] = number
            else:
                continue
            attempt(name, good)


def other_sizes(array: np.ndarray) -> list[np.ndarray]:
    """Return arrays of a sample more and less along each axis, of none and of one, and of more and fewer axes."""
    found = [np.zeros((*array.shape, 1), array.dtype), np.zeros(array.shape[1:], array.dtype)]
    for axis, size in itertools.product(range(array.ndim), (-1, 1, None, 0)):
        shape = list(array.shape)
        shape[axis] = size if size in (None, 0) else max(shape[axis] + size, 0)
        shape[axis] = 1 if shape[axis] is None else shape[axis]
        if tuple(shape) != array.shape:
            found.append(np.zeros(shape, array.dtype))
    return found


@each_name
@pytest.mark.parametrize("shape", SHAPES)
def test_arrays_of_other_sizes(name, shape, each_set):
    roles, make = GOOD[name]
    for i, role in enumerate(roles):
        if role not in ARRAYS or make(shape)[i] is None:
            continue
        for other in other_sizes(make(shape)[i]):
            good = make(shape)
            good[i] = other
            attempt(name, good)
        huge = make(shape)
        for size in ((0, 2**38, 2**20), (2**20, 0, 2**38), (2**20, 2**20, 0), (2**38, 2**20, 1), (1, 2**58, 2)):
            huge[i] = np.lib.stride_tricks.as_strided(np.zeros(2, huge[i].dtype), size, (0, 0, huge[i].itemsize))
            attempt(name, list(huge)) if 0 in size or role not in OUTPUTS else None


@each_name
@pytest.mark.parametrize("shape", SHAPES[:4])
def test_arrays_of_other_types(name, shape, each_set):
    roles, make = GOOD[name]
    kinds = "? b B h H i I q Q e f d g F D S3 U1 O >f4 >u2 >f8 M8[s] V4 f4,i4"
    for i, role in enumerate(roles):
        for kind in kinds.split() if role in ARRAYS and make(shape)[i] is not None else ():
            good = make(shape)
            good[i] = np.zeros(good[i].shape, kind)
            served = attempt(name, good)
            assert not served or kind in ("?", "B", "H", "i", "f", "d")
        if role in ARRAYS and make(shape)[i] is not None:
            good = make(shape)
            assert not attempt(name, [*good[:i], good[i].astype(good[i].dtype.newbyteorder()), *good[i + 1 :]]) or (
                good[i].itemsize == 1
            )


@each_name
@pytest.mark.parametrize("shape", SHAPES[:4])
def test_arrays_that_state_the_order_of_the_machine(name, shape, each_set):
    """As other libraries return them."""
    roles, make = GOOD[name]
    good = make(shape)
    for i, role in enumerate(roles):
        if role in ARRAYS and good[i] is not None:
            good[i] = good[i].view(good[i].dtype.newbyteorder(">" if sys.byteorder == "big" else "<"))
    getattr(native.core, name)(*good)
    outputs = [good[i] for i, role in enumerate(roles) if role in OUTPUTS]
    assert bytes_of(outputs) == bytes_of(results_of(name, make(shape)))


@each_name
@pytest.mark.parametrize("shape", SHAPES)
def test_read_only_outputs_are_refused(name, shape, each_set):
    roles, make = GOOD[name]
    for i, role in enumerate(roles):
        if role in OUTPUTS:
            good = make(shape)
            good[i].flags.writeable = False
            with pytest.raises(REFUSALS):
                getattr(native.core, name)(*good)


def layouts(array: np.ndarray) -> list[tuple[np.ndarray, bool]]:
    """Return the same samples laid out otherwise, and whether that is to be served."""
    planes, rows, samples = array.shape
    apart = np.zeros((2 * planes, 3 * rows, samples + 5), array.dtype)[::2, ::3, 3 : 3 + samples]
    apart[:] = array
    upward, turned = array[:, ::-1].copy()[:, ::-1], array.transpose(1, 0, 2).copy().transpose(1, 0, 2)
    mirrored = array[:, :, ::-1].copy()[:, :, ::-1]
    columns = array.transpose(0, 2, 1).copy().transpose(0, 2, 1)
    memory = np.zeros(array.nbytes + 8, np.uint8)
    odd = memory[1 : 1 + array.nbytes].view(array.dtype).reshape(array.shape)
    odd[:] = array
    side = array.itemsize == 1
    return [(apart, True), (upward, True), (turned, True), (mirrored, samples < 2), (columns, False), (odd, side)]


@each_name
@pytest.mark.parametrize("shape", SHAPES[:5])
def test_layouts(name, shape, each_set):
    """Rows apart, upward and of other planes between give the same; samples apart and unaligned ones are refused."""
    roles, make = GOOD[name]
    expected = bytes_of(results_of(name, make(shape)))
    for i, role in enumerate(roles):
        if role not in "iopq" or make(shape)[i] is None:
            continue
        for number, served in enumerate(served for _, served in layouts(make(shape)[i])):
            good = make(shape)
            good[i] = layouts(good[i])[number][0]
            try:
                getattr(native.core, name)(*good)
            except (TypeError, ValueError) as error:
                assert not served and str(error).isascii()
            else:
                outputs = [good[j] for j, role in enumerate(roles) if role in OUTPUTS]
                assert bytes_of(outputs) == expected, (i, number)
    for i, role in enumerate(roles):
        if role == "t":
            good = make(shape)
            for wrong in (
                np.repeat(good[i], 2)[::2],
                np.zeros(8 * len(good[i]) + 1, np.uint8)[1:].view(float),
                good[i][:, None],
                good[i][:0],
            ):
                served = attempt(name, [*good[:i], wrong, *good[i + 1 :]])
                assert not served or len(wrong) == 1


@each_name
@pytest.mark.parametrize("shape", SHAPES[:4])
def test_overlapping_arrays(name, shape, each_set):
    """An input that is the output, or part of the same memory, is read and written within."""
    roles, make = GOOD[name]
    for i, j in itertools.permutations([i for i, role in enumerate(roles) if role in "iop"], 2):
        good = make(shape)
        size = max(good[i].nbytes, good[j].nbytes)
        memory = np.zeros(size + 64, np.uint8)
        for k, start in ((i, 0), (j, 8)):
            good[k] = memory[start : start + good[k].nbytes].view(good[k].dtype).reshape(good[k].shape)
        try:
            getattr(native.core, name)(*good)
        except REFUSALS as error:
            assert str(error).isascii()


def test_choices(each_set):
    assert native.core.chosen() == each_set
    for wrong in (None, 1, b"avx2", "", "é", "\ud800", "avx9\0", "x" * 10**6):
        with pytest.raises((TypeError, ValueError)):
            native.core.choose(wrong)
        assert native.core.chosen() == each_set


@pytest.mark.parametrize("op", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_windows_of_which_nothing_counts_are_alike(op, kind, each_set):
    """Whether it is rows or columns that do not count, and whatever the windows before held."""
    found = []
    for counted in ((4, 4, 0, 9), (0, 9, 4, 4)):
        out = np.ones((1, 7, 7), kind)
        given = np.arange(81).reshape(1, 9, 9).astype(kind)
        native.core.pool(given, out, op, False, False, 3, 3, 1, 1, 1, 1, *counted, 1)
        found.append(out)
    np.testing.assert_array_equal(*found)


def test_an_array_of_more_samples_than_any_is_refused(each_set):
    huge = np.broadcast_to(np.zeros(1, np.uint8), (2**30, 2**30, 1))
    with pytest.raises(ValueError, match="more than"):
        native.core.join(np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), huge.shape, (0, 0, 1)), 1)
