"""The progress bar of a batch."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

INTERVAL = 0.1
"""Seconds from one drawing of the bar to the next."""


class Bar:
    """Images done, their rate, the time that is left, and the file that was last; gone when it is closed.

    It is drawn when it advances, and not by a thread of its own: processes are started while it is there,
    and one that is forked would find the locks of such a thread as they were, for ever.
    """

    def __init__(self, count: int) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(compact=True),
            # A name may hold what looks like markup.
            TextColumn("{task.fields[name]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
            console=self._console,
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            speed_estimate_period=10,
        )
        self._task = self._progress.add_task("", total=count, name="")
        self._progress.start()
        self._drawn = time.monotonic()

    def advance(self, name: str) -> None:
        """Count one more image."""
        now = time.monotonic()
        due = now - self._drawn >= INTERVAL
        if due:
            self._drawn = now
        self._progress.update(self._task, advance=1, name=name, refresh=due)

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._console.print(Text(line), soft_wrap=True)

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()


class _Rate(ProgressColumn):
    """Images a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s", style="progress.data.speed")
