"""Jobs with files in stores: while one is filtered, other inputs are being read and other outputs written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from ..console.report import Report
from ..errors import FileError
from ..images.reader import Reader
from ..stores import outbox
from ..stores.names import is_store
from .dispatch import process
from .image_job import ImageProcessor
from .plan import Job

Feed = Callable[[bool], Job | None]
"""Returns the next job, or None if there is none; with True it waits for one."""


def of(jobs: Sequence[Job]) -> Feed:
    """Return a feed of known jobs."""
    left = iter(jobs)
    return lambda wait: next(left, None)


def processed(
    processor: ImageProcessor, feed: Feed, reader: Reader, count: int, tell: Callable[[], None] = lambda: None
) -> Iterator[Report]:
    """Yield the reports of jobs in order, while *count* jobs are read ahead and as many written behind.

    It calls *tell* when it begins the next job.
    """
    ready: deque[Job] = deque()
    unsettled: deque[tuple[Report, list[outbox.Sending]]] = deque()
    begun = ""
    with outbox.written_behind():
        while True:
            while len(ready) < count and (job := feed(not ready and not unsettled)) is not None:
                ready.append(job)
                if is_store(job.input.name) and job.input.name != begun:  # the variants of an input are consecutive
                    reader.begin_object(begun := job.input.name)
            if ready:
                tell()
                report = process(processor, ready.popleft(), reader)
                unsettled.append((report, outbox.taken()))
            elif not unsettled:
                return
            if not ready or len(unsettled) > count:
                yield _settled(*unsettled.popleft())


def _settled(report: Report, sending: Sequence[outbox.Sending]) -> Report:
    """Return the report of a job after its objects are uploaded."""
    written = kept = 0
    for wait in sending:
        try:
            sent = wait()
        except FileError as error:
            return Report(input=report.input, status="failed", error=str(error), seconds=report.seconds)
        written, kept = written + sent.written, kept + sent.kept
        report = report._replace(notes=(*report.notes, *sent.notes))
    if kept and not written and report.status == "done":
        return Report(input=report.input, status="skipped", outputs=report.outputs, seconds=report.seconds)
    if kept and report.status == "done":
        return report._replace(notes=(*report.notes, f"{kept} of its outputs exist and were kept"))
    return report
