"""Files under temporary names, which replace others together or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import BinaryIO

from ..console.messages import shown
from ..errors import FileError
from ..file_identity import Identity, identity_of
from .file_attributes import hand_on
from .output_folder import OutputFolder
from .temporary_names import OLD, temporary_name
from .write_failures import naming_failures

KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
"""The kinds of files that are never replaced."""


class Replacement:
    """A new file, and the one that it replaces."""

    def __init__(
        self,
        folder: OutputFolder,
        temporary: str,
        target: Path,
        backup: Path | None,
        replaces: Identity | None,
    ) -> None:
        self.folder, self.temporary, self.target = folder, temporary, target
        self.file: BinaryIO | None = None
        self.name = name_in_folder(target)
        self.backup, self.replaces = backup, replaces
        self._old: str | None = None
        """The second name of the old file."""
        self._was_named = False
        """It already had that name, from a run that was killed at this point."""
        self._is_placed = False

    def discard(self) -> None:
        """Remove the new file."""
        with contextlib.suppress(OSError):  # its remaining data are not needed
            if self.file is not None:
                self.file.close()
        with contextlib.suppress(OSError):  # it may be gone; nothing else can be done
            self.folder.unlink(self.temporary)

    def keep(self, read: Collection[Identity]) -> None:
        """Give the old file a second name, from which it can be restored: its backup's, or a temporary one."""
        self._check(read)
        if self.backup is None:
            if self.folder.found(self.name) is not None:
                old = temporary_name(OLD)
                _give_second_name(self.folder, self.name, old)
                self._old = old
            return
        with naming_failures(self.backup):
            try:
                _give_second_name(self.folder, self.name, self.backup.name)
            except FileExistsError:
                one, other = self.folder.found(self.name), self.folder.found(self.backup.name)
                if one is None or other is None or not os.path.samestat(one, other):
                    raise
                self._was_named = True
            self._old = self.backup.name

    def place(self, read: Collection[Identity]) -> None:
        """Move the new file to its place; raises OSError if another file is there now."""
        self._check(read)
        self.folder.rename(self.temporary, self.name)
        self._is_placed = True

    def _check(self, read: Collection[Identity]) -> None:
        found = self.folder.found(self.name)
        if self.replaces is not None:
            if found is None or identity_of(found) != self.replaces:
                raise OSError("another program replaced or removed it during filtering")
        elif found is not None:
            check_kind(found.st_mode)
            # A link is replaced, not followed; but the call may read its target under this name.
            leads_to = self.folder.leads_to(self.name) if stat.S_ISLNK(found.st_mode) else found
            if identity_of(found) in read or (leads_to is not None and identity_of(leads_to) in read):
                raise OSError("it is a file that this call reads")

    def take_back(self) -> str | None:
        """Restore the old file; if that fails, return the name under which it is kept."""
        try:
            if self._is_placed and self._old is None:
                self.folder.unlink(self.name)
            elif self._is_placed and self._old is not None:
                self.folder.rename(self._old, self.name)
            elif self._old is not None and not self._was_named:
                self.folder.unlink(self._old)
        except OSError:
            return str(self.folder.path / (self._old or self.name))
        self._old, self._is_placed = None, False
        return None

    def forget(self) -> str | None:
        """Remove the second name of the old file, unless it is a backup; return it if that fails."""
        if self._old is None or self.backup is not None:
            return None
        try:
            self.folder.unlink(self._old)
        except OSError:
            return str(self.folder.path / self._old)
        return None


def replace_all(files: Sequence[Replacement], read: Collection[Identity]) -> list[str]:
    """Move all *files* to their places, or none; return notes. Raises `FileError`.

    A place where a file in *read* is now, under whatever name, is refused.
    """
    try:
        for file in files:
            with naming_failures(file.target):
                # A single file appears atomically anyway.
                if len(files) > 1 or file.backup is not None:
                    file.keep(read)
        for file in files:
            with naming_failures(file.target):
                file.place(read)
    except BaseException as failure:
        stray = [name for file in reversed(files) if (name := file.take_back()) is not None]
        if stray and isinstance(failure, FileError):
            kept = ", ".join(map(shown, stray))
            raise FileError(failure.name, f"{failure.reason}; not all files could be restored, see {kept}") from None
        raise
    stray = [name for file in files if (name := file.forget()) is not None]
    return [f"the replaced file could not be removed: {shown(name)}" for name in stray]


def name_in_folder(target: Path) -> str:
    """Return the name of a file in its folder; for a folder, the folder itself."""
    return target.name or os.curdir


def check_kind(mode: int) -> None:
    """Raise OSError for a kind of file that must not be replaced."""
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        raise OSError(f"{KINDS.get(stat.S_IFMT(mode), 'something other than a file')} is there")


def _give_second_name(folder: OutputFolder, name: str, other: str) -> None:
    """Give a file another, free name; if the file system has no links, copy it."""
    try:
        folder.link(name, other)
    except FileExistsError:
        raise
    except OSError:
        _copy(folder, name, other)


def _copy(folder: OutputFolder, name: str, other: str) -> None:
    with os.fdopen(folder.read(name), "rb") as source:
        found = os.fstat(source.fileno())
        descriptor = folder.create_as(other, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as copy:
                hand_on(found, folder.path / name, descriptor)
                shutil.copyfileobj(source, copy)
            folder.set_times(other, (found.st_atime_ns, found.st_mtime_ns))
        except BaseException:
            with contextlib.suppress(OSError):
                folder.unlink(other)
            raise
