"""Folders of outputs, held open: what is written in one stays in it, whatever its name leads to meanwhile."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path

from ...filters.core.named_tuple import NamedTuple
from ..file_identity import Identity, identity, identity_of
from ..system import A_FOLDER, BYTES, NO_LINK, NO_WAIT, set_times
from .temporary_names import temporary_name

HELD = {os.open, os.mkdir, os.stat, os.readlink, os.rename, os.link, os.unlink, os.utime} <= os.supports_dir_fd
"""Whether the system names files by an open folder. Elsewhere they are named by their path."""
FOLDER = getattr(os, "O_PATH", getattr(os, "O_SEARCH", os.O_RDONLY)) | A_FOLDER
"""Opens a folder for looking up names in it: of one that may be written, not all may be read."""
NAMELESS = getattr(os, "O_TMPFILE", 0) if Path("/proc/self/fd").exists() else 0
"""Creates a file without a name, which it gets later by that of its descriptor; 0 where the system cannot do that."""
TRIES = 100
"""Random names that are tried for a temporary file."""
LINKS = 40
"""Links that may lead from one place of a tree to another, as many as the system follows in a path."""

ELSEWHERE = "its folder became a link that leads elsewhere"


class Root(NamedTuple):
    """The folder of a tree of outputs, as it was before the work."""

    path: Path
    nearest: Path
    """The folder itself, or, if it was not there yet, the nearest above it."""
    identity: Identity | None
    """That of the nearest."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The folders that led from the nearest to this one when they were not there yet."""
        return self.path.parts[len(self.nearest.parts) :]


def root_of(folder: str) -> Root:
    """Return the root of the tree *folder*, which need not exist."""
    path = nearest = Path(folder)
    while (found := identity(nearest)) is None and nearest != nearest.parent:
        nearest = nearest.parent
    return Root(path, nearest, found)


