"""Distinguishing a Zarr, a folder that is one picture, from other folders."""

from __future__ import annotations

import os
from pathlib import Path

SUFFIX = ".zarr"
MARKS = "zarr.json", ".zarray", ".zgroup"
"""The files at the top of a Zarr of version 3, or of an array or a group of version 2."""
BEGINNING = b"zarr folder\0"
"""The beginning of a Zarr that is read as one sequence of bytes; no other file begins like this."""


def is_zarr(name: str | os.PathLike[str]) -> bool:
    """Whether *name* is a folder that is a Zarr, or named like one."""
    try:
        path = Path(name)
        return path.is_dir() and (path.suffix == SUFFIX or mark_of(path) is not None)
    except (OSError, ValueError):
        return False


def mark_of(folder: str | os.PathLike[str]) -> Path | None:
    """Return the file that makes a folder a Zarr; None if there is none."""
    paths = (Path(folder, name) for name in MARKS)
    return next((path for path in paths if path.is_file()), None)
