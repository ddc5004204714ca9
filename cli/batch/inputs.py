"""Finding the inputs: named files, lists of them, and the contents of folders.

Named files are taken whatever they contain. In a folder, hidden files are passed over, and so are files that are
not images by their first bytes. A file with an image suffix is always taken, so that an empty photograph is a
reported failure and not a missing picture.
"""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from ...filters.core.named_tuple import NamedTuple
from .. import bounded_read
from ..console.messages import counted, reason, shown
from ..console.report import LeftOut
from ..errors import UsageError
from ..file_identity import Identity, identity
from ..images import formats
from ..images.zarr_mark import is_zarr
from ..stores import files as stored_files
from ..stores import names as stored_names
from ..stores.names import is_folder as is_prefix
from ..stores.names import is_store
from ..streams import STREAM
from ..system import BYTES
from . import backups
from .input_rules import CLUTTER, Fate, InputRules
from .plan import Input
from .provenance import is_stamped

MOST_OF_A_LIST = 1 << 26
"""Bytes of names: more than half a million of the longest usual ones."""


class NothingFoundError(UsageError):
    """The folders contain no images to take."""

    def __init__(self, said: str, folders: Sequence[str]) -> None:
        super().__init__(said)
        self.folders = folders
        """The folders that were searched."""


class InputSet(NamedTuple):
    """The inputs, and the entries that were not taken."""

    inputs: list[Input]
    passed_over: list[tuple[str, Fate]]
    """The other files of the folders, and the subfolders that were not searched."""
    several: bool
    """There may be more than one input, as in a folder, even if there is only one now."""
    folders: Sequence[str] = ()
    """The folders that were searched."""

    def count(self, fate: Fate) -> int:
        """Return the number of entries with this outcome."""
        return sum(one is fate for _, one in self.passed_over)

    @property
    def unsearched(self) -> str:
        """The message on subfolders that were not searched; "" if there are none."""
        return LeftOut(subfolders=self.count(Fate.SUBFOLDER)).as_text().removeprefix("; ")


def scan(names: Sequence[str], rules: InputRules, listed: bool = False) -> InputSet:
    """Return the inputs that *names* mean, including those in folders; raises UsageError.

    *listed* says that the names came from a list, which may be longer the next time.
    """
    inputs: list[Input] = []
    passed_over: list[tuple[str, Fate]] = []
    folders: list[str] = []
    several = listed or len(names) > 1
    for name in names:
        if name == STREAM or not is_folder(name):
            inputs.append(Input(name, os.path.basename(name.rstrip("/"))))
            continue
        several = True
        tags: dict[str, str] = {}
        for place, fate in _objects(name, rules, tags) if is_store(name) else _walk(name, rules, folders):
            path = os.path.join(name, place)
            if fate is Fate.TAKEN:
                inputs.append(Input(path, place, tags.get(place, "")))
            else:
                passed_over.append((path, fate))
    if not inputs:
        where = shown(names[0]) if len(names) == 1 else f"{shown(names[0])}, …"
        raise NothingFoundError(f"{where}: no images found{_why_none(passed_over)}", folders)
    return InputSet(inputs, passed_over, several, folders)


def _why_none(passed_over: Sequence[tuple[str, Fate]]) -> str:
    """Return what was found instead of images, and advice."""
    counts = Counter(fate for _, fate in passed_over)
    said = [
        counted(count, one, several)
        for fate, one, several in (
            (Fate.UNMATCHED, "file does not match --include", "files do not match --include"),
            (Fate.EXCLUDED, "file matches --exclude", "files match --exclude"),
            (Fate.BACKUP, "backup, which must be named", "backups, which must be named"),
            (Fate.OTHER, "other file", "other files"),
        )
        if (count := counts[fate])
    ]
    deeper = counts[Fate.SUBFOLDER]
    hint = f"; use -r to search {'its subfolder' if deeper == 1 else f'{deeper} subfolders'}" if deeper else ""
    return (f" ({', '.join(said)})" if said else "") + hint


def names(given: Sequence[str], listed: str | None, null: bool, known: Sequence[str] | None = None) -> list[str]:
    """Return the inputs as the user named them, those of the list last; raises UsageError.

    *null* says that names in the list end in NUL. A list whose names are *known* is not read.
    """
    if null and listed is None:
        raise UsageError("-0 requires --files-from")
    names = list(given)
    if listed == STREAM and STREAM in names:
        raise UsageError("- (standard input) holds an image, or the names of --files-from; not both")
    if listed is not None:
        names += read_list(listed, separator(null)) if known is None else known
        if not names:
            raise UsageError(f"--files-from {shown(listed)} lists no files")
    if not names:
        raise UsageError("no input; name images, folders, or - for standard input")
    if "" in names:
        raise UsageError("a file name is empty")
    names = [stored_names.without_query(name) for name in names]
    if names.count(STREAM) > 1 or (STREAM in names and len(names) > 1):
        raise UsageError("- (standard input) is one image; it cannot be mixed with others")
    return names


def missing(names: Sequence[str]) -> list[str]:
    """Return the *names* that are neither a file nor a folder."""
    return [name for name in names if name != STREAM and not _exists(name)]


def _exists(name: str) -> bool:
    try:
        return is_store(name) or os.path.lexists(name)
    except ValueError:
        return False


def separator(null: bool) -> bytes:
    """Return the separator of the names in a list."""
    return b"\0" if null else b"\n"


def read_list(name: str, separator: bytes) -> list[str]:
    """Return the names that the file *name* lists (- is standard input); raises UsageError."""
    try:
        if name == STREAM:
            data = bounded_read.read(sys.stdin.buffer, MOST_OF_A_LIST) if sys.stdin is not None else b""
        else:
            with stored_files.opened(name, MOST_OF_A_LIST) as file:
                data = bounded_read.read(file, MOST_OF_A_LIST)
    except OSError as error:
        raise UsageError(f"--files-from {shown(name)}: {reason(error)}") from None
    except bounded_read.TooLongError as error:
        raise UsageError(f"--files-from {shown(name)}: has more than {error}, the limit for a list; split it") from None
    return names_in(data, name, separator)


def names_in(data: bytes, name: str, separator: bytes) -> list[str]:
    """Return the names in the contents of a list, or in some complete lines of it; raises UsageError."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # as PowerShell writes them
        try:
            data = data.decode("utf-16").encode()
        except UnicodeDecodeError:
            raise UsageError(f"--files-from {shown(name)}: starts like UTF-16 text but is not; use UTF-8") from None
    data = data.removeprefix(codecs.BOM_UTF8)
    if separator == b"\n":
        data = data.replace(b"\r\n", b"\n")
        if b"\0" in data:
            raise UsageError(f"--files-from {shown(name)}: contains NUL bytes; use -0 if they end the names")
    return [os.fsdecode(line[0]) for line in re.finditer(b"[^%b]+" % separator, data)]


def _objects(folder: str, rules: InputRules, tags: dict[str, str]) -> Iterator[tuple[str, Fate]]:
    """Yield the place and outcome of each object below *folder* in a store; *tags* receive the tags."""
    from .stored_inputs import listed  # few folders are in stores

    return listed(folder, rules, tags)


class _Level(NamedTuple):
    """A folder that is being walked."""

    place: str
    identity: Identity | None
    entries: Iterator[os.DirEntry[str]]
    names: frozenset[str]


def _walk(folder: str, rules: InputRules, folders: list[str]) -> Iterator[tuple[str, Fate]]:
    """Yield the path and outcome of each file below *folder*, and of each subfolder that is not searched.

    Searched subfolders are added to *folders*.
    """
    try:
        levels = [_level(folder, "")]
    except OSError as error:
        raise UsageError(f"{shown(folder)}: cannot be listed: {reason(error)}") from None
    folders.append(folder)
    while levels:
        here = levels[-1]
        entry = next(here.entries, None)
        if entry is None:
            levels.pop()
            continue
        name, place = entry.name, f"{here.place}/{entry.name}" if here.place else entry.name
        is_dir = _is_dir(entry)
        if name.startswith("."):
            if not is_dir:
                yield place, Fate.OTHER
        elif rules.excludes(place, name):
            if not is_dir:
                yield place, Fate.EXCLUDED
        elif not is_dir:
            yield place, Fate.OTHER if (here.identity, name) in rules.written else _fate(entry, place, here, rules)
        elif rules.outputs and identity(entry.path) in rules.outputs:
            continue
        elif is_zarr(entry.path):
            matches = not rules.include or rules.including(place, name)
            taken = Fate.TAKEN if matches else Fate.UNMATCHED
            yield place, Fate.OTHER if (here.identity, name) in rules.written else taken
        elif not rules.recursive:
            yield place, Fate.SUBFOLDER
        else:
            try:
                inner = _level(entry.path, place)
            except OSError:
                yield place, Fate.TAKEN  # it cannot be read: a reported failure, which stops nothing
                continue
            if any(inner.identity == level.identity for level in levels):
                raise UsageError(f"{shown(entry.path)}: is a symlink loop, back to a folder above it; --exclude it")
            levels.append(inner)
            folders.append(entry.path)


def _fate(entry: os.DirEntry[str], place: str, here: _Level, rules: InputRules) -> Fate:
    """Return the outcome for a file."""
    name, patterns = entry.name, rules.including(place, entry.name)
    if rules.include and not patterns:
        return Fate.UNMATCHED
    if name.lower() in CLUTTER or not _is_image(entry):
        return Fate.OTHER
    if not any(backups.names(pattern, name) for pattern in patterns):
        replaced = partial(_is_replaced, os.path.dirname(entry.path))
        if backups.is_backup(name, here.names, rules.backup, replaced=replaced):
            return Fate.BACKUP
    return Fate.TAKEN


def _is_replaced(folder: str, name: str) -> bool:
    return is_stamped(os.path.join(folder, name))


def _level(path: str, place: str) -> _Level:
    with os.scandir(path) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    return _Level(place, identity(path), iter(entries), frozenset(entry.name for entry in entries))


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_image(entry: os.DirEntry[str]) -> bool:
    try:
        if not entry.is_file() and identity(entry.path) is not None:
            return False  # reading a pipe would block
        # A broken link is kept, so that it is reported if it has an image suffix.
        if formats.suffix_of(entry.name) in formats.PROMISING:
            return True
        descriptor = os.open(entry.path, os.O_RDONLY | BYTES)
    except OSError:
        return formats.suffix_of(entry.name) in formats.PROMISING
    try:
        return formats.sniff(os.read(descriptor, formats.HEAD), entry.name, os.fstat(descriptor).st_size) is not None
    except OSError:
        return False
    finally:
        os.close(descriptor)


def is_folder(name: str | Path) -> bool:
    """Whether *name* is a folder and not a Zarr, which is a picture. In stores the name alone decides."""
    try:
        return (is_prefix(str(name)) if is_store(name) else os.path.isdir(name)) and not is_zarr(name)
    except ValueError:
        return False


def means_folder(output: str) -> bool:
    """Whether the name of an output means a folder: it exists as one, or ends in /."""
    return output.endswith(("/", os.sep)) or is_folder(output)
