"""`imfilter dataset boxes`: convert annotations to another format; the images stay as they are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..batch import collisions, inputs
from ..batch.annotations import annotation_request, carried, collected
from ..batch.annotations.attached import Moved
from ..batch.annotations.way import Way
from ..batch.call_files import FilesWritten, files_read
from ..batch.inputs import InputRules
from ..batch.options import SharedOptions
from ..batch.plan import Job, Target
from ..console.messages import say, shown
from ..errors import ExitCode, FileError, UsageError
from ..images import prefetch
from ..images.atomic_write import Transaction
from ..images.picture import Picture
from ..stores.names import COPY_FIRST, COPY_LATER, check_local

OPTIONS = {"--boxes-out": "--output", "--boxes-to": "--to"}
"""The names that the filters' options have here."""


@contextlib.contextmanager
def _own_options() -> Iterator[None]:
    """Let an error message begin with the option that was given."""
    try:
        yield
    except UsageError as error:
        option, colon, why = str(error).partition(" ")
        own = OPTIONS.get(option.removesuffix(":"), option.removesuffix(":")) + ":" * option.endswith(":")
        raise UsageError(f"{own}{colon}{why.replace('use --boxes-to', 'use --to')}") from None


@_own_options()
def run(
    names: Sequence[str],
    source: str,
    output: str,
    to: str | None,
    classes: str | None,
    oriented: str,
    recursive: bool,
) -> ExitCode:
    """Convert annotations; raises UsageError before anything is written, FileError."""
    check_local([*names, source], COPY_FIRST)
    check_local([output], COPY_LATER)
    found = inputs.scan(names, InputRules(recursive=recursive))
    options = SharedOptions(boxes=source, boxes_out=output, boxes_to=to, classes=classes, boxes_oriented=oriented)
    jobs = [Job(one, {}) for one in found.inputs]
    places = [Target(one.name, None, one.name.removesuffix(one.place)) for one in found.inputs]
    asked = annotation_request.attach([], options._replace(min_visible="0"), jobs, places)
    read = files_read({**asked.files, source: "the file of --boxes"}, [one.name for one in found.inputs])
    written = FilesWritten(asked.jobs, collected=asked.collected)
    collisions.check(read, written)
    roots = collisions.roots(read.folders, asked.jobs)
    reader = prefetch.reader(prefetch.max_pixels(""))
    moved: list[tuple[Job, Moved]] = []
    with Transaction(read.identities) as transaction:
        for job in asked.jobs:
            picture, _ = reader.read(job.input.name)
            if not isinstance(picture, Picture):
                raise FileError(shown(job.input.name), "has several frames; boxes belong to one")
            height, width, channels = picture.pixels.shape
            own = carried.moved(job, Way(width, height), picture.orientation, asked.options)
            for note in own.annotations.notes:
                say(f"imfilter: {shown(job.input.name)}: {note}")
            moved.append((job, own))
            target = job.attached and job.attached.targets.get("boxes")
            if target:
                with transaction.open(Path(target.path), root=roots.get(target.folder)) as file:
                    file.write(carried.encoded(job, own, channels, asked.options))
        if asked.collected is not None and asked.collected.path is not None:
            collected.write_all(transaction, asked.collected.path, moved, asked.options)
        transaction.commit()
    return ExitCode.DONE
