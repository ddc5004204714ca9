"""Shared code of the benchmarks: photographs, paired times, whole processes, two settings, and the page of results.

Each script measures with all instruction sets and with AVX-512 switched off on both sides, each setting in a process
of its own, and writes one table of both: medians, with the least and the greatest in brackets, and the ratio of the
medians with its bound.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"
Array = Any
SETTINGS = {
    "all instruction sets": {},
    "AVX-512 off": {
        "IMFILTER_NATIVE": "avx2",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
        "OPENBLAS_CORETYPE": "Haswell",
        # The name in `cv2.getCPUFeaturesLine()`; OpenCV does not accept that of its build information.
        "OPENCV_CPU_DISABLE": "AVX512-SKX",
        "OPENCV_IPP": "avx2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
}
"""The environment of each setting."""
# pip compiles what it installs. If Python may not write bytecode, each process would compile again, for 0.2 s.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


class Row(NamedTuple):
    """The times for a task, ours and another tool's."""

    name: str
    tool: str
    ours: list[float]
    theirs: list[float]
    bound: float | None = None
    """The bound on our median over theirs."""
    extra: list[str] = []  # noqa: RUF012
    """More cells of the table."""


class Run(NamedTuple):
    """One run of a process: wall seconds, peak memory in bytes, CPU seconds."""

    seconds: float
    memory: float
    cpu: float


def run(command: list[str]) -> Run | None:
    """Run a command; None if it is missing or fails."""
    timed = [sys.executable, "-S", str(HERE / "timed.py"), *command]
    answer = subprocess.run(timed, capture_output=True, text=True)
    if answer.returncode:
        return None
    code, *figures = answer.stdout.split()
    return Run(*map(float, figures)) if code == "0" else None


def alternate(first: list[str], second: list[str], runs: int, slow: float = 8) -> tuple[list[Run], list[Run]]:
    """Run two commands A B A B, *runs* times each, but once if one takes longer than *slow* seconds."""
    ours: list[Run] = []
    theirs: list[Run] = []
    for _ in range(runs):
        own, other = run(first), run(second)
        if own is None:
            raise SystemExit(f"failed: {' '.join(first)}")
        if other is None:
            break
        ours.append(own)
        theirs.append(other)
        if max(own.seconds, other.seconds) > slow:
            break
    return ours, theirs


def in_turn(
    functions: Iterable[Callable[[], object]], runs: int, clock: Callable[[], float] = time.perf_counter
) -> list[list[float]]:
    """Return the seconds of each function; they take turns, and the first round does not count."""
    functions = list(functions)
    found: list[list[float]] = [[] for _ in functions]
    for number in range(runs + 1):
        for times, function in zip(found, functions, strict=True):
            start = clock()
            function()
            if number:
                times.append(clock() - start)
    return found


def middle(runs: list[Run]) -> Run:
    """Return the medians."""
    return Run(*(median(figures) for figures in zip(*runs, strict=True)))


def photograph(width: int, height: int, gray: bool = False) -> Image.Image:
    """Return the sample photograph enlarged, with texture of two pixels and the noise of a sensor.

    It is made in bands, so that 100 megapixels need no memory beyond the picture.
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


def dense_kernel(n: int) -> Array:
    """Return weights of both signs and of full rank that sum to 1."""
    weights = np.random.default_rng(n).uniform(-0.5, 1, (n, n))
    return weights / weights.sum()


def machine() -> str:
    """Return the processor, the cores that this process may use, and the system."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        found = re.search(r"model name\s*:\s*(.+)", information.read_text())
        model = found[1] if found else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def versions(*packages: str) -> str:
    """Return the versions of the installed ones of *packages*."""
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
    """Return in words whether *value* is within *bound*.

    >>> verdict(0.72, 0.75)
    '0.72 ≤ 0.75: met'
    """
    return f"{value:.2f} ≤ {bound:g}: met" if value <= bound else f"{value:.2f} > {bound:g}: **missed**"


