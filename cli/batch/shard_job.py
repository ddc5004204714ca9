"""The work on a tar shard: each image in it is filtered as a file of its own, and all other files are copied."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from ..console.messages import reason_of, shown
from ..console.report import Report
from ..errors import FileError
from ..images import formats, memory_budget
from ..images.atomic_write import Growing, Transaction
from ..images.picture import DecodeError, Picture, check_lack
from ..images.reader import naming
from ..images.shard import Shard, ShardMember
from ..images.tar import ShardWriter
from .changed_input import backdate, check_replaced
from .frame_output import begun, kept_of, writable
from .image_job import ImageProcessor
from .plan import Job, Target


def is_for(target: Target) -> bool:
    """Whether the images of a shard go into a shard again."""
    return target.numbered is None and (target.format is None or target.format.of_files)


def filtered(processor: ImageProcessor, job: Job, shard: Shard) -> Report:
    """Filter all images of a shard; raises FileError, also for one image that is damaged: the others are no whole."""
    writers = {output: ShardWriter() for output in job.targets}
    done = processor.begin_report()
    notes: dict[str, None] = {}
    growth = memory_budget.Growth()
    with Transaction(processor.options.write.read) as transaction:
        growing = {
            output: begun(transaction, job, target, processor.options.write) for output, target in job.targets.items()
        }
        for output, writer in writers.items():
            with growing[output].open() as file:
                writer.begin(file)
        for found in _files(job, shard):
            member, picture = found.member, found.picture
            if picture is None:
                if "image" in writers:
                    _add(job, "image", writers, growing, member)
                continue
            if not job.variants:
                picture.number = done.frames
            if processor.progress is not None:
                processor.progress.begin(done.frames, (shard.count or 1) * max(len(job.variants), 1))
            own = found.job._replace(input=found.job.input._replace(name=f"{job.input.name}: {member.name}"))
            computed = processor.computed(own, picture)
            if job.variants:
                computed = computed._replace(drawn=found.line(computed.drawn))
            size = 0
            for output in writers:
                stamp = "" if done.frames else processor.options.write.stamper.stamp(output, job)
                file, told = io.BytesIO(), list(picture.notes)
                format = computed.formats_of[output]
                kept = kept_of(picture.metadata, output, computed, told)
                with writable(job.targets[output], format):
                    told += processor.encode(file, output, computed, kept, stamp)
                notes.update(dict.fromkeys(told))
                size += file.tell() if growing[output].is_in_memory else 0
                _add(job, output, writers, growing, ShardMember(member.in_format(format), file.getbuffer()))
            if (free := growth.short(size)) is not None:
                raise FileError(
                    job.name, f"needs more memory than there is: {memory_budget.gigabytes(free)} are free; split it"
                )
            done.add(computed)
        for output, target in job.targets.items():
            with growing[output].open() as file, writable(target, formats.FORMATS["tar"]):
                writers[output].write(file)
            growing[output].end()
        with naming(job.input.name):
            shard.check_unchanged()
        check_replaced(job)
        transaction.commit()
        notes.update(dict.fromkeys(transaction.notes))
    backdate(job, job.targets.values())
    return processor.report(job, done, list(notes))


def _files(job: Job, shard: Shard) -> Iterator[Any]:
    """Yield the files that the shard of the results holds, each with the job that its image is to be filtered by."""
    from .augment import shards

    files = _decoded(job, shard)
    return shards.expanded(job, files) if job.variants else (shards.Variant(job, *file) for file in files)


def _decoded(job: Job, shard: Shard) -> Iterator[tuple[ShardMember, Picture | None]]:
    """Yield each file, and its picture if it is an image; raises FileError."""
    for member in _members(job, shard):
        picture = None
        if member.is_image:
            try:
                picture = shard.picture(member)
                own = formats.of_name(member.name) or formats.FORMATS[picture.format]
                picture.format = own.instead or own.name
            except DecodeError as error:
                raise FileError(job.name, str(error)) from None
            except Exception as error:
                check_lack(error)
                # As for single pictures: decoders answer broken files with errors of every type.
                why = f"{shown(member.name)}: is damaged or truncated ({reason_of(error)})"
                raise FileError(job.name, why) from None
        yield member, picture


def _members(job: Job, shard: Shard) -> Iterator[ShardMember]:
    """Yield the files of a shard; raises FileError."""
    members = shard.members
    while True:
        with naming(job.input.name):
            member = next(members, None)
        if member is None:
            return
        yield member


def _add(
    job: Job, output: str, writers: dict[str, ShardWriter], growing: dict[str, Growing], member: ShardMember
) -> None:
    with growing[output].open(), writable(job.targets[output], formats.FORMATS["tar"]):
        writers[output].add(member)
