"""A Zarr is a folder, and one picture: how it is told from other folders."""

from __future__ import annotations

import os
from pathlib import Path

SUFFIX = ".zarr"
MARKS = "zarr.json", ".zarray", ".zgroup"
"""The files that one of version 3, or an array or a group of version 2, has at its top."""
BEGINNING = b"zarr folder\0"
"""What its files stand after where they are read as if they were one; no file begins so."""


def is_zarr(name: str | os.PathLike[str]) -> bool:
    """Whether *name* is a folder that is a Zarr, or is called as one."""
    try:
        path = Path(name)
        return path.is_dir() and (path.suffix == SUFFIX or mark_of(path) is not None)
    except (OSError, ValueError):
        return False


def mark_of(folder: str | os.PathLike[str]) -> Path | None:
    """Return the file that makes a folder a Zarr; None if there is none."""
    paths = (Path(folder, name) for name in MARKS)
    return next((path for path in paths if path.is_file()), None)
