"""The folder of a command's output: nothing in it is overwritten, or mixed with what was there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..batch import inputs
from ..console.messages import shown
from ..errors import UsageError


def check_outside(out: str, read: Iterable[str]) -> None:
    """Raise UsageError where a folder that is written is one that is read, or lies in one."""
    for name in read:
        if inputs.is_folder(name) and Path(os.path.realpath(out)).is_relative_to(os.path.realpath(name)):
            raise UsageError(f"{shown(out)}: lies in the data set {shown(name)}; choose another folder")


def check_free(folder: str) -> None:
    """Raise UsageError where a folder holds files; empty folders in it may be left of a call that failed."""
    if not os.path.lexists(folder):
        return
    if not inputs.is_folder(folder):
        raise UsageError(f"{shown(folder)}: is not a folder")
    if any(names for _, _, names in os.walk(folder)):
        raise UsageError(f"{shown(folder)}: exists and is not empty; choose another folder")
