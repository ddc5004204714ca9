"""Measure the cost of `--watch` while nothing changes: `python benchmarks/watching.py --imfilter PATH`.

A folder of small pictures with up-to-date outputs is watched. Measured are the CPU time after the first looks, and the
wall time from a new picture to its output. For Linux.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

import common

COUNTS = (200, 2_000, 20_000)
SETTLING, SECONDS = 6.0, 30.0
"""Seconds until the folder has been searched again, and of the measurement."""


def used(process: int) -> float:
    """Return the CPU seconds of a process."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(imfilter: str, count: int) -> tuple[float, float]:
    """Return the share of a core that watching *count* files takes, and the seconds until a new file is done."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        (folder / "out").mkdir()
        common.photograph(64, 48).save(folder / "new.png")
        data = (folder / "new.png").read_bytes()
        for number in range(count):
            for place in ("in", "out"):
                (folder / place / f"{number:05}.png").write_bytes(data)
        words = [imfilter, "blur", "in", "-o", "out", "--no-clobber", "--watch"]
        process = subprocess.Popen(words, cwd=folder, stderr=subprocess.PIPE)
        try:
            assert process.stderr is not None
            process.stderr.readline()  # the first round is done
            time.sleep(SETTLING)
            before, began = used(process.pid), time.perf_counter()
            time.sleep(SECONDS)
            share = (used(process.pid) - before) / (time.perf_counter() - began)
            began = time.perf_counter()
            (folder / "in" / "new.png").write_bytes(data)
            while not (folder / "out" / "new.png").exists():
                time.sleep(0.01)
            return share, time.perf_counter() - began
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--imfilter", default="imfilter", help="the program (default: %(default)s)")
    arguments = parser.parse_args()
    print("| files | of a core, while nothing changes | until a new picture is done |\n| --- | --- | --- |")
    for count in COUNTS:
        share, seconds = measured(arguments.imfilter, count)
        print(f"| {count} | {share:.2%} | {seconds:.1f} s |", flush=True)


if __name__ == "__main__":
    main()
