"""The manifest of an augmentation: a line of JSON for each output, with the drawn numbers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from ....filters.core.filter import name_of
from ...console.report import Report
from ...errors import FileError
from ...images.atomic_write import Transaction, place_of
from ...images.picture import DecodeError, Frames, Picture
from ...images.shard import Shard
from .. import labels
from ..plan import Job
from ..request import Request
from .variants import described, drawn


def write(path: str, request: Request, jobs: Sequence[Job], skipped: Collection[int], done: Sequence[Report]) -> None:
    """Write the manifest of all existing outputs: those of the reports *done*, and those *skipped*.

    Raises FileError.
    """
    drawn = {report.outputs["image"]: report.drawn for report in done if report.outputs}
    with Transaction(request.read) as transaction:
        with transaction.open(place_of(path)) as file:
            for number, job in enumerate(jobs):
                if number in skipped or job.outputs["image"] in drawn:
                    for line in _lines(request, job, drawn.get(job.outputs["image"])):
                        text = json.dumps(line, ensure_ascii=False, default=str) + "\n"
                        file.write(text.encode("utf-8", "backslashreplace"))
        transaction.commit()


def _lines(request: Request, job: Job, known: Any) -> Iterator[dict[str, Any]]:
    """Yield the lines of a job; *known* has the draws from its report, if it was done."""
    output, folder = job.outputs["image"], job.input.place.rpartition("/")[0]
    line = {"output": output, "source": job.input.name, "name": job.input.place}
    if not job.variants:
        steps = _redrawn(request, job) if known is None else known
        label = folder.partition("/")[0] or None
        yield {**line, "variant": job.variant, "label": label, "steps": steps}
        return
    from . import samples, shards

    assert request.augmentation is not None
    found = _read(request, job) if known is None else known
    if not isinstance(found, samples.Samples):
        each = shards.redrawn(request.augmentation, job, found) if isinstance(found, Shard) else found
        yield from ({"output": output, "source": job.input.name, **one} for one in each)
        return
    own = found.labels
    # The draws are repeated: those of all images of a data set would not fit in memory.
    for frame, steps in enumerate(samples.described(request.augmentation, job, found)):
        number, which = divmod(frame, len(job.variants))
        label = -1 if own is None else int(own.values[number])
        named = {"class": own.classes[label]} if own is not None and own.classes else {}
        line = {"output": output, "frame": frame, "source": job.input.name, "source_frame": number}
        line |= {
            "name": name_of(job.input.place, number),
            "variant": job.variants[which],
            "label": None if own is None else label,
            **named,
        }
        yield {**line, "steps": steps}


def _redrawn(request: Request, job: Job) -> Sequence[Any]:
    """Return the draws for an output that is kept; if they depend on the image's size, it is read again."""
    augmentation = request.augmentation
    assert augmentation is not None
    width, height = _size(request, job) if augmentation.is_of_size and job.variant else (1, 1)
    return described(drawn(augmentation, job, job.input.place, job.variant or 0, width, height))


def _decoded(request: Request, job: Job) -> Picture | Frames:
    reader = request.reader()
    return reader.read(job.input.name)[0]


def _size(request: Request, job: Job) -> tuple[int, int]:
    found = _decoded(request, job)
    picture = found if isinstance(found, Picture) else _first(found, job)
    height, width = picture.pixels.shape[:2]
    return width, height


def _read(request: Request, job: Job) -> Any:
    """Return the samples to draw for, for a data set that was not augmented again."""
    from . import samples

    found = _decoded(request, job)
    if isinstance(found, Picture):
        return samples.Samples(1, found.pixels.shape[1], found.pixels.shape[0], found.labels)
    if isinstance(found, Shard):
        return found
    picture = _first(found, job)
    height, width = picture.pixels.shape[:2]
    return samples.Samples(found.count or 0, width, height, labels.of(job.input.name, found, job.labels or None))


def _first(frames: Frames, job: Job) -> Picture:
    if frames.first is not None:
        return frames.first
    try:
        picture = next(frames.each(), None)
    except DecodeError as error:
        raise FileError(job.name, str(error)) from None
    if picture is None:
        raise FileError(job.name, "has no frames")
    return picture
