"""Measure the planner's picks: `python benchmarks/algorithms.py [--quick]`.

One thread filters a strip of a gray 8-bit image with 4000 columns, as the executor makes it, by every algorithm that
can compute a kernel: the least CPU time of several calls. The rates in `filters/core/linear/planner.py` come from
these times; a pick may take 1.3 × the fastest. The kernels are separable, boxes, Gaussians, dense, lines and oblongs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator

import common
import numpy as np
from common import Row
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.stage import ImageContext
from imfilter.filters.core.linear import kernels, planner
from imfilter.filters.core.linear.kernels import Kernel

WIDTH = 4000
SIZES = (2, 3, 4, 5, 7, 9, 11, 15, 23, 31, 47, 63)
SIGMAS = (1, 2, 4, 5, 6, 8, 10, 16, 32)
CONTEXT = ImageContext(255.0, np.float32, tolerance=1e-3, whole=True, rounds_to=np.uint8)
ALLOWED = 1.3


def grid() -> Iterator[tuple[str, Kernel]]:
    """Yield the kernels with their names."""
    random = np.random.default_rng(0)
    for sigma in SIGMAS:
        yield f"Gaussian {sigma}", kernels.gaussian((sigma, sigma))
    for n in SIZES:
        column, row = random.uniform(0, 1, (2, n))
        yield f"separable {n}×{n}", Kernel.product(column / column.sum(), row / row.sum())
        yield f"box {n}×{n}", Kernel.product(np.ones(n), np.ones(n), n * n)
        for height, width in ((n, n), (1, n), (n, 1), (3, n), (n, 3)):
            weights = random.uniform(0, 1, (height, width))
            yield f"dense {width}×{height}", Kernel.of(weights / weights.sum())


def seconds(function: Callable[[], object], budget: float) -> float:
    """Return the least CPU time of a call within *budget* seconds; the first call does not count."""
    times: list[float] = []
    while sum(times) < budget:
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times[1:] or times)


def nanoseconds(kernel: Kernel, budget: float) -> dict[str, float]:
    """Return nanoseconds per sample by algorithm, the planner's pick first."""
    found, geometry = {}, planner.Geometry()
    for plan in sorted(planner._candidates(kernel, CONTEXT, geometry), key=lambda plan: plan.cost):
        bound = plan.bind()
        height, width = kernel.shape
        rows = -(-max(16, executor.STRIP_BYTES // WIDTH, height - 1) // bound.rows) * bound.rows
        around = bound.extra
        shape = rows + height - 1 + around.top + around.bottom, WIDTH + width - 1 + around.left + around.right
        strip = np.random.default_rng(1).integers(0, 256, (*shape, 1), np.uint8)
        if bound.work is None or np.dtype(bound.work) != np.uint8:
            strip = strip.astype(bound.work or CONTEXT.work)
        found[plan.algorithm] = seconds(lambda: bound.function(strip), budget) / (rows * WIDTH) * 1e9  # type: ignore[call-arg]  # noqa: B023
    return found


def measure(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield a row for each kernel that several algorithms can compute."""
    budget = 0.05 if arguments.runs[0] > 2 else 0.01
    for name, kernel in grid():
        if arguments.only in name:
            found = nanoseconds(kernel, budget)
            pick, *_ = found
            if len(found) > 1:
                listed = ", ".join(f"{algorithm} {spent:.2f}" for algorithm, spent in found.items())
                yield Row(name, "the fastest", [found[pick]], [min(found.values())], ALLOWED, [listed])


if __name__ == "__main__":
    common.compare("algorithms", __doc__, measure, "nanoseconds of one core per sample", "the pick first", above=1.1)
