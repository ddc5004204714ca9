"""Running a few tasks concurrently."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ..lazy_numpy import np
from ..parameters import ParameterError

Result = TypeVar("Result")


def available() -> int:
    """Return the number of cores that the process may use."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def threads_of(jobs: int | None) -> int:
    """Return the number of threads for *jobs*; raises `ParameterError`."""
    if jobs is None:
        return available()
    if isinstance(jobs, bool) or not isinstance(jobs, (int, np.integer)) or jobs < 1:
        raise ParameterError("jobs", f"{jobs!r} is not a whole number of at least 1")
    return int(jobs)


def beside(task: Callable[[], None], *, daemon: bool = False) -> Callable[[], None]:
    """Start *task* in another thread, and return a function that waits for its end.

    If no thread can be started, because of a limit or for lack of memory, the task runs here. The program does not wait
    for a *daemon* when it ends.
    """
    thread = threading.Thread(target=task, daemon=daemon)
    try:
        thread.start()
    except (RuntimeError, MemoryError):
        task()
        return _done
    return thread.join


def begun(task: Callable[[], Result], *, daemon: bool = False) -> Callable[[], Result]:
    """Start *task* as `beside` does, and return a function that waits for its result, or raises its error."""
    results: list[Result] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            results.append(task())
        except BaseException as failure:
            failures.append(failure)

    wait = beside(work, daemon=daemon)

    def result() -> Result:
        wait()
        if failures:
            raise failures[0]
        return results[0]

    return result


def _done() -> None:
    """Wait for a task that is already done."""


def to_be_had() -> bool:
    """Whether a thread can be started now."""
    thread = threading.Thread(target=_done)
    try:
        thread.start()
    except (RuntimeError, MemoryError):
        return False
    thread.join()
    return True


def together(tasks: Sequence[Callable[[], None]], *, daemon: bool = False) -> None:
    """Run all *tasks*, the first in this thread, the others in their own threads; raise the first error.

    No task may wait for another: without threads they run one after the other. For *daemon* threads see `beside`.
    """
    failures: list[BaseException] = []

    def guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as failure:
            failures.append(failure)

    ends = [beside(lambda task=task: guarded(task), daemon=daemon) for task in tasks[1:]]
    guarded(tasks[0])
    for wait in ends:
        wait()
    if failures:
        raise failures[0]


def side_by_side(
    task: Callable[[int], Result], numbers: Sequence[int], cores: int, *, daemon: bool = False
) -> Iterator[Result]:
    """Return the task's results for all *numbers* in order, computed by *cores* threads; for *daemon* see `beside`."""
    waiting = iter(numbers)
    results: dict[int, Result] = {}

    def work() -> None:
        try:
            for number in waiting:
                results[number] = task(number)
        except BaseException:  # including an interruption
            for _ in waiting:
                pass  # skip what no thread has begun
            raise

    together([work] * max(1, min(cores, len(numbers))), daemon=daemon)
    return (results.pop(number) for number in numbers)  # each is released once used
