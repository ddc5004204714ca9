"""Telling what becomes of the images: lines for people, JSON for programs, a progress bar on a terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import FileError
from .messages import printable, put, say, shown
from .report import Report, Totals

if TYPE_CHECKING:
    from .progress_bar import Bar


class Reporter:
    """Tells each report once, and the totals at the end; use it as a context."""

    def __init__(
        self,
        filter: str,
        parameters: object,
        totals: Totals,
        count: int,
        began: float,
        *,
        several: bool,
        quiet: bool,
        verbose: bool,
        json: bool,
    ) -> None:
        self.filter, self.parameters = filter, parameters
        self.totals, self.count = totals, count
        self.several, self.quiet, self.verbose, self.json = several, quiet, verbose, json
        self._began = began
        self._bar: Bar | None = None
        self._told: set[str] = set()

    def begin(self, count: int) -> None:
        """Show a bar for *count* images, where there is somebody to see it."""
        if self.several and not self.quiet and count > 1 and wants_bar(self.json):
            from .progress_bar import Bar

            self._bar = Bar(count)
            self._bar.show()

    def advance(self, report: Report) -> None:
        """Show that one more image is done, which `tell` may have to wait for others to tell."""
        if self._bar is not None:
            self._bar.advance(shown(report.input))

    def tell(self, report: Report) -> None:
        """Say what became of one image, and count it."""
        self.totals.add(report)
        for line in report.lines:
            self._say(line)
        for note in report.once:
            if note not in self._told:
                self._told.add(note)
                self._say(f"imfilter: {shown(report.input)}{' and others' * (self.count > 1)}: {note}")
        if report.error is not None:
            self._say(f"imfilter: {printable(report.error)}")
        elif report.status == "skipped" and self.verbose:
            self._say(f"{shown(report.input)}: skipped")
        if self.json:
            put(report.as_json(self.filter, self.parameters))

    def _say(self, line: str) -> None:
        if self._bar is not None:
            self._bar.say(line)
        else:
            say(line)

    def __enter__(self) -> Reporter:
        if self.json and sys.stdout is None:
            raise FileError("standard output", "cannot be written: it is closed")
        return self

    def __exit__(self, failure: object, *details: object) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        if failure is not None:
            return
        seconds = time.perf_counter() - self._began
        if self.several and not self.quiet:
            say(f"imfilter: {self.totals.as_line(seconds, self.count)}")
            for report in self.totals.failures:
                say(f"  {printable(report.error or '')}")
        if self.json:
            put(self.totals.as_json(seconds, self.count))


def wants_bar(json: bool, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether people look at standard error, and nothing else is written beside it."""
    if environment.get("TERM", "") in ("dumb", "unknown") or environment.get("CI", "") not in ("", "0", "false"):
        return False
    return _is_terminal(sys.stderr) and not (json and _is_terminal(sys.stdout))


def _is_terminal(stream: Any) -> bool:
    return stream is not None and stream.isatty()
