"""Run a call of `imfilter compare`: compare its pairs, print the results, and return the exit code."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...filters.core.lazy_numpy import Array, np
from ...filters.core.parameters import ImageError
from ..batch.inputs import is_folder, means_folder
from ..console.messages import complain, counted, put, reason, say, shown
from ..console.report import SCHEMA
from ..errors import ExitCode, FileError, UsageError
from ..file_identity import identity
from ..images import prefetch
from ..images.file_pictures import FilePictures
from ..images.reader import Reader
from . import difference_picture, pairs
from .call import Call
from .comparable import Comparable, comparable
from .measured import Measured, measured, of_all
from .pairs import Pair
from .result import Result, line, record

if TYPE_CHECKING:
    from ..page.exhibit import Exhibit

AHEAD = 4
"""Pairs that each thread may be ahead of the printed results; their pictures are no longer in memory."""


def run(call: Call) -> ExitCode:
    """Compare the pictures of a call; raises UsageError."""
    call.limits.check()
    wanted, unsearched = pairs.found(call.a, call.b, call.rules, call.match)
    several = is_folder(call.a)
    if call.diff is not None:
        _check_diff(call.diff, several)
    if call.diff is not None or call.report is not None:
        from . import outputs  # few calls write files

        outputs.check(call, wanted)
    read = frozenset(found for pair in wanted for name in (pair.a, pair.b) if name and (found := identity(name)))
    at_once = max(1, min(call.cores, len(wanted)))
    call = call._replace(how=call.how._replace(jobs=max(1, call.cores // at_once)))
    worst = None
    if call.report is not None:
        from . import page  # few calls write one

        call = call._replace(page_share=page.share_of(call, len(wanted)))
        worst = page.Worst(call.page_size)
    code, identical, within = ExitCode.DONE, 0, 0
    for result in _results(call, wanted, read):
        _tell(call, result)
        if worst is not None:
            worst.add(result)
        # ExitCode is in this order: a pair that could not be compared outranks one that differs.
        code = max(code, result.code)
        within += not result.code
        identical += result.found is not None and result.found.is_identical and not result.why
    if worst is not None:
        from . import page

        try:
            page.write(call, worst, len(wanted), read)
        except FileError as error:
            complain(error)
            code = ExitCode.NOT_COMPARED  # not the code of pairs that differ
    said = [unsearched] if unsearched else []
    if call.json:
        counts = {"pairs": len(wanted), "within": within, "identical": identical}
        put(json.dumps({"schema": SCHEMA, "kind": "compare", "type": "summary", **counts, "exit": int(code)}))
    elif several:
        said.insert(0, f"{counted(len(wanted), 'pair', 'pairs')}: {identical} identical, {within} within the limits")
    if said and not call.quiet:
        say(f"imfilter: {'; '.join(said)}")
    return code


def _check_diff(name: str, several: bool) -> None:
    if several != means_folder(name):
        what = "folders give many pictures; use --diff FOLDER/" if several else "files give one picture; name a file"
        raise UsageError(f"--diff {shown(name)}: {what}")
    if not several:
        difference_picture.format_of(name)


def _results(call: Call, wanted: Sequence[Pair], read: frozenset[Any]) -> Iterator[Result]:
    """Yield the result for each pair, in order."""
    readers = threading.local()

    def one(pair: Pair) -> Result:
        if not hasattr(readers, "own"):
            readers.own = prefetch.reader(call.max_pixels, call.lenient)
            readers.own.digests = False
        return _result(call, pair, readers.own, read)

    if min(call.cores, len(wanted)) < 2:
        yield from map(one, wanted)
        return
    # Decoders and NumPy let other threads run.
    with ThreadPoolExecutor(call.cores) as pool:
        left = iter(wanted)
        waiting = [pool.submit(one, pair) for pair in islice(left, AHEAD * call.cores)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(one, pair) for pair in islice(left, 1)]


def _result(call: Call, pair: Pair, reader: Reader, read: frozenset[Any]) -> Result:
    if pair.a is None or pair.b is None:
        return Result(pair, "only here" if pair.b is None else "only there")
    try:
        return _compared(call, pair, pair.a, pair.b, reader, read)
    except FileError as error:
        return Result(pair, error=error)


def _compared(call: Call, pair: Pair, a: str, b: str, reader: Reader, read: frozenset[Any]) -> Result:
    sides = [FilePictures(name, reader, call.frame) for name in (a, b)]
    counts = [side.count for side in sides]
    if None not in counts and counts[0] != counts[1]:
        return Result(pair, f"{counts[0]} and {counts[1]} frames")
    if call.diff is not None and counts != [1, 1]:
        raise FileError(shown(a), "has several frames; --diff needs one, chosen with --frame 0, for example")
    found: list[Measured] = []
    exhibit: Exhibit | None = None
    notes = [note for side in sides for note in side.notes]
    written = None
    for number, (one, other) in enumerate(zip_longest(*(side.pictures() for side in sides))):
        if one is None or other is None:
            return Result(pair, "one has more frames than the other", notes=notes)
        both = comparable(one, other, call.strict)
        if isinstance(both, str):
            where = f"frame {number}: " if counts != [1, 1] else ""
            if call.page_share:
                from . import page

                exhibit = page.of_two(one, other, call.page_share)
            return Result(pair, f"{where}{both}", notes=notes, exhibit=exhibit)
        both = _with_peak(call, both, a)
        both, where = _looked_at(call, both, a)
        found.append(measured(both, call.how, where))
        notes += [note for note in both.notes if note not in notes]
        if call.page_share and exhibit is None and not found[-1].is_identical:
            from . import page

            greatest = found[-1].difference.greatest
            exhibit = page.exhibit_of(both, greatest, call)
            if counts != [1, 1]:
                notes.append(f"frame {number} is shown, the first that differs")
        if call.diff is not None:
            written = call.diff
            if means_folder(call.diff):
                from .outputs import diff_of

                written = diff_of(call.diff, pair)
                _make_folder(Path(written).parent)
            difference_picture.write(both, written, call.style, call.gain, call.how.tolerance, read)
    notes += [note for side in sides for note in side.damage if note not in notes]
    total = of_all(found)
    return Result(pair, call.limits.missed(total), total, notes=notes, diff=written, exhibit=exhibit)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(shown(str(folder)), f"cannot be made: {reason(error)}") from None


def _with_peak(call: Call, pair: Comparable, name: str) -> Comparable:
    """Return the pair with a white level; raises UsageError if a limit needs it and it is unknown."""
    if call.peak is not None and pair.a.dtype.kind == "f":
        return pair._replace(full=call.peak)
    if pair.full is None and call.limits.needs_white:
        raise UsageError(f"{shown(name)}: float pictures do not say which value is white; use --peak, such as --peak 1")
    return pair


def _looked_at(call: Call, pair: Comparable, name: str) -> tuple[Comparable, Array | None]:
    """Return the part to compare: the smallest box around all regions, and a mask in it; raises FileError."""
    if call.effect is None:
        return pair, None
    height, width = pair.a.shape[:2]
    try:
        region = call.effect.on(height, width)
    except ImageError as error:
        raise FileError(shown(name), str(error)) from None
    inside = region.weights(0, height)[..., 0] > 0
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        raise FileError(shown(name), "no pixels are left to compare; the mask is black, or the regions are outside")
    box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    inside = inside[box]
    return pair._replace(a=pair.a[box], b=pair.b[box]), None if inside.all() else inside


def _tell(call: Call, result: Result) -> None:
    if result.error is not None:
        complain(result.error)
    if call.json:
        put(json.dumps(record(result), ensure_ascii=False))
    elif result.error is None and (result.why or not call.quiet):
        put(line(result, call.how.metrics, call.quiet))
    if not call.quiet and not call.json:
        for note in result.notes:
            said = any(note.startswith(f"{shown(name)}: ") for name in (result.pair.a, result.pair.b) if name)
            say(f"imfilter: {note if said else f'{result.pair.name}: {note}'}")
