"""Reading the files of a batch, one of them ahead in a thread."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...filters.core.engine.threads import begun
from ...filters.core.named_tuple import NamedTuple
from ..bounded_read import TooLongError, amount, read
from ..console import faults
from ..console.messages import reason, shown
from ..digest import SourceDigest
from ..errors import FileError
from ..stores import names
from ..stores.names import is_store
from ..streams import STREAM
from . import decode, formats, image_stream, memory_budget, size_limit
from .description import Description
from .file_bytes import CHANGES, FileBytes
from .picture import DecodeError, DecodeOptions, Expected, Frames, PartialDecode, Picture, size_guard
from .source import FileState, Source, state_of
from .zarr_folder import FolderBytes
from .zarr_mark import is_zarr

if TYPE_CHECKING:
    from ..stores.ahead import Ahead

TELLING_BYTES = 1 << 16
"""Bytes of a file that tell which decoder will be needed."""
LARGE = 1 << 20
"""Bytes of a file whose rows may be read on demand: a smaller one is there in a moment."""
STREAMED_BYTES = 1 << 27
"""Bytes of a picture, or of a result, from which it is streamed: 128 MiB."""
READINGS, PAUSE = 4, 0.1
"""How often a file that changes while it is read is read, and the seconds between."""


class Begun(NamedTuple):
    """A picture that was read, and decoded in part."""

    source: Source
    decoded: PartialDecode


class _Answer(DecodeError):
    """Ends a look at a header: the picture is not streamed."""


class Reader:
    """Reads pictures; `begin` starts on one in a thread, for the `read` that will ask for it.

    Decoders release the interpreter's lock. Importing the program and NumPy takes 100 ms, decoding a 12 MP JPEG
    60: together they take hardly more than the longer of them. The thread itself imports nothing: two that did lost
    the names of a module, once in 200 starts of Python 3.11.
    """

    def __init__(self, max_pixels: int, lenient: bool = False, to_rgb: bool = False, kind: str = "") -> None:
        self.asked = max_pixels, lenient, to_rgb, kind
        self.needed: Callable[[Expected], float] = lambda expected: 0
        """Returns how many bytes a picture takes at most, beside its file, on its way through the filters."""
        self.wait_for_room: Callable[[float], None] = lambda needed: None
        """Takes the bytes that a picture within the limit takes; returns when there is memory for it."""
        self.streams: Callable[[Expected], bool] = lambda expected: False
        """Whether a picture's rows are read on demand, where its format and its file allow that."""
        self.digests = True
        """Sources tell what they hold by its digest."""
        self._ahead: dict[str, Callable[[], Begun]] = {}
        self._objects: Ahead | None = None

    def begin(self, name: str) -> None:
        """Begin to read the file *name*, if that has not been begun."""
        if name in self._ahead or is_store(name) or is_zarr(name):
            return
        with contextlib.suppress(OSError), Path(name).open("rb") as file:
            decode.prepare(file.read(TELLING_BYTES), name, os.fstat(file.fileno()).st_size, self.asked[3])
            if self._may_be_streamed(name):
                return
            try:
                size_limit.check_file(name, self._options(name))
            except DecodeError:  # reported when it is read
                return
        options = self._options(name)._replace(lenient=False)
        self._ahead[name] = begun(lambda: self._begin(name, options), daemon=True)

    def read(self, name: str) -> tuple[Picture | Frames, Source]:
        """Return the picture *name*, or its frames, and what it was read from; raises FileError."""
        with naming(name):
            if name == STREAM:
                return self._standard_input()
            if name not in self._ahead and not is_store(name):
                if (streamed := self._streamed(_large(name), name)) is not None:
                    return streamed
                size_limit.check_file(name, self._options(name))
            found = self._begun(name)
            return decode.finish(found.decoded, self._options(name)), found.source

    def describe(self, name: str) -> Description | None:
        """Return what the header of the file *name* tells; None if it must be read. Raises FileError."""
        with naming(name):
            if name == STREAM or is_store(name) or is_zarr(name):
                return None
            with open(name, "rb", buffering=0) as file:
                state = _state(file)
                return None if state is None else decode.describe(FileBytes(file.fileno(), state), self._options(name))

    def _streamed(self, data: FileBytes | None, name: str = "") -> tuple[Picture, Source] | None:
        """Return the picture of a large file whose rows are read on demand; None if it is decoded whole."""

        def check(expected: Expected) -> None:
            if not self.streams(expected):
                raise _Answer
            self._check_size(expected._replace(streamed=True))

        with contextlib.suppress(_Answer):
            options = self._options(name)._replace(guard=check)
            if data is not None and (picture := decode.stream(data, options)) is not None:
                return picture, self._source(data, None if isinstance(data, FolderBytes) else data.state)
        return None

    def _may_be_streamed(self, name: str) -> bool:
        """Whether the rows of a file may be read on demand, by its header."""
        options, expected = self._options(name), None
        with contextlib.suppress(DecodeError):  # reported when it is read
            if not options.lenient and (data := _large(name)) is not None:
                expected = size_limit.streamable(data, options)
        return expected is not None and expected.pixels * expected.samples.bytes >= STREAMED_BYTES

    def _begun(self, name: str) -> Begun:
        if name in self._ahead:
            try:
                return self._ahead.pop(name)()
            except DecodeError:
                if not self.asked[1]:  # what is damaged is decoded here: to be lenient holds for all threads
                    raise
        return self._begin(name, self._options(name))

    def _begin(self, name: str, options: DecodeOptions) -> Begun:
        if is_store(name):
            data, tag = self._ahead_of_objects().take(name)
            self.wait_for_room(len(data))
            return Begun(self._source(data, None, tag), decode.load(data, options))
        data, state = _read(name, self.wait_for_room, in_pieces=True, kind=options.kind)
        return Begun(self._source(data, state), decode.load(data, options))

    def begin_object(self, name: str) -> None:
        """Begin to read an object of a store in a thread."""
        self._ahead_of_objects().begin(name)

    def _ahead_of_objects(self) -> Ahead:
        if self._objects is None:
            from ..stores.ahead import Ahead  # few calls read one

            self._objects = Ahead(partial(_check_object, kind=self.asked[3]))
        return self._objects

    def _source(self, data: bytes | FileBytes, state: FileState | None, tag: str = "") -> Source:
        return Source(SourceDigest(data) if self.digests else None, state, tag)

    def _standard_input(self) -> tuple[Picture | Frames, Source]:
        """Return what stands on standard input; of a pipe with several images each is read when its turn comes.

        What the pipe holds is then known too late for the first output, which is passed on before the last image comes.
        """
        if sys.stdin is None:
            raise OSError("is closed")
        pipe, options = sys.stdin.buffer, self._options()
        head, format = _head(pipe, kind=options.kind)
        if pipe.seekable() or not format.stream:
            if (state := _state(pipe)) is not None and state.size >= LARGE:
                streamed = self._streamed(FileBytes(pipe.fileno(), state))
                if streamed is not None:
                    return streamed[0], streamed[1]._replace(state=None)
                size_limit.check_open(pipe.fileno(), options)
            data, _ = _whole(head, pipe)
            return decode.decode(data, options), self._source(data, None)
        feed = image_stream.Feed(head, format, pipe, most_of_a_pipe())
        first = feed.take()
        if feed.has_more():
            return image_stream.of_pipe(first, feed, partial(decode.decode, options=options)), Source(None, None)
        data = first + feed.rest()
        return decode.decode(data, options), self._source(data, None)

    def _options(self, name: str = "") -> DecodeOptions:
        return DecodeOptions(self._check_size, *self.asked[1:], max_pixels=self.asked[0], name=name)

    def _check_size(self, expected: Expected) -> None:
        size_guard(self.asked[0], self.needed, self.wait_for_room)(expected)

    def settle(self) -> None:
        """Wait for what was begun."""
        for wait in self._ahead.values():
            with contextlib.suppress(Exception):  # which is said when the picture is asked for
                if (digest := wait().source.digest) is not None:
                    digest.hexadecimal()

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.asked, names.memory())


