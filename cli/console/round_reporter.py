"""Reporting on a round of ``--watch``: its failures, and a line with the time and the number of images done."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .messages import counted, say
from .report import Report
from .reporter import Reporter


class Ledger:
    """What was tried in a round."""

    def __init__(self, is_first: bool, is_outdated: Callable[[str], bool], *, always: bool) -> None:
        """*is_outdated* says whether the files of an input have changed since; *always* prints the round's line."""
        self.is_first, self.is_outdated, self.always = is_first, is_outdated, always
        self.failed: dict[str, bool] = {}
        """Whether each tried input failed."""


class RoundReporter(Reporter):
    """Reports only on the pictures that were tried, except in the first round.

    A failure is not reported if its file has changed since, as it will be tried again.
    """

    def __init__(self, ledger: Ledger, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._ledger = ledger

    def tell(self, report: Report) -> None:
        """Report on one image, and count it."""
        failed = report.error is not None
        if failed and self._ledger.is_outdated(report.input):
            return
        if report.no_place is None:  # it is not the image's fault, so the next change of any file tries it again
            self._ledger.failed[report.input] = failed
        if report.status == "skipped" and not self._ledger.is_first:
            self.totals.add(report)
        else:
            super().tell(report)

    def _sum_up(self, seconds: float) -> None:
        done, failed = self.totals.done, len(self.totals.failures)
        if self.quiet or not (done or self._ledger.always):
            return
        counts = counted(done, "picture", "pictures") + (f", {failed} failed" if failed else "")
        passed = self.totals.left_out.as_text() if self._ledger.is_first else ""
        say(f"{time.strftime('%H:%M:%S')} {counts}, {seconds:.1f} s{passed}")
