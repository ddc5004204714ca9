"""Running a few tasks at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence


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
