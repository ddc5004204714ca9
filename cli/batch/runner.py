"""Run a plan: one image after the other or several at once, with reports in the order of the inputs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Collection, Generator, Iterator, Sequence
from typing import TYPE_CHECKING

from ...filters.core.engine import mask, moved_original
from .. import garbage
from ..console.messages import flag, put, shown
from ..console.report import Report
from ..console.reporter import Reporter
from ..errors import ExitCode, UsageError
from ..images import encode
from ..images.reader import Reader
from ..stores.names import is_store
from .dispatch import process
from .image_job import ImageProcessor
from .job_options import FrameOptions, JobOptions, RenderOptions, ReportOptions, ShowOptions, WriteOptions
from .plan import Job
from .request import BOTH, Request

if TYPE_CHECKING:
    from ..terminal.screen import Screen
    from .cluster.connection import Connection

TRIES = 3
"""The number of images in a row whose failure on a full disk ends a batch; a smaller image may still fit."""


def run(
    request: Request,
    jobs: Sequence[Job],
    skipped: Collection[int],
    reader: Reader,
    reporter: Reporter,
    workers: int,
    screen: Screen | None = None,
) -> ExitCode:
    """Run every job except those *skipped* by number; a job that fails costs one line and stops nothing.

    *workers* processes share the jobs; results are shown on the *screen*. Raises UsageError before the first job if a
    filter refuses.
    """
    processor = prepared(request, request.cores // workers, screen)
    wanted = [number for number in range(len(jobs)) if number not in skipped]
    if workers > 1 and sys.platform == "linux":
        processor.prepare(jobs[wanted[0]])  # else each process would import it: 50 ms
    garbage.resume()
    told = refused = 0
    waiting = {
        number: Report(input=jobs[number].input.name, status="skipped", outputs=jobs[number].outputs)
        for number in skipped
    }

    def tell() -> int:
        number = told
        while number in waiting:
            report = waiting.pop(number)
            reporter.tell(report)
            if report.shown is not None and screen is not None:
                if reporter.several:
                    put(shown(report.input))
                screen.show(report.shown)
            number += 1
        return number

    own = [jobs[number] for number in wanted]
    with (
        _cluster(request, own) as cluster,
        reporter,
        contextlib.closing(_reports(own, processor, reader, workers, cluster)) as reports,
    ):
        processor.progress = reporter.begin([job.input.name for job in own])
        told = tell()
        for at, report in reports:
            reporter.advance(report)
            waiting[wanted[at]] = report
            told = tell()
            if request.options.fail_fast and report.status == "failed":
                break
            if report.status == "done":
                refused = 0
            elif report.no_place is not None and (refused := refused + 1) == TRIES:
                reporter.stop(report.no_place)
                break
        for number in sorted(waiting):  # done before the stop, but after jobs that were not
            reporter.tell(waiting[number])
    return ExitCode.FAILED if reporter.totals.failures else ExitCode.DONE


def prepared(request: Request, cores: int, screen: Screen | None = None) -> ImageProcessor:
    """Return the processor for the images of a request; raises UsageError if a filter refuses."""
    processor = ImageProcessor(request.recipe, request.maps, _job_options(request, cores, screen))
    _check_stages(request, processor)
    processor.others.check()
    return processor


def _job_options(request: Request, cores: int, screen: Screen | None) -> JobOptions:
    options, region, effect = request.options, request.region, None
    show = None
    if screen is not None:
        show = ShowOptions(screen.room, options.show == BOTH, screen.gap, request.background)
    if region is not None:
        from .mask_effect import effect_of  # rarely needed

        effect = effect_of(region, request.max_pixels)
    return JobOptions(
        frames=FrameOptions(options.frame, options.max_frames, options.labels),
        render=RenderOptions(
            background=request.background,
            angle_style=options.angle_style,
            sheet_range=options.sheet_range,
            max_pixels=request.max_pixels,
            nodata=request.nodata,
            effect=effect,
            show=show,
        ),
        write=WriteOptions(
            encode=encode.EncodeOptions(
                request.quality,
                strip=options.strip,
                strip_gps=options.strip_gps,
                keep_values=options.keep_values,
                compression=options.compression,
                chunks=options.chunks or 0,
                shard_size=options.shard_size or 0,
                pyramid=options.pyramid,
                cores=cores,
                keep_quality=request.keep_quality,
                stamp=request.stamped,
            ),
            stamper=request.stamper,
            keep_existing=options.no_clobber,
            preserve_times=options.preserve_times,
            roots=request.roots,
            read=request.read,
        ),
        report=ReportOptions(
            ranges=options.verbose or options.json,
            notes=not options.quiet,
            facts=options.verbose,
            page=options.report is not None,
        ),
        cores=cores,
        in_flight=options.in_flight,
        augmentation=request.augmentation,
        annotations=request.annotations,
    )


def _check_stages(request: Request, processor: ImageProcessor) -> None:
    """Raise UsageError for outputs that the filters cannot give with these parameters."""
    stages, last = processor.stages, request.recipe.last
    for name in request.map_files:
        if name not in stages[-1].fields:
            raise UsageError(f"operator {last.values['op']} has no {flag(name)} map")
    if request.region is None:
        return
    if any(stage.colours.maps > 1 for stage in stages):
        raise UsageError(f"{request.region.option}: {mask.SEVERAL_MAPS}")
    if refused := moved_original.refusal(stages):
        raise UsageError(f"{request.region.option}: {refused}")


@contextlib.contextmanager
def _cluster(request: Request, jobs: Sequence[Job]) -> Iterator[Connection | None]:
    """Yield a connection to the cluster for the jobs, if the call names one; raises UsageError."""
    if request.cluster is None:
        yield None
        return
    from .cluster import checks, connection  # rarely needed

    with connection.connected(request.cluster, request.options.verbose) as connected:
        checks.check(connected, jobs)
        yield connected


def _reports(
    jobs: Sequence[Job], processor: ImageProcessor, reader: Reader, workers: int, cluster: Connection | None
) -> Generator[tuple[int, Report], None, None]:
    """Yield the number and report of each finished job."""
    if cluster is not None:
        from .cluster import bands

        yield from bands.reports(cluster, jobs, processor, reader)
        return
    stored = any(is_store(name) for job in jobs for name in (job.input.name, *job.outputs.values()))
    if workers > 1 and len(jobs) > 1:
        from . import worker_pool as processes  # not needed for single images

        yield from processes.share(jobs, processor, reader, workers, processor.options.in_flight if stored else 0)
        return
    if stored:
        from . import in_flight  # rarely needed

        yield from enumerate(in_flight.processed(processor, in_flight.of(jobs), reader, processor.options.in_flight))
        return
    for number, job in enumerate(jobs):
        yield number, process(processor, job, reader)
