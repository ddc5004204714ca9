"""Run a call of `imfilter sheet`: many pictures on one sheet."""

from __future__ import annotations

import math
import shlex
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from ...filters.core.named_tuple import NamedTuple
from .. import signals
from ..batch import collisions, inputs
from ..batch.call_files import FilesWritten, files_read
from ..batch.inputs import InputRules
from ..batch.plan import Input
from ..batch.request import check_stream
from ..console.how_far import shown_progress
from ..console.messages import complain, counted, put, say, shown
from ..drawing import cells
from ..drawing.cells import Cell
from ..drawing.thumbnail import thumbnail
from ..errors import ExitCode, FileError, UsageError
from ..file_identity import identity
from ..images import formats, prefetch
from ..images.atomic_write import Transaction
from ..images.codec import EncodeOptions
from ..images.on_screen import unseen
from ..images.reader import Reader, naming
from ..stores.names import is_store
from ..streams import STREAM
from . import labels, sheet_file, telling
from .options import Options
from .reading import read
from .sheet_file import Origin, SheetLook

LABEL = "{name}"
FIELDS = ("name", "stem", "suffix", "path", "folder", "index", "width", "height", "format", "bytes")
"""The fields of a label."""
AHEAD = 4
"""Pictures that each thread may be ahead of the sheet."""


class Call(NamedTuple):
    """The options of a call."""

    names: Sequence[str]
    output: str
    look: SheetLook
    rules: InputRules = InputRules()
    listed: bool = False
    """Whether some names came from a list."""
    label: str | None = None
    options: Options = Options()

    @property
    def command(self) -> str:
        """The command that makes the sheet again, without the folders of files."""
        words = [sheet_file.base(name) for name in self.names]
        return shlex.join(["imfilter", "sheet", *words, "-o", sheet_file.base(self.output)])


class Reduced(NamedTuple):
    """A picture reduced for the sheet, or the reason why it is missing."""

    input: Input
    cell: Cell | None = None
    size: tuple[int, int] | None = None
    error: FileError | None = None
    notes: Sequence[str] = ()


def run(call: Call) -> ExitCode:
    """Make the sheet; raises UsageError before any work. A picture that cannot be read is reported and left out."""
    call.look.check()
    labels.check(call.label or LABEL, FIELDS)
    target = sheet_file.target_of(call.output)
    if target.path is None:
        check_stream(call.options.json, call.options.dry_run)
    found, unsearched = _inputs(call)
    others = {} if call.look.font is None else {call.look.font: "the font of this call"}
    files = files_read(others, [one.name for one in found])
    beside = {} if target.path is None else {"output": target.path}
    collisions.check(files, FilesWritten(beside=beside, prints=call.options.json))
    if call.options.dry_run:
        for one in found:
            put(shown(one.name))
        put(f"{counted(len(found), 'picture', 'pictures')} -> {target.name}")
        return ExitCode.DONE
    how = {"command": "sheet", "look": call.look, "label": call.label, "places": [one.place for one in found]}
    how["read"] = call.options.frame, call.options.lenient, call.options.to_rgb, call.options.quality
    origin = Origin(how, [*(one.name for one in found), *others], call.options.cores) if call.options.stamp else None
    if call.options.update and origin is not None and origin.is_current({"sheet": target}):
        _tell_end(call, 0, 0, "skipped")
        return ExitCode.DONE
    results = list(_reduced(call, found))
    drawn = [one.cell for one in results if one.cell is not None]
    failures = len(results) - len(drawn)
    if drawn:
        columns = call.look.columns or cells.columns(len(drawn))
        sheet = call.look.drawn(drawn, cells.places(len(drawn), columns), call.options.max_pixels)
        # --update makes a sheet again if it lacks a picture.
        mark = "" if origin is None or failures else origin.mark("sheet")
        with Transaction(files.identities) as transaction:
            options = EncodeOptions(call.options.quality, cores=call.options.cores, stamp=call.options.stamp)
            sheet_file.write(transaction, target, sheet, options, mark, call.command)
            transaction.commit()
        for note in [*transaction.notes, *call.look.notes(drawn)] if not call.options.quiet else ():
            say(f"imfilter: {target.name}: {note}")
    if unsearched and not call.options.quiet:
        say(f"imfilter: {unsearched}")
    _tell_end(call, len(drawn), failures, "done" if drawn else "failed")
    return ExitCode.FAILED if failures else ExitCode.DONE


