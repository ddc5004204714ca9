"""Running a plan: one image after the other or several at once; what is told comes in the order of the inputs."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Generator, Sequence

from ..console.report import Report
from ..console.reporter import Reporter
from ..errors import ExitCode
from ..images.prefetch import Reader
from .dispatch import process
from .image_job import ImageProcessor
from .plan import Job


def run(
    jobs: Sequence[Job],
    skipped: Collection[int],
    processor: ImageProcessor,
    reader: Reader,
    reporter: Reporter,
    *,
    workers: int = 1,
    fail_fast: bool = False,
) -> ExitCode:
    """Do every job but those whose number is *skipped*; one that fails costs one line and stops nothing.

    *workers* processes share them; *fail_fast* ends with the first that fails.
    """
    wanted = [number for number in range(len(jobs)) if number not in skipped]
    told = 0
    waiting = {
        number: Report(input=jobs[number].input.name, status="skipped", outputs=jobs[number].outputs)
        for number in skipped
    }

    def tell() -> int:
        number = told
        while number in waiting:
            report = waiting.pop(number)
            reporter.tell(report)
            number += 1
        return number

    with (
        reporter,
        contextlib.closing(_reports([jobs[number] for number in wanted], processor, reader, workers)) as reports,
    ):
        reporter.begin(len(wanted))
        told = tell()
        for at, report in reports:
            reporter.advance(report)
            waiting[wanted[at]] = report
            told = tell()
            if fail_fast and report.status == "failed":
                break
        for number in sorted(waiting):  # what was done before the stop, but stands behind what never will be
            reporter.tell(waiting[number])
    return ExitCode.FAILED if reporter.totals.failures else ExitCode.DONE


def _reports(
    jobs: Sequence[Job], processor: ImageProcessor, reader: Reader, workers: int
) -> Generator[tuple[int, Report], None, None]:
    """Yield each job's number and report, as it is done."""
    if workers > 1 and len(jobs) > 1:
        from . import worker_pool as processes  # single images have no use for it

        yield from processes.share(jobs, processor, reader, workers)
        return
    for number, job in enumerate(jobs):
        yield number, process(processor, job, reader)
