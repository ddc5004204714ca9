"""Filter a tar shard: each image in it like a file of its own; all other files are copied.

If another data set becomes a shard, each image is a file named after its number, with a file for its label.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..console.messages import reason_of, shown
from ..console.report import Report
from ..errors import FileError
from ..images import formats, memory_budget
from ..images.atomic_write import Growing, Transaction
from ..images.picture import DecodeError, Frames, Picture, check_lack
from ..images.reader import naming
from ..images.shard import FilesWriter, Shard, ShardMember
from .changed_input import backdate, check_replaced
from .frame_output import Computed, begun, kept_of, writable
from .image_job import ImageProcessor
from .plan import Job, Target

DIGITS = 5
"""The fewest digits of the number that an image is named after."""


def is_for(target: Target) -> bool:
    """Return whether the images of a shard go into a shard again."""
    return target.numbered is None and (target.format is None or target.format.of_files)


def is_into(target: Target) -> bool:
    """Return whether the images of another data set go into a shard."""
    return target.numbered is None and target.format is not None and target.format.of_files


def _format(target: Target) -> formats.Format:
    return target.format or formats.FORMATS["tar"]


class _Shards:
    """The shards written for one input, one per output."""

    def __init__(
        self, processor: ImageProcessor, job: Job, transaction: Transaction, classes: Sequence[str] = ()
    ) -> None:
        self.notes: dict[str, None] = {}
        self.done = processor.begin_report()
        self._processor, self._job, self._transaction = processor, job, transaction
        self._writers: dict[str, FilesWriter] = {}
        self._growing: dict[str, Growing] = {}
        self._growth = memory_budget.Growth()
        for output, target in job.targets.items():
            growing = self._growing[output] = begun(transaction, job, target, processor.options.write)
            format = _format(target)
            assert format.codec.files is not None
            with growing.open() as file, writable(target, format):
                writer = self._writers[output] = format.codec.files()
                writer.begin(file)
                writer.classes = classes if output == "image" else ()

    def copy(self, member: ShardMember) -> None:
        """Write a file that is not an image; raises FileError."""
        if "image" in self._writers:
            self._add("image", member)

    def put(self, member: ShardMember, computed: Computed, picture: Picture) -> None:
        """Write the results of an image under its name; raises FileError."""
        job, options = self._job, self._processor.options
        size = 0
        for output in self._writers:
            stamp = "" if self.done.frames else options.write.stamper.stamp(output, job)
            file, told = io.BytesIO(), list(picture.notes)
            format = computed.formats_of[output]
            kept = kept_of(picture.metadata, output, computed, told)
            with writable(job.targets[output], format):
                told += self._processor.encode(file, output, computed, kept, stamp)
            self.notes.update(dict.fromkeys(told))
            size += file.tell() if self._growing[output].is_in_memory else 0
            self._add(output, ShardMember(member.in_format(format), file.getbuffer()))
        if (free := self._growth.short(size)) is not None:
            raise FileError(
                job.name, f"needs more memory than is available: {memory_budget.gigabytes(free)} are free; split it"
            )

    def _add(self, output: str, member: ShardMember) -> None:
        with self._growing[output].open(), writable(self._job.targets[output], _format(self._job.targets[output])):
            self._writers[output].add(member)

    def end(self, frames: Frames) -> Report:
        """Publish the shards; raises FileError."""
        job = self._job
        for output, target in job.targets.items():
            with self._growing[output].open() as file, writable(target, _format(target)):
                self._writers[output].write(file)
            self.notes.update(dict.fromkeys(self._writers[output].notes))
            self._growing[output].end()
        with naming(job.input.name):
            frames.check_unchanged()
        check_replaced(job)
        self._transaction.commit()
        self.notes.update(dict.fromkeys(self._transaction.notes))
        backdate(job, job.targets.values())
        return self._processor.report(job, self.done, list(self.notes))


def filtered(processor: ImageProcessor, job: Job, shard: Shard) -> Report:
    """Filter all images of a shard; raises FileError if one is damaged, as no partial shard is written."""
    with Transaction(processor.options.write.read) as transaction:
        shards = _Shards(processor, job, transaction)
        for found in _files(job, shard):
            member, picture = found.member, found.picture
            if picture is None:
                shards.copy(member)
                continue
            if not job.variants:
                picture.number = shards.done.frames
            if processor.progress is not None:
                processor.progress.begin(shards.done.frames, (shard.count or 1) * max(len(job.variants), 1))
            own = found.job._replace(input=found.job.input._replace(name=f"{job.input.name}: {member.name}"))
            computed = processor.computed(own, picture)
            if not shards.done.frames:
                computed = processor.exhibited(own, picture, computed)
            if job.variants:
                computed = computed._replace(drawn=found.line(computed.drawn))
            shards.put(member, computed, picture)
            shards.done.add(computed)
        return shards.end(shard)


def made(processor: ImageProcessor, job: Job, frames: Frames, pictures: Iterable[Picture]) -> Report:
    """Filter the images of another data set; each of *pictures* may hold several. Raises FileError."""
    digits = max(DIGITS, len(str((frames.count or 1) - 1)))
    classes = frames.labels.classes if frames.labels is not None else ()
    with Transaction(processor.options.write.read) as transaction:
        shards = _Shards(processor, job, transaction, classes)
        for picture in pictures:
            if processor.progress is not None:
                processor.progress.begin(picture.number, frames.count or picture.number + 1)
            computed = processor.computed(job, picture)
            if not shards.done.frames:
                computed = processor.exhibited(job, picture, computed)
            for number, one in enumerate(computed.each(), picture.number):
                key = f"{number:0{digits}}"
                shards.put(ShardMember(f"{key}{formats.LOSSLESS.suffixes[0]}", b""), one, picture)
                if one.labels is not None:
                    shards.copy(ShardMember(f"{key}.cls", b"%d" % one.labels.values[0]))
            shards.done.add(computed)
        if frames.archive is not None and (lost := frames.archive.lost(frames.labels is not None)):
            shards.notes[f"it cannot hold named arrays; {lost}"] = None
        return shards.end(frames)


def _files(job: Job, shard: Shard) -> Iterator[Any]:
    """Yield the files of the output shard, each with the job for its image."""
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
                # As for single pictures, decoders raise errors of every type for broken files.
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
