"""Distinguishing a Zarr, a folder that is one picture, from other folders."""

from __future__ import annotations

import os
from pathlib import Path

from ..stores.names import is_store, parts

SUFFIX = ".zarr"
MARKS = "zarr.json", ".zarray", ".zgroup"
"""The files at the top of a Zarr of version 3, or of an array or a group of version 2."""
NO_ZARR = "a folder that is not a Zarr is there"
"""Why an output may not take its place."""
BEGINNING = b"zarr folder\0"
"""The beginning of a Zarr that is read as one sequence of bytes; no other file begins like this."""


def is_zarr(name: str | os.PathLike[str]) -> bool:
    """Whether *name* is a Zarr, in a folder or in a store."""
    return is_stored_zarr(name) if is_store(name) else is_zarr_folder(name)


def is_zarr_folder(name: str | os.PathLike[str]) -> bool:
    """Whether *name* is a folder that is a Zarr, or named like one."""
    try:
        path = Path(name)
        return path.is_dir() and (path.suffix == SUFFIX or mark_of(path) is not None)
    except (OSError, ValueError):
        return False


def is_stored_zarr(name: str | os.PathLike[str]) -> bool:
    """Whether *name* is a Zarr in a store, or an array in one, judged by its name alone.

    >>> is_stored_zarr("s3://bucket/a.zarr"), is_stored_zarr("s3://bucket/a.zarr/0"), is_stored_zarr("s3://bucket/a")
    (True, True, False)
    """
    return is_store(name) and any(part.endswith(SUFFIX) for part in parts(str(name))[2].split("/"))


def mark_of(folder: str | os.PathLike[str]) -> Path | None:
    """Return the file that makes a folder a Zarr; None if there is none."""
    paths = (Path(folder, name) for name in MARKS)
    return next((path for path in paths if path.is_file()), None)
