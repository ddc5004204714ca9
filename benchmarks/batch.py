"""Measure batches, updates and chains: `python benchmarks/batch.py --imfilter PATH --python PATH [--quick]`.

The *PATH*s are the command to measure, and an interpreter with OpenCV. Runs alternate. The memory of several
processes is the greatest sum of their proportional set sizes (shared memory counts once), sampled every 20 ms in a
run of its own, on Linux.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import common
import numpy as np
from common import Row
from PIL import Image

PHOTOS = 200
SIZE = (640, 480)
STEPS = ["blur --sigma 2", "sharpen", "edges"]


def photographs(folder: Path, count: int) -> None:
    """Write *count* crops of a photograph as JPEG."""
    folder.mkdir()
    photo = common.photograph(4000, 3000)
    random = np.random.default_rng(0)
    for number in range(count):
        left, top = (int(random.integers(side - size)) for side, size in zip(photo.size, SIZE, strict=True))
        photo.crop((left, top, left + SIZE[0], top + SIZE[1])).save(folder / f"{number:04}.jpg", quality=90)


def thumbnails(folder: Path, count: int) -> None:
    """Write *count* tiny pictures into folders of 500."""
    random = np.random.default_rng(0)
    for number in range(count):
        place = folder / f"{number // 500:02}"
        place.mkdir(parents=True, exist_ok=True)
        samples = random.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(samples).save(place / f"{number:05}.jpg")


def memory(command: list[str]) -> float:
    """Return the peak memory of a command and its children together."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0.0
    while child.poll() is None:
        most = max(most, sum(_proportional(pid) for pid in _family(child.pid)))
        time.sleep(0.02)
    return most


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(member for child in children for member in _family(int(child)))]


def _proportional(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0.0)


def measure_batches(arguments: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield the rows for 200 and 2000 photographs."""
    imfilter, tool = arguments.imfilter, "OpenCV, 2 processes"

    def commands(photos: Path) -> tuple[list[str], list[str]]:
        out = folder / "out"
        script = [arguments.python, str(common.HERE / "opencv_peer.py"), "folder", str(photos), str(out)]
        return [imfilter, "blur", str(photos), "-o", f"{out}/", "--sigma", "2"], script

    small, large = folder / "small", folder / "large"
    photographs(small, PHOTOS)
    photographs(large, 10 * PHOTOS)
    ours, theirs = common.alternate(*commands(small), arguments.runs[0])
    first = seconds(ours)
    yield Row(f"{PHOTOS} JPEGs 640×480, sigma 2", tool, first, seconds(theirs), 1.0)
    ours, theirs = common.alternate(*commands(large), arguments.runs[1], slow=60)
    yield Row(f"{10 * PHOTOS} of them", tool, seconds(ours), seconds(theirs))
    yield Row("the same", f"10 × {PHOTOS}", seconds(ours), [10 * time for time in first])
    held = [[memory(command) / 1e6] for command in commands(large)]
    yield Row("their memory, all processes, MB", tool, held[0], held[1], 2.0)


def measure_update(arguments: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield the row for an update with nothing to do."""
    thumbnails(folder / "tree", 10_000)
    command = [arguments.imfilter, "blur", str(folder / "tree"), "-r", "-o", f"{folder / 'tree-out'}/", "--update"]
    subprocess.run(command, check=True, capture_output=True)
    found = [answer for _ in range(arguments.runs[1]) if (answer := common.run(command))]
    yield Row("--update, nothing to do on 10 000", "a second", seconds(found), [1.0], 1.0)


def measure_chain(arguments: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield the rows for a chain of three filters against a pipe of three commands."""
    photo, imfilter = folder / "photo.ppm", arguments.imfilter
    common.photograph(4000, 3000).save(photo)
    program, source = shlex.quote(imfilter), shlex.quote(str(photo))
    first, *middle, last = STEPS
    between = "".join(f" | {program} {step} - -o -" for step in middle)
    pipe = f"{program} {first} {source} -o -{between} | {program} {last} - -o {folder / 'pipe.ppm'}"
    chained = [imfilter, "chain", str(photo), "-o", str(folder / "chain.ppm"), *STEPS]
    ours, theirs = common.alternate(chained, ["sh", "-ec", pipe], arguments.runs[0])
    yield Row("chain of 3 on 12 MP", "three in a pipe", seconds(ours), seconds(theirs), 0.6)
    alone = [[imfilter, *step.split(), str(photo), "-o", str(folder / "one.ppm")] for step in STEPS]
    largest = max(answer.memory for command in alone if (answer := common.run(command)))
    yield Row("its memory, MB", "the largest of the three", [common.middle(ours).memory / 1e6], [largest / 1e6], 1.0)


def seconds(runs: list[common.Run]) -> list[float]:
    """Return the times of runs."""
    return [run.seconds for run in runs]


def measure(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows, in seconds."""
    for rows in (measure_batches, measure_update, measure_chain):
        if arguments.only in rows.__name__:
            with tempfile.TemporaryDirectory() as name:
                yield from rows(arguments, Path(name))


if __name__ == "__main__":
    common.compare("batch", __doc__, measure, "times in seconds, memory in megabytes")
