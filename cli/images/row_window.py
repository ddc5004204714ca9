"""Rows of a picture that can only be read in order: the last ones are kept and, if necessary, all."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator

from ...filters.core.lazy_numpy import Array, np
from ..bounded_read import amount
from ..console import faults
from ..console.messages import reason
from ..streams import write_all
from .file_bytes import FileBytes
from .picture import LackError
from .source import state_of

ROOM = 1 << 25
"""Bytes of rows that are kept before the last requested ones."""
BEGINNINGS = 2
"""How often a picture is read from its first row on before all rows are written to a temporary file."""
ELSEWHERE = "set TMPDIR to a folder with more room"


class RowWindow:
    """Rows of bytes in any order, for several threads, from a source that yields them in sequence.

    >>> blocks = [np.full((2, 3), number, np.uint8) for number in range(3)]
    >>> window = RowWindow(6, 3, lambda: iter(blocks))
    >>> window.rows(1, 5)[:, 0].tolist(), window.rows(0, 1).shape
    ([0, 1, 1, 2], (1, 3))
    """

    def __init__(self, height: int, row_bytes: int, begin: Callable[[], Iterator[Array]]) -> None:
        """*begin* returns all rows, ``(rows, row_bytes)`` of uint8, some at a time, and raises their errors.

        It is called again if released rows are requested, and then once more to write all to a file.
        """
        self._height, self._row_bytes, self._begin = height, row_bytes, begin
        self._lock = threading.Lock()
        self._kept: deque[Array] = deque()
        self._first = self._next = 0
        """The first kept row, and the end of the kept rows."""
        self._source: Iterator[Array] | None = None
        self._beginnings = 0
        self._file: FileBytes | None = None
        """Finally holds all rows."""
        self._failure: BaseException | None = None

    def rows(self, start: int, stop: int) -> Array:
        """Return the rows ``start … stop-1``; raises what *begin* raises, or `LackError` for lack of a disk."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            try:
                if self._file is None and (self._source is None or start < self._first):
                    self._begin_again()
                if self._file is None:
                    return self._window(start, stop)
            except BaseException as failure:
                self._failure = failure  # the source cannot continue
                raise
        found = self._file[start * self._row_bytes : stop * self._row_bytes]
        return np.frombuffer(bytearray(found), np.uint8).reshape(stop - start, self._row_bytes)

    def _begin_again(self) -> None:
        self._kept.clear()
        if self._beginnings == BEGINNINGS:
            self._source = None
            self._file = self._in_file()
            return
        self._beginnings += 1
        self._first = self._next = 0
        self._source = self._begin()

    def _window(self, start: int, stop: int) -> Array:
        """Return rows, the first of which is kept or still to come."""
        assert self._source is not None
        while self._next < stop:
            block = next(self._source)
            self._kept.append(block)
            self._next += len(block)
            if self._next == self._height:
                next(self._source, None)  # it looks beyond the last row
            while self._is_too_much(start):
                self._first += len(self._kept.popleft())
        out = np.empty((stop - start, self._row_bytes), np.uint8)
        top = self._first
        for block in self._kept:
            first, last = max(start, top), min(stop, top + len(block))
            if first < last:
                out[first - start : last - start] = block[first - top : last - top]
            top += len(block)
        return out

    def _is_too_much(self, start: int) -> bool:
        """Whether the first kept block may be released when rows from *start* on are requested."""
        left = self._first + len(self._kept[0])
        return left <= start and (self._next - left) * self._row_bytes >= ROOM

    def _in_file(self) -> FileBytes:
        """Return all rows, in a nameless file."""
        with contextlib.ExitStack() as stack:
            with _temporaries():
                needed, free = self._height * self._row_bytes, shutil.disk_usage(tempfile.gettempdir()).free
                if free < needed:
                    raise LackError(
                        f"needs {amount(needed)} for temporary files, and {amount(free)} are free there; {ELSEWHERE}"
                    )
                file = stack.enter_context(tempfile.TemporaryFile(buffering=0))
            for block in self._begin():
                with _temporaries():
                    write_all(file, block.data)
            state = state_of(file.fileno())
            assert state is not None
            return FileBytes(file.fileno(), state)


@contextlib.contextmanager
def _temporaries() -> Iterator[None]:
    """Turn failures to write a temporary file into `LackError`, as the picture is not at fault."""
    try:
        yield
    except OSError as error:
        why = faults.lacking(error) or f"{reason(error)}; {ELSEWHERE}"
        raise LackError(f"needs temporary files, which cannot be written: {why}") from None