def _inputs(call: Call) -> tuple[list[Input], str]:
    """Return the pictures, and a note on subfolders that were not searched.

    The sheet of an earlier call among the pictures of a folder is left out.
    """
    scanned = inputs.scan(call.names, call.rules, listed=call.listed)
    own = identity(call.output) if call.output != STREAM else None
    found = [one for one in scanned.inputs if own is None or one.name in call.names or identity(one.name) != own]
    if not found:
        raise UsageError(f"{shown(call.names[0])}: no images found but the sheet itself")
    return found, scanned.unsearched


def _reduced(call: Call, found: Sequence[Input]) -> Iterator[Reduced]:
    """Yield the reduced pictures in order, and report those that fail."""
    readers = threading.local()

    def one(number: int) -> Reduced:
        if not hasattr(readers, "own"):
            readers.own = prefetch.reader(call.options.max_pixels, call.options.lenient, call.options.to_rgb)
            readers.own.digests = False
        try:
            return _of_file(call, number, found[number], readers.own)
        except FileError as error:
            return Reduced(found[number], error=error)

    pixels = 0
    with shown_progress(call.output, call.options.quiet, call.options.json) as progress:
        for number, reduced in enumerate(_in_order(one, len(found), call.options.cores)):
            signals.check()
            pixels += 0 if reduced.cell is None else math.prod(reduced.cell.pixels.shape[:2])
            if pixels > call.options.max_pixels:  # a sheet is at least as large as its pictures
                raise UsageError(
                    f"the pictures are too large for a sheet; the limit is {call.options.max_pixels} pixels "
                    "(use a smaller --size; --max-pixels raises it)"
                )
            if progress is not None:
                progress.begin(number + 1, len(found))
            _tell(call, reduced)
            yield reduced


def _in_order(work: Any, count: int, cores: int) -> Iterator[Reduced]:
    if min(cores, count) < 2:
        yield from map(work, range(count))
        return
    # Decoders and NumPy let other threads run.
    with ThreadPoolExecutor(cores) as pool:
        left = iter(range(count))
        waiting = [pool.submit(work, number) for number in islice(left, AHEAD * cores)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(work, number) for number in islice(left, 1)]


def _of_file(call: Call, number: int, one: Input, reader: Reader) -> Reduced:
    picture, _ = read(one.name, reader, call.options.frame)
    height, width = picture.pixels.shape[:2]
    with naming(one.name):
        pixels = thumbnail(picture, call.look.size, call.look.background)
    file = Path(one.place)
    suffix = formats.suffix_of(file.name)
    values: Mapping[str, Any] = {
        "name": file.name,
        "stem": file.name[: len(file.name) - len(suffix)],
        "suffix": suffix,
        "path": one.place,
        "folder": "" if str(file.parent) == "." else str(file.parent),
        "index": number + 1,
        "width": width,
        "height": height,
        "format": picture.format.upper(),
        "bytes": Path(one.name).stat().st_size if one.name != STREAM and not is_store(one.name) else None,
    }
    lines = labels.filled(LABEL if call.label is None else call.label, values)
    return Reduced(one, Cell(pixels, lines), (width, height), notes=[*picture.notes, *filter(None, [unseen(picture)])])


def _tell(call: Call, one: Reduced) -> None:
    if one.error is not None:
        complain(one.error)
    if call.options.json:
        width, height = one.size or (None, None)
        status = {"status": "done" if one.error is None else "failed", "error": one.error and str(one.error)}
        put(telling.line("sheet", "picture", {"input": one.input.name, "width": width, "height": height, **status}))
    for note in one.notes if not (call.options.quiet or call.options.json) else ():
        say(f"imfilter: {shown(one.input.name)}: {note}")


def _tell_end(call: Call, done: int, failures: int, status: str) -> None:
    if call.options.json:
        counts = {"pictures": done, "failed": failures, "sheet": call.output, "status": status}
        put(telling.line("sheet", "summary", counts))
    elif status == "skipped" and not call.options.quiet:
        say(f"imfilter: {shown(call.output)} is up to date")
