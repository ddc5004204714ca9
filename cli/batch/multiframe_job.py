"""Filter a file with several frames: each on its own, and all outputs appear together."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from functools import partial

from ..console import faults
from ..console.messages import reason_of, shown
from ..console.report import Report
from ..errors import FileError
from ..images import formats, memory_budget
from ..images.animation_encoder import Gathered
from ..images.atomic_write import Growing, Transaction
from ..images.labels import joined
from ..images.picture import DecodeError, Frames, Picture
from ..images.reader import naming
from ..images.shard import Shard
from ..images.stack import images_at_once
from ..stores.names import is_store
from ..streams import is_stream
from .changed_input import backdate, check_replaced
from .frame_output import Computed, begun, kept_of, opened_as, writable
from .image_job import ImageProcessor
from .job_options import WriteOptions
from .plan import Job, Target
from .provenance import of_frame
from .streaming import spool_of


def filtered(processor: ImageProcessor, job: Job, found: Picture | Frames) -> Report:
    """Filter the frames of the call; raises FileError."""
    name, options = shown(job.input.name), processor.options.frames
    frames = found if isinstance(found, Frames) else Frames(1, lambda: iter([found]), format=found.format)
    wanted = any(target.numbered is not None for target in job.targets.values())
    if job.variant is not None and not wanted and options.only is None and formats.FORMATS[frames.format].data_set:
        raise FileError(name, "is a data set; augment reads it from a file, not from standard input")
    if isinstance(frames, Shard) and options.only is None and job.attached is None:
        from . import shard_job  # rarely needed

        into = {shard_job.is_for(target) for target in job.targets.values()}
        if into == {True}:
            return shard_job.filtered(processor, job, frames)
        if True in into:
            raise FileError(name, "is a tar shard; write all outputs as .tar, or none")
    if frames.count is not None:
        if frames.count < 1:
            raise FileError(name, "is damaged or truncated (it has no frames)")
        if frames.count > options.limit and not formats.FORMATS[frames.format].data_set:
            raise FileError(name, f"has {frames.count} frames; the limit is {options.limit} (--max-frames raises it)")
    if frames.pictures is not None or frames.labels is not None:
        from . import labels  # rarely needed

        frames.labels = labels.of(job.input.name, frames, options.labels)
        job = job._replace(notes=(*job.notes, *labels.check(job, frames, options.only is not None)))
    if wanted:
        from . import labels

        labels.check_folders(job, frames)
    if job.variants:
        from .augment import samples

        job = job._replace(notes=(*job.notes, *samples.doubts(processor.options.augmentation, frames)))
    if any(target.format is not None and target.format.of_files for target in job.targets.values()):
        return _into_shards(processor, job, frames, name)
    if options.only is not None:
        return processor.single(job, one(frames, options.only, name))
    if all(target.shown for target in job.targets.values()):
        picture = frames.first or one(frames, 0, name)
        picture.notes.append(f"has {frames.count or 'several'} frames; --frame N shows one other than the first")
        return processor.single(job, picture)
    if frames.first is not None and not wanted:
        others = "--frame N filters another, --name '{stem}-{frame}{suffix}' all"
        frames.first.notes.append(f"only the first of its {frames.count} pictures was filtered; {others}")
        return processor.single(job, frames.first)
    if frames.count == 1 and not wanted and not job.variants and not _stays_a_set(job, frames):
        return processor.single(job, one(frames, 0, name))
    if job.attached is not None:
        raise FileError(name, "has several frames; masks and boxes belong to one; choose it with --frame N")
    try:
        frames.check_pixels()
    except DecodeError as error:
        raise FileError(name, str(error)) from None
    for output, target in job.targets.items():
        if target.numbered is None and not target.shown:
            maps = len(processor.maps) if output == "image" else 0
            _check(
                frames, len(job.variants), target, target.format_for(output, formats.FORMATS[frames.format]), name, maps
            )
    return _all(processor, job, frames, name)


def _into_shards(processor: ImageProcessor, job: Job, frames: Frames, name: str) -> Report:
    """Filter the images of a data set into shards; raises FileError."""
    from . import shard_job

    if job.variants:
        raise FileError(name, "is not a tar shard; augment makes a .tar only from these (imfilter dataset convert)")
    if job.attached is not None:
        raise FileError(name, "has several frames; masks and boxes belong to one; choose it with --frame N")
    if not all(map(shard_job.is_into, job.targets.values())):
        raise FileError(name, "is a data set; write all outputs as .tar, or none")
    return shard_job.made(processor, job, frames, _pictures(processor, job, frames, name))


def _stays_a_set(job: Job, frames: Frames) -> bool:
    """Return whether images of a data set go into data sets; then a single image stays one, too."""
    own = formats.FORMATS[frames.format]
    return frames.pictures is not None and all(
        target.format_for(output, own).data_set for output, target in job.targets.items()
    )


def _check(frames: Frames, variants: int, target: Target, format: formats.Format, name: str, maps: int) -> None:
    """Refuse a format that cannot hold the frames, or the *variants* of each."""
    if frames.count == 1 and variants < 2:
        return
    if format.instead:
        raise FileError(target.name, formats.only_read(format))
    count, last = ("several", "") if frames.count is None else (frames.count, f" (0 to {frames.count - 1})")
    if maps > 1 and format.paged and not format.data_set:
        raise FileError(
            name,
            f"has {count} frames of {maps} maps each, and the pages of a {format.name.upper()} must be of one kind; "
            "choose one frame with --frame N, or write a file for each with -o FOLDER/ "
            f"--name '{{stem}}-{{frame:03}}{format.suffixes[0]}'",
        )
    timed = frames.timing is not None
    # Viewers show only the first of several PNGs in a row; users who read or write streams know that.
    unseen = format.stream == "pipe" and format.is_stream(timed) and not frames.stream and target.path is not None
    if format.holds_frames(timed) and not unseen:
        return
    kind = "frames" if timed else "images" if frames.stream or frames.pictures is not None else "pages"
    suffix = format.suffixes[0]
    why = "shows one" if format.animated else "holds one"
    raise FileError(
        name,
        f"has {count} {kind}, but {format.name.upper()} {why}; choose one with --frame N{last}, "
        f"or write all with -o FOLDER/ --name '{{stem}}-{{frame:03}}{suffix}'",
    )


def one(frames: Frames, number: int, name: str) -> Picture:
    """Return one of the frames of the file *name*; raises FileError."""
    if frames.count is None or number < frames.count:
        for at, picture in enumerate(_decoded(frames, name)):
            if at == number:
                return picture
    if number < (frames.count or 0):
        raise FileError(name, f"is damaged or truncated (frame {number} is missing)")
    has = "1 frame" if frames.count == 1 else f"{frames.count} frames, 0 to {(frames.count or 1) - 1}"
    raise FileError(name, f"has {has}; --frame {number} is out of range")


def _decoded(frames: Frames, name: str) -> Iterator[Picture]:
    """Yield the frames; raises FileError."""
    each = frames.each()
    for number in itertools.count():
        if number == frames.count:
            return
        try:
            picture = next(each)
        except DecodeError as error:
            raise FileError(name, f"frame {number} {error}" if number else str(error)) from None
        except Exception as error:
            if (lack := faults.lacking(error)) is not None:
                raise FileError(name, lack) from None
            # As for single pictures, decoders raise errors of every type for broken files.
            raise FileError(name, f"is damaged or truncated (frame {number}: {reason_of(error)})") from None
        picture.number, picture.format = number, picture.format or frames.format
        frames.label(picture)
        yield picture


def _pictures(processor: ImageProcessor, job: Job, frames: Frames, name: str) -> Iterator[Picture]:
    """Yield the frames; after the first, those of a data set come several at a time if the filters allow it."""
    each = _decoded(frames, name)
    first = next(each, None)
    if first is None:
        return
    takes = frames.pictures is not None and all(target.numbered is None for target in job.targets.values())
    takes = takes and processor.takes_stack(job, first)
    yield first
    if not takes or frames.pictures is None or frames.count is None:
        yield from each
        return
    step = images_at_once(frames.count, first.pixels.size * max(len(job.variants), 1))
    for start in range(1, frames.count, step):
        try:
            picture = frames.pictures(start, min(start + step, frames.count))
        except DecodeError as error:
            raise FileError(name, str(error)) from None
        picture.format = frames.format
        frames.label(picture)
        yield picture


def _all(processor: ImageProcessor, job: Job, frames: Frames, name: str) -> Report:
    limit = processor.options.frames.limit
    passed_on = [output for output, target in job.targets.items() if _is_passed_on(frames, output, target)]
    endless = len(passed_on) == len(job.targets)
    gathered: dict[str, Gathered] = {}
    growing: dict[str, Growing] = {}
    done = processor.begin_report()
    notes: dict[str, None] = {}
    growth = memory_budget.Growth()
    archive = frames.archive
    if archive is not None and job.variants:
        from ..images import npz  # rarely needed

        archive = npz.repeated(archive, len(job.variants))
    with Transaction(processor.options.write.read) as transaction:
        for picture in _pictures(processor, job, frames, name):
            number = picture.number
            if processor.progress is not None:
                processor.progress.begin(number, frames.count or number + 1)
            if number == limit and not endless and not formats.FORMATS[frames.format].data_set:
                raise FileError(name, f"has more than {limit} frames, the limit (--max-frames raises it)")
            last = number + 1 == frames.count
            computed = processor.computed(job, picture)
            if not done.frames:
                computed = processor.exhibited(job, picture, computed)
            notes.update(dict.fromkeys(_of_frame(number, note) for note in picture.notes))
            for output, target in job.targets.items():
                if target.shown:
                    continue
                if target.numbered is not None or output in passed_on:
                    stamp = of_frame(output, number, last) if target.numbered is not None else "" if number else output
                    target = _of_number(target, frames, number)
                    written = _numbered(processor, transaction, job, output, target, computed, picture, stamp)
                    notes.update(dict.fromkeys(written))
                    continue
                if output not in gathered:
                    options, stamp = processor.options.write.encode, processor.options.write.stamper.stamp(output, job)
                    options = options._replace(frame_axes=() if job.variants else frames.axes)
                    held = archive if archive is None or output == "image" else archive.of_images()
                    spool = partial(spool_of, target)
                    gathered[output] = Gathered(computed.formats_of[output], options, frames.timing, stamp, spool, held)
                    if frames.count is not None and gathered[output].takes_images_as_they_come:
                        growing[output] = begun(transaction, job, target, processor.options.write, stamp)
                        with growing[output].open() as file:
                            gathered[output].begin(file, frames.count * max(len(job.variants), 1))
                with growing[output].open() if output in growing else contextlib.nullcontext():
                    _gather(gathered[output], output, target, computed, picture)
                if gathered[output].format.stacked or (output in growing and not growing[output].is_in_memory):
                    continue
                if (free := growth.short(computed.outputs[output].samples.size)) is not None:
                    raise FileError(
                        name,
                        f"its frames need more memory than is available: {memory_budget.gigabytes(free)} are free "
                        f"after frame {number}; "
                        f"-o FOLDER/ --name '{{stem}}-{{frame:03}}{{suffix}}' writes a file for each",
                    )
            transaction.send_streams()
            if not (endless and done.frames):  # for an endless pipe, only the first frame is reported
                done.add(computed)
            if frames.labels is None or job.variants:
                done.labels.append(computed.labels)
        for output, gathering in gathered.items():
            written = _write(transaction, job, output, gathering, growing.get(output), processor.options.write)
            notes.update(dict.fromkeys(written))
        with naming(job.input.name):
            frames.check_unchanged()
        found = frames.labels if frames.labels is not None and not job.variants else joined(done.labels)
        if found is not None and done.first is not None:
            from . import labels

            written = labels.write(transaction, job, found, done.first.formats_of, processor.options.write)
            notes.update(dict.fromkeys(written))
        check_replaced(job)
        transaction.commit()
        notes.update(dict.fromkeys(transaction.notes))
    if not processor.options.write.keep_existing:
        for target in job.targets.values():
            count = done.frames if target.numbered is not None else 1
            backdate(job, (_of_number(target, frames, number) for number in range(count)))
    if frames.archive is not None:
        unnamed = dict.fromkeys(one.format.name.upper() for one in gathered.values() if not one.format.keyed)
        lost = frames.archive.lost(frames.labels is not None)
        notes.update(dict.fromkeys(f"{format} cannot hold named arrays; {lost}" for format in unnamed if lost))
    if frames.timing is not None:
        untimed = dict.fromkeys(one.format.name.upper() for one in gathered.values() if not one.format.animated)
        lost = [f"{format} cannot hold frame durations; they were not kept" for format in untimed]
        notes.update(dict.fromkeys(lost))
    return processor.report(job, done, list(notes))


def _of_number(target: Target, frames: Frames, number: int) -> Target:
    """Return the target of a frame, in the folder of its class if the name asks for it."""
    if target.numbered is None or not target.numbered.classes:
        return target.of_frame(number)
    from . import labels

    return target.of_frame(number, labels.folder_of(target.numbered, frames, number))


def _of_frame(number: int, note: str) -> str:
    """Return a note on a frame; notes on damage get the frame's number."""
    return f"frame {number} {note}" if number and note.startswith("is damaged") else note


