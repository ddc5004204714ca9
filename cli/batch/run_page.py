"""The page of a run with ``--report``: what was done, and each image before and after."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from ...filters.core.parameters import FileContent
from ..console.messages import counted, flag
from ..console.report import Report
from ..images.atomic_write import Transaction, place_of
from ..page.contents import Entry, Page, Table
from ..page.document import document
from ..page.names import command, portable, without_places
from ..page.size import share
from .plan import Job
from .recipe import Recipe
from .request import Request


def with_shares(jobs: Sequence[Job], skipped: frozenset[int], size: int) -> list[Job]:
    """Return the jobs; the first of them get shares of a page of *size* bytes."""
    left, own = share(size, len(jobs) - len(skipped))
    found = list(jobs)
    for number in [number for number in range(len(jobs)) if number not in skipped][:left]:
        found[number] = jobs[number]._replace(page_share=own)
    return found


def write(request: Request, reports: Sequence[Report]) -> None:
    """Write the page of a run from *reports* in the order of its images; raises FileError."""
    options = request.options
    assert options.report is not None
    done = [report for report in reports if report.status == "done"]
    failed = [report for report in reports if report.error is not None]
    skipped = sum(report.status == "skipped" for report in reports)
    entries = [_entry(report) for report in done if report.exhibit is not None]
    missed = sum(report.exhibit is None for report in done)
    recipe = request.recipe
    counts = [counted(len(request.jobs), "image", "images"), f"{len(done)} done"]
    counts += [f"{number} {what}" for number, what in ((skipped, "up to date"), (len(failed), "failed")) if number]
    left = len(request.jobs) - len(reports)
    of = "" if request.shard is None else f"shard {request.shard} of {len(request.inputs.inputs)}: "
    page = Page(
        title=options.report_title or f"imfilter {recipe.name}",
        summary=[of + ", ".join([*counts, *([f"{left} not tried"] if left else [])])],
        command=command(sys.argv[1:]),
        tables=[*_parameters(recipe)],
        problems=[without_places(report.error or "", _names(report)) for report in failed],
        entries=entries,
        unshown=missed,
        what=("image", "images"),
    )
    with Transaction(request.read) as transaction:
        with transaction.open(place_of(options.report)) as file:
            file.writelines(document(page, request.page_size))
        transaction.commit()


def _entry(report: Report) -> Entry:
    outputs = [
        portable(path) if name == "image" else f"{name} {portable(path)}"
        for name, path in (report.outputs or {}).items()
        if name != "backup"
    ]
    depth = f"{report.depth} bits" if isinstance(report.depth, int) else f"{report.depth} samples"
    channels = counted(report.channels or 0, "channel", "channels")
    facts = [f"{report.width}×{report.height} pixels, {channels}, {depth}; written: {', '.join(outputs)}"]
    notes = [without_places(note, _names(report)) for note in report.notes]
    if (report.frames or 1) > 1:
        notes.append(f"It has {report.frames} frames; the first is shown.")
    return Entry(portable(report.input), facts, notes=notes, exhibit=report.exhibit)


def _names(report: Report) -> list[str]:
    return [report.input, *(report.outputs or {}).values()]


def _parameters(recipe: Recipe) -> Iterator[Table]:
    for number, step in enumerate(recipe.steps, 1):
        name = step.name if len(recipe.steps) == 1 else f"{number}. {step.name}"
        given = [(flag(key), _value(value)) for key, value in step.given.items()]
        others = [(flag(key), _value(value)) for key, value in step.values.items() if key not in step.given]
        yield Table(name, (name, ""), given or [("all defaults", "")])
        yield Table(f"Defaults of {name}", ("option", "value"), others, folded=True)


def _value(value: Any) -> str:
    """Return the value of a parameter as text for a table."""
    if value is None:
        return "derived"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, FileContent):
        return portable(str(value))
    if isinstance(value, tuple | list):
        return ", ".join(map(_value, value))
    return f"{value:g}" if isinstance(value, float) else portable(str(value))
