"""Writing files atomically: a reader, a crash or a full disk never leaves half of one."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ...filters.core.lazy_numpy import np
from .. import signals
from ..console.messages import reason
from ..file_identity import Identity
from ..signals import uninterrupted
from ..stores.names import is_store
from ..streams import is_stream
from .file_attributes import hand_on
from .output_folder import OutputFolder, Root
from .output_stream import send
from .replacement import Replacement, check_kind, name_in_folder, replace_all
from .spool import Piece, pieces, put
from .temporary_names import NEW
from .write_failures import naming_failures

if TYPE_CHECKING:
    from ..stores.objects import Destination
    from ..stores.outbox import Parcel
    from .folder_output import NewFolder

Times = tuple[int, int]
"""The access and modification times of a file in nanoseconds."""


class Buffer(io.BytesIO):
    """A future file in memory; large parts at its end are not copied, which saves 9 ms at 12 MP."""

    def __init__(self) -> None:
        super().__init__()
        self._last: list[memoryview | Piece] = []

    def end(self, data: memoryview | Piece) -> None:
        """Append data without a copy; it must not change, and only more of this kind may follow."""
        self._last.append(data)

    def parts(self) -> list[memoryview | Piece]:
        """Return everything that was written."""
        return [self.getbuffer(), *self._last]

    def pieces(self) -> Iterator[bytes | memoryview]:
        """Return everything that was written, parts in a spool a few bytes at a time; raises OSError."""
        return pieces(self.parts())

    def parcel(self, target: Destination) -> Parcel:
        """Return it as a future object of a store."""
        from ..stores.outbox import Parcel

        return Parcel(target, [*self.pieces()])


def end_with(file: BinaryIO, samples: Any) -> None:
    """Write the last array of *file*."""
    end_with_bytes(file, np.ascontiguousarray(samples).reshape(-1).data.cast("B"))


def end_with_bytes(file: BinaryIO, data: Any) -> None:
    """Write bytes, or a part of a spool, after which only such may follow; they are not copied if possible."""
    if isinstance(file, Buffer):
        file.end(data if isinstance(data, Piece) else memoryview(data))
    else:
        put(file, data)


def place_of(name: str) -> Path | Destination:
    """Return where an output of this *name* goes."""
    if not is_store(name):
        return Path(name)
    from ..stores.objects import Destination

    return Destination(name)


class Growing:
    """An output that is written piece by piece."""

    def __init__(
        self, target: Path | Destination | None, file: BinaryIO | Buffer, end: Callable[[], None] = lambda: None
    ) -> None:
        self._target, self._file, self._end = target, file, end

    @property
    def is_in_memory(self) -> bool:
        """Whether it is a stream or an object in a store, which is sent only after everything has succeeded."""
        return isinstance(self._file, Buffer)

    @contextlib.contextmanager
    def open(self) -> Iterator[BinaryIO | Buffer]:
        """Give the file; within this context every failure is the output's, and raises FileError."""
        with naming_failures(self._target):
            yield self._file

    def end(self) -> None:
        """Hand the complete output to the transaction; raises FileError."""
        with naming_failures(self._target):
            self._end()


