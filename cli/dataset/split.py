"""`imfilter dataset split`: the files of a folder of classes copied, or linked, into the folders of its parts."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ...filters.core.named_tuple import NamedTuple
from ..batch import inputs
from ..console.messages import put, say, shown
from ..digest import SourceDigest
from ..errors import ExitCode, FileError, UsageError
from ..images.atomic_write import Transaction
from ..images.output_folder import OutputFolder, Root, root_of
from ..images.reader import naming
from ..images.write_failures import naming_failures
from . import folders, new_folder, partition
from .folders import File, ImageFolder
from .partition import Part, Sample

ALL = "all images"


class Copy(NamedTuple):
    """A file, and where it goes."""

    source: str
    target: Path
    label: str
    part: int


def run(names: Sequence[str], out: str, parts: str, seed: int, group: str | None, link: bool) -> ExitCode:
    """Split data sets; raises UsageError before anything is written, FileError."""
    wanted = partition.parts_of(parts)
    pattern = _pattern(group)
    opened = _opened(names)
    new_folder.check_outside(out, [folder.path for folder in opened])
    if os.path.lexists(out) and not inputs.is_folder(out):
        raise UsageError(f"{shown(out)}: is not a folder")
    for part in wanted:
        new_folder.check_free(str(Path(out) / part.name))
    files = _files(opened)
    samples = [Sample(file.name, label, _kin(file, pattern)) for file, label in files]
    assigned = partition.assign(samples, [part.share for part in wanted], seed)
    copies = [
        Copy(file.path, Path(out) / wanted[part].name / file.name, label, part)
        for (file, label), part in zip(files, assigned, strict=True)
    ]
    root = root_of(out)
    if link:
        _check_device(copies, root)
    for copy in copies:
        _link(copy, root) if link else _copy(copy, root)
    for folder in opened:
        for entry in folder.left_out:
            say(f"imfilter: {shown(entry.path)} {entry.why}; it was left out")
    for line in _table(copies, wanted):
        put(line)
    return ExitCode.DONE


def _pattern(group: str | None) -> re.Pattern[str] | None:
    if group is None:
        return None
    try:
        return re.compile(group)
    except re.error as error:
        raise UsageError(f"--group {group!r} is not a regular expression: {error}") from None


def _opened(names: Sequence[str]) -> list[ImageFolder]:
    opened: list[ImageFolder] = []
    for name in names:
        if not inputs.is_folder(name):
            why = "is not a folder" if os.path.lexists(name) else "no such folder"
            raise UsageError(f"{shown(name)}: {why}; split takes folders of classes")
        for folder in folders.opened(name):
            if folder.containers:
                raise UsageError(f"{shown(folder.containers[0])}: is a container; split takes images in folders")
            opened.append(folder)
    return opened


def _files(opened: Sequence[ImageFolder]) -> list[tuple[File, str]]:
    """Return all files with their classes; raises UsageError where two would be one."""
    found: dict[str, tuple[File, str]] = {}
    for folder in opened:
        for file in folder.files:
            if (other := found.get(file.name)) is not None:
                raise UsageError(
                    f"{shown(file.path)}: would be one file with {shown(other[0].path)}; rename one of them"
                )
            found[file.name] = file, ALL if file.label is None else folder.classes[file.label]
    return list(found.values())


def _kin(file: File, pattern: re.Pattern[str] | None) -> tuple[tuple[str, ...], ...]:
    """Return what a file shares with those that stay with it: its bytes, and what --group finds in its name."""
    with naming(file.path):
        kin: list[tuple[str, ...]] = [("bytes", SourceDigest.of_file(file.path))]
    if pattern is not None and (match := pattern.search(file.name)) is not None:
        kin.append(("group", *(match.groups("") or (match[0],))))
    return tuple(kin)


def _check_device(copies: Sequence[Copy], root: Root) -> None:
    """Raise UsageError where the outputs cannot be other names of the inputs."""
    for copy in copies:
        with naming(copy.source):
            device = Path(copy.source).stat().st_dev
        if root.identity is not None and device != root.identity[0]:
            raise UsageError(f"--link: {shown(copy.source)} is on another disk than the output; leave --link out")


def _copy(copy: Copy, root: Root) -> None:
    with naming(copy.source):
        data = Path(copy.source).read_bytes()
    _check_free(copy.target)
    with Transaction() as transaction:
        with transaction.open(copy.target, root=root) as file:
            file.write(data)
        transaction.commit()


def _link(copy: Copy, root: Root) -> None:
    with naming_failures(copy.target):
        folder = OutputFolder(copy.target.parent, root)
        try:
            source = os.path.realpath(copy.source)
            if folder.descriptor is None:
                os.link(source, copy.target)
            else:
                os.link(source, copy.target.name, dst_dir_fd=folder.descriptor)
        finally:
            folder.close()


def _check_free(target: Path) -> None:
    """Raise FileError where another program wrote a file meanwhile."""
    if os.path.lexists(target):
        raise FileError(shown(str(target)), "exists, and is never overwritten")


def _table(copies: Sequence[Copy], parts: Sequence[Part]) -> list[str]:
    """Return how many images of each class each part has."""
    counts = Counter((copy.label, copy.part) for copy in copies)
    labels = list(dict.fromkeys(copy.label for copy in copies))
    rows = [["class", *(part.name for part in parts)]]
    rows += [[shown(label), *(str(counts[label, at]) for at in range(len(parts)))] for label in labels]
    if labels != [ALL]:
        rows.append([ALL, *(str(sum(copy.part == at for copy in copies)) for at in range(len(parts)))])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [f"{row[0]:{widths[0]}}", *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
