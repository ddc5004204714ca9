"""Outputs that are folders, such as a Zarr: written under a temporary name, renamed when complete."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..file_identity import Identity, identity_of
from .output_folder import OutputFolder, root_of
from .replacement import Replacement
from .spool import Parts, put
from .temporary_names import NEW, OLD, temporary_name
from .zarr_mark import NO_ZARR, mark_of

if TYPE_CHECKING:
    from ..stores.objects import Destination
    from ..stores.outbox import Parcel


class NewFolder(io.BytesIO):
    """Collects the files of a folder in the order in which they will be written."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[tuple[str, Parts]] = []
        self.begun: str | None = None
        """A folder next to its place that already has other files of it, if there is one."""

    def put(self, name: str, parts: Parts) -> None:
        """Take a file, whose name may begin with folders."""
        self.files.append((name, parts))

    def parcel(self, target: Destination) -> Parcel:
        """Return it as future objects of a store."""
        from .stored_folder import FolderParcel

        return FolderParcel(target, self.files)


class FolderReplacement(Replacement):
    """A new folder, and the Zarr that it replaces."""

    def __init__(self, folder: OutputFolder, target: Path, begun: str | None = None) -> None:
        """Make the folder, or take one that was *begun* next to the target; raises OSError."""
        super().__init__(folder, temporary_name(NEW), target, None, None)
        check_place(folder, self.name)
        if begun is None:
            folder.make(self.temporary)
        else:
            folder.rename(Path(begun).name, self.temporary)

    def write(self, files: Sequence[tuple[str, Parts]]) -> None:
        """Write the files; raises OSError."""
        with contextlib.ExitStack() as stack:
            base = self.folder.path / self.temporary
            root = root_of(str(base))
            opened: dict[str, OutputFolder] = {}
            for name, parts in files:
                place, own = os.path.split(name)
                if place not in opened:
                    opened[place] = OutputFolder(base / place, root)
                    stack.callback(opened[place].close)
                with os.fdopen(opened[place].create_as(own, 0o666), "wb") as file:
                    for part in parts:
                        put(file, part)

    def keep(self, read: Collection[Identity]) -> None:
        """Refuse to replace anything but a Zarr; the old Zarr stays until the new folder takes its place."""
        self._check(read)

    def place(self, read: Collection[Identity]) -> None:
        """Let the new folder take its place; raises OSError if something else is there now."""
        self._check(read)
        if self.folder.found(self.name) is not None:
            old = temporary_name(OLD)
            self.folder.rename(self.name, old)
            self._old = old
        try:
            self.folder.rename(self.temporary, self.name)
        except OSError:
            if self._old is not None:
                self.folder.rename(self._old, self.name)
                self._old = None
            raise
        self._is_placed = True

    def _check(self, read: Collection[Identity]) -> None:
        check_place(self.folder, self.name)
        found = self.folder.found(self.name)
        if found is not None and identity_of(found) in read:
            raise OSError("this call reads it")

    def take_back(self) -> str | None:
        """Restore the old Zarr; if that fails, return the name under which it is kept."""
        try:
            if self._is_placed:
                self.folder.remove_tree(self.name)
            if self._old is not None:
                self.folder.rename(self._old, self.name)
        except OSError:
            return str(self.folder.path / (self._old or self.name))
        self._old, self._is_placed = None, False
        return None

    def forget(self) -> str | None:
        """Remove the replaced Zarr; return its name if that fails."""
        try:
            if self._old is not None:
                self.folder.remove_tree(self._old)
        except OSError:
            return str(self.folder.path / str(self._old))
        return None

    def discard(self) -> None:
        """Remove the new folder."""
        with contextlib.suppress(OSError):  # it may be gone; nothing else can be done
            self.folder.remove_tree(self.temporary)


def check_place(folder: OutputFolder, name: str) -> None:
    """Raise OSError for anything but another Zarr or an empty folder."""
    found = folder.found(name)
    if found is None:
        return
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    path = folder.path / name
    if mark_of(path) is None and any(path.iterdir()):
        raise OSError(NO_ZARR)
