"""Statistics of each channel of an image: range, mean, deviation, percentiles and histogram."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ..engine import colour
from ..engine.array_image import one_image
from ..engine.nodata import Nodata
from ..engine.nodata import of as nodata_of
from ..engine.quantize import white_of
from ..engine.sample_counts import counted
from ..engine.threads import side_by_side, threads_of
from ..lazy_numpy import Array, np
from .channel import Statistics
from .float_passes import of_floats

STRIP = 1 << 20
"""Samples to process together."""


def statistics(
    image: Any, *, white: float | None = None, luma: bool = False, jobs: int | None = None
) -> list[Statistics]:
    """Return the statistics of each channel of an image.

    Pixels with an alpha of 0, missing samples, NaN and infinities are left out.

    Parameters
    ----------
    image
        An array ``(height, width)`` or ``(height, width, channels)``, or any other image that filters take.
    white
        White, which is also the end of the histogram of whole numbers; by default the greatest of their type, and 1 for
        floats.
    luma
        Use the luma of three channels instead, rounded half up for whole numbers.
    jobs
        Threads at most; all cores by default.

    Returns
    -------
    One entry per channel, without the alpha.

    Raises
    ------
    ImageError
        It is not an image.
    ParameterError
        *jobs* is not a whole number of at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> found = statistics(np.array([[0, 0], [10, 30]], np.uint8))[0]
    >>> found.minimum, found.maximum, found.mean, round(found.std, 3), found.percentile(50), found.black
    (0.0, 30.0, 10.0, 12.247, 0.0, 2)
    """
    given = one_image(image)
    full = white_of(given.pixels.dtype.name, given.white if white is None else white)
    missing = nodata_of(given.nodata, given.pixels, given.colours == "rgb", full)
    return survey(given.pixels, given.alpha, full, missing, luma=luma, jobs=jobs)


def survey(
    pixels: Array,
    alpha: Array | None,
    full: float,
    missing: Nodata | None = None,
    *,
    luma: bool = False,
    jobs: int | None = None,
) -> list[Statistics]:
    """Return the statistics of each channel ``(height, width, channels)``, or of the luma, where *alpha* is not 0.

    *full* is white; *missing* marks missing samples.
    """
    rows = max(1, STRIP // max(1, math.prod(pixels.shape[1:])))
    cores = threads_of(jobs)

    def strips(number: int) -> Iterator[Array]:
        for top in range(number * rows, len(pixels), cores * rows):
            part = slice(top, top + rows)
            samples = _seen(pixels[part], None if alpha is None else alpha[part], missing)
            yield _luma_of(samples) if luma and samples.shape[2] == 3 else samples

    if pixels.dtype.kind == "u":
        # Each thread adds up its strips, as the counts of all strips would take more memory than the picture.
        parts = side_by_side(lambda number: _counts(strips(number)), range(cores), cores)
        total = np.sum([part for part in parts if part is not None], axis=0)
        if missing is not None and not missing.joint:
            total[:, int(missing.value)] = 0
        return [_of_counts(counts, full) for counts in total]
    return of_floats(strips, cores, full, missing)


def _seen(samples: Array, alpha: Array | None, missing: Nodata | None) -> Array:
    """Return the rows without pixels that are transparent, or missing in all channels, as one row."""
    seen = None if alpha is None else alpha > 0
    if missing is not None and missing.joint:
        known = ~missing.gaps(samples)[..., 0]
        seen = known if seen is None else seen & known
    return samples if seen is None or seen.all() else samples[seen][None]


def _luma_of(samples: Array) -> Array:
    if samples.dtype.kind == "f":
        return colour.luma(samples)
    values = colour.luma(samples, np.float32)
    values += np.float32(0.5)
    return values.astype(samples.dtype)


def _counts(strips: Iterator[Array]) -> Array | None:
    """Return the count of each number in each channel; None without strips."""
    total: Array | None = None
    for strip in strips:
        found = counted(strip).astype(np.int64)
        total = found if total is None else np.add(total, found, out=total)
    return total


def _of_counts(counts: Array, full: float) -> Statistics:
    there = np.flatnonzero(counts)
    if not len(there):
        return Statistics.of_none(int(full) + 1)
    least, greatest, count = int(there[0]), int(there[-1]), int(counts.sum())
    # The sum of squares of this many 16-bit samples fits 64 bits; larger integers take ten times as long.
    exact: Any = np.uint64 if count <= 1 << 32 else object
    numbers, often = there.astype(exact), counts[there].astype(exact)
    total, squares = int((numbers * often).sum()), int((numbers * numbers * often).sum())
    return Statistics(
        count,
        float(least),
        float(greatest),
        total / count,
        math.sqrt((count * squares - total * total) / (count * count)),
        int(counts[0]),
        int(counts[math.ceil(full) :].sum()),
        0,
        0,
        counts[: max(int(full), greatest) + 1],
    )
