"""Measure every algorithm of the planner: `python benchmarks/algorithms.py [--quick] [--runs N]`.

One thread filters a strip as the executor makes it of a gray image of 4000 columns, in float32 (8 and 16 bits) and in
float64. It prints the constants that `planner.py` and `overlap_save.py` in `filters/core/linear/` hold, fitted anew,
and how much slower the planner's pick is than the fastest of all algorithms. A kernel whose pick looks slow is
measured twice. OpenCV and SciPy join the plot where they are installed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import common
import numpy as np
from common import Array
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.stage import BoundStage, ImageContext
from imfilter.filters.core.linear import im2col, kernels, overlap_save, planner
from imfilter.filters.core.linear.doubling import joins
from imfilter.filters.core.linear.kernels import Kernel

WIDTH = 4000
FRAMES = {
    "float32": ImageContext(255.0, np.float32, tolerance=1e-3),
    "float64": ImageContext(1.0, np.float64, tolerance=1e-5, finite=False),
}
SIZES = [1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 15, 19, 23, 27, 31, 33, 39, 47, 55, 63]
SIGMAS = [4.5, 5, 6.5, 7, 7.5, 8, 9, 10, 12, 16, 32]
ALLOWED = 1.3


class Timing(NamedTuple):
    """A kernel, and nanoseconds a sample by algorithm."""

    family: str
    kernel: Kernel
    times: dict[str, float]


def grid(sizes: list[int]) -> Iterator[tuple[str, Kernel]]:
    """Yield the kernels by family."""
    random = np.random.default_rng(0)
    for n in sizes:
        yield "dense", Kernel.of(random.normal(size=(n, n)))
        yield "separable", Kernel.product(random.normal(size=n), random.normal(size=n))
        if n > 1:
            yield "box", Kernel.product(np.ones(n), np.ones(n), n * n)
        if n % 2 and n > 1:
            weights = np.exp(-0.5 * (np.linspace(-4, 4, n)) ** 2)
            yield "gaussian", Kernel.product(weights / weights.sum(), weights / weights.sum())
    for name in ("roberts-1", "laplacian4", "laplacian8", "emboss", "sobel-x", "sobel7-y", "farid-x"):
        yield "built-in", kernels.named()[name]
    for n in [n for n in sizes if n > 3][::3]:
        for rank in (2, 4):
            yield f"rank {rank}", Kernel.of(random.normal(size=(n, rank)) @ random.normal(size=(rank, n)))
        for shape in ((1, n), (n, 1)):
            yield "line", Kernel.of(random.normal(size=shape))
        for shape in ((3, n), (n, 3), (8, n), (n, 8)):
            yield "oblong", Kernel.of(random.normal(size=shape))


def strip_for(kernel: Kernel, bound: BoundStage, work: str) -> tuple[Array, int]:
    """Return a strip of noise with all that the function must see around it, and how many samples come of it."""
    height, width = kernel.shape
    rows = max(16, executor.STRIP_BYTES // (WIDTH * np.dtype(work).itemsize), height - 1)
    rows = -(-rows // bound.rows) * bound.rows
    shape = (
        rows + height - 1 + bound.extra.top + bound.extra.bottom,
        WIDTH + width - 1 + bound.extra.left + bound.extra.right,
    )
    return np.random.default_rng(1).random((*shape, 1)).astype(work), rows * WIDTH


def right(kernel: Kernel, bound: BoundStage, strip: Array) -> bool:
    """Return whether the first result is the sum that it should be."""
    (height, width), (left, top, *_) = kernel.shape, bound.extra
    exact = np.vdot(kernel.weights, strip[top : top + height, left : left + width, 0].astype(np.float64))
    return abs(bound.function(strip)[0, 0, 0] - exact) <= 1e-5 * kernel.absolute_sum


def size_of(kernel: Kernel) -> str:
    """Return width × height.

    >>> size_of(Kernel.of([[1, 2, 3]]))
    '3×1'
    """
    return "×".join(map(str, kernel.shape[::-1]))


def seconds(function: Callable[[], object], budget: float, enough: float = float("inf")) -> float:
    """Return the shortest time of a call within *budget* seconds; one call where it takes longer than *enough*.

    It is the processor's time, to which other programs on the machine add less.
    """
    best, end = float("inf"), time.process_time() + budget
    for count in range(200):
        start = time.process_time()
        function()
        now = time.process_time()
        best = min(best, now - start)
        # The first call also fills caches.
        if (now > end and count >= 2) or (best > enough and count >= 1):
            break
    return best


def times(kernel: Kernel, context: ImageContext, budget: float) -> dict[str, float]:
    """Return nanoseconds a sample by algorithm; hopeless ones are called twice only, wrong ones left out."""
    measured: dict[str, float] = {}
    geometry = planner.Geometry()
    plans = sorted(planner._candidates(kernel, context, geometry), key=lambda plan: plan.cost)
    for plan in plans:
        bound = planner.bind(kernel, context, geometry, plan.algorithm)
        strip, samples = strip_for(kernel, bound, context.work)
        if not right(kernel, bound, strip):
            print(f"{plan.algorithm} computes {size_of(kernel)} wrong: left out", file=sys.stderr)
            continue
        enough = 4 * min(measured.values(), default=float("inf")) * samples / 1e9
        measured[plan.algorithm] = seconds(lambda: bound.function(strip), budget, enough) / samples * 1e9  # noqa: B023
    return measured


def slowdown(timing: Timing, context: ImageContext) -> tuple[str, float]:
    """Return the planner's pick, and its time over the fastest algorithm's."""
    pick = planner.plan(timing.kernel, context).algorithm
    return pick, timing.times[pick] / min(timing.times.values())


def measure(sizes: list[int], context: ImageContext, budget: float, runs: int) -> list[Timing]:
    """Measure the grid; of several *runs* the shortest times count."""
    timings = [Timing(family, kernel, times(kernel, context, budget)) for family, kernel in grid(sizes)]
    for run in range(1, runs + 1):
        for timing in timings:
            if run < runs or slowdown(timing, context)[1] > ALLOWED:
                again = times(timing.kernel, context, budget if run < runs else 3 * budget)
                timing.times.update({name: min(timing.times.get(name, time), time) for name, time in again.items()})
    return timings


def fit(timings: list[Timing], algorithm: str, terms: Callable[[Kernel], list[float]]) -> list[float]:
    """Fit a cost, a sum of constants times *terms*, where the algorithm is within 3 × of the fastest.

    Relative errors count, so that small kernels weigh as much as large ones.
    """
    near = [
        (np.array(terms(timing.kernel)), timing.times[algorithm])
        for timing in timings
        if timing.times.get(algorithm, float("inf")) <= 3 * min(timing.times.values())
    ]
    system = np.array([term / cost for term, cost in near])
    return [round(float(constant), 4) for constant in np.linalg.lstsq(system, np.ones(len(near)), rcond=None)[0]]


def tap_count(kernel: Kernel) -> float:
    """Return how many multiply-adds `taps` makes a sample."""
    height, width = kernel.shape
    return height * width if kernel.factors is None else min(height * width, height + width)


def constants(timings: list[Timing]) -> list[tuple[str, float, float]]:
    """Return the planner's constants: their names, as fitted, as held."""
    rows = [(timing.kernel, timing) for timing in timings]
    square = [timing for kernel, timing in rows if min(kernel.shape) > 1]
    fitted = {
        "TAP": fit(timings, "taps", lambda k: [tap_count(k)])[0],
        **dict(zip(("PASS", "PASS_TAP"), fit(square, "banded", lambda k: [2, sum(k.shape)]), strict=True)),
        **dict(
            zip(
                ("DENSE", "DENSE_INPUT"),
                fit(timings, "dense", lambda k: [1, k.shape[1] * (k.shape[0] + im2col.PRODUCT_ROWS - 1)]),
                strict=True,
            )
        ),
        "ADDITION": fit(timings, "doubling", lambda k: [sum(map(joins, k.shape))])[0],
    }
    return [(name, value, getattr(planner, name)) for name, value in fitted.items()]


