"""Sums and extrema over windows by doubling: a window of 2n samples is two windows of n, end to end.

``out[i] = in[i] ∘ in[i + step] ∘ … ∘ in[i + (length - 1) · step]``

A sum counts each sample once: windows of 1, 2, 4, … samples that add up to the length are joined end to end, in
⌊log₂ n⌋ joins and one for each further bit of n. An extremum may see a sample twice: the last two windows overlap,
which takes ⌈log₂ n⌉ joins. So the time hardly grows with the window.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..lazy_numpy import Array, np

Join = Callable[..., Array]
"""Joins two arrays sample by sample, into ``out=`` unless that is None, as np.add does."""


def joins(length: int, have: int = 1, *, overlap: bool = False) -> int:
    """Return how many joins make windows of *length* samples; if they *overlap*, of windows of *have* samples.

    >>> [joins(n) for n in (1, 2, 3, 8, 101)]
    [0, 1, 2, 3, 9]
    >>> [joins(n, overlap=True) for n in (1, 2, 3, 8, 101)]
    [0, 1, 2, 3, 7]
    """
    return (-(-length // have) - 1).bit_length() if overlap else length.bit_length() + length.bit_count() - 2


class Turns:
    """Two arrays that take turns to hold results.

    Keep it from call to call: to allocate a new array of 400 kB takes four times as long as a join.

    >>> turns = Turns()
    >>> first, second, third = (turns.next(3, "u1") for _ in range(3))
    >>> second.base is first.base, third.base is first.base
    (False, True)
    """

    def __init__(self) -> None:
        self.arrays: list[Array | None] = [None, None]

    def next(self, samples: int, dtype: Any) -> Array:
        """Return an array of so many samples: not the last one that was returned, but the one before."""
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

    The result is shorter by ``(length - 1) · step``. It is written to *out* if that is given; if not, windows of one
    sample return *samples* themselves. Intermediate results of one dimension are written to *turns*. If windows may
    *overlap*, *samples* may be windows of *have* samples already.

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
                total = term.copy()  # the arrays that take turns are overwritten before it is used
            else:
                total = term
            done += reach
        if total is not None and done == length:
            return total
        windows = _doubled(windows, reach * step, join, turns, out if 2 * reach == length else None)
        reach *= 2


def _doubled(windows: Array, shift: int, join: Join, turns: Turns | None, out: Array | None) -> Array:
    """Join each window with the one that begins *shift* samples after it."""
    near, far = windows[:-shift], windows[shift:]
    if out is None and turns is not None:
        out = turns.next(len(near), near.dtype)
    return join(near, far, out=out)
