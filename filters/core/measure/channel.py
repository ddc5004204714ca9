"""Statistics of the samples of one channel."""

from __future__ import annotations

import math
from typing import Self

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import ParameterError


class Statistics(NamedTuple):
    """Statistics of the samples of one channel; without samples, they are NaN."""

    samples: int
    minimum: float
    maximum: float
    mean: float
    std: float
    """The population's standard deviation: squared deviations are divided by their number."""
    black: int
    """The number of samples of 0 or less."""
    white: int
    """The number of samples of white or more."""
    nan: int
    infinite: int
    counts: Array
    """The count of each value ``low + k · step``. For 8 and 16 bits these are the samples, from 0; floats are rounded
    to 65 536 values from the least to the greatest."""
    low: float = 0.0
    step: float = 1.0
    exact: bool = True
    """Whether the counted values are the samples themselves."""

    @classmethod
    def of_none(cls, values: int = 1, nan: int = 0, infinite: int = 0) -> Self:
        """Return the statistics of no samples, for a number of possible *values*."""
        nothing = math.nan
        return cls(0, nothing, nothing, nothing, nothing, 0, 0, nan, infinite, np.zeros(values, np.int64))

    def percentile(self, percent: float) -> float:
        """Return the least value that *percent* of the samples do not exceed.

        For whole numbers it equals `numpy.percentile` with ``method="inverted_cdf"``; for floats it differs by at most
        half a `step`.

        >>> from imfilter.filters.core.measure import statistics
        >>> [statistics(np.array([[1, 2, 3, 9]], np.uint8))[0].percentile(p) for p in (0, 25, 26, 100)]
        [1.0, 1.0, 2.0, 9.0]
        """
        if not 0 <= percent <= 100:
            raise ParameterError("percent", f"{percent!r} is not a number from 0 to 100")
        if not self.samples:
            return math.nan
        rank = max(1, math.ceil(self.samples * (percent / 100)))
        place = int(np.searchsorted(np.cumsum(self.counts), rank))
        # Halves, since the range of floats may exceed the greatest float.
        return max(self.minimum, min(2 * (self.low / 2 + self.step / 2 * place), self.maximum))

    def histogram(self, bins: int) -> Histogram:
        """Return the counts in a number of even *bins*, over all levels of whole numbers, else over the range.

        >>> from imfilter.filters.core.measure import statistics
        >>> found = statistics(np.array([[0, 63, 64, 255]], np.uint8))[0].histogram(4)
        >>> found.counts.tolist(), found.low, found.high, found.levels.tolist()
        ([2, 1, 0, 1], 0.0, 255.0, [64, 64, 64, 64])
        """
        if bins < 1:
            raise ParameterError("bins", f"{bins!r} is not a whole number of at least 1")
        places = np.arange(len(self.counts)) * bins // len(self.counts)
        return Histogram(
            np.bincount(places, self.counts, minlength=bins).astype(np.int64),
            self.low,
            self.low + self.step * (len(self.counts) - 1) if self.exact else self.maximum,
            np.bincount(places, minlength=bins),
        )


class Histogram(NamedTuple):
    """Counts of samples in even bins from *low* to *high*."""

    counts: Array
    low: float
    high: float
    levels: Array
    """The number of values in each bin; if they do not divide evenly, some bins have one more."""
