"""Writing files so that a reader, a crash or a full disk never meets half of one."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import stat
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from ...filters.core.lazy_numpy import np
from ..console.messages import reason, shown
from ..errors import FileError, NoPlaceError
from ..file_identity import Identity, identity
from ..signals import uninterrupted
from ..streams import is_stream, open_stream
from .file_attributes import hand_on

PREFIX = ".imfilter-"
NO_PLACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENOTCONN})
"""The errors of a disk, not of a file."""
TRIES = 100
"""Random names that are tried for a temporary file."""

Times = tuple[int, int]
"""When a file was read and when it was changed, in nanoseconds."""


class Buffer(io.BytesIO):
    """What will be a file, in memory; a last large part of it is not copied: at 12 MP that saves 9 ms."""

    def __init__(self) -> None:
        super().__init__()
        self._last: memoryview | None = None

    def end(self, data: memoryview) -> None:
        """Take what follows all that was written; it must stay as it is, and nothing is written behind it."""
        self._last = data

    def pour(self, stream: Any) -> None:
        """Write all into *stream*."""
        stream.write(self.getbuffer())
        if self._last is not None:
            stream.write(self._last)


def end_with(file: io.BytesIO, samples: Any) -> None:
    """Write the array that *file* ends with."""
    data = np.ascontiguousarray(samples).reshape(-1).data.cast("B")
    if isinstance(file, Buffer):
        file.end(data)
    else:
        file.write(data)


class Transaction:
    """Several outputs that appear together, or not at all.

    Each file is written to a temporary one in its own folder, and each stream to memory; `commit` sends
    the streams and renames the files. What is not committed is removed, whatever the reason. An output
    that cannot be written raises `FileError`; so does one whose place is that of a file in *read*, which
    are those that the call reads.
    """

    def __init__(self, read: Collection[Identity] = frozenset()) -> None:
        self._read = read
        self._files: list[tuple[Path, Path, Path | None, Identity | None]] = []
        self._streams: list[tuple[Path | None, Buffer]] = []
        self.notes: list[str] = []
        """What people should know of the files that were replaced."""

    @contextlib.contextmanager
    def open(
        self,
        target: Path | None,
        backup: Path | None = None,
        times: Times | None = None,
        replaces: Identity | None = None,
    ) -> Iterator[Buffer]:
        """Give a buffer whose contents will become *target*; None is standard output.

        *backup* is a name for the file that was there before; there must be none of that name. *times* are those that
        the file shall have. *replaces* is the one file that is read and may be replaced all the same. Encoders write to
        memory: some seek, which a pipe cannot, and some hide why the disk refused.
        """
        buffer = Buffer()
        with naming_failures(target):
            if target is None or is_stream(target):
                self._streams.append((target, buffer))
                yield buffer
                return
            replaced = _is_replaced(target)
            with uninterrupted():
                descriptor, temporary = _create(target.parent, 0o600 if replaced else 0o666)
                self._files.append((temporary, target, backup, replaces))
            with os.fdopen(descriptor, "wb") as file:
                if replaced:
                    self.notes += hand_on(target, descriptor)
                yield buffer
                buffer.pour(file)
                if times is not None:
                    file.flush()
                    os.utime(descriptor, ns=times)

    def commit(self) -> None:
        """Let all outputs appear: first the streams, which may fail still."""
        self.send_streams()
        with uninterrupted():
            while self._files:
                temporary, target, backup, replaces = self._files[-1]
                self._check(target, replaces)
                if backup is not None:
                    with naming_failures(backup):
                        _keep(target, backup)
                with naming_failures(target):
                    temporary.replace(target)
                self._files.pop()

    def _check(self, target: Path, replaces: Identity | None) -> None:
        """Raise `FileError` where *target* has become a file that the call reads, or a link to one."""
        if self._read and (found := identity(target)) is not None and found != replaces and found in self._read:
            raise FileError(shown(str(target)), "cannot be written: it has become a file that this call reads")

    def send_streams(self) -> None:
        """Send what was written to streams; it cannot be taken back."""
        for target, buffer in self._streams:
            with naming_failures(target):
                _send(buffer, target)
        self._streams.clear()

    def __enter__(self) -> Transaction:
        return self

    def __exit__(self, *failure: object) -> None:
        with uninterrupted():
            for temporary, *_ in self._files:
                temporary.unlink(missing_ok=True)
            self._files.clear()


@contextlib.contextmanager
def naming_failures(target: Path | None) -> Iterator[None]:
    """Let a failure name *target*."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "standard output" if target is None else shown(str(target))
        if error.errno in NO_PLACE:
            raise NoPlaceError(name, f"cannot be written: {reason(error)}") from None
        raise FileError(name, f"cannot be written: {reason(error)}") from None


def _create(folder: Path, mode: int) -> tuple[int, Path]:
    """Create a temporary file; its permissions are *mode* as the umask, or the folder's ACL, lets them be."""
    for _ in range(TRIES):
        path = folder / f"{_prefix(os.getpid())}{os.urandom(6).hex()}.tmp"
        with contextlib.suppress(FileExistsError):
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode), path
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def _prefix(process: int) -> str:
    return f"{PREFIX}{process}-"


def remove_temporaries(folder: Path, process: int) -> None:
    """Remove what *process*, which was killed, left half written in *folder*."""
    for path in folder.glob(f"{_prefix(process)}*.tmp"):
        path.unlink(missing_ok=True)


def _keep(target: Path, backup: Path) -> None:
    """Give the file *target* a second name, which must be free, or its own from a run that was killed here."""
    try:
        os.link(target, backup)
    except FileExistsError:
        if backup.is_symlink() or not backup.samefile(target):
            raise
    except OSError:  # a file system without links
        with uninterrupted():
            descriptor = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as copy:
                try:
                    hand_on(target, descriptor)
                    with target.open("rb") as source:
                        shutil.copyfileobj(source, copy)
                    copy.flush()
                    found = target.stat()
                    os.utime(descriptor, ns=(found.st_atime_ns, found.st_mtime_ns))
                except BaseException:
                    backup.unlink()
                    raise


def _is_replaced(target: Path) -> bool:
    """Whether a file is there already; raises OSError for a folder.

    A link is replaced, not followed, and what it leads to hands nothing on: it may be anybody's, and lie anywhere.
    """
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISLNK(mode) and not target.is_dir():
        return False
    if not stat.S_ISREG(mode):  # a folder, or a link to one
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return True


def _send(buffer: Buffer, target: Path | None) -> None:
    if target is not None:
        with open_stream(target) as stream:
            buffer.pour(stream)
    elif sys.stdout is None:
        raise OSError("it is closed")
    else:
        buffer.pour(sys.stdout.buffer)
        sys.stdout.buffer.flush()