def _is_passed_on(frames: Frames, output: str, target: Target) -> bool:
    """Return whether the frames of a pipe are written to another one by one instead of all together."""
    if frames.count is not None or not (target.path is None or is_stream(target.path)):
        return False
    return target.format_for(output, formats.FORMATS[frames.format]).is_stream(timed=False)


def _gather(gathered: Gathered, name: str, target: Target, computed: Computed, picture: Picture) -> None:
    output = computed.outputs[name]
    with writable(target, gathered.format):
        gathered.add(
            output.samples,
            output.alpha,
            kept_of(picture.metadata, name, computed, gathered.own_notes),
            computed.colours_of(name),
            computed.encodings[name].white,
            computed.images,
            computed.labels if name == "image" or not gathered.format.keyed else None,  # the arrays of a map are maps
        )


def _write(
    transaction: Transaction, job: Job, name: str, gathered: Gathered, growing: Growing | None, options: WriteOptions
) -> list[str]:
    target = job.targets[name]
    if growing is not None:
        with growing.open() as file, writable(target, gathered.format):
            gathered.write(file)
        growing.end()
        return gathered.notes
    stamp, format = options.stamper.stamp(name, job), gathered.format
    with opened_as(format, transaction, job, target, options, stamp) as file, writable(target, format):
        gathered.write(file)
    return gathered.notes


def _numbered(
    processor: ImageProcessor,
    transaction: Transaction,
    job: Job,
    name: str,
    target: Target,
    computed: Computed,
    picture: Picture,
    stamp: str,
) -> list[str]:
    """Write one frame to its own file, or as the next of a stream; *stamp* is what its stamp is made from."""
    keeps = processor.options.write.keep_existing and not is_store(target.path)
    if keeps and target.path is not None and os.path.lexists(target.path):
        return []
    notes: list[str] = []
    kept = kept_of(picture.metadata, name, computed, notes)
    stamp = processor.options.write.stamper.stamp(stamp, job) if stamp else ""
    with (
        opened_as(computed.formats_of[name], transaction, job, target, processor.options.write, stamp) as file,
        writable(target, computed.formats_of[name]),
    ):
        notes += processor.encode(file, name, computed, kept, stamp)
    return notes
