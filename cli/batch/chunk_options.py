"""`--chunks`, `--shard-size` and `--pyramid`: the layout of a Zarr."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UsageError
from ..images import formats
from .options import SharedOptions
from .plan import Job

CHUNK, STEP = 1024, 16
"""Rows and columns of a chunk, and the number of which they must be a multiple."""


def check(jobs: Sequence[Job], options: SharedOptions) -> None:
    """Raise UsageError for impossible chunks, and if no output of a job has chunks."""
    if options.chunks is None and options.shard_size is None and not options.pyramid:
        return
    chunk = CHUNK if options.chunks is None else options.chunks
    if chunk < STEP or chunk % STEP:
        raise UsageError(f"--chunks {chunk}: use a multiple of {STEP}")
    if options.shard_size is not None and (options.shard_size < chunk or options.shard_size % chunk):
        raise UsageError(f"--shard-size {options.shard_size}: use a multiple of --chunks, which is {chunk}")
    for job in jobs:
        known = [target.format for target in job.targets.values()]
        if not any(format is None or format.folder for format in known):
            target = next(iter(job.targets.values()))
            raise UsageError(f"{target.name}: {formats.FOR_CHUNKS}")