def _again(asked: tuple[Any, ...], memory: Any) -> Reader:
    """Return a reader in another process, which knows the addresses that the first one knew."""
    names.remember(memory)
    return Reader(*asked)


@contextlib.contextmanager
def naming(name: str) -> Iterator[None]:
    """Let what keeps a file from being read name it: raises FileError."""
    try:
        yield
    except DecodeError as error:
        raise FileError(shown(name), str(error)) from None
    except OSError as error:
        raise FileError(shown(name), faults.lacking(error) or reason(error)) from None
    except MemoryError:
        raise FileError(shown(name), faults.NO_MEMORY) from None


def read_bytes(name: str) -> bytes:
    """Return what a file holds that begins as an image does; raises DecodeError for others, OSError."""
    data, _ = _read(name)
    assert isinstance(data, bytes)
    return data


def _read(
    name: str, wait_for_room: Callable[[float], None] = lambda needed: None, in_pieces: bool = False, kind: str = ""
) -> tuple[bytes | FileBytes, FileState | None]:
    """Return what a file holds; *in_pieces* its format may be read on demand. Raises DecodeError, OSError."""
    if is_store(name):
        from ..stores.ahead import Ahead  # few calls read one

        return Ahead(partial(_check_object, kind=kind)).take(name)[0], None
    if name == STREAM and sys.stdin is None:
        raise OSError("is closed")
    if is_zarr(name):
        return FolderBytes(name), None
    with sys.stdin.buffer if name == STREAM else open(name, "rb", buffering=0) as file:
        head, format = _head(file, name, kind)
        if in_pieces and format.is_read_in_pieces(head) and (state := _state(file)) is not None:
            return FileBytes(file.fileno(), state), state
        return _whole(head, file, wait_for_room)


