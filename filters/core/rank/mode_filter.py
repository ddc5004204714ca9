"""The mode filter as a stage: each pixel becomes the most frequent sample of its window."""

from __future__ import annotations

from .. import native
from ..engine.facts import note
from ..engine.stage import Stage
from ..lazy_numpy import Array, np
from .rank_filter import of_windows, over_windows


def most_frequent(width: int, height: int) -> Stage:
    """Return the stage that gives each pixel the mode, the most frequent sample, of the window around it.

    A tie keeps the pixel's own sample if it is among the most frequent, else takes the least. If missing samples are
    ignored, it is the mode of those present. Transparent pixels are ignored, and the alpha is unchanged.
    """

    def select(strip: Array, ignoring: bool) -> Array:
        return mode_of(strip, width, height, ignoring)

    return of_windows(
        select, width, height, lambda context: (note(f"mode: {width}×{height}, the most frequent sample"),)
    )


def mode_of(strip: Array, width: int, height: int, ignoring: bool = True) -> Array:
    """Return the mode of every window of a padded strip; NaN makes NaN, or is skipped if *ignoring*.

    >>> import numpy as np
    >>> mode_of(np.array([4, 2, 7, 2], np.uint8)[None, :, None], 3, 1).ravel().tolist()
    [2, 2]
    """
    if native.core is None:
        return over_windows(lambda windows, own: _modes(windows, own, ignoring), strip, width, height)
    given, step = native.rows_of(strip)
    out = np.empty((len(given), strip.shape[0] - height + 1, (strip.shape[1] - width + 1) * step), strip.dtype)
    native.core.mode(given, out, height, width, step, not ignoring)
    return native.strip_like(out, step)


def _modes(windows: Array, own: Array, ignoring: bool) -> Array:
    """Return the modes of ``(windows, samples)``; *own* are the samples in their middle."""
    windows = np.sort(windows + windows.dtype.type(0), axis=1)  # drops the sign of zero; NaN is sorted last
    index = np.arange(windows.shape[1])
    begins = np.ones(windows.shape, bool)
    np.not_equal(windows[:, 1:], windows[:, :-1], out=begins[:, 1:])
    # How far each sample is from the start of its run; NaNs form no run.
    runs = index - np.maximum.accumulate(np.where(begins, index, 0), axis=1)
    longest = np.take_along_axis(windows, runs.argmax(axis=1)[:, None], axis=1)[:, 0]
    frequent = (windows == own[:, None]).sum(axis=1) > runs.max(axis=1)
    modes = np.where(frequent, own + own.dtype.type(0), longest)
    if not ignoring and windows.dtype.kind == "f":
        modes[np.isnan(windows[:, -1])] = np.nan
    return modes
