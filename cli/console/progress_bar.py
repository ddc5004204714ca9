"""The progress bar of a batch."""

from __future__ import annotations

import time

from rich.console import Console, ConsoleDimensions
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from ..signals import uninterrupted

INTERVAL = 0.1
"""Seconds between two drawings of the bar."""


class _Terminal(Console):
    """A terminal whose last columns stay free: it echoes ^C there, and a line that wraps would never be erased."""

    @property
    def size(self) -> ConsoleDimensions:  # type: ignore[override]
        """The size of the drawable area."""
        width, height = super().size
        return ConsoleDimensions(max(1, width - 3), height)


class Bar:
    """Shows the number of images done, their rate, the time left and the last file, until it is closed.

    It is drawn when it advances, not by a thread of its own: processes are forked while it exists, and a
    fork would inherit the locks of such a thread and never see them released. A half-drawn bar could not
    be erased, so an interruption waits until it is complete.
    """

    def __init__(self, count: int) -> None:
        # The caller has checked that this is a terminal, whatever FORCE_COLOR and its like say.
        self._console = console = _Terminal(stderr=True, force_terminal=True, force_interactive=True)
        narrow = Column(no_wrap=True)
        self._progress = Progress(
            BarColumn(bar_width=min(24, console.width // 5), table_column=narrow.copy()),
            MofNCompleteColumn(table_column=narrow.copy()),
            _Rate(table_column=narrow.copy()),
            TimeRemainingColumn(compact=True, table_column=narrow.copy()),
            # A name may contain text that looks like markup; it gets the remaining room.
            TextColumn("{task.fields[name]}", markup=False, table_column=Column(no_wrap=True, ratio=1)),
            console=console,
            expand=True,
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            speed_estimate_period=10,
        )
        self._task = self._progress.add_task("", total=count, name="")
        self._drawn = 0.0

    def show(self) -> None:
        """Draw the bar; from now on it must be closed, to restore the terminal's cursor."""
        with uninterrupted():
            self._progress.start()

    def advance(self, name: str) -> None:
        """Count one more image."""
        self._progress.update(self._task, advance=1, name=name)
        now = time.monotonic()
        if now - self._drawn >= INTERVAL:
            self._drawn = now
            with uninterrupted():
                self._progress.refresh()

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        with uninterrupted():
            self._console.print(Text(line), soft_wrap=True)

    def close(self) -> None:
        """Erase the bar."""
        with uninterrupted():
            self._progress.stop()


class _Rate(ProgressColumn):
    """Images per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s", style="progress.data.speed")
