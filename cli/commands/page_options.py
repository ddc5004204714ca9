"""The options for a page, shared by the commands that look at pictures."""

from __future__ import annotations

from ..batch.help_sections import RUN
from ..errors import UsageError
from .helped_option import HelpedOption
from .options import shared_option


def page_options(shows: str, kept: str) -> list[HelpedOption]:
    """Return the options for a page: what it *shows*, and what is *kept* if there is no room for everything."""
    return [
        HelpedOption("report", f"Write a page that shows {shows}.", RUN, metavar="FILE.html"),
        HelpedOption(
            "report_size", f"Largest size of --report in bytes: of many {kept}.  [default: 40M]", RUN, metavar="N"
        ),
        shared_option("report_title"),
    ]


def page_size(report: str | None, size: str | None, title: str | None) -> int:
    """Return the most bytes of the page, 0 without one; raises UsageError."""
    if report is None:
        if size is not None or title is not None:
            raise UsageError(f"--report-{'title' if size is None else 'size'} requires --report")
        return 0
    from ..page.size import read

    return read(size or "")
