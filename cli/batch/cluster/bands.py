"""Divide one large picture into bands of rows, which the workers of a cluster read, filter and write.

A band is a run of whole rows of chunks of the output, because writing a part of a chunk means reading and writing all
of it. Its worker passes the rows that the band depends on through the same stages as one machine would. If a filter, or
the range of all values, depends on the whole picture, separate rounds first find what is needed.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from ....filters.core.engine import executor, geometry, portion
from ....filters.core.engine.facts import note
from ....filters.core.engine.output_buffer import Tally
from ....filters.core.engine.portion import Answer, Found, Portion, Share
from ....filters.core.engine.quantize import Encoding
from ....filters.core.engine.stage import Stage, with_branches
from ....filters.core.engine.streamed import StreamedImage
from ....filters.core.engine.working_space import Settings
from ...console.messages import counted
from ...console.report import Report
from ...errors import FileError, NoPlaceError
from ...images import formats
from ...images.output_folder import OutputFolder
from ...images.picture import Picture
from ...images.reader import Reader
from ...images.source import Source
from ...images.temporary_names import NEW, temporary_name
from ...images.write_failures import naming_failures
from ...images.zarr_mark import is_zarr
from ...stores.names import is_store
from ...streams import is_stream
from ..dispatch import reported
from ..image_job import ImageProcessor
from ..job_options import JobOptions
from ..plan import Job, Target
from . import part_task
from .connection import Connection
from .lists import Parts
from .part_task import Band, Halving, Made, Shape, Task
from .sharing import Sharing

EACH = 4
"""Bands for each thread of a worker, so that all threads end at about the same time."""
HALOS = 4
"""A band is at least this many times as high as the rows that are read around it."""


def candidates(jobs: Sequence[Job], options: JobOptions) -> list[int]:
    """Return the numbers of the jobs that may be done in bands, judged by the names of their files."""
    render = options.render
    if render.effect is not None or render.nodata.value is not None or options.report.page:
        return []
    return [number for number, job in enumerate(jobs) if _is_candidate(job)]


def _is_candidate(job: Job) -> bool:
    written = [target.format and target.format.codec.bands for target in job.targets.values()]
    elsewhere = any(is_store(path) or is_stream(path) for path in job.outputs.values())
    alone = job.attached is None and not job.others and job.variant is None and not job.variants
    return alone and not elsewhere and all(written) and _is_read_by_rows(job.input.name)


def _is_read_by_rows(name: str) -> bool:
    """Whether some rows of an input can be read without those before them, judged by its name.

    They can if they can be written so.
    """
    if is_zarr(name):
        return True
    format = None if is_store(name) else formats.of_name(name)
    return format is not None and not format.folder and format.codec.bands is not None


def threads_of(connection: Connection) -> int:
    """Return the number of threads of the workers; 0 if it is unknown."""
    with contextlib.suppress(OSError):
        return sum(connection.client.nthreads().values())
    return 0


def reports(
    connection: Connection, jobs: Sequence[Job], processor: ImageProcessor, reader: Reader
) -> Iterator[tuple[int, Report]]:
    """Do all jobs, as `Sharing` does; if large pictures are few, first these in bands, one after the other."""
    numbers, done = candidates(jobs, processor.options), set[int]()
    if len(numbers) < max(threads_of(connection), 2):
        banding = Banding(connection, processor, reader)
        for number in numbers:
            if (report := banding.report(jobs[number])) is not None:
                done.add(number)
                yield number, report
    others = [number for number in range(len(jobs)) if number not in done]
    with contextlib.closing(
        Sharing(connection, [jobs[number] for number in others], processor, reader).reports()
    ) as rest:
        for at, report in rest:
            yield others[at], report


class Banding:
    """Jobs that are done in bands, one after the other."""

    def __init__(self, connection: Connection, processor: ImageProcessor, reader: Reader) -> None:
        self._connection, self._processor, self._reader = connection, processor, reader
        self._lost: FileError | None = None

    def report(self, job: Job) -> Report | None:
        """Do a job; None if it cannot be done in bands. Raises FileError if the cluster is lost."""
        processor, reader = self._processor, self._reader
        reader.needed = partial(processor.needed, job)
        reader.streams = partial(processor.streams, job)
        try:
            found = reader.streamed(job.input.name)
        except FileError:  # which a worker will report
            return None
        if found is None or found[0].alpha is not None:
            return None
        if any(stage.takes == "image" for stage in with_branches(processor.stages)):
            return None
        began = time.perf_counter()
        report = reported(job, partial(self._single, job, *found))
        if self._lost is not None:
            raise self._lost
        return report._replace(seconds=time.perf_counter() - began)

    def _single(self, job: Job, picture: Picture, source: Source) -> Report:
        options = self._processor.options
        with contextlib.ExitStack() as begun:
            writers = {name: begun.enter_context(_begun(target, options)) for name, target in job.targets.items()}
            # A digest stays here: workers compare the state alone.
            run = _Run(self, job._replace(source=Source(None, source.state)), writers)
            processor = ImageProcessor(self._processor.recipe, self._processor.maps, options._replace(run=run))
            processor.progress = self._processor.progress
            return processor.single(job._replace(source=source), picture)

    def told(self, parts: Sequence[Any], add: Callable[[Any], None] = lambda told: None) -> list[Any]:
        """Let workers do some parts, *add* the result of each, and return the sum; raises FileError."""
        sharing = Sharing(
            self._connection, [*map(Task, parts)], self._processor, self._reader, part_task.process, Parts
        )
        found = {}
        with contextlib.closing(self._reports(sharing)) as reports:
            for number, told in reports:
                if isinstance(told, Report):
                    raise _failure(told)
                add(told)
                found[number] = told
        return [found[number] for number in range(len(parts))]

    def _reports(self, sharing: Sharing) -> Generator[tuple[int, Any], None, None]:
        """Yield the results, and record the reason if no more come because of the cluster."""
        with contextlib.closing(sharing.reports()) as reports:
            try:
                yield from reports
            except FileError as error:
                self._lost = error
                raise

    @property
    def threads(self) -> int:
        """The number of threads of the workers."""
        return max(threads_of(self._connection), 1)


class _Run:
    """Replaces the executor: each worker runs the stages over a band."""

    def __init__(self, banding: Banding, job: Job, writers: Mapping[str, Any]) -> None:
        self._banding, self._job, self._writers = banding, job, writers

    def __call__(
        self,
        stages: Sequence[Stage],
        image: StreamedImage,
        encodings: Mapping[str, Encoding],
        settings: Settings,
        alpha: None,
        *,
        probed: bool,
        advance: Callable[[int, int], None] | None,
        **how: Any,
    ) -> executor.Result:
        """Return the result, whose samples are written already."""
        height = geometry.followed(stages, image.shape[1], image.shape[0]).height
        bands = self._bands(stages, height)
        stretched = {name for name, encoding in encodings.items() if encoding.stretched}
        total = height * (2 if stretched else 1)

        def add(told: Any) -> None:
            if advance is not None and isinstance(told, Made):
                advance(told.rows, total)

        found = self._first(bands, add)
        if stretched:
            extents = {name: _joined(found, name)[:2] for name in stretched}
            again = [part._replace(extents=extents) for part in bands]
            found += self._banding.told([Band(self._job, part, found[0].answers, self._writers) for part in again], add)
        kinds: dict[str, tuple[Shape, str]] = {name: kind for made in found for name, kind in made.kinds.items()}
        for name, kind in kinds.items():
            self._halve(name, *kind)
        outputs = {
            name: portion.joined(
                _joined(found, name), encoding, self._writers[name].whole(*kinds[name]), height, probed
            )
            for name, encoding in encodings.items()
        }
        high = max(part.stop - part.start for part in bands)
        told = f"by {counted(len(bands), 'band', 'bands')} of up to {high} rows, {self._banding.threads} threads"
        return executor.Result(outputs, [*found[0].facts, note(told)])

    def _first(self, bands: Sequence[Portion], add: Callable[[Any], None]) -> list[Made]:
        """Let the workers make all bands; raises FileError.

        As long as surveys need the whole picture, workers return what they found in their part of it.
        """
        looks: list[Found] = []
        answers: dict[int, Answer] = {}
        while True:
            parts = [
                Band(self._job, part, answers, self._writers, None if answers else Share(number, len(bands), (*looks,)))
                for number, part in enumerate(bands)
            ]
            told = self._banding.told(parts, add)
            if isinstance(told[0], Made):
                return told
            if told[0].found is None:  # one worker must look at all of it, or at some rows here and there
                [made] = self._banding.told([Band(self._job, Portion(0, 0), {}, self._writers)])
                answers = made.answers
            else:
                looks.append(Found.together([look.found for look in told]))

    def _bands(self, stages: Sequence[Stage], height: int) -> list[Portion]:
        """Return the rows of each band."""
        block = math.lcm(*(writer.rows for writer in self._writers.values()))
        halo = sum(max(stage.window.halo.top, stage.window.halo.bottom) for stage in with_branches(stages))
        return [Portion(*rows) for rows in divided(height, block, EACH * self._banding.threads, HALOS * halo)]

    def _halve(self, name: str, shape: Shape, dtype: str) -> None:
        """Let the workers make the smaller copies of an output, each from the one below."""
        writer = self._writers[name]
        for level, blocks in enumerate(writer.blocks(shape), 1):
            parts = [
                Halving(self._job, writer, shape, dtype, level, range(*rows))
                for rows in divided(blocks, 1, EACH * self._banding.threads, 0)
            ]
            self._banding.told(parts)


def divided(height: int, block: int, count: int, least: int) -> list[tuple[int, int]]:
    """Return the rows of bands, runs of whole blocks of about equal height: at most *count*, of at least *least* rows.

    >>> divided(20_000, block=2048, count=8, least=100)
    [(0, 4096), (4096, 8192), (8192, 12288), (12288, 16384), (16384, 20000)]

    Without rows there is one band, whose worker says what is wrong.

    >>> divided(0, block=2048, count=8, least=100)
    [(0, 0)]
    """
    blocks = max(-(-height // block), 1)
    high = max(-(-blocks // count), -(-least // block), 1)
    bands = -(-blocks // high)
    bounds = [blocks * number // bands * block for number in range(bands)]
    return [*pairwise([*bounds, height])]


def _joined(found: Sequence[Made], name: str) -> Tally:
    """Return the known facts on the values of an output."""
    return Tally.joined([made.tallies[name] for made in found if name in made.tallies])


def _failure(report: Report) -> FileError:
    """Return the failure of a worker."""
    name, _, reason = str(report.error).partition(": ")
    return (FileError if report.no_place is None else NoPlaceError)(name, reason)


@contextlib.contextmanager
def _begun(target: Target, options: JobOptions) -> Iterator[Any]:
    """Begin an output next to its place, and yield its writer; remove the output if it did not take its place."""
    assert target.path is not None and target.format is not None and target.format.codec.bands is not None
    path = Path(target.path)
    writer = target.format.codec.bands(str(path.parent / temporary_name(NEW)), target.path, options.write.encode)
    try:
        with naming_failures(path):
            folder = OutputFolder(path.parent, options.write.root(target.folder))
            try:
                writer.begin(folder)
            finally:
                folder.close()
        yield writer
    finally:
        writer.discard()
