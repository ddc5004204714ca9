"""Measure batches on a cluster: `python benchmarks/cluster.py --imfilter PATH [--quick]`.

Folders of small JPEGs are filtered by two processes, and by two local Dask workers, including their start; a further
row has the cost of an empty task. CPU is that of all processes, the least of alternating runs. Needs the extra
`cluster`.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import batch
import common

PHOTOS, TASKS = (200, 2000), 500
SUBREAPER = 36
"""prctl's PR_SET_CHILD_SUBREAPER: workers, whose parent ends before them, are then children of this process."""
batch.SIZE = 320, 240


def seconds_of(command: list[str]) -> tuple[float, float]:
    """Return the wall seconds and the CPU seconds of a command with all its children."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def of_a_task() -> float:
    """Return the CPU milliseconds per task of the scheduler and the call, in one process.

    Six tasks are out at a time for two workers, as in any batch.
    """
    import distributed
    from imfilter.cli.batch.cluster import worker_task

    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        cluster.get_client() as client,
    ):
        began, out = time.process_time(), []
        for _ in range(TASKS):
            out.append(client.submit(worker_task.stop, "", pure=False))
            if len(out) == 6:
                out.pop(0).result()
        client.gather(out)
        return (time.process_time() - began) / TASKS * 1000


def measure(arguments: argparse.Namespace) -> str:
    """Return the table."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    rows = []
    for photos in PHOTOS:
        with tempfile.TemporaryDirectory() as name:
            batch.photographs(Path(name) / "in", photos)
            call = [arguments.imfilter, "blur", f"{name}/in", "-o", f"{name}/out/", "--sigma", "2", "-q"]
            works = {"`-j 2`": ["-j", "2"], "`--cluster local:2`": ["--cluster", "local:2"]}
            found = {work: [] for work in works}
            for _ in range(arguments.runs[1]):
                for work, words in works.items():
                    found[work].append(seconds_of([*call, *words]))
            for work, times in found.items():
                wall, cpu = (min(column) for column in zip(*times, strict=True))
                rows.append([f"{photos}", work, f"{wall:.1f}", f"{cpu:.1f}"])
    table = common.table(["images", "work", "seconds", "seconds of CPU"], rows)
    return f"{table}\n\nOn a task the scheduler and the call spend {of_a_task():.1f} ms of a core."


if __name__ == "__main__":
    arguments = common.asked(__doc__)
    said = (
        f"{common.machine()}; {common.versions('numpy', 'pillow', 'distributed')}; JPEGs of 320×240, blur by sigma 2; "
    )
    said += f"the least of {arguments.runs[1]}, in turn."
    common.write("cluster", f"{said}\n\n{measure(arguments)}")
