"""Samples that are not finite, in filters that must have a value everywhere: guessed, and put back behind them."""

from __future__ import annotations

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from .image_rows import Whole


class Gaps(NamedTuple):
    """Which samples of a picture are not finite, and what they are."""

    where: Array
    values: Array

    def put_back(self, strip: Array, start: int, ignoring: bool) -> None:
        """Put them into the strip that begins at row *start*; where they count nothing, infinities alone."""
        rows = slice(start, start + len(strip))
        where = self.where[rows] & np.isinf(self.values[rows]) if ignoring else self.where[rows]
        np.copyto(strip, self.values[rows], where=where, casting="unsafe")


def known(picture: Whole) -> tuple[Whole, Gaps | None]:
    """Return a picture with what is not finite guessed from around it, and what it was; None where all is finite."""
    values = picture.values
    where = ~np.isfinite(values)
    if not where.any():
        return picture, None
    filled = np.where(where, np.nan, values).astype(np.float64, copy=False)
    for channel in range(filled.shape[2]):
        filled[..., channel] = guessed(filled[..., channel])
    return Whole(filled, picture.height, picture.width), Gaps(where, values)


def guessed(plane: Array) -> Array:
    """Fill what is NaN with the mean of the smallest square of 2, 4, 8 … samples that holds another; 0 where none is.

    So a hole in what is bright is filled with what is bright, and has no edge that would spread.

    S. Gortler et al., "The lumigraph", 1996, section 3.4, has the pyramid.

    >>> guessed(np.array([[1.0, np.nan, np.nan], [3.0, 2.0, 8.0]])).tolist()
    [[1.0, 2.0, 8.0], [3.0, 2.0, 8.0]]
    """
    gaps = np.isnan(plane)
    if not gaps.any():
        return plane
    if gaps.all():
        return np.zeros_like(plane)
    height, width = plane.shape
    squares = np.pad(plane, ((0, height % 2), (0, width % 2)), constant_values=np.nan)
    squares = squares.reshape(squares.shape[0] // 2, 2, squares.shape[1] // 2, 2)
    with np.errstate(invalid="ignore"):
        means = np.nansum(squares, axis=(1, 3)) / np.count_nonzero(~np.isnan(squares), axis=(1, 3))
    return np.where(gaps, guessed(means).repeat(2, axis=0).repeat(2, axis=1)[:height, :width], plane)
