"""Reading the files of a Zarr, in a folder or a store, as one sequence of bytes."""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from ..digest import SourceDigest, digest
from ..file_identity import Identity, identity_of
from ..stores.names import HTTPS
from .file_bytes import CHANGES, FileBytes
from .picture import DecodeError
from .source import FileState, state_of
from .zarr_mark import BEGINNING, MARKS, is_stored_zarr, is_zarr_folder, mark_of

NONE = f"is not a Zarr: it holds none of {', '.join(MARKS)}"


class FolderBytes(FileBytes):
    """The files of a Zarr in the order of their names, after a list of the names and lengths.

    Equal folders have equal bytes in any location.
    """

    def __init__(self, folder: str) -> None:
        """Raises `DecodeError`, OSError."""
        mark = mark_of(folder)
        state = None if mark is None else state_of(str(mark))
        if mark is None or state is None:
            raise DecodeError(NONE)
        self.folder, self.state, self._mark = folder, state, str(mark)

    def __len__(self) -> int:
        return self._list[2][-1]

    def __getitem__(self, part: slice) -> bytes:
        if (part.start or 0) == 0 and part.stop is not None and part.stop <= len(BEGINNING):
            return BEGINNING[part]
        head, names, ends = self._list
        start, stop, _ = part.indices(ends[-1])
        found = [head[start:stop]]
        at = max(start, len(head))
        for number in range(bisect_right(ends, at) - 1, len(names)):
            if at >= stop:
                break
            first, last = ends[number], ends[number + 1]
            wanted = min(stop, last) - at
            piece = self._read(names[number], at - first, wanted)
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

    @cached_property
    def _list(self) -> tuple[bytes, list[str], list[int]]:
        """The beginning, the names of the files, and their offsets and the end."""
        sizes = dict(sorted(self._sizes()))
        head = BEGINNING + json.dumps(sizes).encode() + b"\0"
        return head, [*sizes], [*accumulate(sizes.values(), initial=len(head))]

    def _sizes(self) -> Iterable[tuple[str, int]]:
        """Return the length of each file by its path in the folder; raises OSError."""
        return _files(self.folder, "")

    def _read(self, name: str, start: int, length: int) -> bytes:
        """Return some bytes of a file, fewer where it ends; raises OSError."""
        with Path(self.folder, name).open("rb", buffering=0) as file:
            file.seek(start)
            return file.read(length) or b""


class StoredFolderBytes(FolderBytes):
    """The objects of a Zarr in a store, with the bytes that they have as files."""

    def __init__(self, folder: str) -> None:
        """Raises `DecodeError`, OSError."""
        from ..stores import objects  # few Zarrs are in stores

        if folder.startswith(HTTPS):
            raise DecodeError("is a Zarr, whose files https:// cannot list; copy it here first")
        self.folder = folder.rstrip("/")
        self._found = {one.place: one for one in objects.listed(self.folder + "/")}
        mark = next((name for name in MARKS if name in self._found), None)
        if mark is None:
            raise DecodeError(NONE)
        self._mark = mark
        self.tag = joint_tag({place: one.tag for place, one in self._found.items()})

    def _sizes(self) -> Iterable[tuple[str, int]]:
        return ((place, one.size) for place, one in self._found.items())

    def _read(self, name: str, start: int, length: int) -> bytes:
        from ..stores import objects

        if not length:
            return b""
        return objects.get_part(f"{self.folder}/{name}", start, start + length, self._found[name].tag)

    def check(self) -> None:
        """Raise `DecodeError` if another Zarr has taken its place."""
        from ..stores import objects

        try:
            tag = objects.head(f"{self.folder}/{self._mark}").tag
        except OSError:
            tag = None
        if tag != self._found[self._mark].tag:
            raise DecodeError(CHANGES)


def joint_tag(tags: Mapping[str, str]) -> str:
    """Return a tag of the objects of a Zarr, which changes with each of them.

    >>> joint_tag({"zarr.json": "1", "c/0": "2"}) == joint_tag({"c/0": "2", "zarr.json": "1"})
    True
    """
    return digest(json.dumps(sorted(tags.items())).encode(), SourceDigest.SIZE)


def zarr_bytes(name: str) -> FolderBytes | None:
    """Return the bytes of a Zarr; None if *name* is something else. Raises `DecodeError`, OSError."""
    if is_stored_zarr(name):
        return StoredFolderBytes(name)
    return FolderBytes(name) if is_zarr_folder(name) else None


def _files(folder: str, place: str, above: frozenset[Identity] = frozenset()) -> Iterator[tuple[str, int]]:
    """Yield each file below a folder by its path there, with its length; raises `DecodeError`, OSError.

    *above* are the folders on the way there, to which a link must not lead back.
    """
    way = above | {identity_of(Path(folder, place).stat())}
    if way == above:
        raise DecodeError(f"holds itself, as {place}")
    with os.scandir(Path(folder, place)) as entries:
        for entry in entries:
            path = f"{place}/{entry.name}" if place else entry.name
            if entry.is_dir():
                yield from _files(folder, path, way)
            elif entry.is_file():
                yield path, entry.stat().st_size
            else:  # reading it might take for ever
                raise DecodeError(f"holds {path}, which is neither a file nor a folder")


def digest_of(name: str) -> str:
    """Return the digest of the contents of a file or a Zarr; raises `DecodeError`, OSError."""
    found = zarr_bytes(name)
    return SourceDigest.of_file(name) if found is None else SourceDigest(found).hexadecimal()
