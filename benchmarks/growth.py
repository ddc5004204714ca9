"""Measure how time and memory grow: `python benchmarks/growth.py [--quick] [--imfilter PATH]`.

Whole processes blur PPM files of 1 to 100 megapixels with sigma 2; one thread in memory blurs 12 megapixels by
Gaussians of sigma 1 to 100 and boxes up to 401 wide. Two checks: above 10 megapixels, time and memory grow with the
number of pixels to the power of 1 ± 0.1; from sigma 8 and boxes of 11 on, the slowest takes at most 1.5 × the fastest.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import common
import numpy as np
from common import Run
from imfilter.filters.blur import blur

MEGAPIXELS = [1, 3, 10, 30, 100]
SIGMAS = [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 80, 100]
BOXES = [3, 5, 11, 15, 31, 51, 101, 201, 401]
STEADY = 1.5


def processes(imfilter: str, gray: bool, sizes: Sequence[float], runs: int) -> list[Run]:
    """Return the medians of whole processes by size."""
    medians = []
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            width, height = round((size * 1e6 * 4 / 3) ** 0.5), round((size * 1e6 * 3 / 4) ** 0.5)
            image = Path(folder, "image.ppm")
            common.photograph(width, height, gray).save(image)
            command = [imfilter, "blur", str(image), "-o", str(Path(folder, "out.ppm")), "--sigma", "2"]
            found = [run for run in (common.run(command) for _ in range(runs)) if run]
            if not found:
                raise SystemExit(f"failed: {' '.join(command)}")
            medians.append(common.middle(found))
    return medians


def power(sizes: list[int], values: list[float], start: float) -> float:
    """Return the exponent with which *values* beyond *start* grow with the size, from 10 megapixels on."""
    points = [(size, value - start) for size, value in zip(sizes, values, strict=True) if size >= 10]
    x, y = np.log(np.array(points).T)
    return float(np.polyfit(x, y, 1)[0])


def steady(name: str, places: list[int], times: list[float], start: int) -> str:
    """Return the line that says whether *times* are constant from *start* on."""
    wide = [time for place, time in zip(places, times, strict=True) if place >= start]
    return f"- {name}: slowest to fastest {common.verdict(max(wide) / min(wide), STEADY)}"


def widths(runs: int, parameter: str, places: list[int], **parameters: Any) -> list[float]:
    """Return the least nanoseconds per pixel on one core, by the width of a blur."""
    image = np.asarray(common.photograph(4000, 3000, gray=True))
    calls = [partial(blur, image, jobs=1, **{parameter: place}, **parameters) for place in places]
    return [min(times) / image.size * 1e9 for times in common.in_turn(calls, runs, time.process_time)]


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    arguments = common.asked(__doc__)
    runs = arguments.runs[1]
    (start,) = processes(arguments.imfilter, True, [0.004], 5)
    gaussians = widths(runs, "sigma", SIGMAS)
    boxes = widths(runs, "size", BOXES, op="mean")
    rows, checks = [], []
    for name in ("gray", "RGB"):
        found = processes(arguments.imfilter, name == "gray", MEGAPIXELS, runs)
        for size, run in zip(MEGAPIXELS, found, strict=True):
            beyond = (run.seconds - start.seconds) / size * 1e3, (run.memory - start.memory) / size / 1e6
            rows.append(
                [
                    name,
                    f"{size}",
                    f"{run.seconds:.2f}",
                    f"{beyond[0]:.1f}",
                    f"{run.memory / 1e6:.0f}",
                    f"{beyond[1]:.1f}",
                ]
            )
        for what, values, base in (
            ("time", [run.seconds for run in found], start.seconds),
            ("memory", [run.memory for run in found], start.memory),
        ):
            grows = power(MEGAPIXELS, values, base)
            linear = "linear" if abs(grows - 1) <= 0.1 else "**not linear**"
            checks.append(f"- {name}: {what} grows as the pixels to the power of {grows:.2f}: {linear}")
    checks.append(steady("Gaussian from sigma 8 on", SIGMAS, gaussians, 8))
    checks.append(steady("box from 11×11 on", BOXES, boxes, 11))
    head = ["image", "megapixels", "s", "ns per pixel beyond the start", "MB", "bytes per pixel beyond the start"]
    text = f"{common.machine()}; {runs} runs each. The start-up, measured on an image of 73×55: {start.seconds:.2f} s, "
    text += f"{start.memory / 1e6:.0f} MB.\n\n{common.table(head, rows)}\n\n"
    text += common.table(["sigma", *map(str, SIGMAS)], [["ns per pixel", *(f"{time:.2f}" for time in gaussians)]])
    text += "\n\n" + common.table(["box", *map(str, BOXES)], [["ns per pixel", *(f"{time:.2f}" for time in boxes)]])
    common.write("growth", text + "\n\n" + "\n".join(checks))


if __name__ == "__main__":
    main()
