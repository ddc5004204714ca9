"""Reading the files of a batch, one ahead in a thread."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...filters.core.engine.threads import begun
from ...filters.core.named_tuple import NamedTuple
from ..console import faults
from ..console.messages import reason, shown
from ..digest import SourceDigest
from ..errors import FileError
from ..stores import names
from ..stores.names import is_store
from ..streams import STREAM
from . import decode, image_stream, input_bytes, size_limit
from .description import Description
from .file_bytes import FileBytes, HeldBytes
from .picture import DecodeError, DecodeOptions, Expected, Frames, PartialDecode, Picture, size_guard
from .source import FileState, Source
from .zarr_mark import is_zarr

if TYPE_CHECKING:
    from ..stores.ahead import Ahead

TELLING_BYTES = 1 << 16
"""Bytes of a file that reveal the decoder it needs."""
STREAMED_BYTES = 1 << 27
"""Bytes of a picture, or of a result, from which on it is streamed: 128 MiB."""


class Begun(NamedTuple):
    """A picture that was read and partly decoded."""

    source: Source
    decoded: PartialDecode


class _Answer(DecodeError):
    """Ends the inspection of a header: the picture is not streamed."""


class Reader:
    """Reads pictures; `begin` starts on one in a thread, for a later `read`.

    Decoders release the interpreter's lock. Importing the program and NumPy takes 100 ms, decoding a 12 MP JPEG 60;
    in parallel they take hardly more than the longer one. The thread itself imports nothing: with two importing
    threads, the names of a module were lost once in 200 starts of Python 3.11.
    """

    def __init__(self, max_pixels: int, lenient: bool = False, to_rgb: bool = False, kind: str = "") -> None:
        self.asked = max_pixels, lenient, to_rgb, kind
        self.needed: Callable[[Expected], float] = lambda expected: 0
        """Returns the most bytes that a picture needs on its way through the filters, without its file."""
        self.advice = ""
        """What would help a picture for which there is too little memory."""
        self.wait_for_room: Callable[[float], None] = lambda needed: None
        """Gets the bytes that a picture within the limit needs; returns when there is memory for it."""
        self.streams: Callable[[Expected], bool] = lambda expected: False
        """Whether a picture's rows are read on demand, if its format and its file allow it."""
        self.digests = True
        """Sources contain a digest of their bytes."""
        self._ahead: dict[str, Callable[[], Begun]] = {}
        self._objects: Ahead | None = None

    def begin(self, name: str) -> None:
        """Begin to read the file *name*, unless that has begun."""
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
        """Return the picture *name*, or its frames, and its source; raises FileError."""
        with naming(name):
            if name == STREAM:
                return self._standard_input()
            if name not in self._ahead:
                data = self._object(name) if _is_object(name) else input_bytes.large(name)
                if (streamed := self._streamed(data, name)) is not None:
                    return streamed
                if data is not None and is_store(name):
                    return self._stored(data, name)
                size_limit.check_file(name, self._options(name))
            found = self._begun(name)
            return decode.finish(found.decoded, self._options(name)), found.source

    def streamed(self, name: str) -> tuple[Picture, Source] | None:
        """Return the picture *name* as `read` does if its rows are read as they are needed; else None."""
        with naming(name):
            return self._streamed(input_bytes.large(name), name)

    def describe(self, name: str) -> Description | None:
        """Return the header of the file *name*; None if it must be decoded. Raises FileError."""
        with naming(name):
            if name == STREAM or is_zarr(name):
                return None
            if is_store(name):
                from ..stores.failures import NoPartsError
                from .object_bytes import ObjectBytes

                with contextlib.suppress(NoPartsError):
                    return decode.describe(ObjectBytes.of(name), self._options(name))
                return None
            with open(name, "rb", buffering=0) as file:
                state = input_bytes.state_of_open(file)
                return None if state is None else decode.describe(FileBytes(file.fileno(), state), self._options(name))

    def _streamed(self, data: FileBytes | None, name: str = "") -> tuple[Picture, Source] | None:
        """Return the picture of a large file whose rows are read on demand; None if it is decoded whole."""
        if isinstance(data, HeldBytes) and len(data) < input_bytes.LARGE:
            return None

        def check(expected: Expected) -> None:
            if not self.streams(expected):
                raise _Answer
            self._check_size(expected._replace(streamed=True))

        with contextlib.suppress(_Answer):
            options = self._options(name)._replace(guard=check)
            if data is not None and (picture := decode.stream(data, options)) is not None:
                return picture, self._source(data, data.file_state, data.tag)
        return None

    def _may_be_streamed(self, name: str) -> bool:
        """Whether the header of a file allows reading its rows on demand."""
        options, expected = self._options(name), None
        with contextlib.suppress(DecodeError):  # reported when it is read
            if not options.lenient and (data := input_bytes.large(name)) is not None:
                expected = size_limit.streamable(data, options)
        return expected is not None and expected.pixels * expected.samples.bytes >= STREAMED_BYTES

    def _begun(self, name: str) -> Begun:
        if name in self._ahead:
            try:
                return self._ahead.pop(name)()
            except DecodeError:
                if not self.asked[1]:  # damaged files are decoded here: leniency affects all threads
                    raise
        return self._begin(name, self._options(name))

    def _begin(self, name: str, options: DecodeOptions) -> Begun:
        data, state = input_bytes.bytes_of(name, self.wait_for_room, in_pieces=True, kind=options.kind)
        return Begun(self._source(data, state), decode.load(data, options))

    def _object(self, name: str) -> FileBytes:
        """Return an object of a store; raises DecodeError, OSError."""
        from .object_bytes import fetched

        found = fetched(name, self._ahead_of_objects())
        if isinstance(found, HeldBytes):
            self.wait_for_room(len(found))
        return found

    def _stored(self, data: FileBytes, name: str) -> tuple[Picture | Frames, Source]:
        """Return the picture of an object or a Zarr in a store, decoded whole."""
        whole: bytes | FileBytes = data
        if _is_object(name):
            if not isinstance(data, HeldBytes):
                size_limit.check(data, self._options(name))
                self.wait_for_room(len(data))
                input_bytes.check_room(len(data))
            whole = data[:]
        source = self._source(whole, None, data.tag)
        return decode.decode(whole, self._options(name)), source

    def begin_object(self, name: str) -> None:
        """Begin to read an object of a store in a thread."""
        if _is_object(name):
            self._ahead_of_objects().begin(name)

    def _ahead_of_objects(self) -> Ahead:
        if self._objects is None:
            from ..stores.ahead import Ahead  # few calls read one

            self._objects = Ahead(partial(input_bytes.check_object, kind=self.asked[3], on_demand=not self.asked[1]))
        return self._objects

    def _source(self, data: bytes | FileBytes, state: FileState | None, tag: str = "") -> Source:
        if not self.digests:
            return Source(None, state, tag)
        return Source(data.source_digest() if isinstance(data, FileBytes) else SourceDigest(data), state, tag)

    def _standard_input(self) -> tuple[Picture | Frames, Source]:
        """Return the contents of standard input; each of several images in a pipe is read when its turn comes.

        The number of images is then unknown when the first output is passed on, before the last image arrives.
        """
        if sys.stdin is None:
            raise OSError("is closed")
        pipe, options = sys.stdin.buffer, self._options()
        head, format = input_bytes.head_of(pipe, kind=options.kind)
        if pipe.seekable() or not format.stream:
            if (state := input_bytes.state_of_open(pipe)) is not None and state.size >= input_bytes.LARGE:
                streamed = self._streamed(FileBytes(pipe.fileno(), state))
                if streamed is not None:
                    return streamed[0], streamed[1]._replace(state=None)
                size_limit.check_open(pipe.fileno(), options)
            data, _ = input_bytes.whole(head, pipe)
            return decode.decode(data, options), self._source(data, None)
        feed = image_stream.Feed(head, format, pipe, input_bytes.most_of_a_pipe())
        first = feed.take()
        if feed.has_more():
            return image_stream.of_pipe(first, feed, partial(decode.decode, options=options)), Source(None, None)
        data = first + feed.rest()
        return decode.decode(data, options), self._source(data, None)

    def _options(self, name: str = "") -> DecodeOptions:
        return DecodeOptions(self._check_size, *self.asked[1:], max_pixels=self.asked[0], name=name)

    def _check_size(self, expected: Expected) -> None:
        size_guard(self.asked[0], self.needed, self.wait_for_room, self.advice)(expected)

    def settle(self) -> None:
        """Wait for a read that has begun."""
        for wait in self._ahead.values():
            with contextlib.suppress(Exception):  # reported when the picture is requested
                if (digest := wait().source.digest) is not None:
                    digest.hexadecimal()

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.asked, names.memory())


def _again(asked: tuple[Any, ...], memory: Any) -> Reader:
    """Return a reader in another process, with the addresses of the first one."""
    names.remember(memory)
    return Reader(*asked)


@contextlib.contextmanager
def naming(name: str) -> Iterator[None]:
    """Turn failures to read a file into FileError, which names it."""
    try:
        yield
    except DecodeError as error:
        raise FileError(shown(name), str(error)) from None
    except OSError as error:
        raise FileError(shown(name), faults.lacking(error) or reason(error)) from None
    except MemoryError:
        raise FileError(shown(name), faults.NO_MEMORY) from None


def _is_object(name: str) -> bool:
    """Whether *name* is one object of a store."""
    return is_store(name) and not is_zarr(name)
