"""Share the jobs of a batch, or the parts of one job, among the workers of a cluster.

Only a few tasks are submitted at a time, so that a million pictures do not become a graph of a million tasks, and so
that measured times set the length of lists: they grow until one takes two seconds. No pixel passes the scheduler.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import time
import uuid
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from ... import signals
from ...console import faults
from ...console.report import Report
from ...errors import FileError
from ...images.reader import Reader
from ...images.temporary_names import remove_temporaries
from ..dispatch import process
from ..image_job import ImageProcessor
from . import connection as connections
from . import worker_task
from .connection import AGAIN, Connection
from .lists import Lists, Lot
from .worker_task import Task, Work

OUT = 3
"""Submitted tasks for each thread of a worker: one is being done, one waits there, one is on its way."""
PROTOCOL = pickle.HIGHEST_PROTOCOL
TICK, PAUSE = 0.5, 0.05
"""Seconds between two looks at the cluster while it sends nothing, and while it ends."""


class Sharing:
    """The tasks of a batch on their way to a cluster and back."""

    def __init__(
        self,
        connection: Connection,
        jobs: Sequence[Task],
        processor: ImageProcessor,
        reader: Reader,
        work: Work = process,
        lists: type[Lists] = Lists,
    ) -> None:
        """*work* is what workers do for each of the *jobs*, which *lists* hands out."""
        self._connection = connection
        packed, versions = worker_task.packed(processor, reader), worker_task.versions()
        self._call = worker_task.Call(uuid.uuid4().hex, os.getcwd(), packed, versions, work)
        self._lists = lists([*enumerate(jobs)])
        self._out: dict[Any, Lot] = {}
        """The submitted lists by their futures."""
        self._ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._common: Any = None
        """The future of the data that all tasks share."""
        self._commons: set[str] = set()
        """The names of its earlier futures."""
        self._threads, self._looked, self._alone_since = 0, 0.0, 0.0
        self._folders = {Path(path).parent for job in jobs for path in job.outputs.values()}
        self._lost = False
        """A worker may have left something half written."""

    def reports(self) -> Generator[tuple[int, Any], None, None]:
        """Do all jobs; yield their numbers and reports, or the other results of the work, as they come.

        Raises FileError if the cluster is lost. Closing the iterator, or a signal, makes the workers end after their
        current picture.
        """
        try:
            while self._out or not self._lists.are_done:
                self._give_out()
                yield from self._taken_in(self._come(TICK))
        except (KeyboardInterrupt, SystemExit):
            signals.leave_at_once()  # the next one
            yield from self._stopped()
            raise
        finally:
            if self._out:
                if signals.ended():
                    signals.leave_at_once()
                for _ in self._stopped():
                    pass
            self._clean_up()

    def _give_out(self) -> None:
        """Give lists to the workers, if there are any; raises FileError if there have been none for `LOST` seconds."""
        if not self._connection.is_there():
            self._take_back()
            time.sleep(TICK)
            return
        now, client = time.monotonic(), self._connection.client
        if now - self._looked > TICK:
            with contextlib.suppress(OSError):
                self._threads, self._looked = sum(client.nthreads().values()), now
            self._alone_since = (self._alone_since or now) if not self._threads else 0.0
            if self._alone_since and now - self._alone_since > connections.LOST:
                reason = f"has had no workers for {connections.LOST} s; {AGAIN}"
                raise FileError(self._connection.address.name, reason)
        while len(self._out) < OUT * self._threads:
            if (lot := self._lists.next(self._threads, len(self._out))) is None:
                break
            try:
                self._submit(client, lot)
            except RuntimeError:  # the client was closed meanwhile
                self._lists.back(lot)
                break

    def _submit(self, client: Any, lot: Lot) -> None:
        if self._common is None:
            self._common = client.submit(worker_task.Call, *self._call, pure=False)
            self._commons.add(self._common.key)
        future = client.submit(worker_task.do, self._common, pickle.dumps(lot.jobs, PROTOCOL), pure=False)
        self._out[future] = lot
        future.add_done_callback(self._ended.put)

    def _come(self, seconds: float) -> list[Any]:
        """Return the futures that have ended, after at most *seconds*."""
        found = []
        with contextlib.suppress(queue.Empty):
            found.append(self._ended.get(timeout=seconds))
            while True:
                found.append(self._ended.get_nowait())
        return [future for future in found if future in self._out]

    def _taken_in(self, futures: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yield the reports of ended tasks, and take back what they did not do."""
        answers = self._answers([future for future in futures if future.status == "finished"])
        for future in futures:
            lot = self._out.pop(future)
            if future in answers:
                reports, seconds, other = answers[future]
                if other:
                    raise FileError(self._connection.address.name, f"a new worker has {other}; {AGAIN}")
                self._lists.learn(len(reports), seconds)
                self._lists.back(lot._replace(jobs=lot.jobs[len(reports) :]))
                yield from reports
            elif future.status == "error":
                yield from self._failed(lot, future.exception())
            else:  # the scheduler, or the worker that had the reports, is gone
                self._lost = True
                self._lists.back(lot)

    def _answers(self, done: Sequence[Any]) -> dict[Any, worker_task.Done]:
        """Return the results of finished tasks, except those that died with their worker."""
        try:
            found: Sequence[Any] = self._connection.client.gather(done) if done else ()
            return dict(zip(done, found, strict=True))
        except Exception:  # any: it may be the error of a task that was restarted and died
            answers = {}
            for future in done:
                with contextlib.suppress(Exception):
                    answers[future] = future.result(timeout=TICK)
            return answers

    def _failed(self, lot: Lot, error: Any) -> Iterator[tuple[int, Report]]:
        """Yield the report of a list that no worker could do, if it was tried often enough."""
        self._lost = True
        if (task := getattr(error, "task", None)) in self._commons:  # which was lost with the worker that had it
            self._common = None if self._common is None or task == self._common.key else self._common
            self._lists.back(lot)
            return
        killed = isinstance(error, connections.library().KilledWorker)
        if not self._lists.died(lot, 1 + error.allowed_failures if killed else 1):
            return
        [(number, job)] = lot.jobs
        reason = "every worker that took it died (out of memory?)" if killed else faults.described(error)
        yield number, Report(input=job.input.name, status="failed", error=f"{job.name}: {reason}")

    def _take_back(self) -> None:
        """Take back all submitted lists: the scheduler that had them is gone."""
        for lot in self._out.values():
            self._lists.back(lot)
        self._lost = self._lost or bool(self._out)
        self._out, self._common = {}, None

    def _clean_up(self) -> None:
        """Remove the half-written files of dead workers."""
        for folder in self._folders if self._lost else ():
            remove_temporaries(folder, self._call.token)

    def _stopped(self) -> Iterator[tuple[int, Any]]:
        """Let the workers end after their current picture; yield their reports."""
        while self._out and self._end_soon():
            time.sleep(PAUSE)
            ended = [future for future in self._out if future.done()]
            answers = self._answers([future for future in ended if future.status == "finished"])
            for future in ended:
                del self._out[future]
            for answer in answers.values():
                yield from answer.reports
        self._lost = self._lost or bool(self._out)
        self._out = {}

    def _end_soon(self) -> bool:
        """Tell all workers to end soon; return whether there are any."""
        client = self._connection.client
        if client is None or client.status != "running":
            return False
        with contextlib.suppress(OSError):
            return bool(client.run(worker_task.stop, self._call.token, on_error="ignore"))
        return False
