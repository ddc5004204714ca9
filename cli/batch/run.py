"""Carrying out a request: what is up to date is left, the rest is done, and what stands beside it written."""

from __future__ import annotations

import gc
import os
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..console.messages import flag, put, say, shown
from ..console.report import Report, Totals
from ..console.reporter import Reporter
from ..errors import ExitCode, UsageError
from ..images.prefetch import reader
from . import collisions, depfile, up_to_date
from .options import SharedOptions
from .plan import Job
from .recipe import Recipe
from .request import Request, check

if TYPE_CHECKING:
    from .image_job import ImageProcessor
    from .job_options import JobOptions


def execute(recipe: Recipe, options: SharedOptions, map_files: Mapping[str, str]) -> int:
    """Check a call, do it, and return the exit code; *map_files* says where the filter's maps go."""
    began = time.perf_counter()
    with warnings.catch_warnings():
        # Libraries warn of what the program says in its own words, or refuses.
        warnings.simplefilter("ignore")
        return _carried_out(check(recipe, options, map_files), began)


def _carried_out(request: Request, began: float) -> ExitCode:
    recipe, options, passed_over = request.recipe, request.options, request.inputs.passed_over
    reporter = Reporter(
        recipe.name,
        recipe.described(),
        Totals(len(passed_over)),
        len(request.jobs),
        began,
        several=request.inputs.several,
        quiet=options.quiet,
        verbose=options.verbose,
        json=options.json,
    )
    for name in passed_over if options.verbose else ():
        say(f"{shown(name)}: passed over")
    jobs, skipped = up_to_date.skipped(
        request.jobs, request.stamper, no_clobber=options.no_clobber, update=options.update
    )
    collisions.check_backups([job for number, job in enumerate(jobs) if number not in skipped])
    if options.dry_run:
        return _dry_run(jobs, skipped, reporter)
    code = ExitCode.DONE
    if len(skipped) < len(jobs):
        code = _work(request, jobs, skipped, reporter)
    else:
        with reporter:
            for job in jobs:
                reporter.tell(Report(input=job.input.name, status="skipped", outputs=job.outputs))
    legend = options.angle_legend
    if legend is not None and (len(skipped) < len(jobs) or not os.path.lexists(legend)):
        from .image_job import write_legend

        write_legend(legend, options.quality)
    if options.depfile is not None and not (code and options.fail_fast):
        failed = {report.input for report in reporter.totals.failures}
        made = [job for job in jobs if job.input.name not in failed]
        if made:
            depfile.write(options.depfile, made, request.files)
    return code


def _dry_run(jobs: Sequence[Job], skipped: frozenset[int], reporter: Reporter) -> ExitCode:
    """Print the plan."""
    with reporter:
        for number, job in enumerate(jobs):
            status = "skipped" if number in skipped else "planned"
            reporter.tell(Report(input=job.input.name, status=status, outputs=job.outputs))
            if not reporter.json and number not in skipped:
                for target in job.targets.values():
                    put(f"{job.name} -> {target.name}")
    return ExitCode.DONE


def _work(request: Request, jobs: Sequence[Job], skipped: frozenset[int], reporter: Reporter) -> ExitCode:
    """Do what is left to do."""
    options, left = request.options, len(jobs) - len(skipped)
    workers = min(request.cores, left)
    pictures = reader(request.max_pixels, options.lenient, options.to_rgb)
    if workers == 1:
        pictures.begin(next(job for number, job in enumerate(jobs) if number not in skipped).input.name)
    # What needs NumPy is imported while the first picture is read.
    from . import runner
    from .image_job import ImageProcessor

    processor = ImageProcessor(request.recipe, _job_options(request, request.cores // workers))
    _check_stages(request, processor)
    if not gc.isenabled():  # the command began without it
        gc.freeze()
        gc.enable()
    return runner.run(jobs, skipped, processor, pictures, reporter, workers=workers, fail_fast=options.fail_fast)


def _job_options(request: Request, cores: int) -> JobOptions:
    from ..images import encode
    from .job_options import FrameOptions, JobOptions, RenderOptions, ReportOptions, WriteOptions

    options, region = request.options, request.region
    return JobOptions(
        frames=FrameOptions(options.frame, options.max_frames),
        render=RenderOptions(
            background=request.background,
            angle_style=options.angle_style,
            effect=region.effect(request.max_pixels) if region is not None else None,
        ),
        write=WriteOptions(
            encode=encode.EncodeOptions(options.quality, options.strip, options.strip_gps, cores),
            stamper=request.stamper,
            keep_existing=options.no_clobber,
        ),
        report=ReportOptions(ranges=options.verbose or options.json, notes=not options.quiet, facts=options.verbose),
        cores=cores,
    )


def _check_stages(request: Request, processor: ImageProcessor) -> None:
    """Raise UsageError for what the filters, with these parameters, cannot give."""
    from ...filters.core.engine import mask

    stages, last = processor.stages, request.recipe.last
    for name in request.map_files:
        if name not in stages[-1].fields:
            raise UsageError(f"{flag(name)}: the operator {last.values['op']} has no such map")
    if request.region is None:
        return
    if any(stage.maps > 1 for stage in stages):
        raise UsageError(f"{request.region.option}: {mask.SEVERAL_MAPS}")
    if not mask.keeps_size(stages):
        raise UsageError(f"{request.region.option}: {mask.OTHER_SIZE}")
