"""Estimation of an image's noise from the image itself."""

from __future__ import annotations

from collections.abc import Callable

from ..engine.facts import Fact
from ..engine.stage import ImageContext, Rows
from ..lazy_numpy import Array, np
from ..linear import separable

ROWS_TOGETHER = 8
"""Rows of responses to process together."""
MAX_ANSWERS = 1 << 20
"""The total number of responses to use, from rows over the whole height: their median has an error of 0.1 %, and a
picture of 12 MP takes 45 ms instead of 700."""
MEDIAN = 0.6744897501960817
"""The median magnitude of a normal variable with the standard deviation 1."""
MEAN = 0.7978845608028654
"""The mean of that magnitude."""
GAIN = 6.0
"""The root of the sum of the mask's squares, its factor on the standard deviation of white noise."""
BLOCK = 32
"""Columns of a block of responses."""
FEWEST_BLOCKS = 32
"""The fewest blocks of a channel for choosing the calmest."""
CALM = 0.1
"""The fraction of blocks that are calmer than the one that determines the noise."""
CALMNESS = 0.893
"""The noise of that block relative to the mean, for pure noise: 256 responses vary by as much."""
SATURATED, LOST = 0.01, 0.8
"""The fraction of saturated samples from which a block is used only if less than a fifth of the blocks have fewer; and
how saturated samples reduce a deviation: with this, noise of 75 levels is off by 1 % instead of 10."""


def estimate(image: Rows, full: float | None = None, relative: bool = False) -> float:
    """Return the standard deviation of white noise in *image*, in its units, as one number for all channels.

    If *relative*, it is that of multiplicative noise, as a fraction of the samples.

    The mask ``1 -2 1; -2 4 -2; 1 -2 1``, the difference of two Laplacians, gives 0 on planes and little on edges
    (Immerkær 1996). In a large image the mean magnitude of its responses is taken in blocks of 32×8, and a tenth of the
    blocks are calmer than the chosen one, so that texture has no effect (after Rank, Lendl and Unbehauen 1999). Blocks
    with samples of 0 or *full*, where noise is clipped, are used last. In a small image the median of all magnitudes
    replaces their mean: it depends on how many are large, and not on how large they are (Donoho and Johnstone 1994).
    Missing and infinite samples are ignored. An image of fewer than 3×3 pixels has no noise.

    References
    ----------
    J. Immerkær, "Fast noise variance estimation", 1996.
    K. Rank, M. Lendl and R. Unbehauen, "Estimation of image noise variance", 1999.
    D. Donoho and I. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", 1994.
    """
    if min(image.height, image.width) < 3:
        return 0.0
    parts: list[Array] = []
    blocks: list[Array] = []
    second_difference = np.array([1.0, -2.0, 1.0])
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        first = image.rows(0, 3)
        count = max(1, MAX_ANSWERS // (ROWS_TOGETHER * image.width * first.shape[2]))
        groups = -(-(image.height - 2) // ROWS_TOGETHER)
        for number in range(min(count, groups)):
            start = ROWS_TOGETHER * (number * groups // min(count, groups))
            given = image.rows(start, min(start + ROWS_TOGETHER + 2, image.height))
            answers = np.abs(separable.correlate(given.astype(np.float64), second_difference, second_difference))
            if len(answers) == ROWS_TOGETHER:
                blocks.append(_blocks(answers, given[1:-1, 1:-1], full, relative))
            parts.append((answers / _magnitude(given) if relative else answers).ravel())
        found = _calm(np.concatenate(blocks, axis=1)) if blocks else None
        if found is not None:
            return found / GAIN
        answers = np.concatenate(parts)
        finite = answers[np.isfinite(answers)]
    return float(np.median(finite)) / (MEDIAN * GAIN) if finite.size else 0.0


def _magnitude(samples: Array) -> float:
    """Return the mean magnitude of the finite samples; NaN if there are none."""
    finite = samples[np.isfinite(samples)]
    return float(np.abs(finite).mean(dtype=np.float64)) if finite.size else np.nan


def _blocks(answers: Array, samples: Array, full: float | None, relative: bool) -> Array:
    """Return the standard deviation of each block of responses, and the fraction of its samples that are saturated."""
    columns, channels = answers.shape[1] // BLOCK, answers.shape[2]

    def mean(values: Array) -> Array:
        whole = values[:, : columns * BLOCK].reshape(ROWS_TOGETHER, columns, BLOCK, channels)
        return whole.mean(axis=(0, 2))

    saturated = np.zeros((columns, channels)) if full is None else mean((samples == 0) | (samples == full))
    deviation = mean(answers) / MEAN
    if relative:
        deviation /= np.abs(mean(samples.astype(np.float64)))
    return np.stack([deviation, saturated])


def _calm(blocks: Array) -> float | None:
    """Return the mean over all channels of the noise in their calm blocks; None if there are too few."""
    found = []
    for deviation, saturated in zip(*blocks.transpose(0, 2, 1), strict=True):
        there = np.isfinite(deviation) & (deviation > 0)
        if np.count_nonzero(there) < FEWEST_BLOCKS:
            return None
        deviation, saturated = deviation[there], saturated[there]
        fewest = saturated <= max(SATURATED, np.quantile(saturated, 0.2))
        whole = deviation[fewest] / (1 - LOST * saturated[fewest])
        found.append(float(np.quantile(whole, CALM)) / CALMNESS)
    return sum(found) / len(found)


def surveying(relative: bool = False) -> Callable[[ImageContext, Rows], float]:
    """Return a stage's survey that estimates the noise, or its fraction of the samples, and reports it."""

    def survey(context: ImageContext, image: Rows) -> float:
        level = estimate(image, context.full, relative)
        if context.facts is not None:
            text = f"speckle of {level:.4g} of the mean" if relative else f"noise of {level:.4g}"
            context.facts.append(Fact("noise", level, text))
        return level

    return survey
