"""The planner: which algorithm computes a correlation, and why."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from . import separable, taps
from .kernels import Kernel
from .lazy import np
from .stage import Function


class Plan(NamedTuple):
    """An algorithm, what it costs in multiply-adds a sample, and the reason in words."""

    algorithm: str
    cost: int
    reason: str


def plan(kernel: Kernel) -> Plan:
    """Choose the algorithm for *kernel*.

    >>> plan(Kernel.of([[1, 2, 1], [2, 4, 2], [1, 2, 1]]))
    Plan(algorithm='separable', cost=6, reason='rank 1: 3 + 3 taps in place of 9')
    >>> plan(Kernel.of([[0, 1, 0], [1, -4, 1], [0, 1, 0]])).algorithm
    'taps'
    """
    height, width = kernel.shape
    if kernel.factors is not None and min(height, width) > 1:
        passes = sum(int(np.count_nonzero(factor)) for factor in kernel.factors)
        count = np.count_nonzero(kernel.factors[0]) * np.count_nonzero(kernel.factors[1])
        if passes < count:
            reason = f"rank 1: {height} + {width} taps in place of {height * width}"
            return Plan("separable", passes, reason)
    count = int(np.count_nonzero(kernel.taps))
    return Plan("taps", count, f"{count} taps that are not 0")


def correlator(kernel: Kernel, stride: tuple[int, int], dilation: tuple[int, int]) -> Function:
    """Return the chosen algorithm as a function from a padded strip to a strip."""
    if plan(kernel).algorithm == "separable":
        assert kernel.factors is not None
        column, row = kernel.factors
        run = partial(separable.correlate, column=column, row=row, stride=stride, dilation=dilation)
    else:
        run = partial(taps.correlate, taps=kernel.taps, stride=stride, dilation=dilation)
    if kernel.divisor == 1:
        return run

    def divided(strip):
        total = run(strip)
        # A true division: sums of whole numbers come out correctly rounded, so that halves round up.
        total /= kernel.divisor
        return total

    return divided
