"""One image of a batch: it is read, and goes to the work on one frame or on many; a failure is its report."""

from __future__ import annotations

import time
from functools import partial

from .. import signals
from ..console import faults
from ..console.messages import shown
from ..console.report import Report
from ..errors import FileError, NoPlaceError
from ..images.picture import Picture
from ..images.reader import Reader
from ..images.shard import Shard
from .image_job import ImageProcessor
from .plan import Job


def process(processor: ImageProcessor, job: Job, reader: Reader) -> Report:
    """Do one job; a failure is a report."""
    began = time.perf_counter()
    try:
        report = _processed(processor, job, reader)
    except FileError as error:
        no_place = error.reason if isinstance(error, NoPlaceError) else None
        report = Report(input=job.input.name, status="failed", error=str(error), no_place=no_place)
    except BrokenPipeError:
        raise
    except Exception as fault:  # a fault of the program's own costs one image too, and not the batch
        error = f"{shown(job.input.name)}: {faults.described(fault)}"
        report = Report(input=job.input.name, status="failed", error=error)
    signals.check()
    return report._replace(seconds=time.perf_counter() - began)


def _processed(processor: ImageProcessor, job: Job, reader: Reader) -> Report:
    reader.needed = partial(processor.needed, job)
    found, source = reader.read(job.input.name)
    job = job._replace(source=source)
    numbered = any(target.numbered is not None for target in job.targets.values())
    if not isinstance(found, Shard):
        for target in job.targets.values():
            if target.format is not None and target.format.of_files:
                raise FileError(target.name, f"a .tar is made of tar shards, and {job.name} is none")
    if isinstance(found, Picture) and not processor.options.frames.only and not numbered:
        return processor.single(job, found)
    from . import multiframe_job  # most pictures have one frame

    return multiframe_job.filtered(processor, job, found)
