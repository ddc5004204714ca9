"""The frequency response of a kernel."""

from __future__ import annotations

from typing import Any

from ..lazy_numpy import Array, np


def response(weights: Any, x: Any, y: Any, anchor: tuple[int, int] | None = None) -> Array:
    """Return the frequency response of a kernel on a grid of frequencies.

    ``H(x, y) = Σ k[i, j] exp(2πi (x (j - aₓ) + y (i - aᵧ)))`` is the factor on the wave ``exp(2πi (x·column + y·row))``
    if the kernel is applied as written: ``|H|`` multiplies its amplitude, and the angle of H shifts its phase.

    Parameters
    ----------
    weights
        The kernel, ``(height, width)``.
    x, y
        Frequencies in cycles per pixel, ``(columns,)`` and ``(rows,)``; -1/2 to 1/2 covers all of them.
    anchor
        Column and row of the weight placed on the pixel, by default ``(width // 2, height // 2)``.

    Returns
    -------
    ``(rows, columns)`` of complex128.

    Examples
    --------
    A mean of three removes the wave of three pixels, and keeps the constant part.

    >>> import numpy as np
    >>> found = response(np.full((1, 3), 1 / 3), [0, 1 / 3, 1 / 2], [0])
    >>> np.abs(found.round(12)).tolist()
    [[1.0, 0.0, 0.333333333333]]
    """
    kernel = np.asarray(weights, np.float64)
    down, along = _waves(kernel.shape, x, y, anchor)
    return down @ kernel @ along.T


def response_along(weights: Any, x: Any, y: Any, anchor: tuple[int, int] | None = None) -> Array:
    """Return the frequency response at pairs of frequencies, ``(count,)`` of complex128; see `response`.

    >>> import numpy as np
    >>> response_along([[-1, 0, 1]], [0, 1 / 4], [0, 1 / 4]).round(12).imag.tolist()
    [0.0, 2.0]
    """
    kernel = np.asarray(weights, np.float64)
    down, along = _waves(kernel.shape, x, y, anchor)
    return ((down @ kernel) * along).sum(axis=1)


def _waves(shape: tuple[int, ...], x: Any, y: Any, anchor: tuple[int, int] | None) -> tuple[Array, Array]:
    """Return the waves of the frequencies *y* down the rows of a kernel, and of *x* along its columns."""
    height, width = shape
    column, row = (width // 2, height // 2) if anchor is None else anchor
    along = np.exp(2j * np.pi * np.outer(x, np.arange(width) - column))
    return np.exp(2j * np.pi * np.outer(y, np.arange(height) - row)), along
