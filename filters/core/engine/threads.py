"""Running a few tasks at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ..lazy_numpy import np
from ..parameters import ParameterError

Result = TypeVar("Result")


def available() -> int:
    """Return how many cores the process may use."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def threads_of(jobs: int | None) -> int:
    """Return how many threads *jobs* asks for; raises `ParameterError`."""
    if jobs is None:
        return available()
    if isinstance(jobs, bool) or not isinstance(jobs, (int, np.integer)) or jobs < 1:
        raise ParameterError("jobs", f"{jobs!r} is not a whole number of at least 1")
    return int(jobs)


def beside(task: Callable[[], None], *, daemon: bool = False) -> Callable[[], None]:
    """Begin with *task* in a thread beside this one, and return what waits for its end.

    Where no thread can be had, because a limit says so or for lack of memory, the task is done here. The program waits
    for no *daemon* when it ends.
    """
    thread = threading.Thread(target=task, daemon=daemon)
    try:
        thread.start()
    except (RuntimeError, MemoryError):
        task()
        return _done
    return thread.join


def begun(task: Callable[[], Result], *, daemon: bool = False) -> Callable[[], Result]:
    """Begin with *task* as `beside` does, and return what waits for its result, or raises its failure."""
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
    """Wait for what is done."""


def to_be_had() -> bool:
    """Whether a thread can be had now."""
    thread = threading.Thread(target=_done)
    try:
        thread.start()
    except (RuntimeError, MemoryError):
        return False
    thread.join()
    return True


def together(tasks: Sequence[Callable[[], None]]) -> None:
    """Run all *tasks*, the first in this thread, the others in threads of their own; raise the first failure.

    No task may wait for another: where there are no threads, one follows the other.
    """
    failures: list[BaseException] = []

    def guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as failure:
            failures.append(failure)

    ends = [beside(lambda task=task: guarded(task)) for task in tasks[1:]]
    guarded(tasks[0])
    for wait in ends:
        wait()
    if failures:
        raise failures[0]


def side_by_side(task: Callable[[int], Result], numbers: Sequence[int], cores: int) -> Iterator[Result]:
    """Return the task's results for all *numbers* in their order, done by *cores* threads."""
    waiting = iter(numbers)
    results: dict[int, Result] = {}

    def work() -> None:
        try:
            for number in waiting:
                results[number] = task(number)
        except BaseException:  # an interruption among them
            for _ in waiting:
                pass  # what no thread has begun is left
            raise

    together([work] * max(1, min(cores, len(numbers))))
    return (results.pop(number) for number in numbers)  # each is let go as it is used
