"""Outputs that are Zarrs: they replace what is in them, so nothing else that a call reads or writes may lie there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..console.messages import shown
from ..errors import UsageError
from ..images.zarr_mark import SUFFIX, is_stored_zarr, is_zarr, is_zarr_folder
from ..stores.names import is_store
from .call_files import FilesRead, FilesWritten, Written
from .naming import ANY
from .plan import Job, Target


def is_zarr_output(job: Job, target: Target) -> bool:
    """Return whether an output will be a Zarr, like its input if no format is given."""
    if target.format is not None:
        return target.format.folder
    return is_zarr(job.input.name)


def check(read: FilesRead, written: FilesWritten) -> None:
    """Raise UsageError if a file that is read or written lies in an output, or an output in an input."""
    _check_local(read, written)
    _check_stored(read, written)


def _check_local(read: FilesRead, written: FilesWritten) -> None:
    """Raise UsageError if a Zarr to be replaced contains a file that is read, or one that is read an output."""
    replaced: dict[Path, Written] = {}
    for file in written.each():
        if file.path is not None and not file.is_backup and is_zarr_folder(file.path):
            replaced[Path(read.folders.folder(file.path).path)] = file
    for name in read.names if replaced else ():
        path = Path(read.folders.folder(name).path)
        for folder in (path, *path.parents):
            if folder in replaced:
                raise _holds(replaced[folder], name)
    zarrs = (name for name in read.names if SUFFIX in name and is_zarr_folder(name))
    inputs = {Path(read.folders.folder(name).path): name for name in zarrs}
    for file in written.each() if inputs else ():
        for folder in Path(read.folders.place(file.path).path).parents if file.path is not None else ():
            if folder in inputs:
                raise _lies_in(file, shown(inputs[folder]), "which this call reads")


def _check_stored(read: FilesRead, written: FilesWritten) -> None:
    """Raise UsageError as `check` does for objects, also if an output does not exist yet."""
    outputs = [file for file in written.each() if file.path is not None and is_store(file.path)]
    zarrs = [file for file in outputs if file.job and file.target and is_zarr_output(file.job, file.target)]
    replaced = {file.path: file for file in zarrs}
    numbered = [(_of_numbers(file), file) for file in zarrs if file.target and file.target.numbered]
    inputs = {name.rstrip("/") for name in read.names if is_stored_zarr(name)}
    for name in filter(is_store, read.names if zarrs else ()):
        for folder in _above(name):
            found = replaced.get(folder) or next((file for each, file in numbered if each.fullmatch(folder)), None)
            if found is not None:
                raise _holds(found, name)
    for file in outputs if zarrs or inputs else ():
        for folder in _above(file.path or ""):
            if folder in inputs:
                raise _lies_in(file, shown(folder), "which this call reads")
            if folder in replaced:
                raise _lies_in(file, replaced[folder].name, "another output")


def _holds(file: Written, name: str) -> UsageError:
    return UsageError(f"{file.name}: holds {shown(name)}, which this call reads; choose another name")


def _lies_in(file: Written, folder: str, what: str) -> UsageError:
    return UsageError(f"{file.name}: lies in {folder}, {what}; choose another name")


def _of_numbers(file: Written) -> re.Pattern[str]:
    """Return a pattern for the names of the frames' files."""
    return re.compile("[0-9]+".join(map(re.escape, (file.path or "").split(ANY))))


def _above(name: str) -> Iterator[str]:
    """Yield the names of the folders above an object.

    >>> [*_above("s3://bucket/a/b/c.png")]
    ['s3://bucket/a/b', 's3://bucket/a', 's3://bucket']
    """
    while (name := name.rpartition("/")[0]) and not name.endswith("/"):
        yield name
