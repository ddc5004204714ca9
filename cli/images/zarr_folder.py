"""Reading the files of a Zarr folder as one sequence of bytes."""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from ..digest import SourceDigest
from .file_bytes import CHANGES, FileBytes
from .picture import DecodeError
from .source import FileState, state_of
from .zarr_mark import BEGINNING, MARKS, is_zarr, mark_of


class FolderBytes(FileBytes):
    """The files of a Zarr in the order of their names, after a list of the names and lengths.

    Equal folders have equal bytes, wherever they are.
    """

    def __init__(self, folder: str) -> None:
        """Raises `DecodeError`, OSError."""
        mark = mark_of(folder)
        state = None if mark is None else state_of(str(mark))
        if mark is None or state is None:
            raise DecodeError(f"is not a Zarr: it holds none of {', '.join(MARKS)}")
        self.folder, self.state, self._mark = folder, state, str(mark)
        self._listed: tuple[bytes, list[str], list[int]] | None = None

    def __len__(self) -> int:
        return self._list()[2][-1]

    def __getitem__(self, part: slice) -> bytes:
        if (part.start or 0) == 0 and part.stop is not None and part.stop <= len(BEGINNING):
            return BEGINNING[part]
        head, names, ends = self._list()
        start, stop, _ = part.indices(ends[-1])
        found = [head[start:stop]]
        at = max(start, len(head))
        for number in range(bisect_right(ends, at) - 1, len(names)):
            if at >= stop:
                break
            first, last = ends[number], ends[number + 1]
            with Path(self.folder, names[number]).open("rb", buffering=0) as file:
                wanted = min(stop, last) - at
                file.seek(at - first)
                piece = file.read(wanted) or b""
            if len(piece) < wanted:
                raise DecodeError(CHANGES)
            found.append(piece)
            at += wanted
        return b"".join(found)

    def check(self) -> None:
        """Raise `DecodeError` if another Zarr has taken its place."""
        try:
            state: FileState | None = state_of(self._mark)
        except OSError:
            state = None
        if state != self.state:
            raise DecodeError(CHANGES)

    def _list(self) -> tuple[bytes, list[str], list[int]]:
        """Return the beginning, the names of the files, and their offsets and the end."""
        if self._listed is None:
            sizes = dict(sorted(_files(self.folder, "")))
            head = BEGINNING + json.dumps(sizes).encode() + b"\0"
            self._listed = head, [*sizes], [*accumulate(sizes.values(), initial=len(head))]
        return self._listed

    def __del__(self) -> None:
        """Do nothing: no file is held open."""


def _files(folder: str, place: str) -> Iterator[tuple[str, int]]:
    """Yield each file below a folder by its path there, with its length; raises OSError."""
    with os.scandir(Path(folder, place)) as entries:
        for entry in entries:
            path = f"{place}/{entry.name}" if place else entry.name
            if entry.is_dir():
                yield from _files(folder, path)
            else:
                yield path, entry.stat().st_size


def digest_of(name: str) -> str:
    """Return the digest of the contents of a file or a Zarr; raises OSError."""
    if not is_zarr(name):
        return SourceDigest.of_file(name)
    try:
        return SourceDigest(FolderBytes(name)).hexadecimal()
    except DecodeError as error:
        raise OSError(str(error)) from None
