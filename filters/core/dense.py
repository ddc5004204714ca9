"""Correlation with any kernel as one matrix product: columns shifted and stacked, then a banded matrix.

Eight rows of results are a product of a matrix ``(8, width · (height + 7))`` with the rows above them, stacked once
for each column of the kernel. Stacking is a copy; the product runs at the speed of BLAS. 5×5: 2.3 ns a
sample, against 6 for shifted multiply-adds.
"""

from __future__ import annotations

from typing import Any

from . import tiles
from .lazy import Array, np
from .stage import Function

ROWS = 8
"""Rows of results a product; of 8, 16 and 32 the fastest from 3×3 to 11×11."""


def prepare(taps: Array, stride: tuple[int, int], dilation: tuple[int, int], work: Any) -> Function:
    """Return the function that correlates a padded strip with ``taps (height, width)``."""
    height, width = taps.shape
    matrix = np.stack([tiles.toeplitz(taps[:, j], ROWS, stride[1], dilation[1]) for j in range(width)])
    # (width, inputs, results) to (results, width · inputs)
    matrix = np.ascontiguousarray(matrix.transpose(2, 0, 1)).astype(work)
    reach = (height - 1) * dilation[1]

    def correlate(strip: Array) -> Array:
        planes = tiles.planes_of(strip)
        rows = tiles.result_count(strip.shape[0], height, stride[1], dilation[1])
        columns = tiles.result_count(strip.shape[1], width, stride[0], dilation[0])
        out = np.empty((planes.shape[0], rows, columns), planes.dtype)
        for plane, result in zip(planes, out, strict=True):
            for start in range(0, rows, ROWS):
                count = min(ROWS, rows - start)
                inputs = (count - 1) * stride[1] + reach + 1
                seen = plane[start * stride[1] : start * stride[1] + inputs]
                stacked = np.empty((width, inputs, columns), planes.dtype)
                for j in range(width):
                    left = j * dilation[0]
                    stacked[j] = seen[:, left : left + (columns - 1) * stride[0] + 1 : stride[0]]
                part = matrix[:count, :, :inputs].reshape(count, width * inputs)
                np.matmul(part, stacked.reshape(width * inputs, columns), out=result[start : start + count])
        return tiles.strip_of(out)

    return correlate
