"""Checks before a cluster begins: all machines have the same versions, and all workers see the same disk."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...console.messages import counted, reason, say, shown
from ...errors import UsageError
from ...images.temporary_names import NEW, temporary_name
from ...images.zarr_mark import mark_of
from ..plan import Job
from . import connection as connections
from . import worker_task
from .connection import Connection

PACKAGES = ("imfilter",), ("pillow", "PIL"), ("numpy",)
"""The versions that affect the outputs, in the order of `worker_task.NAMES`, each under the library's name for it."""
NAMED = 3
"""A message names this many workers, and counts the others."""
PAUSE = 0.1


def check(connection: Connection, jobs: Sequence[Job]) -> None:
    """Raise UsageError if the workers would give other results, or see another disk."""
    _wait_for_workers(connection)
    _check_versions(connection)
    _check_disks(connection, jobs)


def _wait_for_workers(connection: Connection) -> None:
    began = time.monotonic()
    while not connection.client.nthreads():
        if time.monotonic() - began > connections.LOST:
            raise UsageError(f"{connection.address.name}: has no workers; start some with: dask worker")
        time.sleep(PAUSE)


def _check_versions(connection: Connection) -> None:
    found = connection.client.get_versions(packages=[name for names in PACKAGES for name in names])
    own = _versions(found["client"])
    others = defaultdict(list)
    for worker, known in found["workers"].items():
        if (versions := _versions(known)) != own:
            others[versions].append(worker)
    if not others:
        return
    say(f"this machine: {worker_task.in_words(own)}")
    for versions, workers in others.items():
        say(f"{_named(workers)}: {worker_task.in_words(versions)}")
    raise UsageError(f"{connection.address.name}: its workers have other versions; install the same on all machines")


def _versions(known: Mapping[str, Any]) -> tuple[str | None, ...]:
    found = known["packages"]
    return tuple(next((found[name] for name in names if found.get(name)), None) for names in PACKAGES)


def _named(workers: Sequence[str]) -> str:
    more = len(workers) - NAMED
    return ", ".join(workers[:NAMED]) + (f" and {counted(more, 'other', 'others')}" if more > 0 else "")


def _check_disks(connection: Connection, jobs: Sequence[Job]) -> None:
    """Raise UsageError if a worker does not see the first input, or cannot write next to the last output."""
    here = Path.cwd()
    names = (here / job.input.name for job in jobs)
    source = next((path for name in names if (path := mark_of(name) or name).is_file()), None)
    paths = [target.path for target in jobs[-1].all_targets.values() if target.path is not None]
    folder = next((path for path in (here / paths[-1]).parents if path.is_dir()), None) if paths else None
    probe = None if folder is None else folder / temporary_name(NEW)
    if probe is not None:
        try:
            probe.touch(exist_ok=False)
        except OSError:  # reported when a picture is written
            probe = None
    try:
        size = None if source is None else source.stat().st_size
        found = connection.client.run(_look, *(path and str(path) for path in (source, probe)), size)
    finally:
        if probe is not None:
            probe.unlink(missing_ok=True)
    for what, name in (("input", source), ("output", folder)):
        blind = {worker: said[what] for worker, said in found.items() if said[what]}
        if blind:
            why = next(iter(blind.values()))
            raise UsageError(
                f"{connection.address.name}: {_named([*blind])} {why} {shown(str(name))}; "
                "name inputs and outputs on a disk that all workers share"
            )


def _look(source: str | None, probe: str | None, size: int | None) -> dict[str, str]:
    """Return why a worker cannot use the input *source* or the folder of *probe*; runs on the worker."""
    return {"input": _unread(source, size), "output": _unwritten(probe)}


def _unread(source: str | None, size: int | None) -> str:
    if source is None:
        return ""
    try:
        with open(source, "rb") as file:
            same = os.fstat(file.fileno()).st_size == size
    except OSError as error:
        return f"cannot read ({reason(error)})"
    return "" if same else "sees another file as"


def _unwritten(probe: str | None) -> str:
    if probe is None:
        return ""
    if not os.path.exists(probe):
        return "sees another folder as, or none,"
    own = Path(probe).with_name(temporary_name(NEW))
    try:
        own.touch(exist_ok=False)
        own.unlink()
    except OSError as error:
        return f"cannot write into ({reason(error)})"
    return ""
