"""What the benchmarks share: photographs, whole processes with their time and memory, and the page of results."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"
Array = Any


class Run(NamedTuple):
    """One run of a process: wall time in seconds, peak memory in bytes."""

    seconds: float
    memory: float


def run(command: list[str]) -> Run | None:
    """Run a command; None where it cannot be found or fails."""
    timed = [sys.executable, "-S", str(HERE / "timed.py"), *command]
    answer = subprocess.run(timed, capture_output=True, text=True)
    if answer.returncode:
        return None
    code, seconds, memory = answer.stdout.split()
    return Run(float(seconds), float(memory)) if code == "0" else None


def alternate(first: list[str], second: list[str], runs: int, slow: float = 4) -> tuple[list[Run], list[Run]]:
    """Run two commands A B A B, *runs* times each, once where one takes longer than *slow* seconds."""
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(run(first))
        theirs.append(run(second))
        if None in (ours[-1], theirs[-1]):
            return [a for a in ours if a], [b for b in theirs if b]
        if max(ours[-1].seconds, theirs[-1].seconds) > slow:
            break
    return ours, theirs


def middle(runs: list[Run]) -> Run:
    """Return the medians."""
    return Run(median(run.seconds for run in runs), median(run.memory for run in runs))


def photograph(width: int, height: int, gray: bool = False) -> Image.Image:
    """Return the sample photograph enlarged, with texture of two pixels and the noise of a sensor.

    It is made in bands, so that 100 megapixels need no more memory than the picture.
    """
    small = Image.open(HERE.parent / "sample_images" / "coffee.jpg")
    image = small.convert("L" if gray else "RGB").resize((width, height), Image.Resampling.BICUBIC)
    random = np.random.default_rng(0)
    for top in range(0, height, 512):
        rows = min(512, height - top)
        band = np.asarray(image.crop((0, top, width, top + rows))).astype(np.float32).reshape(rows, width, -1)
        coarse = random.normal(size=(-(-rows // 2), -(-width // 2), 1)).astype(np.float32)
        texture = coarse.repeat(2, axis=0).repeat(2, axis=1)[:rows, :width]
        band += 4 * texture + 2 * random.standard_normal((rows, width, 1), np.float32)
        bytes_ = np.clip(np.rint(band), 0, 255).astype(np.uint8)
        image.paste(Image.fromarray(bytes_[..., 0] if gray else bytes_), (0, top))
    return image


def machine() -> str:
    """Return the processor, its cores that this process may use, and the system."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        found = re.search(r"model name\s*:\s*(.+)", information.read_text())
        model = found[1] if found else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def versions(*packages: str) -> str:
    """Return the versions of those *packages* that are installed."""
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def write(section: str, text: str) -> None:
    """Put *text* between the section's markers in RESULTS.md, and print it."""
    page = RESULTS.read_text(encoding="utf-8")
    marked = f"<!-- {section} -->\n{text.strip()}\n<!-- end of {section} -->"
    page, count = re.subn(rf"<!-- {section} -->.*<!-- end of {section} -->", lambda _: marked, page, flags=re.DOTALL)
    if not count:
        raise SystemExit(f"RESULTS.md has no markers for {section}")
    RESULTS.write_text(page, encoding="utf-8")
    print(text)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def verdict(value: float, bound: float) -> str:
    """Say whether *value* keeps within *bound*.

    >>> verdict(0.72, 0.75)
    '0.72 ≤ 0.75: met'
    """
    return f"{value:.2f} ≤ {bound:g}: met" if value <= bound else f"{value:.2f} > {bound:g}: **missed**"


def found(command: str) -> str | None:
    """Return the path of a program, None where there is none."""
    return shutil.which(command)


def figure(rows: int, columns: int) -> Any:
    """Return matplotlib's ``(figure, axes)``; None where it is not installed."""
    try:
        import matplotlib
    except ImportError:
        print("no plot: matplotlib is not installed", file=sys.stderr)
        return None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    drawing, axes = pyplot.subplots(rows, columns, figsize=(5.5 * columns, 4 * rows), layout="constrained")
    return drawing, np.ravel(axes)


def save(drawing: Any, name: str) -> None:
    """Save a figure beside RESULTS.md."""
    drawing.savefig(HERE / name, dpi=80, metadata={"Software": None})