class OutputFolder:
    """A folder in which files are created and renamed; raises `OSError`.

    One below a *root* is made where it is missing, and reached without leaving the root: links in the tree may lead to
    other places of the tree, and nowhere else. That holds also for what becomes a link during the run.
    """

    def __init__(self, path: Path, root: Root | None = None) -> None:
        self.path = path
        self._nameless: set[str] = set()
        """The names of files that have none yet."""
        self.descriptor: int | None = None
        if not HELD:
            _make(path, root)
        elif root is None:
            self.descriptor = os.open(path, FOLDER)
        else:
            self.descriptor = _opened(path, root)

    def close(self) -> None:
        """Let the folder go."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def create(self, suffix: str, mode: int, nameless: bool = False) -> tuple[int, str]:
        """Create a temporary file; its permissions are *mode* as the umask, or the folder's ACL, lets them be.

        A *nameless* one gets its name from `give_name`, and vanishes with the process before; not all systems have
        such files.
        """
        if nameless and self.descriptor is not None and NAMELESS:
            with contextlib.suppress(OSError):
                descriptor = os.open(self._at("."), os.O_RDWR | NAMELESS, mode, dir_fd=self.descriptor)
                name = temporary_name(suffix)
                self._nameless.add(name)
                return descriptor, name
        for _ in range(TRIES):
            name = temporary_name(suffix)
            with contextlib.suppress(FileExistsError):
                return self.create_as(name, mode), name
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    def give_name(self, descriptor: int, name: str) -> None:
        """Let a file that `create` returned have its name, if it has none yet."""
        if name in self._nameless:
            self._nameless.discard(name)
            os.link(f"/proc/self/fd/{descriptor}", self._at(name), dst_dir_fd=self.descriptor, follow_symlinks=True)

    def create_as(self, name: str, mode: int) -> int:
        """Create a file of a name that is free, and open it."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | BYTES | NO_LINK
        return os.open(self._at(name), flags, mode, dir_fd=self.descriptor)

    def read(self, name: str) -> int:
        """Open a file, which is no link, for reading."""
        flags = os.O_RDONLY | BYTES | NO_LINK | NO_WAIT
        return os.open(self._at(name), flags, dir_fd=self.descriptor)

    def found(self, name: str) -> os.stat_result | None:
        """Return what has a name, without following a link; None if there is nothing."""
        try:
            return os.stat(self._at(name), dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def leads_to(self, link: str) -> os.stat_result | None:
        """Return what a link leads to; None where that is nowhere."""
        try:
            return os.stat(self._at(link), dir_fd=self.descriptor)
        except OSError:
            return None

    def rename(self, old: str, new: str) -> None:
        """Rename a file, which replaces what had the new name."""
        os.replace(self._at(old), self._at(new), src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def link(self, name: str, other: str) -> None:
        """Give a file, or a link, another name, which must be free."""
        old, new = self._at(name), self._at(other)
        os.link(old, new, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor, follow_symlinks=False)

    def set_times(self, name: str, times: tuple[int, int]) -> None:
        """Let a file have been read and changed at *times*, in nanoseconds; nobody has it open, who would change it."""
        set_times(self._at(name), times, self.descriptor)

    def make(self, name: str) -> None:
        """Make a folder of a name that is free."""
        os.mkdir(self._at(name), dir_fd=self.descriptor)

    def remove_tree(self, name: str) -> None:
        """Remove a folder and all that is in it."""
        shutil.rmtree(self._at(name), dir_fd=self.descriptor)

    def unlink(self, name: str) -> None:
        """Remove a name."""
        os.unlink(self._at(name), dir_fd=self.descriptor)

    def _at(self, name: str) -> str | Path:
        return name if self.descriptor is not None else self.path / name


def _check_root(found: Identity | None, root: Root) -> None:
    if found != root.identity:
        raise OSError(errno.ESTALE, "its folder was replaced by another one during the run")


def _make(path: Path, root: Root | None) -> None:
    """Make a folder where none can be held open."""
    if root is None:
        return
    _check_root(identity(root.nearest), root)
    _within(path, root)
    path.mkdir(parents=True, exist_ok=True)
    _within(path, root)


def _opened(path: Path, root: Root) -> int:
    """Open a folder of the tree *root*, which is made where it is missing, component by component."""
    missing, below = root.missing, path.parts[len(root.path.parts) :]
    for _ in range(LINKS):
        descriptor = os.open(root.nearest, FOLDER)
        try:
            _check_root(identity_of(os.fstat(descriptor)), root)
            for at, name in enumerate((*missing, *below), -len(missing)):
                inner = _below(descriptor, name)
                if inner is None:  # a link: go on where it leads
                    if at < 0:
                        raise OSError(ELSEWHERE)
                    below = (*_within(root.path.joinpath(*below[: at + 1]), root), *below[at + 1 :])
                    break
                os.close(descriptor)
                descriptor = inner
            else:
                found, descriptor = descriptor, None
                return found
        finally:
            if descriptor is not None:
                os.close(descriptor)
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _below(folder: int, name: str) -> int | None:
    """Open a folder in an open one, made where it is missing; return None for a link."""
    flags = FOLDER | NO_LINK
    try:
        try:
            return os.open(name, flags, dir_fd=folder)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):  # another process made it
                os.mkdir(name, dir_fd=folder)
            return os.open(name, flags, dir_fd=folder)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR):
            raise
        try:
            os.readlink(name, dir_fd=folder)
        except OSError:
            raise error from None
        return None


def _within(link: Path, root: Root) -> tuple[str, ...]:
    """Return the path below *root* of the folder that *link* leads to, which has no links in it."""
    try:
        return Path(os.path.realpath(link)).relative_to(_real(root)).parts
    except ValueError:
        raise OSError(ELSEWHERE) from None


def _real(root: Root) -> Path:
    return Path(os.path.realpath(root.nearest)).joinpath(*root.missing)
