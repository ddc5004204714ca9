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
"""From two arrays to what becomes of their samples, pair by pair, and in ``out=``: np.add, np.maximum and the like."""


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
    if length == have:
        if out is None:
            return samples
        np.copyto(out, samples)
        return out
    before = (slice(None),) * axis

    def doubled(windows: Array, shift: int, into: Array | None) -> Array:
        size = windows.shape[axis] - shift
        near, far = windows[(*before, slice(size))], windows[(*before, slice(shift, None))]
        if into is None and turns is not None:
            into = turns.next(size, windows.dtype)
        return join(near, far) if into is None else join(near, far, out=into)

    windows = samples
    if overlap:
        while have < length:
            more = min(have, length - have)
            have += more
            windows = doubled(windows, more * step, out if have == length else None)
        return windows
    size = samples.shape[axis] - (length - 1) * step
    total, done, reach = None, 0, 1
    while True:
        if length & reach:
            term = windows[(*before, slice(done * step, done * step + size))]
            if total is None:
                # A power of two ends here; any other waits, while the arrays that take turns are written to.
                total = term.copy() if turns is not None and 1 < reach < length else term
            else:
                out = total = join(total, term) if out is None else join(total, term, out=out)
            done += reach
        if total is not None and done == length:
            return total
        reach *= 2
        windows = doubled(windows, reach // 2 * step, out if reach == length else None)