def decimation(budget: float) -> list[list[str]]:
    """Return the rows of the table of Gaussians: sigma, taps, and nanoseconds a sample, banded and decimated."""
    rows = []
    for sigma in SIGMAS:
        kernel, spent = kernels.gaussian((sigma, sigma)), {}
        for algorithm in ("banded", "decimated"):
            bound = planner.bind(kernel, FRAMES["float32"], planner.Geometry(), algorithm)
            strip, samples = strip_for(kernel, bound, "float32")
            spent[algorithm] = seconds(lambda: bound.function(strip), 3 * budget) / samples * 1e9  # noqa: B023
        banded, decimated = spent.values()
        rows.append(
            [f"{sigma:g}", str(kernel.shape[0]), f"{banded:.2f}", f"{decimated:.2f}", f"{decimated / banded:.2f}"]
        )
    return rows


def tile_constants(budget: float) -> list[tuple[int, float, float]]:
    """Return nanoseconds a sample of square tiles, by their sides, in `overlap_save.TILES` of `overlap_save.TILES`: as measured, as held."""
    rows = []
    for side, cost in overlap_save.TILES.items():
        size = side // 4 - 1
        taps = np.random.default_rng(2).normal(size=(size, size))
        function = overlap_save.prepare(taps, np.float32, tile=(side, side))
        useful = side - size + 1
        across = max(2, WIDTH // useful // 2 * 2)
        strip = np.random.default_rng(3).integers(0, 256, (side, across * useful + size - 1, 1), np.uint8)
        spent = seconds(lambda: function(strip), 3 * budget)  # noqa: B023
        rows.append((side, spent / (across * side * side) * 1e9, cost))
    return rows


def picks(timings: list[Timing], context: ImageContext) -> str:
    """Return the table of families: the picks along the sizes, and the worst of them."""
    rows = []
    for family in dict.fromkeys(timing.family for timing in timings):
        own = [(timing, *slowdown(timing, context)) for timing in timings if timing.family == family]
        ranges: list[list[str]] = []
        for timing, pick, _ in own:
            size = size_of(timing.kernel)
            if ranges and ranges[-1][0] == pick:
                ranges[-1][2] = size
            else:
                ranges.append([pick, size, size])
        said = ", ".join(f"{pick} {first}" + (f" … {last}" if last != first else "") for pick, first, last in ranges)
        if family in ("built-in", "line", "oblong"):
            said = ", ".join(dict.fromkeys(pick for _, pick, _ in own))
        worst, _, ratio = max(own, key=lambda row: row[2])
        size = size_of(worst.kernel)
        above = sum(ratio > ALLOWED for *_, ratio in own)
        rows.append([family, said, f"{ratio:.2f} at {size}", f"{above} of {len(own)}"])
    return common.table(["kernels", "picks", "slowest against the fastest", f"above {ALLOWED}"], rows)


def slow_picks(timings: list[Timing], context: ImageContext) -> list[str]:
    """Return a line for each pick that is too slow."""
    lines = []
    for timing in timings:
        pick, ratio = slowdown(timing, context)
        if ratio > ALLOWED:
            size = size_of(timing.kernel)
            listed = ", ".join(
                f"{name} {cost:.2f}" for name, cost in sorted(timing.times.items(), key=lambda item: item[1])
            )
            lines.append(f"- {timing.family} {size}: picks {pick}, {ratio:.2f} ×; measured {listed} ns")
    return lines


def peers(sizes: list[int], budget: float) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """Return nanoseconds a sample of OpenCV and SciPy by family, on a float32 image as large as a strip."""
    image = np.random.default_rng(4).random((executor.STRIP_BYTES // (4 * WIDTH) * 4, WIDTH), np.float32)
    works: dict[str, dict[str, Callable[[int], object]]] = {"dense": {}, "separable": {}}
    try:
        import cv2

        cv2.setNumThreads(1)
        works["dense"]["OpenCV"] = lambda n: cv2.filter2D(image, -1, np.ones((n, n), np.float32) + np.eye(n))
        works["separable"]["OpenCV"] = lambda n: cv2.sepFilter2D(image, -1, np.arange(1.0, n + 1), np.ones(n))
    except ImportError:
        pass
    try:
        from scipy import ndimage

        works["dense"]["SciPy"] = lambda n: ndimage.correlate(image, np.ones((n, n)) + np.eye(n))
        works["separable"]["SciPy"] = lambda n: ndimage.correlate1d(
            ndimage.correlate1d(image, np.arange(1.0, n + 1), 0), np.ones(n), 1
        )
    except ImportError:
        pass
    return {
        family: {
            name: [(n, seconds(lambda: work(n), budget, 0.05) / image.size * 1e9) for n in sizes]  # noqa: B023
            for name, work in by_name.items()
        }
        for family, by_name in works.items()
    }


def plot(timings: list[Timing], sizes: list[int], budget: float) -> None:
    """Draw time against size, for dense and for separable kernels."""
    canvas = common.figure(1, 2)
    if canvas is None:
        return
    drawing, axes = canvas
    others = peers(sizes[::2], budget)
    # A box and a Gaussian are separable kernels with algorithms of their own.
    panels = {"dense": ("dense",), "separable": ("separable", "box", "gaussian")}
    for axis, (title, families) in zip(axes, panels.items(), strict=True):
        for number, algorithm in enumerate(planner.ALGORITHMS):
            lines = {}
            for family in reversed(families):  # the first one has the last word
                own = [t for t in timings if t.family == family and algorithm in t.times]
                lines.update((t.kernel.shape[0], t.times[algorithm]) for t in own)
            if len(lines) > 1:
                axis.plot(*zip(*sorted(lines.items()), strict=True), color=f"C{number}", marker=".", label=algorithm)
        for name, points in others[title].items():
            axis.plot(*zip(*points, strict=True), "--", color="black" if name == "OpenCV" else "gray", label=name)
        axis.set(title=title, xlabel="kernel width and height", ylabel="ns a sample, float32, one thread")
        axis.set(xscale="log", yscale="log", xticks=[1, 3, 7, 15, 31, 63], ylim=(0.1, 1000))
        axis.set_xticklabels(["1", "3", "7", "15", "31", "63"])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    common.save(drawing, "algorithms.png")


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer sizes and runs")
    parser.add_argument("--runs", type=int, default=1, help="measure so often, on a machine that is not quiet")
    given = parser.parse_args()
    sizes, budget = (SIZES[::3], 0.01) if given.quick else (SIZES, 0.06)
    measured = {work: measure(sizes, context, budget, given.runs) for work, context in FRAMES.items()}
    plot(measured["float32"], sizes, budget)
    rows = [[f"`{name}`", f"{fitted:.3g}", f"{held:g}"] for name, fitted, held in constants(measured["float32"])]
    rows += [[f"`TILES[{side}]`", f"{cost:.3g}", f"{held:g}"] for side, cost, held in tile_constants(budget)]
    text = f"{common.machine()}; {common.versions('numpy', 'scipy', 'opencv-python-headless')}.\n\n"
    text += "![Time against the size of the kernel](algorithms.png)\n\n"
    text += common.table(["constant, ns a sample in float32", "measured", "held"], rows)
    text += "\n\nGaussians of 8 bits; `DECIMATED` is the time of a large one:\n\n"
    text += common.table(["sigma", "taps", "banded, ns a sample", "decimated", "ratio"], decimation(budget))
    for work, timings in measured.items():
        context = FRAMES[work]
        text += f"\n\nPicks in {work}:\n\n{picks(timings, context)}"
        if slow := slow_picks(timings, context):
            text += "\n\n" + "\n".join(slow)
    common.write("algorithms", text)


if __name__ == "__main__":
    main()
