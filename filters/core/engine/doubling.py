"""Sums and extrema over windows by doubling: a window of 2n samples is two of n, one behind the other.

``out[i] = in[i] ∘ in[i + step] ∘ … ∘ in[i + (length - 1) · step]``

A sum counts each sample once: the windows of 1, 2, 4, … samples that add up to the length are joined one behind the
other, in ⌊log₂ n⌋ joins and one for each further bit of n. An extremum may see a sample twice: the last two windows
overlap, which takes ⌈log₂ n⌉ joins. So the time hardly grows with the window.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..lazy_numpy import Array, np

Join = Callable[..., Array]
"""From two arrays to what becomes of their samples, pair by pair, in ``out=`` unless that is None: as np.add."""


def joins(length: int, have: int = 1, *, overlap: bool = False) -> int:
    """Return how many joins of two arrays make windows of *length* samples; of those of *have*, where they overlap.

    >>> [joins(n) for n in (1, 2, 3, 8, 101)]
    [0, 1, 2, 3, 9]
    >>> [joins(n, overlap=True) for n in (1, 2, 3, 8, 101)]
    [0, 1, 2, 3, 7]
    """
    return (-(-length // have) - 1).bit_length() if overlap else length.bit_length() + length.bit_count() - 2


class Turns:
    """Two arrays that take turns to hold results.

    Kept from call to call: the pages of a new array of 400 kB take four times as long as a join.

    >>> turns = Turns()
    >>> first, second, third = (turns.next(3, "u1") for _ in range(3))
    >>> second.base is first.base, third.base is first.base
    (False, True)
    """

    def __init__(self) -> None:
        self.arrays: list[Array | None] = [None, None]

    def next(self, samples: int, dtype: Any) -> Array:
        """Return room for so many samples: not that of the last one, but that of the one before."""
        other, array = self.arrays
        if array is None or array.size < samples:
            array = np.empty(samples, dtype)
        self.arrays = [array, other]
        return array[:samples]


def over_windows(
    samples: Array,
    length: int,
    join: Join,
    *,
    axis: int = 0,
    step: int = 1,
    have: int = 1,
    overlap: bool = False,
    turns: Turns | None = None,
    out: Array | None = None,
) -> Array:
    """Join the samples of windows: *length* of them along *axis*, *step* apart.

    The result is shorter by ``(length - 1) · step``. It lies in *out* where that is given; else, of windows of one
    sample, it is *samples*. What leads to it lies in *turns*, for arrays of one dimension. Where windows *overlap*,
    those of *have* samples may be given.

    >>> import numpy as np
    >>> over_windows(np.array([3, 1, 2, 5, 4, 9]), 3, np.add).tolist()
    [6, 8, 11, 18]
    >>> over_windows(np.array([3, 1, 2, 5, 4, 9]), 3, np.maximum, overlap=True).tolist()
    [3, 5, 5, 9]
    """
    if axis:
        return over_windows(
            samples.swapaxes(0, axis), length, join, step=step, have=have, overlap=overlap, turns=turns, out=out
        ).swapaxes(0, axis)
    if length == have:
        if out is None:
            return samples
        out[...] = samples
        return out
    windows = samples
    if overlap:
        while have < length:
            more = min(have, length - have)
            have += more
            windows = _doubled(windows, more * step, join, turns, out if have == length else None)
        return windows
    size = len(samples) - (length - 1) * step
    total, done, reach = samples, 0, 1
    while True:
        if length & reach:
            term = windows[done * step : done * step + size]
            if done:
                out = total = join(total, term, out=out)
            elif turns is not None and 1 < reach < length:
                total = term.copy()  # it waits while the arrays that take turns are written to
            else:
                total = term
            done += reach
        if total is not None and done == length:
            return total
        windows = _doubled(windows, reach * step, join, turns, out if 2 * reach == length else None)
        reach *= 2


def _doubled(windows: Array, shift: int, join: Join, turns: Turns | None, out: Array | None) -> Array:
    """Join each window with the one that begins *shift* samples behind it."""
    near, far = windows[:-shift], windows[shift:]
    if out is None and turns is not None:
        out = turns.next(len(near), near.dtype)
    return join(near, far, out=out)
