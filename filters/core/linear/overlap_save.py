"""Correlation with a large kernel by the Fourier transform, tile by tile (overlap-save).

A tile is transformed, multiplied by the kernel's conjugate spectrum, and transformed back; results that wrap round are
dropped. The time hardly grows with the kernel: 2 ns per sample at 7×7, 3 at 51×51; two transforms of `scipy.fft` take
12. In float32 the error is 5e-8 of the largest sum.

A. Oppenheim and R. Schafer, Discrete-Time Signal Processing, 3rd ed., 2009, section 8.7.3.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

from .. import native
from ..engine.layout import planes_of, strip_of
from ..engine.stage import NO_HALO, BoundStage, Function, ImageContext
from ..lazy_numpy import Array, np
from .kernels import Kernel

TILES = {64: 2.5, 128: 2.5, 256: 2.7, 512: 3.4, 1024: 4.8, 2048: 7.0}
"""Nanoseconds per sample of a tile in float32, by the tile's longer side. Kernels of 7×7 to 255×255 then took 2.6 to
8.8 per sample, with borders and rounding; float64 takes 1.8 times as long."""
REFERENCE = 38.0
"""Nanoseconds per sample without the compiled core."""
FLOAT_GRID = 1 << 18
"""The largest sum in float32, in units of the results' grid: 1/50 of what its error would allow."""
PANEL = 16
"""Columns of a tile that the compiled loop transforms at once."""
UNBOUNDED = 1 << 20, 1 << 20


