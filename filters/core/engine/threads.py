"""Running a few tasks at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Result = TypeVar("Result")


def together(tasks: Sequence[Callable[[], None]]) -> None:
    """Run all *tasks*, the first in this thread, the others in threads of their own; raise the first failure."""
    failures: list[BaseException] = []

    def guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(task,)) for task in tasks[1:]]
    for thread in threads:
        thread.start()
    guarded(tasks[0])
    for thread in threads:
        thread.join()
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
