"""`imfilter dataset split`: copy the files of folders, and the samples of containers, into a folder per part."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...filters.core.named_tuple import NamedTuple
from ..batch import inputs
from ..console.messages import put, say, shown
from ..digest import SourceDigest
from ..errors import ExitCode, UsageError
from ..images.output_folder import OutputFolder, Root
from ..images.reader import naming
from ..images.write_failures import naming_failures
from ..stores.names import COPY_FIRST, check_local
from . import folders, new_folder, partition, source, split_containers
from .folders import File, ImageFolder
from .metadata_file import MetadataFile
from .partition import ALL, Part, Sample, Samples
from .source import Container


class Copy(NamedTuple):
    """A file and its destination."""

    source: str
    target: Path
    label: str
    part: int


def run(names: Sequence[str], out: str, parts: str, seed: int, group: str | None, link: bool) -> ExitCode:
    """Split data sets; raises UsageError before anything is written, FileError."""
    wanted = partition.parts_of(parts)
    pattern = _pattern(group)
    opened, containers = _opened(names)
    if containers and link:
        raise UsageError(f"--link: {shown(containers[0].name)} is a container, and its samples must be copied; omit it")
    new_folder.check_outside(out, names)
    if os.path.lexists(out) and not inputs.is_folder(out):
        raise UsageError(f"{shown(out)}: is not a folder")
    for part in wanted:
        new_folder.check_free(str(Path(out) / part.name))
    files = _files(opened)
    samples = Samples(Sample(file.name, label, _kin(file, pattern)) for file, label in files)
    counts = []
    for container in containers:
        before = len(samples)
        for sample in split_containers.samples(container, pattern):
            samples.add(sample)
        counts.append(len(samples) - before)
    assigned = partition.assign(samples, [part.share for part in wanted], seed)
    copies = [
        Copy(file.path, Path(out) / wanted[part].name / file.name, label, part)
        for (file, label), part in zip(files, assigned, strict=False)
    ]
    with new_folder.Files(out) as written:
        if link:
            _check_device(copies, written.root)
        for copy in copies:
            _link(copy, written) if link else _copy(copy, written)
        for folder in opened:
            if folder.metadata is not None:
                _write_metadata(folder, folder.metadata, copies, [Path(out) / part.name for part in wanted], written)
        if containers:
            folders_of_parts = [Path(out) / part.name for part in wanted]
            for container in containers:
                for folder in folders_of_parts:
                    written.expect(folder / Path(container.name).name)
            split_containers.write(containers, counts, assigned[len(files) :], folders_of_parts)
    for folder in opened:
        for entry in folder.left_out:
            say(f"imfilter: {shown(entry.path)} {entry.why}; it was left out")
    for line in _table(samples, assigned, wanted):
        put(line)
    return ExitCode.DONE


def _pattern(group: str | None) -> re.Pattern[str] | None:
    if group is None:
        return None
    try:
        return re.compile(group)
    except re.error as error:
        raise UsageError(f"--group {group!r} is not a regular expression: {error}") from None


def _opened(names: Sequence[str]) -> tuple[list[ImageFolder], list[Container]]:
    """Return the folders, and the containers that are given or lie in them; raises UsageError, FileError."""
    check_local(names, COPY_FIRST)
    opened: list[ImageFolder] = []
    containers: list[Container] = []
    for name in names:
        if not inputs.is_folder(name):
            if not os.path.lexists(name):
                raise UsageError(f"{shown(name)}: no such file or folder")
            if not source.is_container(name):
                raise UsageError(f"{shown(name)}: is one image; split takes folders of classes and containers")
            containers.append(source.container(name))
            continue
        for folder in folders.opened(name):
            containers += map(source.container, folder.containers)
            if folder.files or not folder.containers:
                opened.append(folder)
    return opened, containers


def _files(opened: Sequence[ImageFolder]) -> list[tuple[File, str]]:
    """Return all files with their classes; raises UsageError if two would have the same name."""
    found: dict[str, tuple[File, str]] = {}
    for folder in opened:
        for file in folder.files:
            if (other := found.get(file.name)) is not None:
                raise UsageError(
                    f"{shown(file.path)}: would be the same file as {shown(other[0].path)}; rename one of them"
                )
            found[file.name] = file, ALL if file.label is None else folder.classes[file.label]
    return list(found.values())


def _kin(file: File, pattern: re.Pattern[str] | None) -> tuple[tuple[str, ...], ...]:
    """Return what keeps files in the same part: their bytes, and what --group matches in their names."""
    with naming(file.path):
        kin: list[tuple[str, ...]] = [("bytes", SourceDigest.of_file(file.path))]
    if pattern is not None and (match := pattern.search(file.name)) is not None:
        kin.append(("group", *(match.groups("") or (match[0],))))
    return tuple(kin)


def _check_device(copies: Sequence[Copy], root: Root) -> None:
    """Raise UsageError if the outputs cannot be hard links to the inputs."""
    for copy in copies:
        with naming(copy.source):
            device = Path(copy.source).stat().st_dev
        if root.identity is not None and device != root.identity[0]:
            raise UsageError(f"--link: {shown(copy.source)} is not on the output's disk; omit --link")


def _write_metadata(
    folder: ImageFolder, table: MetadataFile, copies: Sequence[Copy], parts: Sequence[Path], written: new_folder.Files
) -> None:
    """Write the metadata of a folder's images into each part, for the images in it."""
    names = {file.path: file.name for file in folder.files}
    for number, part in enumerate(parts):
        own = {
            names[copy.source]: names[copy.source] for copy in copies if copy.part == number and copy.source in names
        }
        if own:
            with written.open(part / table.name) as file:
                file.write(table.of_files(dict(zip(own, own, strict=True))))


def _copy(copy: Copy, written: new_folder.Files) -> None:
    with naming(copy.source):
        data = Path(copy.source).read_bytes()
    with written.open(copy.target) as file:
        file.write(data)


def _link(copy: Copy, written: new_folder.Files) -> None:
    new_folder.check_new(copy.target)
    written.expect(copy.target)
    with naming_failures(copy.target):
        folder = OutputFolder(copy.target.parent, written.root)
        try:
            source = os.path.realpath(copy.source)
            if folder.descriptor is None:
                os.link(source, copy.target)
            else:
                os.link(source, copy.target.name, dst_dir_fd=folder.descriptor)
        finally:
            folder.close()
    written.written.append(copy.target)


def _table(samples: Samples, assigned: Sequence[int], parts: Sequence[Part]) -> list[str]:
    """Return how many images of each class each part has."""
    counts = np.zeros((len(samples.classes), len(parts)), np.int64)
    np.add.at(counts, (np.array(samples.labels, np.int64), np.array(assigned, np.int64)), samples.images)
    rows = [["class", *(part.name for part in parts)]]
    of_classes = zip(samples.classes, counts.tolist(), strict=True)
    rows += [[shown(label), *map(str, own)] for label, own in sorted(of_classes, key=_order)]
    if [*samples.classes] != [ALL]:
        rows.append([ALL, *map(str, counts.sum(axis=0).tolist())])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [f"{row[0]:{widths[0]}}", *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]


def _order(row: tuple[str, list[int]]) -> tuple[int, bytes]:
    """Return the sort key of a row: labels as numbers, names in byte order."""
    label = row[0]
    return (int(label) if label.isascii() and label.isdecimal() else -1), os.fsencode(label)
