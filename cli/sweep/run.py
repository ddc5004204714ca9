"""Run a call of `imfilter sweep`: check it, make and draw the results, and print what it asks for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...filters.core.engine.mask import Box
from .. import garbage
from ..batch import collisions, other_pictures
from ..batch.call_files import FilesWritten, files_read
from ..batch.inputs import is_folder
from ..batch.job_options import ALL_ROWS, FrameOptions, JobOptions, RenderOptions, ReportOptions, WriteOptions
from ..batch.plan import Input, Job, Target
from ..batch.provenance import Stamper
from ..batch.recipe import Recipe
from ..batch.request import check_stream
from ..console.how_far import shown_progress
from ..console.messages import counted, put, say, shown
from ..drawing.cells import Cell
from ..errors import ExitCode, UsageError
from ..images import formats, prefetch
from ..images.atomic_write import Transaction
from ..images.codec import EncodeOptions
from ..images.picture import Picture
from ..images.reader import Reader, naming
from ..terminal.reduced import reduced
from ..version import VERSION
from . import labels, sheet_file, telling
from .call import Call
from .reading import read
from .results import HowShown, Results, Shown, as_shown
from .sheet_file import Origin

if TYPE_CHECKING:
    from ..page.exhibit import Exhibit

FIELDS = ("label", "step", "filter", "index", "width", "height", "seconds")
"""The fields of every label; --against, --each and the options that vary add others."""
MEASURES = ("psnr", "ssim", "difference")


def run(call: Call) -> ExitCode:
    """Make the sheet; raises UsageError before any work, FileError."""
    call.look.check()
    if is_folder(call.input):
        raise UsageError(f"{shown(call.input)}: is a folder; a sweep needs one picture")
    _check_label(call)
    target = None if call.output is None else sheet_file.target_of(call.output)
    if target is not None and target.path is None:
        check_stream(call.options.json or call.against is not None, call.options.dry_run)
    targets = _targets_of_each(call)
    others = {name: what for one in call.variants for name, what in _files(one.recipe, call.input).items()}
    given = {call.against: "the reference of this call", call.look.font: "the font of this call"}
    others |= {name: what for name, what in given.items() if name is not None}
    files = files_read(others, [call.input])
    each = {f"each {number}": own for number, own in targets.items()}
    job = Job(Input(call.input, Path(call.input).name), each)
    named = each if target is None else {"sheet": target, **each}
    paths = {"output": target and target.path, "report": call.report}
    beside = {name: path for name, path in paths.items() if path is not None}
    collisions.check(files, FilesWritten([job], beside, prints=call.options.json))
    write = WriteOptions(
        EncodeOptions(call.options.quality, cores=call.options.cores, stamp=call.options.stamp),
        Stamper(VERSION, b"", {}),
        read=files.identities,
        roots=collisions.roots(files.folders, [job]),
    )
    results = Results(call.variants, _options(call, write), targets)
    if call.options.dry_run:
        return _tell_plan(call, target, targets)
    origin = Origin(call.how(), [call.input, *others], call.options.cores) if call.options.stamp else None
    renewed = call.report is not None and not os.path.lexists(call.report)
    if call.options.update and not renewed and origin is not None and origin.is_current(named):
        return _tell_current(call)
    shown_all = _made(call, results, target, origin, write)
    _tell(call, shown_all, targets)
    return ExitCode.DONE


def _files(recipe: Recipe, name: str) -> dict[str, str]:
    """Return the files that a result depends on besides the input *name*, and their roles."""
    beside = other_pictures.beside(recipe, Path(name).name) if any(other_pictures.named(recipe)) else ()
    return recipe.files() | {other: other_pictures.WHAT for other in beside if other}


def _check_label(call: Call) -> None:
    varying = sorted({name for one in call.variants for name in one.varying if name})
    known, others = [*FIELDS, *varying], {}
    for option, value, own in (("--against", call.against, MEASURES), ("--each", call.each, ("kept",))):
        known += own if value is not None else ()
        others |= dict.fromkeys(own, option)
    labels.check(call.label or "", known, others)


def _targets_of_each(call: Call) -> dict[int, Target]:
    """Return the results' own files, named by their labels, if the call asks for them."""
    if call.each is None:
        return {}
    own = formats.of_name(call.input)
    format = call.to or (formats.FORMATS[own.instead] if own is not None and own.instead else own) or formats.LOSSLESS
    targets: dict[int, Target] = {}
    taken: set[str] = set()
    for number, one in enumerate(call.variants):
        stem = base = re.sub(r"[^\w.+]+", "-", one.label).strip("-.")[:100] or str(number + 1)
        count = 1
        while stem.casefold() in taken:
            count += 1
            stem = f"{base}-{count}"
        taken.add(stem.casefold())
        path = str(Path(call.each, stem + format.suffixes[0]))
        targets[number] = Target(path, format, call.each)
    return targets


