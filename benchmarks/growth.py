"""Measure how time and memory grow: `python benchmarks/growth.py [--quick] [--imfilter PATH]`.

Whole processes blur PPM files of 1 to 100 megapixels with sigma 2; one thread in memory blurs 12 megapixels by
Gaussians of sigma 1 to 100 and boxes up to 401 wide. The checks: above 10 megapixels time and memory grow as the pixels
to the power of 1 ± 0.1; from sigma 8 on, and from a box of 11 on, the slowest takes no more than 1.5 × the fastest.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import common
import numpy as np
from common import Run
from core import in_turn, picture_of
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
    """Return the power of the sizes with which *values* beyond *start* grow, from 10 megapixels on."""
    points = [(size, value - start) for size, value in zip(sizes, values, strict=True) if size >= 10]
    x, y = np.log(np.array(points).T)
    return float(np.polyfit(x, y, 1)[0])


def steady(name: str, places: list[int], times: list[float], start: int) -> str:
    """Return the line that says whether *times* are constant from *start* on."""
    wide = [time for place, time in zip(places, times, strict=True) if place >= start]
    return f"- {name}: the slowest takes {common.verdict(max(wide) / min(wide), STEADY)}"


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    parser.add_argument("--imfilter", default="imfilter", metavar="PATH", help="the command to measure")
    arguments = parser.parse_args()
    runs = 1 if arguments.quick else 5

    (start,) = processes(arguments.imfilter, True, [0.004], 5)
    measured = {
        name: processes(arguments.imfilter, gray, MEGAPIXELS, runs) for name, gray in (("gray", True), ("RGB", False))
    }
    image = np.asarray(common.photograph(4000, 3000, gray=True))
    gaussians = [min(t) for t in in_turn([(lambda a, s=s: picture_of(blur, a, sigma=s), image) for s in SIGMAS], runs)]
    boxes = [
        min(t) for t in in_turn([(lambda a, n=n: picture_of(blur, a, op="mean", size=n), image) for n in BOXES], runs)
    ]

    rows, checks = [], []
    for name, found in measured.items():
        rows += [
            [
                name,
                f"{size}",
                f"{run.seconds:.2f}",
                f"{(run.seconds - start.seconds) / size * 1e3:.1f}",
                f"{run.memory / 1e6:.0f}",
                f"{(run.memory - start.memory) / size / 1e6:.1f}",
            ]
            for size, run in zip(MEGAPIXELS, found, strict=True)
        ]
        for what, values, base in (
            ("time", [run.seconds for run in found], start.seconds),
            ("memory", [run.memory for run in found], start.memory),
        ):
            grows = power(MEGAPIXELS, values, base)
            checks.append(
                f"- {name}, {what}: as the pixels to the power of {grows:.2f}: "
                + ("linear" if abs(grows - 1) <= 0.1 else "**not linear**")
            )
    checks.append(steady("Gaussian from sigma 8 on", SIGMAS, gaussians, 8))
    checks.append(steady("box from 11×11 on", BOXES, boxes, 11))
    head = ["image", "megapixels", "s", "ns a pixel beyond the start", "MB", "bytes a pixel beyond the start"]
    text = f"{common.machine()}; {runs} runs. The start, an image of 73×55: {start.seconds:.2f} s, "
    text += f"{start.memory / 1e6:.0f} MB.\n\n![Time and memory](growth.png)\n\n{common.table(head, rows)}\n\n"
    text += common.table(["sigma", *map(str, SIGMAS)], [["ns a pixel", *(f"{time:.2f}" for time in gaussians)]])
    text += "\n\n" + common.table(["box", *map(str, BOXES)], [["ns a pixel", *(f"{time:.2f}" for time in boxes)]])
    common.write("growth", text + "\n\n" + "\n".join(checks))

    canvas = common.figure(1, 3)
    if canvas is None:
        return
    drawing, (seconds, memory, widths) = canvas
    for name, found in measured.items():
        seconds.plot(MEGAPIXELS, [run.seconds for run in found], marker=".", label=name)
        memory.plot(MEGAPIXELS, [run.memory / 1e6 for run in found], marker=".", label=name)
    widths.plot(SIGMAS, gaussians, marker=".", label="Gaussian, against sigma")
    widths.plot(BOXES, boxes, marker=".", label="box, against its width")
    seconds.set(title="whole process", xlabel="megapixels", ylabel="s")
    memory.set(title="whole process", xlabel="megapixels", ylabel="MB at the peak")
    widths.set(title="one thread, in memory", xlabel="px", ylabel="ns a pixel", xscale="log", ylim=(0, None))
    for axis in (seconds, memory, widths):
        axis.grid(alpha=0.3)
        axis.legend()
    common.save(drawing, "growth.png")


if __name__ == "__main__":
    main()
