"""The call of `imfilter info`: its files, the report on each, and the exit code."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from ...filters.core.named_tuple import NamedTuple
from ..batch.plan import Input
from ..console.messages import complain, counted, put, say, shown
from ..console.report import SCHEMA
from ..errors import ExitCode, FileError
from ..images import description, prefetch
from ..images.file_pictures import FilePictures
from ..images.metadata import NOT_KEPT
from ..images.picture import Frames
from ..images.reader import Reader, naming
from ..streams import STREAM
from . import bars, contents, header_lines, table
from .contents import Counted, Found, How
from .record import record

AHEAD = 4
"""Files that each thread may be ahead of the printed ones."""


class Call(NamedTuple):
    """What a call asks for."""

    inputs: Sequence[Input]
    header: bool = False
    check: bool = False
    how: How = How()
    log: bool = False
    frame: int | None = 0
    """None means every frame."""
    max_pixels: int = prefetch.MAX_PIXELS
    lenient: bool = False
    cores: int = 1
    json: bool = False
    quiet: bool = False
    unsearched: str = ""
    """The message on subfolders that were not searched."""


def run(call: Call) -> ExitCode:
    """Inspect the files of a call."""
    failed = 0
    for found in _found(call):
        failed += found.error is not None
        _tell(call, found)
    code = ExitCode.FAILED if failed else ExitCode.DONE
    if call.json:
        counts = {"files": len(call.inputs), "failed": failed}
        put(json.dumps({"schema": SCHEMA, "kind": "info", "type": "summary", **counts, "exit": int(code)}))
    elif call.check and not call.quiet:
        what = "can be decoded" if not failed else f"{failed} cannot be decoded"
        count = counted(len(call.inputs), "file", "files")
        say(f"imfilter: {count} checked: {'all of them ' if not failed else ''}{what}")
    if call.unsearched and not call.quiet:
        say(f"imfilter: {call.unsearched}")
    return code


def _found(call: Call) -> Iterator[Found]:
    """Yield the information on each file, in their order."""
    readers = threading.local()
    at_once = max(1, min(call.cores, len(call.inputs)))
    jobs = max(1, call.cores // at_once)

    def one(source: Input) -> Found:
        if not hasattr(readers, "own"):
            readers.own = prefetch.reader(call.max_pixels, call.lenient)
            readers.own.digests = False
            readers.own.streams = lambda expected: call.header  # then no sample is read
        try:
            return _of_file(call, source.name, readers.own, jobs)
        except FileError as error:
            return Found(source.name, _bytes(source.name), error=error)

    # Headers are read in Python, which only one thread can run at a time.
    if at_once < 2 or call.header:
        yield from map(one, call.inputs)
        return
    with ThreadPoolExecutor(at_once) as pool:
        left = iter(call.inputs)
        waiting = [pool.submit(one, source) for source in islice(left, AHEAD * at_once)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(one, source) for source in islice(left, 1)]


def _bytes(name: str) -> int | None:
    """Return the length of a file; None for anything else, such as a Zarr."""
    with contextlib.suppress(OSError, ValueError):
        return Path(name).stat().st_size if name != STREAM and Path(name).is_file() else None
    return None


def _of_file(call: Call, name: str, reader: Reader, jobs: int) -> Found:
    """Inspect one file; raises FileError."""
    if call.check:
        _decode(name, reader)
        return Found(name, _bytes(name))
    if call.header and (told := reader.describe(name)) is not None:
        return Found(name, _bytes(name), told)
    file = FilePictures(name, reader, call.frame)
    told, pictures = None, list[Counted]()
    for number, picture in enumerate(file.pictures(), call.frame or 0):
        if told is None:
            told = description.of_picture(picture).of_file(file.whole)
        if call.header:
            break
        pictures.append(contents.counted(picture, number, call.how, jobs))
    if told is None:
        raise FileError(shown(name), "has no frames")
    return Found(name, _bytes(name), told, pictures)


def _decode(name: str, reader: Reader) -> None:
    """Decode all frames of a file; raises FileError."""
    found, _ = reader.read(name)
    if isinstance(found, Frames):
        with naming(name):
            found.check_pixels()
            for _ in found.decoded():
                pass


# ---- telling ----------------------------------------------------------------------------------------


def _tell(call: Call, found: Found) -> None:
    if found.error is not None:
        if call.check and not call.json:
            put(str(found.error))
        else:
            complain(found.error)
    if call.json:
        put(json.dumps(record(found, call.how), ensure_ascii=False))
        return
    if found.description is None:
        return
    for line in header_lines.lines(found.name, found.bytes, found.description):
        put(line)
    for picture in found.pictures:
        if len(found.pictures) > 1:
            put(f"  frame {picture.frame}")
        for line in (*table.lines(picture, call.how.percentiles), *_bars(call, picture)):
            put(line)
    if not call.quiet:
        for note in found.description.notes:
            if NOT_KEPT not in note:
                say(f"imfilter: {shown(found.name)}: {note}")


def _bars(call: Call, picture: Counted) -> Iterator[str]:
    for name, histogram in picture.histograms.items():
        if len(picture.histograms) > 1:
            yield f"  {name}"
        if histogram.counts.any():
            for line in bars.lines(histogram, call.log, bars.letters()):
                yield f"  {line}"
