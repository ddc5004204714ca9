"""The progress bar of a batch."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text


class Bar:
    """Images done, their rate, the time that is left, and the file that was last; gone when it is closed."""

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
            redirect_stdout=False,
            redirect_stderr=False,
            speed_estimate_period=10,
        )
        self._task = self._progress.add_task("", total=count, name="")
        self._progress.start()

    def advance(self, name: str) -> None:
        """Count one more image."""
        self._progress.update(self._task, advance=1, name=name)

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
