"""Files of uncompressed samples that several programs write: each puts its rows at their place.

The samples are in a file with a temporary name next to the output. When it is complete, they are copied after the
output's header, on most systems without passing through a program.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ...filters.core.lazy_numpy import Array, np
from ..streams import write_all
from .output_folder import OutputFolder
from .packed_canvas import Kept, PackedCanvas
from .plain_canvas import Form, stored
from .replacement import check_kind
from .spool import Piece, Spool
from .write_failures import naming_failures

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

locks: Any = fcntl
Shape = tuple[int, int, int]


class RefusedError(ValueError):
    """A format cannot hold the samples of *target*."""

    def __init__(self, target: str, why: str) -> None:
        super().__init__(why)
        self.target = target


class PlainBands:
    """A file of samples at *path*, which will become part of the *target*."""

    rows = 1
    """Any rows can be written together."""

    def __init__(self, path: str, target: str, form: Form) -> None:
        self.path, self.target, self.form = path, target, form
        self._spool: Spool | None = None

    def begin(self, folder: OutputFolder) -> None:
        """Make the file; raises OSError, also if the output's place is taken by what is no file."""
        found = folder.found(Path(self.target).name)
        if found is not None and not stat.S_ISLNK(found.st_mode):
            check_kind(found.st_mode)
        with open(folder.create_as(Path(self.path).name, 0o600), "wb"):
            pass

    def discard(self) -> None:
        """Remove the file."""
        if self._spool is not None:
            self._spool.close()  # Windows removes no open file
        with contextlib.suppress(OSError):  # it may be gone; nothing else can be done
            Path(self.path).unlink()

    def canvas(self, shape: Shape, dtype: Any) -> _Rows:
        """Return the canvas of a part, which writes its rows."""
        return _Rows(shape, dtype, self)

    def whole(self, shape: Shape, dtype: Any) -> PackedCanvas:
        """Return the canvas of the picture, all of whose rows have been written; raises FileError."""
        target = Path(self.target)
        self._spool = Spool(target.parent, target, Path(self.path))
        return _Written(shape, dtype, self._spool)

    def blocks(self, shape: Shape) -> list[int]:
        """Return an empty list: there are no smaller copies."""
        return []


class _Rows:
    """Some rows of a file of samples."""

    def __init__(self, shape: Shape, dtype: Any, bands: PlainBands) -> None:
        self.shape, self.dtype, self.size = shape, np.dtype(dtype), int(np.prod(shape))
        self._bands = bands

    def cuts(self, start: int, stop: int) -> Iterable[tuple[int, int]]:
        """Return the rows undivided."""
        return ((start, stop),)

    @contextlib.contextmanager
    def rows(self, start: int, stop: int) -> Iterator[Array]:
        """Give a buffer for some rows, which are then written; raises FileError, RefusedError."""
        pixels = np.empty((stop - start, *self.shape[1:]), self.dtype)
        yield pixels
        try:
            data = stored(self._bands.form, pixels)
        except ValueError as refusal:
            raise RefusedError(self._bands.target, str(refusal)) from None
        with naming_failures(Path(self._bands.target)), open(self._bands.path, "r+b", buffering=0) as file:
            at = start * (len(data) // (stop - start))
            _lock(file, at, len(data))
            file.seek(at)
            write_all(file, data)


def _lock(file: BinaryIO, start: int, length: int) -> None:
    """Lock some bytes until the file is closed: without locks NFS may write whole pages, with others' old rows."""
    if locks is not None:
        with contextlib.suppress(OSError):  # the file system has none
            locks.lockf(file, locks.LOCK_EX, length, start)


class _Written(PackedCanvas):
    """A canvas whose samples have been written into a file."""

    def __init__(self, shape: Shape, dtype: Any, spool: Spool) -> None:
        super().__init__(shape, dtype, Kept(), shape[0])
        self._spool = spool

    def whole(self) -> Sequence[bytes | memoryview | Piece]:
        """Return the samples."""
        return self._spool.parts()
