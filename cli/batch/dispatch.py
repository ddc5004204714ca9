"""One image of a batch: reading it, and passing it to the work on one frame or many; a failure becomes its report."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from .. import signals
from ..console import faults
from ..console.messages import shown
from ..console.report import Report
from ..errors import FileError, NoPlaceError
from ..images import formats
from ..images.picture import Frames, Picture
from ..images.reader import Reader
from ..images.source import Source
from .image_job import ImageProcessor
from .plan import Job

Done = TypeVar("Done")


def process(processor: ImageProcessor, job: Job, reader: Reader) -> Report:
    """Do one job; a failure becomes its report."""
    began = time.perf_counter()
    report = reported(job, partial(_processed, processor, job, reader))
    return report._replace(seconds=time.perf_counter() - began)


def reported(job: Job, work: Callable[[], Done]) -> Done | Report:
    """Do some work for a job, and return what comes of it; a failure is a report."""
    try:
        done: Done | Report = work()
    except FileError as error:
        no_place = error.reason if isinstance(error, NoPlaceError) else None
        done = Report(input=job.input.name, status="failed", error=str(error), no_place=no_place)
    except BrokenPipeError:
        raise
    except Exception as fault:  # a bug of the program, too, costs one image and not the batch
        error = f"{shown(job.input.name)}: {faults.described(fault)}"
        done = Report(input=job.input.name, status="failed", error=error)
    signals.check()
    return done


def _processed(processor: ImageProcessor, job: Job, reader: Reader) -> Report:
    if processor.options.render.show is not None:
        from .shown import with_shown  # few calls show their results

        job = with_shown(job, len(processor.maps))
    reader.needed = partial(processor.needed, job)
    reader.streams = partial(processor.streams, job)
    reader.advice = processor.advice
    reader.digests = processor.options.write.encode.signs
    found, source = _read(processor, job, reader)
    job = job._replace(source=source)
    numbered = any(target.numbered is not None for target in job.targets.values())
    into_shards = [
        target.name for target in job.targets.values() if target.format is not None and target.format.of_files
    ]
    suffix = ".parquet" if into_shards and into_shards[0].endswith(".parquet") else ".tar"
    if into_shards:
        if isinstance(found, Picture) or not formats.FORMATS[found.format].data_set:
            raise FileError(into_shards[0], f"a {suffix} is made from data sets, and {job.name} is not one")
        if processor.options.frames.only is not None:
            raise FileError(into_shards[0], f"a {suffix} holds a data set; leave out --frame, or name an image")
    if isinstance(found, Picture) and not processor.options.frames.only and not numbered:
        return processor.single(job, found)
    from . import multiframe_job  # most pictures have one frame

    return multiframe_job.filtered(processor, job, found)


def _read(processor: ImageProcessor, job: Job, reader: Reader) -> tuple[Picture | Frames, Source]:
    """Return the contents of a job's file; a picture is decoded once for all its consecutive variants."""
    name = job.input.name
    if job.variant is None:
        return reader.read(name)
    if processor.decoded is None or processor.decoded[0] != name:
        processor.decoded = None
        found, source = reader.read(name)
        if not isinstance(found, Picture):
            return found, source
        processor.decoded = name, found, source
    _, picture, source = processor.decoded
    again = copy.copy(picture)
    again.notes = [*picture.notes]
    return again, source
