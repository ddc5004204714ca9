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

from . import formats
from .exits import UsageError
from .messages import reason, shown
from .plan import STREAM, Input

CLUTTER = frozenset({"thumbs.db", "desktop.ini"})
"""What systems leave in folders of pictures, in lower case; their other leavings begin with a dot."""


class Rules(NamedTuple):
    """Which files of a folder are inputs."""

    recursive: bool = False
    include: Sequence[str] = ()
    """Globs, one of which a file must match; with a / they are held against its path below the folder."""
    exclude: Sequence[str] = ()
    """Globs that neither a file nor a folder on its way may match."""
    outputs: Collection[tuple[int, int]] = ()
    """The output folders, as `identity` knows them: what was written is not read again."""

    def includes(self, place: str, name: str) -> bool:
        """Whether a file may be an input."""
        return not self.include or any(_matches(pattern, place, name) for pattern in self.include)

    def excludes(self, place: str, name: str) -> bool:
        """Whether a file or folder is left out."""
        return any(_matches(pattern.rstrip("/"), place, name) for pattern in self.exclude)


class Found(NamedTuple):
    """The inputs, and what was left."""

    inputs: list[Input]
    passed_over: list[str]
    several: bool
    """The inputs may be more than one, as those of a folder are, even where there is but one."""


def scan(names: Sequence[str], rules: Rules) -> Found:
    """Return the inputs that *names* mean, folders opened; raises UsageError."""
    inputs: list[Input] = []
    passed_over: list[str] = []
    several = len(names) > 1
    for name in names:
        if name == STREAM or not is_folder(name):
            inputs.append(Input(name, os.path.basename(name.rstrip("/"))))
            continue
        several = True
        for place, kept in _walk(name, "", rules, ()):
            path = os.path.join(name, place)
            if kept:
                inputs.append(Input(path, place))
            else:
                passed_over.append(path)
    if not inputs:
        deeper = "" if rules.recursive else "; -r looks into the folders in it"
        raise UsageError(f"{shown(names[0])}: is a folder without images{deeper}" if names else "no input is named")
    return Found(inputs, passed_over, several)


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


def _walk(folder: str, place: str, rules: Rules, above: tuple[tuple[int, int], ...]) -> Iterator[tuple[str, bool]]:
    """Yield each file below *folder* by its path there, and whether it is an input."""
    path = os.path.join(folder, place)
    try:
        here = identity(path)
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(f"{shown(path)}: cannot be listed: {reason(error)}") from None
    assert here is not None
    if here in above:
        raise UsageError(f"{shown(path)}: is a link back to a folder above it, a loop; --exclude it")
    for entry in entries:
        name, inner = entry.name, f"{place}/{entry.name}" if place else entry.name
        if name.startswith(".") or rules.excludes(inner, name):
            if not entry.is_dir():
                yield inner, False
        elif entry.is_dir():
            if rules.recursive and (not rules.outputs or identity(entry.path) not in rules.outputs):
                yield from _walk(folder, inner, rules, (*above, here))
        else:
            yield inner, rules.includes(inner, name) and name.lower() not in CLUTTER and _is_image(entry)


def _is_image(entry: os.DirEntry[str]) -> bool:
    if os.path.splitext(entry.name)[1].lower() in formats.BY_SUFFIX:
        return True
    try:
        if not entry.is_file():  # a pipe would be waited for
            return False
        descriptor = os.open(entry.path, os.O_RDONLY)
    except OSError:
        return False
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
