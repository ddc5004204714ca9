"""Finding the inputs: files as they are named, lists of them, and what folders hold.

Files that are named are taken whatever they hold. Of a folder's, hidden files and what is no image by its first
bytes are passed over; but a file whose suffix promises an image is taken, so that an empty photograph is a
failure that is told and not a picture that is missing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from ..console.messages import reason, shown
from ..errors import UsageError
from ..images import formats
from ..streams import STREAM
from .plan import Input

CLUTTER = frozenset({"thumbs.db", "desktop.ini"})
"""What systems leave in folders of pictures, in lower case; their other leavings begin with a dot."""


class InputRules(NamedTuple):
    """Which files of a folder are inputs."""

    recursive: bool = False
    include: Sequence[str] = ()
    """Globs, one of which a file must match; with a / they are held against its path below the folder."""
    exclude: Sequence[str] = ()
    """Globs that neither a file nor a folder on its way may match."""
    outputs: Collection[tuple[int, int]] = ()
    """The output folders, as `identity` knows them: what was written is not read again."""
    backup: str | None = None
    """What `--backup` adds to a name: a backup is not filtered in its turn."""

    def includes(self, place: str, name: str) -> bool:
        """Whether a file may be an input."""
        return not self.include or any(_matches(pattern, place, name) for pattern in self.include)

    def excludes(self, place: str, name: str) -> bool:
        """Whether a file or folder is left out."""
        return any(_matches(pattern.rstrip("/"), place, name) for pattern in self.exclude)

    def is_backup(self, name: str, others: Collection[str]) -> bool:
        """Whether a file keeps what one of the *others* was."""
        return bool(self.backup) and name.endswith(self.backup) and name.removesuffix(self.backup) in others


class InputSet(NamedTuple):
    """The inputs, and what was left."""

    inputs: list[Input]
    passed_over: list[str]
    several: bool
    """The inputs may be more than one, as those of a folder are, even where there is but one."""


def scan(names: Sequence[str], rules: InputRules, listed: bool = False) -> InputSet:
    """Return the inputs that *names* mean, folders opened; raises UsageError.

    *listed* says that they came from a list, which may be a longer one the next time.
    """
    inputs: list[Input] = []
    passed_over: list[str] = []
    several = listed or len(names) > 1
    for name in names:
        if name == STREAM or not is_folder(name):
            inputs.append(Input(name, os.path.basename(name.rstrip("/"))))
            continue
        several = True
        for place, kept in _walk(name, rules):
            path = os.path.join(name, place)
            if kept:
                inputs.append(Input(path, place))
            else:
                passed_over.append(path)
    if not inputs:
        where = f"{shown(names[0])}: is a folder" if len(names) == 1 else f"{shown(names[0])}, …: are folders"
        others = f" ({len(passed_over)} other files)" if passed_over else ""
        deeper = "" if rules.recursive else "; -r looks into the folders in it"
        raise UsageError(f"{where} without images{others}{deeper}")
    return InputSet(inputs, passed_over, several)


def read_list(name: str, separator: bytes) -> list[str]:
    """Return the names that the file *name* lists (- is standard input); raises UsageError."""
    try:
        if name == STREAM:
            data = sys.stdin.buffer.read() if sys.stdin is not None else b""
        else:
            data = Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"--files-from {shown(name)}: {reason(error)}") from None
    if separator == b"\n":
        data = data.replace(b"\r\n", b"\n")
    return [os.fsdecode(line) for line in data.split(separator) if line]


class _Level(NamedTuple):
    """A folder that is being walked through."""

    place: str
    identity: tuple[int, int] | None
    entries: Iterator[os.DirEntry[str]]
    names: frozenset[str]


def _walk(folder: str, rules: InputRules) -> Iterator[tuple[str, bool]]:
    """Yield each file below *folder* by its path there, and whether it is an input."""
    try:
        levels = [_level(folder, "")]
    except OSError as error:
        raise UsageError(f"{shown(folder)}: cannot be listed: {reason(error)}") from None
    while levels:
        here = levels[-1]
        entry = next(here.entries, None)
        if entry is None:
            levels.pop()
            continue
        name, place = entry.name, f"{here.place}/{entry.name}" if here.place else entry.name
        is_dir = _is_dir(entry)
        if name.startswith(".") or rules.excludes(place, name):
            if not is_dir:
                yield place, False
        elif not is_dir:
            taken = rules.includes(place, name) and not rules.is_backup(name, here.names)
            yield place, taken and name.lower() not in CLUTTER and _is_image(entry)
        elif rules.recursive and (not rules.outputs or identity(entry.path) not in rules.outputs):
            try:
                inner = _level(entry.path, place)
            except OSError:
                yield place, True  # it cannot be read: a failure that is told, and stops nothing
                continue
            if any(inner.identity == level.identity for level in levels):
                raise UsageError(f"{shown(entry.path)}: is a link back to a folder above it, a loop; --exclude it")
            levels.append(inner)


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
            return False  # a pipe would be waited for
        # A link that leads nowhere goes on, to be told of if its name promises an image.
        if os.path.splitext(entry.name)[1].lower() in formats.PROMISING:
            return True
        descriptor = os.open(entry.path, os.O_RDONLY)
    except OSError:
        return os.path.splitext(entry.name)[1].lower() in formats.PROMISING
    try:
        return formats.sniff(os.read(descriptor, formats.HEAD)) is not None
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _matches(pattern: str, place: str, name: str) -> bool:
    return fnmatchcase(place if "/" in pattern else name, pattern)


def is_folder(name: str | Path) -> bool:
    """Whether *name* is a folder that can be entered."""
    try:
        return os.path.isdir(name)
    except ValueError:
        return False


def identity(path: str | Path) -> tuple[int, int] | None:
    """Return what all names of one file or folder share; None where there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino
