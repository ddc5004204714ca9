"""Correlation with a large kernel by the Fourier transform, tile by tile (overlap-save).

Each tile of 128×256 samples is transformed, multiplied by the kernel's conjugate spectrum, and transformed back;
the results that wrapped round are dropped. The time hardly grows with the kernel: 9 ns a sample at 7×7, 12 at 31×31.
The error is that of float32 transforms, some 1e-6 of the largest sum.

A. Oppenheim and R. Schafer, Discrete-Time Signal Processing, 3rd ed., 2009, section 8.7.3.
"""

from __future__ import annotations

from typing import Any

from ..engine.layout import planes_of, strip_of
from ..engine.stage import Function
from ..lazy_numpy import Array, np

TILES = {
    # (rows, columns) of a transform: nanoseconds a sample of it
    (128, 256): 8.8,
    (256, 256): 10.8,
    (256, 512): 10.2,
    (512, 512): 13.9,
    (1024, 1024): 17.2,
    (2048, 2048): 20.6,
}


def _cost(tile: tuple[int, int], height: int, width: int) -> float:
    useful = (tile[0] - height + 1) * (tile[1] - width + 1) if tile[0] >= height and tile[1] >= width else 0
    return TILES[tile] * tile[0] * tile[1] / useful if useful else float("inf")


def tile_shape(height: int, width: int) -> tuple[int, int]:
    """Return the transform's ``(rows, columns)`` that costs a kernel least."""
    return min(TILES, key=lambda tile: _cost(tile, height, width))


def cost(height: int, width: int) -> float:
    """Return what a kernel costs, in nanoseconds a sample."""
    return _cost(tile_shape(height, width), height, width)


def rows_of_result(height: int, width: int) -> int:
    """Return how many rows a tile gives: the best height of a strip."""
    return tile_shape(height, width)[0] - height + 1


def prepare(taps: Array, work: Any) -> Function:
    """Return the function that correlates a padded strip with ``taps (height, width)``."""
    height, width = taps.shape
    tile_rows, tile_columns = tile_shape(height, width)
    spectrum = np.conj(np.fft.rfft2(taps.astype(np.float64), (tile_rows, tile_columns)))
    spectrum = spectrum.astype(np.result_type(work, np.complex64))
    advance = tile_rows - height + 1, tile_columns - width + 1

    def correlate(strip: Array) -> Array:
        planes = planes_of(strip)
        rows, columns = strip.shape[0] - height + 1, strip.shape[1] - width + 1
        across = -(-columns // advance[1])
        out = np.empty((planes.shape[0], rows, columns), planes.dtype)
        padded = np.zeros((tile_rows, across * advance[1] + width - 1), planes.dtype)
        for plane, result in zip(planes, out, strict=True):
            for start in range(0, rows, advance[0]):
                seen = plane[start : start + tile_rows]
                padded[: len(seen), : seen.shape[1]] = seen
                padded[len(seen) :] = 0
                batch = np.lib.stride_tricks.as_strided(
                    padded, (across, tile_rows, tile_columns), (advance[1] * padded.itemsize, *padded.strides)
                )
                whole = _filtered(batch, spectrum)[:, : advance[0], : advance[1]]
                count = min(advance[0], rows - start)
                joined = whole[:, :count].transpose(1, 0, 2).reshape(count, -1)
                result[start : start + count] = joined[:, :columns]
        return strip_of(out)

    return correlate


def _filtered(batch: Array, spectrum: Array) -> Array:
    """Multiply the spectra of ``(tiles, rows, columns)``; the result is as large."""
    spectra = np.fft.rfft(batch, axis=2)
    np.fft.fft(spectra, axis=1, out=spectra)
    spectra *= spectrum
    np.fft.ifft(spectra, axis=1, out=spectra)
    return np.fft.irfft(spectra, batch.shape[2], axis=2)


BANK_TILE = (128, 256)
"""The transform of a bank whose kernels are up to half as high: low strips, since a row of them is many maps'."""


def bank_tile(height: int, width: int) -> tuple[int, int]:
    """Return the transform's ``(rows, columns)`` for a bank."""
    return BANK_TILE if 2 * max(height, width) <= BANK_TILE[0] else tile_shape(height, width)


def prepare_bank(weights: Array, groups: int, work: Any) -> Function:
    """Return the function from a padded strip to the ``(maps, rows, columns)`` of ``weights (maps, inputs, …)``.

    A tile is transformed once for all maps, and a map is transformed back once for all its inputs.
    """
    maps, inputs, height, width = weights.shape
    rows_of_tile, columns_of_tile = bank_tile(height, width)
    spectra = np.conj(np.fft.rfft2(weights, (rows_of_tile, columns_of_tile)))
    spectra = spectra.astype(np.result_type(work, np.complex64))
    down, across = rows_of_tile - height + 1, columns_of_tile - width + 1

    def correlate(strip: Array) -> Array:
        planes = planes_of(strip)
        rows, columns = strip.shape[0] - height + 1, strip.shape[1] - width + 1
        out = np.empty((maps, rows, columns), work)
        tile = np.zeros((len(planes), rows_of_tile, columns_of_tile), work)
        total, product = np.empty((2, *spectra.shape[2:]), spectra.dtype)
        for top in range(0, rows, down):
            for left in range(0, columns, across):
                seen = planes[:, top : top + rows_of_tile, left : left + columns_of_tile]
                tile[:, : seen.shape[1], : seen.shape[2]] = seen
                tile[:, seen.shape[1] :] = 0
                tile[:, :, seen.shape[2] :] = 0
                spectrum = np.fft.rfft(tile, axis=2)
                np.fft.fft(spectrum, axis=1, out=spectrum)
                result = out[:, top : top + down, left : left + across]
                for number, kernels in enumerate(spectra):
                    first = number // (maps // groups) * inputs
                    np.multiply(spectrum[first], kernels[0], out=total)
                    for channel in range(1, inputs):
                        np.multiply(spectrum[first + channel], kernels[channel], out=product)
                        np.add(total, product, out=total)
                    np.fft.ifft(total, axis=0, out=total)
                    back = np.fft.irfft(total[: result.shape[1]], columns_of_tile, axis=1)
                    result[number] = back[:, : result.shape[2]]
        return out

    return correlate
