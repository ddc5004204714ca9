"""The folder of a command's output: nothing in it is overwritten, or mixed with what was there."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from ..batch import inputs
from ..console.messages import shown
from ..errors import FileError, UsageError
from ..file_identity import Identity
from ..images.atomic_write import Transaction
from ..images.output_folder import root_of


def check_outside(out: str, read: Iterable[str]) -> None:
    """Raise UsageError where what is written is a folder that is read, or lies in one."""
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


def check_new(target: Path) -> None:
    """Raise FileError where another program wrote a file meanwhile."""
    if os.path.lexists(target):
        raise FileError(shown(str(target)), "exists, and is never overwritten")


class Files:
    """Writes the files of a new folder; what was written is removed where one of them fails.

    Each is a transaction of its own: those of a thousand classes would keep a thousand folders open.
    """

    def __init__(self, out: str, read: Collection[Identity] = frozenset()) -> None:
        self.root = root_of(out)
        self.notes: list[str] = []
        self.written: list[Path] = []
        self._read = read

    @contextlib.contextmanager
    def open(self, target: Path) -> Iterator[io.BytesIO]:
        """Give what becomes a file, which must not be there; raises FileError."""
        with Transaction(self._read) as transaction:
            with transaction.open(target, root=self.root) as file:
                yield file
            check_new(target)
            transaction.commit()
            self.notes += transaction.notes
        self.written.append(target)

    def __enter__(self) -> Files:
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        if failure is not None:
            for target in self.written:
                target.unlink(missing_ok=True)
