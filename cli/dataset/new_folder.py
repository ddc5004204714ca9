"""The output folder of a command: new or empty, so that nothing is overwritten or mixed with older files."""

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
from ..stores.names import COPY_LATER, check_local
from ..streams import STREAM


def check_outside(out: str, read: Iterable[str]) -> None:
    """Raise UsageError if the output is standard output or a store, or an input folder, or lies in one."""
    check_local([out], COPY_LATER)
    if out == STREAM:
        raise UsageError("--output -: a data set cannot go to standard output; name a folder or file")
    for name in read:
        if inputs.is_folder(name) and Path(os.path.realpath(out)).is_relative_to(os.path.realpath(name)):
            raise UsageError(f"{shown(out)}: lies in the data set {shown(name)}; choose another folder")


def check_free(folder: str) -> None:
    """Raise UsageError if a folder holds files; it may hold empty folders, left by a failed call."""
    if not os.path.lexists(folder):
        return
    if not inputs.is_folder(folder):
        raise UsageError(f"{shown(folder)}: is not a folder")
    if any(names for _, _, names in os.walk(folder)):
        raise UsageError(f"{shown(folder)}: exists and is not empty; choose another folder")


def check_new(target: Path) -> None:
    """Raise FileError if another program has written the file meanwhile."""
    if os.path.lexists(target):
        raise FileError(shown(str(target)), "exists, and is never overwritten")


class Files:
    """Writes the files of a new folder; if one fails, all are removed, and so are the folders made for them.

    Each file is a transaction of its own: one for all would keep a thousand folders open for a thousand classes.
    """

    def __init__(self, out: str, read: Collection[Identity] = frozenset()) -> None:
        self.root = root_of(out)
        self.notes: list[str] = []
        self.written: list[Path] = []
        self._read = read
        self._known = set[Path]()
        self._new: list[Path] = []
        """The folders that did not exist."""

    @contextlib.contextmanager
    def open(self, target: Path) -> Iterator[io.BytesIO]:
        """Yield a buffer that becomes a file, which must not exist; raises FileError."""
        self.expect(target)
        with Transaction(self._read) as transaction:
            with transaction.open(target, root=self.root) as file:
                yield file
            check_new(target)
            transaction.commit()
            self.notes += transaction.notes
        self.written.append(target)

    def expect(self, target: Path) -> None:
        """Remember which folders of a file do not exist yet."""
        for folder in target.parents:
            if folder in self._known:
                break
            self._known.add(folder)
            if not os.path.lexists(folder):
                self._new.append(folder)

    def __enter__(self) -> Files:
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        if failure is not None:
            for target in self.written:
                target.unlink(missing_ok=True)
            for folder in sorted(self._new, key=lambda path: len(path.parts), reverse=True):
                with contextlib.suppress(OSError):  # another program has put something there
                    folder.rmdir()