def _check_object(name: str, head: bytes, size: int, kind: str) -> None:
    """Raise DecodeError for an object that is no image, or too large for the memory that is free."""
    decode.check_head(head[: formats.HEAD], name, size, kind)
    _check_room(size)


def _head(file: Any, name: str = "", kind: str = "") -> tuple[bytes, formats.Format]:
    """Return the first bytes of a file, and its format: text, a video or an endless device is not read to its end.

    A stream is told by its first bytes: of a pipe that gives one small image after the other no more are waited for.
    """
    head, piece = b"", getattr(file, "read1", file.read)
    while len(head) < formats.HEAD and (more := piece(formats.HEAD - len(head))):
        head += more
        if not kind and (format := formats.sniff(head)) is not None and format.stream:
            break
    length = os.fstat(file.fileno()).st_size if formats.suffix_of(name) == ".bin" else 0
    return head, decode.check_head(head, name, length, kind)


def _whole(
    head: bytes, file: Any, wait_for_room: Callable[[float], None] = lambda needed: None
) -> tuple[bytes, FileState | None]:
    """Return all bytes of a file, of which *head* was read, and its state; they are those of one moment.

    Raises DecodeError if they are too many, also after others gave memory back, or change all the time.
    """
    size = file.seek(0, os.SEEK_END) if file.seekable() else 0
    if not size:
        try:  # a pipe, or a device, where one can seek and be nowhere
            return read(file, most_of_a_pipe(), head), None
        except TooLongError as error:
            raise DecodeError(image_stream.too_long(error)) from None
    for reading in range(READINGS):
        if reading:
            time.sleep(PAUSE)
        before = _state(file)
        size = file.seek(0, os.SEEK_END)
        wait_for_room(size)
        _check_room(size)
        file.seek(0)
        data = file.read()
        if _state(file) == before and (before is None or len(data) == before.size):
            return data, before
    raise DecodeError(CHANGES)


def _check_room(size: int) -> None:
    """Raise DecodeError if there is no memory for all *size* bytes of a file."""
    if (free := memory_budget.short(size)) is not None:
        raise DecodeError(f"has {amount(size)}; {amount(free)} of memory are free; more memory would help")


def _large(name: str) -> FileBytes | None:
    """Return a file, for what reads it piece by piece; None of one that is small, or no file. Raises OSError."""
    if is_zarr(name):
        return FolderBytes(name)
    found = Path(name).stat()  # to open a pipe would take from it
    if not stat.S_ISREG(found.st_mode) or found.st_size < LARGE:
        return None
    with open(name, "rb", buffering=0) as file:
        state = _state(file)
        return None if state is None else FileBytes(file.fileno(), state)


def _state(file: Any) -> FileState | None:
    with contextlib.suppress(io.UnsupportedOperation):  # memory, in place of standard input
        return state_of(file.fileno())
    return None


def most_of_a_pipe() -> int:
    """Return how many bytes are read of a pipe or device: as many as a batch of images may take, and its own limit."""
    return min(memory_budget.budget(), image_stream.MOST)
