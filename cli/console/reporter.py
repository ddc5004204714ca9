"""Reporting on the images of a call: lines for people, JSON for programs, a progress bar on a terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import signals
from ..errors import FileError, Interrupted
from .messages import counted, fitted, put, say, shown
from .notes import Notes
from .report import CallFiles, Report, Totals
from .slow_image import Progress, SlowImage

if TYPE_CHECKING:
    from .progress_bar import Bar


class Reporter:
    """Prints each report once, and the totals at the end; use it as a context manager.

    In a batch, a note that many images share is printed once at the end, with their number.
    """

    def __init__(
        self,
        filter: str,
        parameters: object,
        totals: Totals,
        count: int,
        began: float,
        files: CallFiles,
        *,
        several: bool,
        quiet: bool,
        verbose: bool,
        json: bool,
        barred: bool = False,
    ) -> None:
        """*barred* says that the terminal shows pictures, and so no bar."""
        self.filter, self.parameters = filter, parameters
        self.totals, self.count, self.files = totals, count, files
        self.several, self.quiet, self.verbose, self.json = several, quiet, verbose, json
        self._barred, self._began = barred, began
        self._bar: Bar | None = None
        self._slow: SlowImage | None = None
        self._notes = Notes()
        self._stopped: str | None = None
        self._finished = 0
        self.drawn: list[Report] = []
        """The reports of the variants of an augmentation, for its manifest."""
        self.annotated: list[Report] = []
        """The reports of images whose boxes were moved, for the one file of all boxes."""
        self.told: list[Report] | None = None
        """The reports of all images, if a page shows them."""

    def begin(self, names: Sequence[str]) -> Progress | None:
        """Show the progress of the images *names*, if stderr is a terminal.

        A single image may be slow; it reports its progress to the object that is returned.
        """
        if self.quiet or not names or not wants_bar(self.json):
            return None
        if len(names) == 1:
            self._slow = SlowImage(names[0], self._began, sys.stderr.fileno())
            return self._slow.progress
        if self.several and not self._barred:
            from .progress_bar import Bar

            self._bar = Bar(len(names))
            self._bar.show()
        return None

    def advance(self, report: Report) -> None:
        """Show that one more image is done; `tell` may report it later, as it keeps the order."""
        self._finished += report.status == "done"
        self._end_line()
        if self._bar is not None:
            self._bar.advance(shown(report.input))

    def tell(self, report: Report) -> None:
        """Report on one image, and count it."""
        if report.error is not None:
            report = report._replace(error=fitted(report.error))
        self.totals.add(report)
        if report.drawn is not None:
            self.drawn.append(report)
        if report.annotations is not None:
            self.annotated.append(report)
        if self.told is not None:
            self.told.append(report)
        for line in report.lines:
            self._say(line)
        for note in report.notes:
            if self.several:
                self._notes.add(shown(report.input), note)
            else:
                self._say(f"imfilter: {shown(report.input)}: {note}")
        if report.error is not None:
            self._say(f"imfilter: {report.error}")
        elif report.status == "skipped" and self.verbose:
            self._say(f"{shown(report.input)}: skipped")
        if self.json:
            put(report.as_json(self.filter, self.parameters))

    def stop(self, reason: str) -> None:
        """Let the totals say that the remaining images were not tried."""
        self._stopped = reason

    def _say(self, line: str) -> None:
        if self._bar is not None:
            self._bar.say(fitted(line))
        else:
            say(line)

    def __enter__(self) -> Reporter:
        if self.json and sys.stdout is None:
            raise FileError("standard output", "cannot be written: it is closed")
        signals.begin()
        return self

    def _end_line(self) -> None:
        if self._slow is not None:
            self._slow.close()
            self._slow = None

    def __exit__(self, failure: object, *details: object) -> None:
        self._end_line()
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        interrupted = isinstance(failure, type) and issubclass(failure, KeyboardInterrupt)
        if failure is None or interrupted:
            for line in self._notes.lines():
                say(f"imfilter: {line}")
        if interrupted and self.several:
            raise Interrupted(self._how_far())
        if failure is not None:
            return
        seconds = time.perf_counter() - self._began
        if self._stopped is not None and (left := self.totals.left(self.count)):
            say(f"imfilter: stopped: {self._stopped}; {counted(left, 'image was', 'images were')} not tried")
        self._sum_up(seconds)
        if self.json:
            put(self.totals.as_json(seconds, self.count, self.files))

    def _sum_up(self, seconds: float) -> None:
        """Say how many images were done."""
        if self.several and not self.quiet:
            say(f"imfilter: {self.totals.as_line(seconds, self.count)}")

    def _how_far(self) -> str:
        """Return how much of a batch is done, and how to do the rest."""
        if not self._finished:
            return "interrupted"
        left = self.count - self._finished - self.totals.skipped - len(self.totals.failures)
        return f"interrupted: {self._finished} of {self.count} images done, {left} left; run it again with --update"


def wants_bar(json: bool, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether stderr is a terminal, and nothing else is written to it."""
    if environment.get("TERM", "") in ("dumb", "unknown") or environment.get("CI", "") not in ("", "0", "false"):
        return False
    return _is_terminal(sys.stderr) and not (json and _is_terminal(sys.stdout))


def _is_terminal(stream: Any) -> bool:
    return stream is not None and stream.isatty()