def _cost(tile: tuple[int, int], height: int, width: int, size: tuple[int, int]) -> float:
    down, across = tile[0] - height + 1, tile[1] - width + 1
    if min(down, across) < 1:
        return float("inf")
    columns = -(-size[1] // across)
    tiles = -(-size[0] // down) * (columns + columns % 2)  # two tiles are transformed at once
    return TILES[max(tile)] * tiles * tile[0] * tile[1] / (size[0] * size[1])


@lru_cache(maxsize=64)
def tile_shape(height: int, width: int, size: tuple[int, int] = UNBOUNDED) -> tuple[int, int]:
    """Return the ``(rows, columns)`` of the cheapest transform for a kernel, for results of a *size*."""
    shapes = [(rows, columns) for rows in TILES for columns in TILES]
    return min(shapes, key=lambda tile: _cost(tile, height, width, size))


def cost(height: int, width: int) -> float:
    """Return the cost of a kernel, in nanoseconds per sample."""
    least = 0.0 if native.core else REFERENCE
    return max(least, _cost(tile_shape(height, width), height, width, UNBOUNDED))


def bind(kernel: Kernel, context: ImageContext) -> BoundStage:
    """Return the function of a kernel; it also divides and rounds, if nothing else follows."""
    height, width = kernel.shape
    # The error of the sums would decide how exact halves, which whole numbers give, are rounded.
    ties = context.whole and kernel.halves is not None and (kernel.halves > 0 or kernel.divisor != 1)
    grid = 2.0 ** (kernel.halves or 0) if ties else 0.0
    exact = grid * context.most * float(np.abs(kernel.taps).sum()) <= FLOAT_GRID
    work = context.work if exact or not ties else np.float64
    out = context.own_type if context.rounded else context.work
    tile = tile_shape(height, width, (context.height or UNBOUNDED[0], context.width or UNBOUNDED[1]))
    function = prepare(kernel.taps, work, out, kernel.divisor, grid, tile)
    # Tiles at fixed positions of the image have the same rounding errors however it is cut into strips.
    return BoundStage(function, NO_HALO, tile[0] - height + 1, True, context.own_type, interleaved=True)


def prepare(
    taps: Array,
    work: Any,
    out: Any = None,
    divisor: float = 1.0,
    grid: float = 0.0,
    tile: tuple[int, int] | None = None,
) -> Function:
    """Return the function that correlates a padded strip with ``taps (height, width)`` and divides.

    The transform has the type *work*, the result the type *out* if given; in 8 and 16 bits it is rounded half up and
    saturated. Sums known to be multiples of ``1 / grid`` are rounded to them, which makes them exact.
    """
    height, width = taps.shape
    rows, columns = tile or tile_shape(height, width)
    result_type = np.dtype(work if out is None else out)
    if native.core is None:
        return lambda strip: _reference(strip, taps, result_type, divisor, grid, work)
    if not grid:
        taps, divisor = taps / divisor, 1.0
    spectrum = _spectrum(taps.astype(np.float64).tobytes(), (height, width), (rows, columns), np.dtype(work))
    total = float(taps.sum())
    twiddles = _twiddles(max(rows, columns))

    def correlate(strip: Array) -> Array:
        given, step = native.rows_of(strip)
        size = given.shape[1] - height + 1, given.shape[2] - (width - 1) * step
        result = native.results((len(given), *size), result_type, step)
        # Subtracting the middle of the type's range halves the error.
        level = (np.iinfo(strip.dtype).max + 1) / 2 if strip.dtype.kind == "u" else 0.0
        sizes = rows, height, width, 0, step
        native.core.fourier(given, result, spectrum, twiddles, *sizes, level, level * total, grid, divisor)
        return native.strip_like(result, step)

    return correlate


def _reference(strip: Array, taps: Array, out: Any, divisor: float, grid: float, work: Any) -> Array:
    fft: Any = importlib.import_module("scipy.fft")  # its type stubs describe a backend that may replace it
    shape = [fft.next_fast_len(size, real=True) for size in strip.shape[:2]]
    spectrum = np.conj(fft.rfft2(taps, shape))
    sums = [fft.irfft2(fft.rfft2(plane.astype(np.float64), shape) * spectrum, shape) for plane in planes_of(strip)]
    rows, columns = strip.shape[0] - taps.shape[0] + 1, strip.shape[1] - taps.shape[1] + 1
    total = strip_of(np.stack(sums)[:, :rows, :columns])
    total = (np.rint(total * grid) / grid if grid else total) / divisor
    return native.converted(total, out, work)


@lru_cache(maxsize=8)
def _spectrum(taps: bytes, shape: tuple[int, int], tile: tuple[int, int], work: Any) -> Array:
    """Return a kernel's conjugate spectrum in the layout of the compiled loop: in its transform's order, in panels."""
    rows, columns = tile
    spectrum = np.conj(np.fft.fft2(np.frombuffer(taps).reshape(shape), tile)) / (rows * columns)
    panels = spectrum[np.ix_(_order(rows), _order(columns))].T.reshape(columns, -1, PANEL).transpose(1, 0, 2)
    return np.ascontiguousarray(np.concatenate([panels.real, panels.imag], axis=2), work)


def _order(size: int) -> Array:
    """Return the frequencies in the order left by decimation by 4, and finally by 2.

    >>> _order(8).tolist()
    [0, 4, 1, 5, 2, 6, 3, 7]
    """
    if size == 1:
        return np.zeros(1, np.intp)
    parts = 4 if size > 2 else 2
    return (parts * _order(size // parts) + np.arange(parts)[:, None]).ravel()


@lru_cache(maxsize=8)
def _twiddles(size: int) -> Array:
    """Return ``exp(-2πi jk / n)`` for j = 1, 2, 3 and k < n / 4, starting at 6 n / 4, for each n up to *size*."""
    factors = np.zeros((size // 2, 3), complex)
    quarter = 1
    while quarter <= size // 4:
        turns = np.outer(np.arange(quarter), np.arange(1, 4)) / (4 * quarter)
        factors[quarter : 2 * quarter] = np.exp(-2j * np.pi * turns)
        quarter *= 2
    return factors.view(np.float64).ravel()


def prepare_bank(weights: Array, groups: int, work: Any) -> Function:
    """Return the function from a padded strip to the ``(maps, rows, columns)`` of ``weights (maps, inputs, …)``.

    Each tile is transformed once for all maps, and each map transformed back once for all its inputs.
    """
    maps, inputs, height, width = weights.shape
    tile = tile_shape(height, width)
    if native.core is None:
        return lambda strip: _bank_reference(strip, weights, groups, work)
    kernels = [_spectrum(taps.tobytes(), (height, width), tile, np.dtype(work)) for of in weights for taps in of]
    spectra, twiddles = np.concatenate(kernels), _twiddles(max(tile))

    def correlate(strip: Array) -> Array:
        given, step = native.rows_of(strip)
        out = np.empty((maps, strip.shape[0] - height + 1, strip.shape[1] - width + 1), work)
        native.core.fourier(given, out, spectra, twiddles, tile[0], height, width, inputs, step, 0.0, 0.0, 0.0, 1.0)
        return out

    return correlate


def _bank_reference(strip: Array, weights: Array, groups: int, work: Any) -> Array:
    fft: Any = importlib.import_module("scipy.fft")
    maps, inputs, height, width = weights.shape
    shape = [fft.next_fast_len(size, real=True) for size in strip.shape[:2]]
    spectra = fft.rfft2(planes_of(strip).astype(np.float64), shape)
    out = np.empty((maps, strip.shape[0] - height + 1, strip.shape[1] - width + 1), work)
    for number, kernels in enumerate(weights):
        first = number // (maps // groups) * inputs
        total = sum(spectra[first + c] * np.conj(fft.rfft2(taps, shape)) for c, taps in enumerate(kernels))
        out[number] = fft.irfft2(total, shape)[: out.shape[1], : out.shape[2]]
    return out