def _options(call: Call, write: WriteOptions) -> JobOptions:
    return JobOptions(
        FrameOptions(call.options.frame),
        RenderOptions(max_pixels=call.options.max_pixels, in_memory=ALL_ROWS),
        write,
        ReportOptions(notes=False),
        call.options.cores,
    )


def _made(
    call: Call, results: Results, target: Target | None, origin: Origin | None, write: WriteOptions
) -> list[Shown]:
    """Make the results and the sheet, publish all files together, and show the sheet if asked to."""
    options = call.options
    reader = prefetch.reader(options.max_pixels, options.lenient, options.to_rgb)
    reader.digests = False
    reader.needed = partial(results.processors[0].needed, results.job(0, call.input))
    garbage.resume()
    picture = _first(call, reader, call.input, options.frame)
    reference = None if call.against is None else _first(call, reader, call.against, None)
    with naming(call.input):
        crop: Box | None = None if call.crop is None else call.crop.on(picture)
    marks = {number: "" if origin is None else origin.mark(f"each {number}") for number in results.targets}
    found: list[Shown] = []
    with (
        Transaction(write.read) as transaction,
        shown_progress(call.input, options.quiet, options.json) as progress,
    ):
        how = HowShown(transaction, marks, reference, crop, call.side, call.look.background, _exhibits(call), progress)
        if call.arrangement.input is not None:
            found.append(as_shown(call.input, None, picture, how))
        found += results.each(call.input, picture, how)
        picture.pixels = picture.alpha = None  # leave the memory to the sheet
        best = telling.best(found)
        below = partial(telling.below, pattern=call.label, is_measured=call.against is not None, fits=call.look.fits)
        cells = [Cell(one.pixels, below(one, number), one is best) for number, one in enumerate(found)]
        sheet = None
        if target is not None or call.screen is not None:
            sheet = call.look.drawn(cells, call.arrangement.places, options.max_pixels)
        if target is not None:
            mark = "" if origin is None else origin.mark("sheet")
            sheet_file.write(transaction, target, sheet, write.encode, mark, call.command)
        if call.report is not None:
            from . import page  # few calls write one

            page.write(transaction, call, found)
        transaction.commit()
    if call.screen is not None:
        call.screen.show(reduced(sheet, None, call.screen.room, white=255))
    said = [f"{shown(call.input)}: {note}" for note in picture.notes]
    name = "the sheet" if target is None else target.name
    drawn = [] if sheet is None else call.look.notes(cells)
    said += [f"{name}: {note}" for note in [*transaction.notes, *drawn]]
    for note in said if not options.quiet else ():
        say(f"imfilter: {note}")
    return found


def _exhibits(call: Call) -> Callable[[Picture], Exhibit] | None:
    """Return a function that makes the exhibit of a picture; None without a page."""
    if call.report is None:
        return None
    from . import page  # few calls write one

    return page.exhibits(call)


def _first(call: Call, reader: Reader, name: str, frame: int | None) -> Picture:
    """Return the picture of a file: the frame asked for, or the first; raises FileError."""
    picture, count = read(name, reader, frame)
    if count != 1 and frame is None and not call.options.quiet:
        several = "several" if count is None else count
        say(f"imfilter: {shown(name)}: has {several} frames; the first is shown (--frame N shows another)")
    return picture


def _tell(call: Call, found: Sequence[Shown], targets: Mapping[int, Target]) -> None:
    """Print a line for each result, as text or JSON; the best first if they were measured."""
    is_measured = call.against is not None
    ranked = sorted(found, key=lambda one: one.rank, reverse=True) if is_measured else list(found)
    if call.options.json:
        paths = {id(call.variants[number]): target.path for number, target in targets.items()}
        for rank, one in enumerate(ranked, 1):
            put(telling.record(one, paths.get(id(one.variant)), rank if is_measured else None))
        best = telling.best(found)
        counts = {"cells": len(found), "best": best and telling.name(best)}
        put(telling.line("sweep", "summary", counts | {"sheet": call.output, "status": "done"}))
    elif is_measured and not call.options.quiet:
        for line in telling.table(ranked):
            put(line)


def _tell_plan(call: Call, target: Target | None, targets: Mapping[int, Target]) -> ExitCode:
    """Print the plan: what the call would make."""
    for number, one in enumerate(call.variants):
        put(f"{one.text} -> {targets[number].name}" if number in targets else one.text)
    where = "" if target is None else f" -> {target.name}"
    put(f"{shown(call.input)}, {counted(len(call.variants), 'result', 'results')}{where}")
    if call.report is not None:
        put(f"--report -> {shown(call.report)}")
    return ExitCode.DONE


def _tell_current(call: Call) -> ExitCode:
    if call.options.json:
        counts = {"cells": 0, "best": None}
        put(telling.line("sweep", "summary", counts | {"sheet": call.output, "status": "skipped"}))
    elif not call.options.quiet:
        say(f"imfilter: {shown(call.output or 'the sheet')} is up to date")
    return ExitCode.DONE
