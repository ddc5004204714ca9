"""Processes that share the jobs of a batch.

For 200 photographs of 640×480 with sigma 2, two processes take 0.90 s, two threads 0.94 s and one thread 1.6 s. The
reason for processes is that one that dies only takes its image with it, and is replaced. Images that are large
compared with the free memory wait until there is room.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import select
import signal
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from .. import signals, system
from ..console.report import Report
from ..images.memory_budget import budget
from ..images.reader import Reader
from ..images.temporary_names import remove_temporaries
from ..stores.names import is_store
from .dispatch import process
from .image_job import ImageProcessor
from .plan import Job

UNASKED_BYTES = 1 << 26
"""Bytes that an image may use without asking: about 6 megapixels of a photograph."""
PATIENCE = 10.0
"""Seconds that a process has to end when asked to."""
TICK = 0.01
"""Seconds between two checks for the end of the first process, after it has closed its end of the connection."""

STARTED = "started"
"""The message of a process that starts the next of several jobs."""

Numbered = tuple[int, Job]


class Worker:
    """A process, its connection and its jobs."""

    def __init__(
        self, context: Any, processor: ImageProcessor, reader: Reader, others: Sequence[Worker], in_flight: int = 0
    ) -> None:
        self.connection, theirs = context.Pipe()
        # A copy of another worker's connection would keep that worker waiting when this program dies.
        inherited = [*(worker.connection for worker in others), self.connection]
        forked = context.get_start_method() == "fork"
        self.process = context.Process(
            target=_serve,
            args=(theirs, inherited if forked else [], os.getpid() if forked else None, processor, reader, in_flight),
            daemon=True,
        )
        with _held_back(forked):
            self.process.start()
        theirs.close()
        self.doing: deque[Numbered] = deque()
        """The jobs without an answer so far; for local files, one at a time."""
        self.started = 0
        """How many of several jobs it has started."""
        self.wants = 0
        self.granted = 0

    def give(self, job: Numbered | None) -> None:
        """Hand over a job; None if none is left."""
        with contextlib.suppress(OSError):  # its death is noticed when reading from it
            if job is not None:
                self.doing.append(job)
                self.connection.send(job[1])
            elif not self.doing:
                self.connection.close()

    def answered(self) -> int:
        """Return the number of the finished job, its first."""
        self.wants, self.granted, self.started = 0, 0, max(0, self.started - 1)
        return self.doing.popleft()[0]

    def left(self) -> tuple[Numbered, list[Numbered]]:
        """Return the job at which it died, and those that another can do.

        Its results may have been written or not: doing them again gives the same, except in place of the input.
        """
        at = max(0, self.started - 1)
        jobs = [*self.doing]
        return jobs[at], [*jobs[:at], *jobs[at + 1 :]]

    def grant(self) -> None:
        """Grant the memory that it asked for."""
        self.granted, self.wants = self.wants, 0
        with contextlib.suppress(OSError):
            self.connection.send(None)

    def why_it_died(self) -> str:
        """Return in words how a process ended."""
        self.process.join(PATIENCE)
        code = self.process.exitcode
        if code == 128 + signal.SIGTERM:
            return "its process was ended by SIGTERM"
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            return f"its process was killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
        return f"its process ended with code {code}"


def share(
    jobs: Sequence[Job], processor: ImageProcessor, reader: Reader, count: int, in_flight: int = 0
) -> Iterator[tuple[int, Report]]:
    """Do all *jobs* in *count* processes; yield their numbers and reports as they come.

    If files are in stores, each process has several jobs *in flight*, else 0. Closing the iterator ends the processes,
    and removes unfinished files.
    """
    reader.settle()  # a fork does not copy threads
    # The library for stores hangs in a fork of a process that has used it.
    context = multiprocessing.get_context("spawn" if in_flight else _start_method())
    waiting = deque(enumerate(jobs))
    room = budget()
    count = min(count, len(jobs), max(1, room // UNASKED_BYTES))
    room -= count * UNASKED_BYTES
    workers: list[Worker] = []

    def start() -> None:
        # If there is no memory or process for one more, the running ones do the work.
        with contextlib.suppress(OSError):
            workers.append(Worker(context, processor, reader, workers, in_flight))
            workers[-1].give(waiting.popleft())

    try:
        for _ in range(count):
            start()
        for _ in range(min(in_flight - 1, len(waiting) // max(1, len(workers)))):
            for worker in workers:
                worker.give(waiting.popleft())
        while busy := {worker.connection: worker for worker in workers if worker.doing}:
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]
                try:
                    answer = worker.connection.recv()
                except (EOFError, OSError):
                    (number, job), again = worker.left()
                    died = worker.why_it_died()
                    _clean_up(job, worker.process.pid)
                    worker.connection.close()
                    workers.remove(worker)
                    for done in [one for one in again if _is_in_place(one[1])]:
                        again.remove(done)
                        yield done[0], _failed(done[1], died)
                    waiting.extendleft(reversed(again))
                    yield number, _failed(job, died)
                    if waiting:
                        start()
                    continue
                if isinstance(answer, int):
                    worker.wants = answer
                    continue
                if answer == STARTED:
                    worker.started += 1
                    continue
                number = worker.answered()
                worker.give(waiting.popleft() if waiting else None)
                yield number, answer
            _share_memory(workers, room)
        for number, job in waiting:  # no process could be started
            yield number, process(processor, job, reader)
    finally:
        for worker in workers:
            if worker.doing:
                worker.process.terminate()
        for worker in workers:
            worker.connection.close()
            worker.process.join(PATIENCE)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            for _, job in worker.doing:
                _clean_up(job, worker.process.pid)


def _failed(job: Job, died: str) -> Report:
    return Report(input=job.input.name, status="failed", error=f"{job.name}: {died}")


def _is_in_place(job: Job) -> bool:
    return any(target.in_place for target in job.targets.values())


def _share_memory(workers: Sequence[Worker], room: int) -> None:
    """Let processes that wait for memory continue if it is free, or if no other process would free any."""
    stuck = all(worker.wants for worker in workers if worker.doing)
    for worker in workers:
        taken = sum(other.granted for other in workers if other is not worker)
        if worker.wants and (stuck or not taken or taken + worker.wants <= room):
            worker.grant()
            stuck = False


@contextlib.contextmanager
def _held_back(forked: bool) -> Iterator[None]:
    """Block signals while a process starts, in it and in this one."""
    if not forked:
        system.track_resources()
    with system.held_back(signals.ENDING):
        yield


def _start_method() -> str:
    """Return how processes start: as forks of this one, with its imports, if that is safe."""
    return "fork" if sys.platform == "linux" else "spawn"


def _serve(
    connection: Connection,
    inherited: Sequence[Connection],
    parent: int | None,
    processor: ImageProcessor,
    reader: Reader,
    in_flight: int,
) -> None:
    """Do jobs as they come, until there are no more, or the first process is gone.

    A fork closes the connections that it *inherited* from its *parent*, a process id; other workers have no parent.
    """
    for other in inherited:
        other.close()
    # The terminal signals an interruption, and its own end, to all processes; this one waits for the first.
    for number in signals.ENDING:
        signal.signal(number, signals.end if number == signal.SIGTERM else signal.SIG_IGN)
    system.let_through(signals.ENDING)
    with contextlib.suppress(RuntimeError):  # without a thread it ends after the image
        threading.Thread(target=_end_with, args=(parent, connection), daemon=True).start()
    warnings.simplefilter("ignore")  # as in the first process
    if in_flight:
        _serve_several(connection, processor, reader, in_flight)
        return

    def wait_for_room(needed: float) -> None:
        if needed > UNASKED_BYTES:
            connection.send(int(needed))
            connection.recv()

    reader.wait_for_room = wait_for_room
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(process(processor, connection.recv(), reader))


def _serve_several(connection: Connection, processor: ImageProcessor, reader: Reader, in_flight: int) -> None:
    """Do jobs with files in stores as they come; jobs that come during a wait for memory wait too."""
    from . import in_flight as flying

    given: deque[Job] = deque()

    def wait_for_room(needed: float) -> None:
        if needed > UNASKED_BYTES:
            connection.send(int(needed))
            while (job := connection.recv()) is not None:
                given.append(job)

    def next_job(wait: bool) -> Job | None:
        if given:
            return given.popleft()
        with contextlib.suppress(EOFError, OSError):  # there are no more
            if wait or connection.poll():
                return connection.recv()
        return None

    reader.wait_for_room = wait_for_room
    with contextlib.suppress(EOFError, OSError):
        for report in flying.processed(processor, next_job, reader, in_flight, lambda: connection.send(STARTED)):
            connection.send(report)


def _end_with(parent: int | None, connection: Connection) -> None:
    """End this process when its parent is gone, even in the middle of an image; unfinished files are removed.

    Only Linux has a signal for the death of a parent.
    """
    first = multiprocessing.parent_process()
    if sys.platform == "win32" or parent is None:
        if first is not None:
            first.join()
    else:  # later forks hold what `first` waits for: wait until the connection is closed
        hangup = select.poll()
        hangup.register(connection, 0)
        hangup.poll()
        while os.getppid() == parent:  # it may have no more work, and let this process end
            time.sleep(TICK)
    system.signal_to_main_thread(signal.SIGTERM)


def _clean_up(job: Job, process: int | None) -> None:
    """Remove unfinished files of a killed process."""
    for target in job.targets.values():
        if target.path is not None and process is not None and not is_store(target.path):
            remove_temporaries(Path(target.path).parent, process)
