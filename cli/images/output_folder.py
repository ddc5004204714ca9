"""Folders of outputs, held open: files stay in them whatever their names lead to in the meantime."""

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
"""Whether the system can name files relative to an open folder. Otherwise they are named by path."""
FOLDER = getattr(os, "O_PATH", getattr(os, "O_SEARCH", os.O_RDONLY)) | A_FOLDER
"""Flags to open a folder for looking up names in it: a writable folder may not be readable."""
NAMELESS = getattr(os, "O_TMPFILE", 0) if Path("/proc/self/fd").exists() else 0
"""Flag to create a nameless file, which is linked later through its descriptor; 0 if the system cannot do that."""
TRIES = 100
"""The number of random names to try for a temporary file."""
LINKS = 40
"""Most links to follow within a tree, as many as the system follows in a path."""

ELSEWHERE = "its folder became a link that leads elsewhere"


class Root(NamedTuple):
    """The folder of a tree of outputs, in its state before the work."""

    path: Path
    nearest: Path
    """The folder itself or, if it did not exist yet, the nearest one above it."""
    identity: Identity | None
    """The identity of the nearest."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The missing folders between the nearest and this one."""
        return self.path.parts[len(self.nearest.parts) :]


def root_of(folder: str) -> Root:
    """Return the root of the tree *folder*, which need not exist."""
    path = nearest = Path(folder)
    while (found := identity(nearest)) is None and nearest != nearest.parent:
        nearest = nearest.parent
    return Root(path, nearest, found)


class OutputFolder:
    """A folder in which files are created and renamed; raises `OSError`.

    A folder below a *root* is created if missing, and reached without leaving the root: links in the tree may lead only
    to other places in the tree, including those that become links during the run.
    """

    def __init__(self, path: Path, root: Root | None = None) -> None:
        self.path = path
        self._nameless: set[str] = set()
        """The future names of nameless files."""
        self.descriptor: int | None = None
        if not HELD:
            _make(path, root)
        elif root is None:
            self.descriptor = os.open(path, FOLDER)
        else:
            self.descriptor = _opened(path, root)

    def close(self) -> None:
        """Close the folder."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def create(self, suffix: str, mode: int, nameless: bool = False) -> tuple[int, str]:
        """Create a temporary file; its permissions are *mode* restricted by the umask or the folder's ACL.

        A *nameless* one gets its name from `give_name`, and until then vanishes with the process; not all systems have
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
        """Give a file from `create` its name, if it has none yet."""
        if name in self._nameless:
            self._nameless.discard(name)
            os.link(f"/proc/self/fd/{descriptor}", self._at(name), dst_dir_fd=self.descriptor, follow_symlinks=True)

    def create_as(self, name: str, mode: int) -> int:
        """Create and open a file with a free name."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | BYTES | NO_LINK
        return os.open(self._at(name), flags, mode, dir_fd=self.descriptor)

    def read(self, name: str) -> int:
        """Open a file, but not a link, for reading."""
        flags = os.O_RDONLY | BYTES | NO_LINK | NO_WAIT
        return os.open(self._at(name), flags, dir_fd=self.descriptor)

    def found(self, name: str) -> os.stat_result | None:
        """Return the status of a name, without following a link; None if there is nothing."""
        try:
            return os.stat(self._at(name), dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def leads_to(self, link: str) -> os.stat_result | None:
        """Return the status of a link's target; None if it is broken."""
        try:
            return os.stat(self._at(link), dir_fd=self.descriptor)
        except OSError:
            return None

    def rename(self, old: str, new: str) -> None:
        """Rename a file, replacing any with the new name."""
        os.replace(self._at(old), self._at(new), src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def link(self, name: str, other: str) -> None:
        """Give a file, or a link, another name, which must be free."""
        old, new = self._at(name), self._at(other)
        os.link(old, new, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor, follow_symlinks=False)

    def set_times(self, name: str, times: tuple[int, int]) -> None:
        """Let a file have been read and changed at *times*, in nanoseconds; nobody has it open, who would change it."""
        set_times(self._at(name), times, self.descriptor)

    def make(self, name: str) -> None:
        """Create a folder with a free name."""
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
    """Create a folder on systems that cannot hold it open."""
    if root is None:
        return
    _check_root(identity(root.nearest), root)
    _within(path, root)
    path.mkdir(parents=True, exist_ok=True)
    _within(path, root)


def _opened(path: Path, root: Root) -> int:
    """Open a folder of the tree *root*, component by component, creating missing ones."""
    missing, below = root.missing, path.parts[len(root.path.parts) :]
    for _ in range(LINKS):
        descriptor = os.open(root.nearest, FOLDER)
        try:
            _check_root(identity_of(os.fstat(descriptor)), root)
            for at, name in enumerate((*missing, *below), -len(missing)):
                inner = _below(descriptor, name)
                if inner is None:  # a link: continue at its target
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
    """Open a folder in an open one, created if missing; return None for a link."""
    flags = FOLDER | NO_LINK
    try:
        try:
            return os.open(name, flags, dir_fd=folder)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):  # another process created it
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
    """Return the path below *root* of the target of *link*, resolved."""
    try:
        return Path(os.path.realpath(link)).relative_to(_real(root)).parts
    except ValueError:
        raise OSError(ELSEWHERE) from None


def _real(root: Root) -> Path:
    return Path(os.path.realpath(root.nearest)).joinpath(*root.missing)
