"""Products of overlapping tiles of an image with one small matrix: how BLAS computes a filter.

A correlation of n neighbouring results is a product with a banded matrix of ``n + taps - 1`` rows. Most of that
matrix is zeros, and still the product wins: at 16 results a tile and 17 taps, 0.9 ns a sample and pass
against 5 for shifted multiply-adds.
"""

from __future__ import annotations

from ..lazy_numpy import Array, np

TILE_RESULTS = 16
"""Results a tile and axis; of 8, 16, 32 and 64 the fastest from 9 to 65 taps."""

MAX_CONVERTED_SAMPLES = 1 << 19
"""Samples that are converted at once: a part of the cache."""


def result_count(samples: int, taps: int, stride: int = 1, dilation: int = 1) -> int:
    """Return how many results a correlation with *taps* taps makes of *samples* samples.

    >>> result_count(10, 3), result_count(10, 3, stride=2, dilation=2)
    (8, 3)
    """
    return (samples - dilation * (taps - 1) - 1) // stride + 1


def toeplitz(taps: Array, count: int, stride: int = 1, dilation: int = 1) -> Array:
    """Return the matrix ``(inputs, count)`` that takes a row of samples to *count* of its correlation's results.

    >>> toeplitz(np.array([1.0, 2.0]), 3).T.tolist()
    [[1.0, 2.0, 0.0, 0.0], [0.0, 1.0, 2.0, 0.0], [0.0, 0.0, 1.0, 2.0]]
    """
    matrix = np.zeros(((count - 1) * stride + (len(taps) - 1) * dilation + 1, count))
    for result in range(count):
        start = result * stride
        matrix[start : start + (len(taps) - 1) * dilation + 1 : dilation, result] = taps
    return matrix


def along_rows(planes: Array, matrix: Array, advance: int, width: int) -> Array:
    """Multiply tiles of every row, *advance* apart, by ``matrix (inputs, results)``; *width* results in all."""
    inputs, results = matrix.shape
    planes = planes.astype(matrix.dtype, copy=False)
    out = np.empty((*planes.shape[:2], width), planes.dtype)
    whole = width // results
    if whole:
        np.matmul(_tiles(planes, whole, advance, inputs, 2), matrix, out=_tiles(out, whole, results, results, 2))
    if rest := width - whole * results:
        part = _first(matrix, rest)
        start = whole * advance
        np.matmul(planes[:, :, start : start + len(part)], part, out=out[:, :, whole * results :])
    return out


def down_columns(planes: Array, matrix: Array, advance: int, height: int) -> Array:
    """Multiply tiles of every column, *advance* apart, by ``matrix (inputs, results)``; *height* results in all.

    Samples of another type than the matrix' are converted a few columns at a time, in the cache.
    """
    out = np.empty((planes.shape[0], height, planes.shape[2]), matrix.dtype)
    if planes.dtype == matrix.dtype:
        multiply_down(planes, matrix, advance, out)
        return out
    columns = max(64, MAX_CONVERTED_SAMPLES // planes.shape[1])
    for start in range(0, planes.shape[2], columns):
        part = planes[:, :, start : start + columns].astype(matrix.dtype)
        multiply_down(part, matrix, advance, out[:, :, start : start + columns])
    return out


def multiply_down(planes: Array, matrix: Array, advance: int, out: Array) -> None:
    """Multiply tiles of every column into *out*, ``(channels, results, columns)``."""
    inputs, results = matrix.shape
    height = out.shape[1]
    whole = height // results
    if whole:
        turned = np.ascontiguousarray(matrix.T)
        np.matmul(turned, _tiles(planes, whole, advance, inputs, 1), out=_tiles(out, whole, results, results, 1))
    if rest := height - whole * results:
        part = _first(matrix, rest)
        start = whole * advance
        turned = np.ascontiguousarray(part.T)
        np.matmul(turned, planes[:, start : start + len(part)], out=out[:, whole * results :])


def _tiles(planes: Array, count: int, advance: int, size: int, axis: int) -> Array:
    """View planes as ``(channels, count, rows, columns)``, overlapping tiles of *size* along *axis*."""
    shape, strides = list(planes.shape), planes.strides
    shape[axis] = size
    return np.lib.stride_tricks.as_strided(
        planes, (shape[0], count, *shape[1:]), (strides[0], advance * strides[axis], *strides[1:])
    )


def _first(matrix: Array, results: int) -> Array:
    """Return the part of *matrix* that makes its first results, without inputs that they do not see."""
    part = matrix[:, :results]
    return part[: np.flatnonzero(part.any(axis=1))[-1] + 1] if part.any() else part[:1]
