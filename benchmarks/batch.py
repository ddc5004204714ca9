"""Measure batches, updates and chains: `python benchmarks/batch.py --python PATH [--quick]`.

*PATH* is an interpreter that has OpenCV. `vips`, ImageMagick and GraphicsMagick join where they are installed. Times
are medians of alternating runs. The memory of several processes is the greatest sum of their proportional set sizes
(what they share counts once), looked at every 20 ms in a run of its own, on Linux.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import common
import numpy as np
from PIL import Image

PHOTOS = 200
SIZE = (640, 480)
STEPS = ["blur --sigma 2", "sharpen", "edges"]


def photographs(folder: Path, count: int) -> None:
    """Write *count* cuts of a photograph as JPEG."""
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
    """Return the most bytes that a command and its children held together at one time."""
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


def shell(line: str) -> list[str]:
    """Return the command that runs a shell line."""
    return ["sh", "-ec", line]


def batches(imfilter: str, python: str, photos: Path, out: Path) -> dict[str, list[str]]:
    """Return each tool's command for a folder of photographs."""
    source, target = shlex.quote(str(photos)), shlex.quote(str(out))
    each = f'mkdir -p {target}; for f in {source}/*.jpg; do {{}} "$f" {{}} {target}/"${{{{f##*/}}}}"{{}}; done'
    tools = {
        "imfilter": [imfilter, "blur", str(photos), "-o", f"{out}/", "--sigma", "2"],
        "OpenCV, 2 processes": [python, str(common.HERE / "opencv_batch.py"), str(photos), str(out)],
    }
    if common.found("vips"):
        tools["vips, a process each"] = shell(each.format("vips gaussblur", "", " 2 --precision float"))
    if common.found("mogrify"):
        tools["ImageMagick"] = shell(f"mkdir -p {target}; mogrify -path {target} -blur 0x2 {source}/*.jpg")
    if common.found("gm"):
        each_gm = f"mkdir -p {target}; gm mogrify -output-directory {target} -blur 0x2 {source}/*.jpg"
        tools["GraphicsMagick"] = shell(each_gm)
    return tools


def measure_batches(imfilter: str, python: str, folder: Path, runs: int) -> list[list[str]]:
    """Return the lines for 200 and 2000 photographs."""
    lines = []
    small, large = folder / "small", folder / "large"
    photographs(small, PHOTOS)
    photographs(large, 10 * PHOTOS)
    tools = batches(imfilter, python, small, folder / "out")
    own = tools.pop("imfilter")
    for tool, command in tools.items():
        ours, theirs = common.alternate(own, command, runs if tool.startswith("OpenCV") else 3)
        if not theirs:
            continue
        left, right = common.middle(ours).seconds, common.middle(theirs).seconds
        said = common.verdict(left / right, 1.1 if tool.startswith("OpenCV") else 1.0)
        lines.append([f"{PHOTOS} JPEGs 640×480, sigma 2", f"{left:.2f}", tool, f"{right:.2f}", said])
        if tool.startswith("OpenCV"):
            first = left
    more = batches(imfilter, python, large, folder / "out")
    ours, theirs = common.alternate(more["imfilter"], more["OpenCV, 2 processes"], 3, slow=60)
    left, right = common.middle(ours).seconds, common.middle(theirs).seconds
    lines.append(
        [f"{10 * PHOTOS} of them", f"{left:.2f}", "OpenCV, 2 processes", f"{right:.2f}", f"{left / right:.2f}"]
    )
    lines.append(
        ["the same", f"{left:.2f}", f"10 × {PHOTOS}", f"{10 * first:.2f}", f"{left / first / 10:.2f} (1 is linear)"]
    )
    held, theirs_held = memory(more["imfilter"]) / 1e6, memory(more["OpenCV, 2 processes"]) / 1e6
    said = common.verdict(held / theirs_held, 2)
    lines.append(
        ["their memory, all processes", f"{held:.0f} MB", "OpenCV, 2 processes", f"{theirs_held:.0f} MB", said]
    )
    return lines


def measure_update(imfilter: str, folder: Path, runs: int) -> list[str]:
    """Return the line for an update that has nothing to do."""
    thumbnails(folder / "tree", 10_000)
    command = [imfilter, "blur", str(folder / "tree"), "-r", "-o", f"{folder / 'tree-out'}/", "--update"]
    subprocess.run(command, check=True, capture_output=True)
    seconds = common.middle([answer for _ in range(runs) if (answer := common.run(command))]).seconds
    return ["--update, nothing to do on 10 000", f"{seconds:.2f}", "", "", common.verdict(seconds, 1.0)]


def measure_chain(imfilter: str, folder: Path, runs: int) -> list[list[str]]:
    """Return the lines for a chain of three against three commands in a pipe."""
    photo = folder / "photo.ppm"
    common.photograph(4000, 3000).save(photo)
    program, source = shlex.quote(imfilter), shlex.quote(str(photo))
    first, *middle, last = STEPS
    between = "".join(f" | {program} {step} - -o -" for step in middle)
    pipe = f"{program} {first} {source} -o -{between} | {program} {last} - -o {folder / 'pipe.ppm'}"
    chained = [imfilter, "chain", str(photo), "-o", str(folder / "chain.ppm"), *STEPS]
    ours, theirs = common.alternate(chained, shell(pipe), runs)
    left, right = common.middle(ours).seconds, common.middle(theirs).seconds
    lines = [
        ["chain of 3 on 12 MP", f"{left:.2f}", "three in a pipe", f"{right:.2f}", common.verdict(left / right, 0.6)]
    ]
    held = common.middle(ours).memory
    alone = [
        [imfilter, step.split()[0], *step.split()[1:], str(photo), "-o", str(folder / "one.ppm")] for step in STEPS
    ]
    largest = max(answer.memory for command in alone if (answer := common.run(command)))
    said = common.verdict(held / largest, 1.0)
    lines.append(["its memory", f"{held / 1e6:.0f} MB", "the largest of the three", f"{largest / 1e6:.0f} MB", said])
    return lines


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable, metavar="PATH", help="an interpreter that has OpenCV")
    parser.add_argument("--imfilter", default="imfilter", metavar="PATH", help="the command to measure")
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    arguments = parser.parse_args()
    runs = 3 if arguments.quick else 7
    os.environ.pop("MAKEFLAGS", None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = measure_batches(arguments.imfilter, arguments.python, folder, runs)
        lines.append(measure_update(arguments.imfilter, folder, runs))
        lines += measure_chain(arguments.imfilter, folder, runs)
    head = ["work", "imfilter, s", "against", "s", "ratio"]
    common.write("batch", f"{common.machine()}; {runs} and 3 runs.\n\n{common.table(head, lines)}")


if __name__ == "__main__":
    main()