def found(command: str) -> str | None:
    """Return the path of a program, or None."""
    return shutil.which(command)


def asked(doc: str | None) -> argparse.Namespace:
    """Return the options of the command line; *runs* are the runs against a tool with a bound, and against others."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--python", default=sys.executable, metavar="PATH", help="an interpreter that has the peers")
    parser.add_argument("--imfilter", default="imfilter", metavar="PATH", help="the command to measure")
    parser.add_argument("--quick", dest="runs", action="store_const", const=(2, 1), default=(7, 3), help="fewer runs")
    parser.add_argument("--only", default="", metavar="TEXT", help="print the works with TEXT in their name")
    parser.add_argument("--setting", choices=SETTINGS, help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(
    section: str,
    doc: str | None,
    measure: Callable[[argparse.Namespace], Iterable[Row]],
    said: str,
    *extra: str,
    above: float = 0,
) -> None:
    """Measure in each setting, and write the section: *said* of the figures, and heads of *extra* columns.

    Rows are listed whose ratio is *above* something in one of the settings.
    """
    arguments = asked(doc)
    if arguments.setting:
        for row in measure(arguments):
            print(json.dumps(row), flush=True)
            print(f"{arguments.setting}: {row.name}, {row.tool}", file=sys.stderr)
        return
    began, settings = time.monotonic(), []
    for setting, environment in SETTINGS.items():
        answer = subprocess.run(
            [sys.executable, *sys.argv, "--setting", setting],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        settings.append([Row(*json.loads(line)) for line in answer.stdout.splitlines()])
    head = ["work", "against"]
    for setting in SETTINGS:
        head += [f"imfilter, {setting}", "the other", "ratio"]
    lines = []
    for same in zip(*settings, strict=True):
        if all(row.theirs and median(row.ours) / median(row.theirs) <= above for row in same):
            continue
        cells = [cell for row in same for cell in (spread(row.ours), spread(row.theirs), ratio(row))]
        lines.append([same[0].name, same[0].tool, *cells, *same[0].extra])
    packages = versions("numpy", "scipy", "pillow", "opencv-python-headless", "torch")
    runs = " or ".join(str(count) for count in arguments.runs)
    text = f"{machine()}; {packages}; {runs} pairs of runs for each row; {said}. "
    text += f"The measurement took {time.monotonic() - began:.0f} s.\n\n"
    text += f"{table([*head, *extra], lines)}\n\n{kept(settings)}"
    if arguments.only:
        print(text)
    else:
        write(section, text)


def least_of(runs: int) -> str:
    """Return how a table of least values was measured.

    >>> least_of(3), least_of(1)
    ('the least of 3 alternate runs', 'one run each')
    """
    return "one run each" if runs == 1 else f"the least of {runs} alternate runs"


def spread(values: Sequence[float]) -> str:
    """Return the median, the least and the greatest.

    >>> spread([0.123, 0.12, 0.2])
    '0.123 (0.120–0.200)'
    """
    if not values:
        return ""
    places = 3 if median(values) < 1 else 2 if median(values) < 100 else 0
    if min(values) == max(values):
        return f"{values[0]:.{places}f}"
    return f"{median(values):.{places}f} ({min(values):.{places}f}–{max(values):.{places}f})"


def ratio(row: Row) -> str:
    """Return the ratio of the medians, with its bound if it has one."""
    if not row.theirs:
        return "failed"
    value = median(row.ours) / median(row.theirs)
    return f"{value:.2f}" if row.bound is None else verdict(value, row.bound)


def kept(settings: list[list[Row]]) -> str:
    """Return the line that counts the bounds that are kept."""
    counts = []
    for setting, rows in zip(SETTINGS, settings, strict=True):
        said = [ratio(row) for row in rows if row.bound is not None]
        counts.append(f"{sum(text.endswith(': met') for text in said)} of {len(said)} with {setting}")
    return f"Bounds met: {', '.join(counts)}."
