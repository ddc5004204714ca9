"""Non-finite samples in filters that need a value everywhere: they are guessed first, and put back after."""

from __future__ import annotations

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from .image_rows import Whole


class Gaps(NamedTuple):
    """The non-finite samples of a picture: where they are, and their values."""

    where: Array
    values: Array

    def put_back(self, strip: Array, start: int, ignoring: bool) -> None:
        """Put them back into the strip that begins at row *start*; if *ignoring*, only infinities."""
        rows = slice(start, start + len(strip))
        where = self.where[rows] & np.isinf(self.values[rows]) if ignoring else self.where[rows]
        np.copyto(strip, self.values[rows], where=where, casting="unsafe")


def known(picture: Whole) -> tuple[Whole, Gaps | None]:
    """Return a picture with guesses for non-finite samples, and those samples; None if there are none."""
    values = picture.values
    where = ~np.isfinite(values)
    if not where.any():
        return picture, None
    filled = np.where(where, np.nan, values).astype(np.float64, copy=False)
    for channel in range(filled.shape[2]):
        filled[..., channel] = guessed(filled[..., channel])
    return Whole(filled, picture.height, picture.width), Gaps(where, values)


def guessed(plane: Array) -> Array:
    """Replace NaN by the mean of the smallest square of 2, 4, 8 … samples that has others; by 0 if there are none.

    So a hole in a bright area becomes bright, without an edge that would spread.

    The pyramid is from S. Gortler et al., "The lumigraph", 1996, section 3.4.

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
