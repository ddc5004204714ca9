"""Folders of classes: which files belong to which class, and which are left out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ...filters.core.named_tuple import NamedTuple
from ..batch import inputs
from ..batch.inputs import Fate, InputRules
from ..console.messages import reason, shown
from ..errors import UsageError
from ..images import formats
from . import metadata_file
from .metadata_file import MetadataFile

PARTS = ("train", "training", "val", "valid", "validation", "dev", "test", "testing", "eval", "evaluation")
"""The usual names of the folders of a data set's parts."""
HIDDEN, EMPTY, LOOSE = "is hidden", "holds no images", "is not in a class folder"


class LeftOut(NamedTuple):
    """A folder or file that belongs to no class."""

    path: str
    why: str


class File(NamedTuple):
    """An image of a folder."""

    path: str
    name: str
    """Its path below the folder that was given, or below its part."""
    label: int | None
    """The number of its class."""


class ImageFolder(NamedTuple):
    """A folder of classes, or of images without classes."""

    path: str
    part: str
    """The name of the part, if the data set has several."""
    classes: tuple[str, ...]
    """In byte order; empty if the images have no classes."""
    files: tuple[File, ...]
    """Class by class."""
    left_out: tuple[LeftOut, ...]
    containers: tuple[str, ...] = ()
    """Files in it that are data sets of their own."""
    metadata: MetadataFile | None = None
    """The metadata of the images, and of their classes."""


def opened(path: str) -> list[ImageFolder]:
    """Return the data sets in a folder: each of its parts if it is divided into parts.

    Raises UsageError, and FileError if a metadata file cannot be read.
    """
    names = _subfolders(path)
    parts = [name for name in names if name.lower() in PARTS]
    if parts and len(parts) == len([name for name in names if not name.startswith(".")]):
        return [_folder(str(Path(path) / part), part) for part in parts]
    return [_folder(path, "")]


def _folder(path: str, part: str) -> ImageFolder:
    subfolders = _subfolders(path)
    try:
        found = inputs.scan([path], InputRules(recursive=True))
    except UsageError:
        if not part:
            raise
        return ImageFolder(path, part, (), (), (LeftOut(path, EMPTY),))
    by_class: dict[str, list[tuple[str, str]]] = {}
    loose: list[tuple[str, str]] = []
    containers: list[str] = []
    for name, place, _ in found.inputs:
        top, below, _ = place.partition("/")
        if below:
            by_class.setdefault(top, []).append((name, place))
        elif _holds_data_set(name):
            containers.append(name)
        else:
            loose.append((name, place))
    table = metadata_file.read(path)
    left_out = [LeftOut(name, fate.value) for name, fate in found.passed_over if fate is Fate.BACKUP]
    for name in subfolders:
        if name.startswith("."):
            left_out.append(LeftOut(str(Path(path) / name), HIDDEN))
        elif name not in by_class:
            left_out.append(LeftOut(str(Path(path) / name), EMPTY))
    if table is not None and table.has_labels:
        every = [*loose, *(each for one in by_class.values() for each in one)]
        of_label: dict[str, list[tuple[str, str]]] = {}
        for each in every:
            of_label.setdefault(table.label(each[1]), []).append(each)
        by_class, loose = of_label, []
    classes = sorted(by_class, key=os.fsencode)
    if classes:
        left_out += [LeftOut(name, LOOSE) for name, _ in loose]
        files = [File(*each, label) for label, one in enumerate(classes) for each in sorted(by_class[one], key=_bytes)]
    else:
        files = [File(*each, None) for each in sorted(loose, key=_bytes)]
    return ImageFolder(path, part, tuple(classes), tuple(files), tuple(left_out), tuple(containers), table)


def _bytes(file: tuple[str, str]) -> bytes:
    return os.fsencode(file[1])


def _holds_data_set(path: str) -> bool:
    try:
        format = formats.of_file(path)
    except OSError:  # reported when the file is read
        return False
    return format is not None and format.data_set


def _subfolders(path: str) -> Sequence[str]:
    """Return the names of the folders in a folder, in byte order."""
    try:
        with os.scandir(path) as found:
            names = [entry.name for entry in found if entry.is_dir()]
    except OSError as error:
        raise UsageError(f"{shown(path)}: cannot be listed: {reason(error)}") from None
    return sorted(names, key=os.fsencode)