class Transaction:
    """Several outputs that appear together, or not at all.

    Each file is written to a temporary one in its own folder, and each stream and object of a store to memory. `commit`
    sends the streams, then the objects one after the other, the first one last, and renames the files. Whatever is not
    committed is removed. An output that cannot be written raises `FileError`, and so does one in the place of a file in
    *read*, the files that the call reads.
    """

    def __init__(self, read: Collection[Identity] = frozenset()) -> None:
        self._read = read
        self._folders: dict[Path, OutputFolder] = {}
        self._files: list[Replacement] = []
        self._streams: list[tuple[Path | None, Buffer]] = []
        self._objects: list[tuple[Destination, Buffer | NewFolder]] = []
        self.notes: list[str] = []
        """Notes for the user on the replaced files."""

    @contextlib.contextmanager
    def open(
        self,
        target: Path | Destination | None,
        backup: Path | None = None,
        times: Times | None = None,
        replaces: Identity | None = None,
        root: Root | None = None,
    ) -> Iterator[Buffer]:
        """Give a buffer whose contents will become *target*; None is standard output.

        *backup* is a free name in its folder for the file that was there before. *times* are the times that the file
        shall get. *replaces* is the one file that is read but may be replaced. In the tree *root* missing folders are
        created, and there are no streams. Encoders write to memory: some seek, which a pipe cannot, and some hide why
        the disk refused.
        """
        buffer = Buffer()
        with naming_failures(target):
            if target is not None and not isinstance(target, Path):
                self._objects.append((target, buffer))
                yield buffer
                return
            if target is None or (root is None and is_stream(target)):
                self._streams.append((target, buffer))
                yield buffer
                return
            with self._begin(target, backup, replaces, root) as file:
                yield buffer
                for part in buffer.parts():
                    put(file, part)
                self._end(file, times)

    @contextlib.contextmanager
    def open_folder(self, target: Path | Destination | None, root: Root | None = None) -> Iterator[NewFolder]:
        """Give an object that takes the files of a folder, which will become *target* and may replace a Zarr."""
        from .folder_output import FolderReplacement, NewFolder  # hardly any output is one

        with naming_failures(target):
            files = NewFolder()
            if target is not None and not isinstance(target, Path):
                self._objects.append((target, files))
                yield files
                return
            if target is None or (root is None and is_stream(target)):
                raise OSError("it is a stream, but a Zarr is a folder; name one")
            yield files
            with uninterrupted():
                new = FolderReplacement(self._folder(target.parent, root), target, files.begun)
                self._files.append(new)
            new.write(files.files)

    def grow(
        self,
        target: Path | Destination | None,
        backup: Path | None = None,
        times: Times | None = None,
        replaces: Identity | None = None,
        root: Root | None = None,
    ) -> Growing:
        """Begin an output that is written piece by piece, with the same arguments; only a stream is kept in memory.

        If the system allows it, the unfinished file has no name, so that a killed process leaves nothing.
        """
        with naming_failures(target):
            if target is not None and not isinstance(target, Path):
                buffer = Buffer()
                return Growing(target, buffer, lambda: self._objects.append((target, buffer)))
            if target is None or (root is None and is_stream(target)):
                buffer = Buffer()
                return Growing(target, buffer, lambda: self._streams.append((target, buffer)))
            file = self._begin(target, backup, replaces, root, nameless=True)
            return Growing(target, file, lambda: self._end(file, times))

    def _begin(
        self,
        target: Path,
        backup: Path | None,
        replaces: Identity | None,
        root: Root | None,
        nameless: bool = False,
    ) -> BinaryIO:
        """Create the file that will take the place of *target*; raises OSError."""
        folder = self._folder(target.parent, root)
        replaced = _replaced(folder, name_in_folder(target))
        with uninterrupted():
            descriptor, temporary = folder.create(NEW, 0o666 if replaced is None else 0o600, nameless)
            self._files.append(Replacement(folder, temporary, target, backup, replaces))
            file = self._files[-1].file = os.fdopen(descriptor, "wb")
        if replaced is not None:
            self.notes += hand_on(replaced, target, descriptor)
        return file

    def _end(self, file: BinaryIO, times: Times | None) -> None:
        """Do what remains when a file is completely written."""
        file.flush()
        new = next(new for new in self._files if new.file is file)
        with uninterrupted():
            new.folder.give_name(file.fileno(), new.temporary)
        file.close()
        if times is not None:
            self.notes += _set_times(new, times)

    def _folder(self, path: Path, root: Root | None) -> OutputFolder:
        """Return an open folder, opened once; the outputs of one image are in few folders."""
        if path not in self._folders:
            with uninterrupted():
                self._folders[path] = OutputFolder(path, root)
        return self._folders[path]

    def commit(self) -> None:
        """Let all outputs appear: first the streams and objects, which may still fail."""
        self.send_streams()
        self._put_objects()
        with uninterrupted():
            self.notes += replace_all(self._files, self._read)
            self._files.clear()

    def send_streams(self) -> None:
        """Send what was written to streams; it cannot be taken back."""
        for target, buffer in self._streams:
            with naming_failures(target):
                send(buffer.parts(), target, self._read)
        self._streams.clear()

    def _put_objects(self) -> None:
        """Upload the objects, the picture last, so that whoever finds it finds its maps."""
        if not self._objects:
            return
        from ..stores import outbox

        sent = [output.parcel(target) for target, output in reversed(self._objects)]
        self._objects.clear()
        outbox.send(sent)

    def __enter__(self) -> Transaction:
        signals.begin()
        return self

    def __exit__(self, *failure: object) -> None:
        with uninterrupted():
            for file in self._files:
                file.discard()
            self._files.clear()
            for folder in self._folders.values():
                folder.close()
            self._folders.clear()


def _replaced(folder: OutputFolder, name: str) -> os.stat_result | None:
    """Return the existing file, whose attributes are kept; raises OSError if it is not a file.

    A link is replaced, not followed, and its target's attributes are not kept: it may belong to anybody.
    """
    found = folder.found(name)
    if found is None:
        return None
    if stat.S_ISLNK(found.st_mode):
        leads_to = folder.leads_to(name)
        if leads_to is None or not stat.S_ISDIR(leads_to.st_mode):
            return None
        found = leads_to
    check_kind(found.st_mode)
    return found


def _set_times(new: Replacement, times: Times) -> list[str]:
    try:
        new.folder.set_times(new.temporary, times)
    except OSError as error:
        return [f"the times of the input could not be kept: {reason(error)}"]
    return []
