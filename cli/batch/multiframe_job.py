"""The work on a file of several frames: each is filtered on its own, and all outputs appear together."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ..console.messages import reason_of, shown
from ..console.report import Report
from ..errors import FileError
from ..images import formats
from ..images.animation_encoder import Gathered
from ..images.atomic_write import Transaction
from ..images.picture import DecodeError, Frames, Picture
from .frame_output import Computed, kept_of, opened, writable
from .image_job import ImageProcessor
from .plan import Job, Target
from .provenance import of_frame


def filtered(processor: ImageProcessor, job: Job, found: Picture | Frames) -> Report:
    """Filter the frames that are asked for; raises FileError."""
    name, options = shown(job.input.name), processor.options.frames
    frames = found if isinstance(found, Frames) else Frames(1, lambda: iter([found]), format=found.format)
    if frames.count < 1:
        raise FileError(name, "is damaged or truncated (it has no frames)")
    if frames.count > options.limit:
        raise FileError(name, f"has {frames.count} frames; the limit is {options.limit} (--max-frames raises it)")
    if options.only is not None:
        return processor.single(job, _one(frames, options.only, name))
    wanted = any(target.numbered is not None for target in job.targets.values())
    if frames.first is not None and not wanted:
        others = "--frame N takes another, --name '{stem}-{frame}{suffix}' all"
        frames.first.notes.append(f"only the first of its {frames.count} pictures was filtered; {others}")
        return processor.single(job, frames.first)
    if frames.count == 1 and not wanted:
        return processor.single(job, _one(frames, 0, name))
    for output, target in job.targets.items():
        if target.numbered is None:
            maps = len(processor.maps) if output == "image" else 0
            _check(frames, target, target.format or formats.FORMATS[frames.format], name, maps)
    return _all(processor, job, frames, name)


def _check(frames: Frames, target: Target, format: formats.Format, name: str, maps: int) -> None:
    """Refuse a format that does not hold the frames."""
    if maps > 1 and format.paged and frames.count > 1:
        raise FileError(
            name,
            f"has {frames.count} frames, and each {maps} maps; the pages of a "
            f"{format.name.upper()} hold one kind; take one frame with --frame N, or a file each with -o FOLDER/ "
            f"--name '{{stem}}-{{frame:03}}{format.suffixes[0]}'",
        )
    if format.holds_frames(timed=frames.timing is not None) or frames.count == 1:
        return
    kind = "frames" if frames.timing is not None else "pages"
    suffix = format.suffixes[0]
    why = "shows one" if format.animated else "holds one"
    raise FileError(
        name,
        f"has {frames.count} {kind}, of which {format.name.upper()} {why}; take one with --frame N (0 to "
        f"{frames.count - 1}), or all with -o FOLDER/ --name '{{stem}}-{{frame:03}}{suffix}'",
    )


def _one(frames: Frames, number: int, name: str) -> Picture:
    if number >= frames.count:
        has = "one frame" if frames.count == 1 else f"{frames.count} frames, 0 to {frames.count - 1}"
        raise FileError(name, f"has {has}; --frame {number} is none of them")
    for at, picture in enumerate(_decoded(frames, name)):
        if at == number:
            return picture
    raise FileError(name, f"is damaged or truncated (frame {number} is missing)")


def _decoded(frames: Frames, name: str) -> Iterator[Picture]:
    """Yield the frames; raises FileError."""
    each = frames.each()
    for number in range(frames.count):
        try:
            picture = next(each)
        except DecodeError as error:
            raise FileError(name, f"frame {number} {error}" if number else str(error)) from None
        except MemoryError:
            raise FileError(name, "needs more memory than there is") from None
        except Exception as error:
            # As for single pictures: decoders answer broken files with errors of every type.
            raise FileError(name, f"is damaged or truncated (frame {number}: {reason_of(error)})") from None
        picture.number, picture.format = number, frames.format
        yield picture


def _all(processor: ImageProcessor, job: Job, frames: Frames, name: str) -> Report:
    gathered: dict[str, Gathered] = {}
    done: list[Computed] = []
    notes: list[str] = []
    with Transaction() as transaction:
        for number, picture in enumerate(_decoded(frames, name)):
            last = number == frames.count - 1
            computed = processor.computed(job, picture)
            notes += picture.notes
            for output, target in job.targets.items():
                if target.numbered is not None:
                    notes += _numbered(
                        processor, transaction, job, output, target.of_frame(number), computed, picture, last
                    )
                    continue
                if output not in gathered:
                    options, stamp = processor.options.write.encode, processor.options.write.stamper.stamp(output)
                    gathered[output] = Gathered(computed.formats_of[output], options, frames.timing, stamp)
                _gather(gathered[output], output, target, computed, picture)
            done.append(computed.without_samples())
        for output, gathering in gathered.items():
            notes += _write(transaction, job, output, gathering, processor.options.write.preserve_times)
        transaction.commit()
        notes += transaction.notes
    if frames.timing is not None:
        untimed = dict.fromkeys(one.format.name.upper() for one in gathered.values() if not one.format.animated)
        notes += [f"{format} holds pages without times; the durations were not kept" for format in untimed]
    return processor.report(job, done, notes)


def _gather(gathered: Gathered, name: str, target: Target, computed: Computed, picture: Picture) -> None:
    output = computed.outputs[name]
    with writable(target, gathered.format):
        gathered.add(
            output.samples,
            output.alpha,
            kept_of(picture.metadata, name, computed, gathered.own_notes),
            computed.colours_of(name),
            computed.encodings[name].white,
        )


def _write(transaction: Transaction, job: Job, name: str, gathered: Gathered, preserve_times: bool) -> list[str]:
    target = job.targets[name]
    with opened(transaction, job, target, preserve_times) as file, writable(target, gathered.format):
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
    last: bool,
) -> list[str]:
    """Write one frame to a file of its own; the stamp of the last says that it is."""
    assert target.path is not None
    if processor.options.write.keep_existing and os.path.lexists(target.path):
        return []
    notes: list[str] = []
    kept = kept_of(picture.metadata, name, computed, notes)
    stamp = processor.options.write.stamper.stamp(of_frame(name, last))
    preserve_times = processor.options.write.preserve_times
    with opened(transaction, job, target, preserve_times) as file, writable(target, computed.formats_of[name]):
        notes += processor.encode(file, name, computed, kept, stamp)
    return notes
