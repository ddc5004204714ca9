"""Measure batches on a cluster: `python benchmarks/cluster.py --imfilter PATH [--quick]`.

Folders of small JPEGs, and one large image by bands, a Zarr and an .npy, are filtered by a run with two cores and by
two local Dask workers, including their start; a further row has the cost of an empty task. CPU is that of all
processes, the least of alternating runs; memory is that of the largest process, sampled ten times a second. Needs the
extras `cluster` and `zarr`.
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
from typing import NamedTuple

import batch
import common
import numpy as np
import psutil  # which the extra `cluster` brings along

PHOTOS, TASKS = (200, 2000), 500
SIDE, CHUNK = 20_000, 2048
"""Of the picture, and of its chunks."""
SUBREAPER = 36
"""prctl's PR_SET_CHILD_SUBREAPER: workers, whose parent ends before them, are then children of this process."""
TICK = 0.1
WORKS = {"`-j 2`": ["-j", "2"], "`--cluster local:2`": ["--cluster", "local:2"]}
batch.SIZE = 320, 240


class Figures(NamedTuple):
    """What a command took."""

    seconds: float
    cpu: float
    """Seconds of the processor, with all that it starts."""
    memory: int
    """Bytes of the largest process."""


def measured(command: list[str]) -> Figures:
    """Run a command."""
    before, began, most = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), 0
    with psutil.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            with contextlib.suppress(psutil.Error):
                most = max(most, *(each.memory_info().rss for each in (process, *process.children(recursive=True))))
            time.sleep(TICK)
    if process.returncode:
        raise SystemExit(f"failed: {' '.join(command)}")
    seconds = time.perf_counter() - began
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Figures(seconds, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, most)


def by_bands(arguments: argparse.Namespace) -> str:
    """Return the table of one large picture."""
    import zarr

    rows = []
    with tempfile.TemporaryDirectory() as name:
        picture = np.asarray(common.photograph(SIDE, SIDE, gray=True))
        array = zarr.create_array(f"{name}/in.zarr", shape=picture.shape, chunks=(CHUNK, CHUNK), dtype=picture.dtype)
        array[...] = picture
        np.save(f"{name}/in.npy", picture)
        del picture
        for kind, filter, *options in (
            ("zarr", "blur", "--sigma", "2", "--chunks", f"{CHUNK}"),
            ("zarr", "edges", "--chunks", f"{CHUNK}"),
            ("npy", "blur", "--sigma", "2"),
            ("npy", "edges"),
        ):
            call = [arguments.imfilter, filter, f"{name}/in.{kind}", "-o", f"{name}/out.{kind}", *options, "-q"]
            call += ["--max-pixels", f"{SIDE * SIDE}"]
            for work, found in in_turn(call, arguments.runs[1]).items():
                wall, cpu, memory = map(min, zip(*found, strict=True))
                rows.append([f"{filter}, .{kind}", work, f"{wall:.1f}", f"{cpu:.1f}", f"{memory / 1e6:.0f}"])
    return common.table(["filter", "work", "seconds", "seconds of CPU", "MB"], rows)


def in_turn(call: list[str], runs: int) -> dict[str, list[Figures]]:
    """Return what a call takes on this machine and on a cluster."""
    found: dict[str, list[Figures]] = {work: [] for work in WORKS}
    for _ in range(runs):
        for work, words in WORKS.items():
            found[work].append(measured([*call, *words]))
    return found


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


def of_images(arguments: argparse.Namespace) -> str:
    """Return the table of folders of small images."""
    rows = []
    for photos in PHOTOS:
        with tempfile.TemporaryDirectory() as name:
            batch.photographs(Path(name) / "in", photos)
            call = [arguments.imfilter, "blur", f"{name}/in", "-o", f"{name}/out/", "--sigma", "2", "-q"]
            for work, found in in_turn(call, arguments.runs[1]).items():
                wall, cpu, _ = map(min, zip(*found, strict=True))
                rows.append([f"{photos}", work, f"{wall:.1f}", f"{cpu:.1f}"])
    table = common.table(["images", "work", "seconds", "seconds of CPU"], rows)
    return f"{table}\n\nThe scheduler and the call spend {of_a_task():.1f} ms of a core on each task."


if __name__ == "__main__":
    arguments = common.asked(__doc__)
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    machine = f"{common.machine()}; {common.versions('numpy', 'pillow', 'distributed', 'zarr')}"
    least = f"{common.least_of(arguments.runs[1])}."
    if arguments.only in "images":
        said = f"{machine}; JPEGs of 320×240, blur by sigma 2; {least}"
        common.write("cluster", f"{said}\n\n{of_images(arguments)}")
    if arguments.only in "bands":
        said = f"{machine}; {SIDE}×{SIDE} gray pixels of 8 bits, chunks of {CHUNK}×{CHUNK}; {least}"
        common.write("cluster bands", f"{said}\n\n{by_bands(arguments)}")
