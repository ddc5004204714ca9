"""Files about all annotations of a call, written at its end: a COCO file, or the names of YOLO's classes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ...console.report import Report
from ...errors import FileError
from ...images.atomic_write import Transaction
from ...images.output_folder import root_of
from ...images.picture import DecodeError, Frames, Picture
from ..plan import Job
from ..request import Request
from . import carried, coco, yolo
from .annotation_request import way_of
from .attached import AnnotationOptions, Moved


def write(request: Request, jobs: Sequence[Job], skipped: Collection[int], done: Sequence[Report]) -> None:
    """Write the annotations of existing outputs: those of the reports *done*, and those *skipped*.

    Raises FileError.
    """
    if (path := request.files.written.get("boxes_out")) is None:
        return
    known: Mapping[str, Moved] = {_key(report.outputs): report.annotations for report in done if report.outputs}
    found: list[tuple[Job, Moved]] = []
    for number, job in enumerate(jobs if request.annotations.kind == "coco" else ()):
        moved = _moved_again(request, job) if number in skipped else known.get(_key(job.outputs))
        if moved is not None:
            found.append((job, moved))
    with Transaction(request.read) as transaction:
        write_all(transaction, path, found, request.annotations)
        transaction.commit()


def write_all(
    transaction: Transaction, path: str, found: Sequence[tuple[Job, Moved]], options: AnnotationOptions
) -> None:
    """Write the file of all jobs and the annotations of their outputs, or of the names of classes."""
    if options.kind == "yolo":
        numbers = options.numbers
        names = {numbers.get(number, number): category.name for number, category in enumerate(options.categories)}
        data, root = yolo.classes(names), root_of(options.out)
    else:
        entries = [
            coco.Entry(job.attached.file_name, moved.width, moved.height, moved.annotations)
            for job, moved in found
            if job.attached is not None
        ]
        keep_ids = all(job.variant is None for job, _ in found)
        data, root = coco.written(options.categories, entries, options.beside, keep_ids=keep_ids), None
    with transaction.open(Path(path), root=root) as file:
        file.write(data)


def _key(outputs: Mapping[str, str]) -> str:
    return next(iter(outputs.values()))


def _moved_again(request: Request, job: Job) -> Moved:
    """Return the annotations of a kept output, whose image is read for its size."""
    reader = request.reader()
    found, _ = reader.read(job.input.name)
    picture = found if isinstance(found, Picture) else _first(found, job)
    height, width = picture.pixels.shape[:2]
    recipe = request.recipe
    if request.augmentation is not None:
        from ..augment import variants

        recipe = variants.drawn(request.augmentation, job, job.input.place, job.variant or 0, width, height)
    return carried.moved(job, way_of(recipe, width, height), picture.orientation, request.annotations)


def _first(frames: Frames, job: Job) -> Picture:
    try:
        picture = frames.first or next(frames.decoded(), None)
    except DecodeError as error:
        raise FileError(job.name, str(error)) from None
    if picture is None:
        raise FileError(job.name, "has no frames")
    return picture
