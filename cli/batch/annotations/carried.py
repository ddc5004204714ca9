"""The work on the masks and boxes of one image: moved like its pixels, and written with them."""

from __future__ import annotations

from collections.abc import Sequence

from ...console.messages import shown
from ...errors import FileError
from ...images.atomic_write import Transaction
from ...images.encode import EncodeOptions
from ...images.georeference import of_orientation
from ..frame_output import Computed, opened
from ..job_options import JobOptions
from ..plan import Job
from . import moving, voc, yolo
from .annotation_request import refusal
from .attached import AnnotationOptions, Moved
from .boxes import Annotations, Instance
from .way import Move, Way

DROPPED = "objects that are barely visible were left out (--min-visible)"
OUTSIDE = "objects outside the image were left out"


def write(
    transaction: Transaction, job: Job, computed: Computed, orientation: int, options: JobOptions
) -> tuple[Moved | None, list[str]]:
    """Write the mask and boxes of a filtered image; return its annotations, and notes. Raises FileError.

    *orientation* is the EXIF orientation of the image, which is now upright.
    """
    attached, way = job.attached, computed.way
    assert attached is not None and way is not None
    notes: list[str] = []
    if "mask" in attached.targets and attached.mask is not None:
        notes += _write_mask(transaction, job, attached.mask, way, orientation, options)
    if attached.annotations is None:
        return None, notes
    found = moved(job, way, orientation, options.annotations)
    notes += found.annotations.notes
    if (target := attached.targets.get("boxes")) is not None:
        depth = computed.outputs["image"].samples.shape[2]
        with opened(transaction, job, target, options.write) as file:
            file.write(encoded(job, found, depth, options.annotations))
    return found, notes


def _write_mask(
    transaction: Transaction, job: Job, path: str, way: Way, orientation: int, options: JobOptions
) -> list[str]:
    from . import masks  # for boxes no second picture is read

    _check(job, way, has_boxes=False)
    mask = masks.read(path, options.render.max_pixels)
    masks.check_size(path, mask, (way.width, way.height), orientation)
    new = masks.moved(path, mask, way, options.annotations.mask_fill)
    assert job.attached is not None
    with opened(transaction, job, job.attached.targets["mask"], options.write) as file:
        stamp = options.write.stamper.stamp("mask", job)
        return masks.write(file, new, EncodeOptions(stamp=options.write.encode.stamp), stamp)


def _check(job: Job, way: Way, has_boxes: bool) -> None:
    if why := refusal(way, "the filters", has_boxes):
        raise FileError(shown(job.input.name), why)


def moved(job: Job, way: Way, orientation: int, options: AnnotationOptions) -> Moved:
    """Return the annotations of a job's output, moved along *way*; raises FileError."""
    _check(job, way, has_boxes=True)
    found = job.attached.annotations if job.attached is not None else None
    assert found is not None
    upright, swaps_axes = (way.width, way.height), orientation > 4
    stored = (way.height, way.width) if swaps_axes else upright
    drawn = upright if options.are_upright else stored
    if found.size is not None and found.size != drawn:
        told, own = ("×".join(map(str, size)) for size in (found.size, drawn))
        hint = ""
        if swaps_axes and found.size == drawn[::-1]:
            hint = "; its EXIF rotates it: use --boxes-oriented " + ("no" if options.are_upright else "yes")
        raise FileError(shown(job.input.name), f"--boxes gives its size as {told}, but it is {own}{hint}")
    found = found.in_pixels(*drawn)
    if not options.are_upright and orientation in range(2, 9):
        turn = Move(of_orientation(orientation, *stored), "constant", stored, upright)
        still = moving.moved(found.instances, Way(stored[0], stored[1], (turn,)), min_visible=0.0)
        found = found._replace(instances=tuple(still))
    instances = tuple(moving.moved(found.instances, way, options.min_visible, options.swap))
    notes = [*found.notes, *_lost(found, instances, options)]
    width, height = way.size
    return Moved(found._replace(instances=instances, notes=tuple(notes)), width, height)


def _lost(found: Annotations, kept: Sequence[Instance], options: AnnotationOptions) -> list[str]:
    kind = options.kind
    notes = [DROPPED if options.min_visible else OUTSIDE] if len(kept) < len(found.instances) else []
    if kind == "coco":
        return notes
    name = kind.upper()
    if any(instance.is_crowd for instance in kept):
        notes.append(f"{name} cannot mark crowds (iscrowd); they were left out")
    if any(instance.keypoints for instance in kept):
        notes.append(f"{name} cannot hold keypoints; they were left out")
    if any(instance.polygons and instance.source != yolo.POLYGON for instance in kept) or (
        kind == "voc" and any(instance.polygons for instance in kept)
    ):
        notes.append(f"{name} was written with boxes only, without polygons")
    return notes


def encoded(job: Job, found: Moved, depth: int, options: AnnotationOptions) -> bytes:
    """Return the file of an output's annotations, *depth* being the number of its channels."""
    if options.kind == "yolo":
        numbers = options.numbers
        return yolo.written(found.annotations, found.width, found.height, lambda n: numbers.get(n, n))
    assert job.attached is not None
    image = voc.Target(job.attached.path, found.width, found.height, depth)
    return voc.written(found.annotations, image, lambda number: options.categories[number].name)
