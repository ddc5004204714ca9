"""The manifest of an augmentation: a line of JSON for each output, with the numbers that were drawn."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from ...console.report import Report
from ...errors import FileError
from ...images import prefetch
from ...images.atomic_write import Transaction
from ...images.picture import Frames, Picture
from ..plan import Job
from ..request import Request
from .variants import described, drawn


def write(path: str, request: Request, jobs: Sequence[Job], skipped: Collection[int], done: Sequence[Report]) -> None:
    """Write the manifest of the outputs that are there: those of the reports *done*, and those *skipped*.

    Raises FileError.
    """
    steps = {report.outputs["image"]: report.drawn for report in done if report.outputs}
    lines: list[str] = []
    for number, job in enumerate(jobs):
        output = job.outputs["image"]
        if number in skipped:
            steps[output] = _redrawn(request, job)
        if output in steps:
            lines.append(_line(job, output, steps[output] or ()))
    with Transaction(request.read) as transaction:
        with transaction.open(Path(path)) as file:
            file.write("".join(lines).encode("utf-8", "backslashreplace"))
        transaction.commit()


def _line(job: Job, output: str, steps: Sequence[Any]) -> str:
    folder, _, inner = job.input.place.partition("/")
    label = folder if inner else None
    line = {
        "output": output,
        "source": job.input.name,
        "name": job.input.place,
        "variant": job.variant,
        "label": label,
        "steps": steps,
    }
    return json.dumps(line, ensure_ascii=False, default=str) + "\n"


def _redrawn(request: Request, job: Job) -> Sequence[Any]:
    """Return what was drawn for an output that is kept; where it goes by the image's size, that is read again."""
    augmentation = request.augmentation
    assert augmentation is not None
    width, height = _size(request, job) if augmentation.is_of_size and job.variant else (1, 1)
    return described(drawn(augmentation, job, width, height))


def _size(request: Request, job: Job) -> tuple[int, int]:
    reader = prefetch.reader(request.max_pixels, request.options.lenient, request.options.to_rgb)
    found, _ = reader.read(job.input.name)
    picture = found if isinstance(found, Picture) else _first(found, job)
    height, width = picture.pixels.shape[:2]
    return width, height


def _first(frames: Frames, job: Job) -> Picture:
    if frames.first is not None:
        return frames.first
    picture = next(frames.each(), None)
    if picture is None:
        raise FileError(job.name, "has no frames")
    return picture
