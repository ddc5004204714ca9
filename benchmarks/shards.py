"""Measure shared batches: `python benchmarks/shards.py --imfilter PATH [--quick]`.

A folder of 2 000 small JPEGs is filtered in one run, and in four shards by place and by index; a further row has the
plan of one shard. The figures are CPU seconds, the least of alternating runs, so that other load counts less.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import tempfile
from pathlib import Path

import batch
import common

PHOTOS, SHARDS = 2000, 4
batch.SIZE = 320, 240


def seconds_of(commands: list[list[str]]) -> float:
    """Return the CPU seconds of commands run one after the other."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure(arguments: argparse.Namespace) -> str:
    """Return the table."""
    with tempfile.TemporaryDirectory() as name:
        photos = Path(name) / "in"
        batch.photographs(photos, PHOTOS)
        call = [arguments.imfilter, "blur", str(photos), "-o", f"{name}/out/", "--sigma", "2", "-q", "-j", "1"]
        shards = [[*call, "--shard", f"{number}/{SHARDS}"] for number in range(1, SHARDS + 1)]
        works = {
            "one run, `-j 1`": [call],
            f"{SHARDS} shards": shards,
            f"{SHARDS} shards, `--shard-by index`": [[*shard, "--shard-by", "index"] for shard in shards],
            "one run, nothing to do, `--update`": [[*call, "--update"]],
            f"{SHARDS} shards, the same": [[*shard, "--update"] for shard in shards],
            "the plan of one run, `-n`": [[*call, "-n"]],
            "that of one shard of 1000": [[*call, "-n", "--shard", "1/1000"]],
        }
        found = {work: [] for work in works}
        for _ in range(arguments.runs[1]):
            for work, commands in works.items():
                found[work].append(seconds_of(commands))
    return common.table(["work", "seconds of CPU"], [[work, f"{min(times):.2f}"] for work, times in found.items()])


if __name__ == "__main__":
    arguments = common.asked(__doc__)
    said = f"{common.machine()}; {common.versions('numpy', 'pillow')}; {PHOTOS} JPEGs of 320×240, blur by sigma 2; "
    said += f"{common.least_of(arguments.runs[1])}."
    common.write("shards", f"{said}\n\n{measure(arguments)}")
