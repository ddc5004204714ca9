"""Measure where the time of a process goes: `python benchmarks/phases.py [--quick]`.

Each task runs several times in a process that records the time of each step; the table has the medians.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

PHASES = (
    "Python starts",
    "the program is imported",
    "options, plan, NumPy",
    "the decoder is waited for",
    "filter (JPEG: and encode)",
    "encode, write, rename",
)


def child(words: list[str]) -> None:
    """Run the command and print the times at which its phases ended."""
    times = [time.time()]

    def noted(function: Callable[..., Any], before: bool, after: bool) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            if before:
                times.append(time.time())
            answer = function(*args, **options)
            if after:
                times.append(time.time())
            return answer

        return wrapped

    def run() -> int:
        from imfilter.cli import app
        from imfilter.cli.commands import filter_command
        from imfilter.cli.images import reader
        from imfilter.filters.core.engine import executor

        filter_command.execute = noted(filter_command.execute, True, False)
        reader.Reader.read = noted(reader.Reader.read, True, True)
        executor.run = noted(executor.run, False, True)
        return app.run()

    sys.argv = ["imfilter", *words]
    code = as_the_console(run)
    times.append(time.time())
    print(json.dumps(times))
    sys.stdout.flush()
    os._exit(code)


def as_the_console(run: Callable[[], int]) -> int:
    """Do what the console script does before it runs the program."""
    from imfilter.cli import garbage
    from imfilter.cli.blas import limit_blas
    from imfilter.cli.images.prefetch import guess

    garbage.pause()
    limit_blas()
    guess(sys.argv[1:])
    return run()


def measured(words: list[str], runs: int) -> list[float]:
    """Return the medians of the phases, in milliseconds."""
    import subprocess  # not in the measured process
    from itertools import pairwise
    from statistics import median

    found = []
    for _ in range(runs):
        began = time.time()
        answer = subprocess.run(
            [sys.executable, __file__, "--child", *words], capture_output=True, text=True, check=True
        )
        times = [began, *json.loads(answer.stdout.splitlines()[-1])]
        found.append([1000 * (after - before) for before, after in pairwise(times)])
    return [median(phase) for phase in zip(*found, strict=True)]


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    import tempfile
    from pathlib import Path

    import common

    runs = common.asked(__doc__).runs[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo = common.photograph(4000, 3000)
        photo.save(folder / "photo.jpg", quality=92)
        photo.save(folder / "photo.ppm")
        photo.resize((64, 64)).save(folder / "small.png")
        common.photograph(8000, 6000).save(folder / "large.jpg", quality=92)
        works = {
            "Gaussian 2, 64×64 PNG": ["blur", "small.png", "-o", "small-out.png", "--sigma", "2"],
            "Gaussian 2, JPEG → JPEG": ["blur", "photo.jpg", "-o", "out.jpg", "--sigma", "2"],
            "Gaussian 10, PPM → PPM": ["blur", "photo.ppm", "-o", "out.ppm", "--sigma", "10"],
            "unsharp 2, PPM → PPM": ["sharpen", "photo.ppm", "-o", "out.ppm", "--op", "unsharp", "--sigma", "2"],
            "Sobel, JPEG → PNG": ["edges", "photo.jpg", "-o", "out.png"],
            "Sobel and angle": ["edges", "photo.jpg", "-o", "out.png", "--angle", "angle.png"],
            "Gaussian 2, 48 MP JPEG": ["blur", "large.jpg", "-o", "out.jpg", "--sigma", "2"],
        }
        rows = []
        for work, words in works.items():
            words = [str(folder / word) if "." in word else word for word in words]
            phases = measured(words, runs)
            rows.append([work, *(f"{phase:.0f}" for phase in phases), f"{sum(phases):.0f}"])
    head = ["milliseconds", *PHASES, "all"]
    common.write("phases", f"{common.machine()}; medians of {runs} runs.\n\n{common.table(head, rows)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2:])
    else:
        main()
