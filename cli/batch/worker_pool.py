"""Processes that share the jobs of a batch.

Of 200 photographs of 640×480, sigma 2, two processes make 0.90 s, two threads 0.94 and one 1.6: what decides is that
a process that dies takes nothing with it but its image. It is replaced. Images that are large beside the memory that
is free wait until there is room.
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
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from .. import signals
from ..console.report import Report
from ..images.memory_budget import budget
from ..images.reader import Reader
from ..images.temporary_names import remove_temporaries
from .dispatch import process
from .image_job import ImageProcessor
from .plan import Job

UNASKED_BYTES = 1 << 26
"""Bytes that an image may take without asking: about 6 megapixels of a photograph."""
PATIENCE = 10.0
"""Seconds for a process to end after it was asked to."""
TICK = 0.01
"""Seconds between two looks at whether the first process is gone, when it has let go of its end of the connection."""

Numbered = tuple[int, Job]


class Worker:
    """A process, the connection to it, and what it is doing."""

    def __init__(self, context: Any, processor: ImageProcessor, reader: Reader, others: Sequence[Worker]) -> None:
        self.connection, theirs = context.Pipe()
        # A copy of another worker's connection would keep that one waiting when this program dies.
        inherited = [*(worker.connection for worker in others), self.connection]
        forked = context.get_start_method() == "fork"
        self.process = context.Process(
            target=_serve, args=(theirs, inherited if forked else [], os.getpid(), processor, reader), daemon=True
        )
        with _held_back():
            self.process.start()
        theirs.close()
        self.doing: Numbered | None = None
        self.wants = 0
        self.granted = 0

    def give(self, job: Numbered | None) -> None:
        """Hand over a job; None is none that is left."""
        self.doing, self.wants, self.granted = job, 0, 0
        with contextlib.suppress(OSError):  # that it died is seen when it is listened to
            if job is None:
                self.connection.close()
            else:
                self.connection.send(job[1])

    def grant(self) -> None:
        """Let it take the memory that it asked for."""
        self.granted, self.wants = self.wants, 0
        with contextlib.suppress(OSError):
            self.connection.send(None)

    def why_it_died(self) -> str:
        """Return what became of a process that does not answer."""
        self.process.join(PATIENCE)
        code = self.process.exitcode
        if code == 128 + signal.SIGTERM:
            return "its process was ended by SIGTERM"
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            return f"its process was killed by {name}" + (" (out of memory?)" if code == -signal.SIGKILL else "")
        return f"its process ended with code {code}"


def share(jobs: Sequence[Job], processor: ImageProcessor, reader: Reader, count: int) -> Iterator[tuple[int, Report]]:
    """Do all *jobs* in *count* processes; yield their numbers and reports as they come.

    Closing the iterator ends the processes; what they were writing vanishes.
    """
    reader.settle()  # a copy of this process would have no copy of its threads
    context = multiprocessing.get_context(_start_method())
    waiting = deque(enumerate(jobs))
    room = budget()
    count = min(count, len(jobs), max(1, room // UNASKED_BYTES))
    room -= count * UNASKED_BYTES
    workers: list[Worker] = []

    def start() -> None:
        # Where there is no memory for one more, or no process, those that run do the work.
        with contextlib.suppress(OSError):
            workers.append(Worker(context, processor, reader, workers))
            workers[-1].give(waiting.popleft())

    try:
        for _ in range(count):
            start()
        while busy := {worker.connection: worker for worker in workers if worker.doing}:
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]
                assert worker.doing is not None
                try:
                    answer = worker.connection.recv()
                except (EOFError, OSError):
                    number, job = worker.doing
                    died = worker.why_it_died()
                    _clean_up(job, worker.process.pid)
                    worker.connection.close()
                    workers.remove(worker)
                    yield number, Report(input=job.input.name, status="failed", error=f"{job.name}: {died}")
                    if waiting:
                        start()
                    continue
                if isinstance(answer, int):
                    worker.wants = answer
                    continue
                number = worker.doing[0]
                worker.give(waiting.popleft() if waiting else None)
                yield number, answer
            _share_memory(workers, room)
        for number, job in waiting:  # not one process could be started
            yield number, process(processor, job, reader)
    finally:
        for worker in workers:
            if worker.doing is not None:
                worker.process.terminate()
        for worker in workers:
            worker.connection.close()
            worker.process.join(PATIENCE)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            if worker.doing is not None:
                _clean_up(worker.doing[1], worker.process.pid)


def _share_memory(workers: Sequence[Worker], room: int) -> None:
    """Let those go on that wait for memory and find it, or nobody who would give some back."""
    stuck = all(worker.wants for worker in workers if worker.doing)
    for worker in workers:
        taken = sum(other.granted for other in workers if other is not worker)
        if worker.wants and (stuck or not taken or taken + worker.wants <= room):
            worker.grant()
            stuck = False


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """Let signals wait while a process starts, in it and in this one."""
    if _start_method() != "fork":
        resource_tracker.ensure_running()  # it would let them through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals.ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_method() -> str:
    """Return how processes begin: as copies of this one, with all that it has imported, where that is safe."""
    return "fork" if sys.platform == "linux" else "spawn"


def _serve(
    connection: Connection, inherited: Sequence[Connection], parent: int, processor: ImageProcessor, reader: Reader
) -> None:
    """Do jobs as they come, until there are no more, or nobody who wants them."""
    for other in inherited:
        other.close()
    # The terminal tells all processes of an interruption, and of its end; this one is told by the first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signals.end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals.ENDING)
    with contextlib.suppress(RuntimeError):  # without a thread it ends after the image
        threading.Thread(target=_end_with, args=(parent, connection), daemon=True).start()
    warnings.simplefilter("ignore")  # as in the first process

    def wait_for_room(needed: float) -> None:
        if needed > UNASKED_BYTES:
            connection.send(int(needed))
            connection.recv()

    reader.wait_for_room = wait_for_room
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(process(processor, connection.recv(), reader))


def _end_with(parent: int, connection: Connection) -> None:
    """End this process when the one that started it is gone, also in the middle of an image; what it writes vanishes.

    A thread waits until the other end of the connection is closed. Linux has a signal for the death of a parent, other
    systems have none.
    """
    hangup = select.poll()
    hangup.register(connection, 0)
    hangup.poll()
    while os.getppid() == parent:  # which dies, or has no more work and lets this process end
        time.sleep(TICK)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def _clean_up(job: Job, process: int | None) -> None:
    """Remove what a process that was killed left half written."""
    for target in job.targets.values():
        if target.path is not None and process is not None:
            remove_temporaries(Path(target.path).parent, process)
