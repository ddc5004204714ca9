"""Reading the files of a batch, one of them ahead in a thread."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ..console.messages import reason, shown
from ..errors import FileError
from ..streams import STREAM
from . import decode, formats, image_stream
from .malloc import keep_freed
from .picture import DecodeError, DecodeOptions, Expected, Frames, PartialDecode, Picture, size_guard

TELLING_BYTES = 1 << 16
"""Bytes of a file that tell which decoder will be needed."""


class Reader:
    """Reads pictures; `begin` starts on one in a thread, for the `read` that will ask for it.

    Decoders release the interpreter's lock. Importing the program and NumPy takes 100 ms, decoding a 12 MP JPEG
    60: together they take hardly more than the longer of them. The thread itself imports nothing: two that did lost
    the names of a module, once in 200 starts of Python 3.11.
    """

    def __init__(self, max_pixels: int, lenient: bool = False, to_rgb: bool = False) -> None:
        self.asked = max_pixels, lenient, to_rgb
        self.needed: Callable[[Expected], float] = lambda expected: 0
        """Returns how many bytes a picture takes at most, beside its file, on its way through the filters."""
        self.wait_for_room: Callable[[float], None] = lambda needed: None
        """Takes the bytes that a picture within the limit takes; returns when there is memory for it."""
        self._ahead: dict[str, tuple[threading.Thread, list[PartialDecode | BaseException]]] = {}

    def begin(self, name: str) -> None:
        """Begin to read the file *name*, if that has not been begun."""
        if name in self._ahead:
            return
        answer: list[PartialDecode | BaseException] = []
        with contextlib.suppress(OSError), Path(name).open("rb") as file:
            decode.prepare(file.read(TELLING_BYTES))

        def work() -> None:
            try:
                answer.append(decode.load(read_bytes(name), self._options()._replace(lenient=False)))
            except BaseException as failure:
                answer.append(failure)

        thread = threading.Thread(target=work, daemon=True)
        self._ahead[name] = thread, answer
        thread.start()

    def read(self, name: str) -> Picture | Frames:
        """Return the picture *name*, or its frames; raises FileError."""
        with naming(name):
            if name == STREAM:
                return self._standard_input()
            begun = self._begun(name)
            if not self._ahead:
                keep_freed()
            return decode.finish(begun, self._options())

    def _begun(self, name: str) -> PartialDecode:
        if name in self._ahead:
            thread, answer = self._ahead.pop(name)
            thread.join()
            if not isinstance(answer[0], BaseException):
                return answer[0]
            # What is damaged is decoded here: to be lenient holds for all threads.
            if not isinstance(answer[0], DecodeError) or not self.asked[1]:
                raise answer[0]
        return decode.load(read_bytes(name), self._options())

    def _standard_input(self) -> Picture | Frames:
        """Return what stands on standard input; of a pipe with several images each is read when its turn comes."""
        if sys.stdin is None:
            raise OSError("is closed")
        pipe, options = sys.stdin.buffer, self._options()
        keep_freed()
        head, format = _head(pipe)
        if pipe.seekable() or not format.stream:
            return decode.decode(_whole(head, pipe), options)
        feed = image_stream.Feed(head, format, pipe)
        first = feed.take()
        if feed.has_more():
            return image_stream.of_pipe(first, feed, partial(decode.decode, options=options))
        return decode.decode(first + feed.rest(), options)

    def _options(self) -> DecodeOptions:
        return DecodeOptions(self._check_size, *self.asked[1:])

    def _check_size(self, expected: Expected) -> None:
        size_guard(self.asked[0], self.needed)(expected)
        self.wait_for_room(expected.file + max(expected.decoding, self.needed(expected)))

    def settle(self) -> None:
        """Wait for what was begun."""
        for thread, _ in self._ahead.values():
            thread.join()

    def __reduce__(self) -> tuple[Any, ...]:
        return Reader, self.asked


@contextlib.contextmanager
def naming(name: str) -> Iterator[None]:
    """Let what keeps a file from being read name it: raises FileError."""
    try:
        yield
    except DecodeError as error:
        raise FileError(shown(name), str(error)) from None
    except OSError as error:
        raise FileError(shown(name), reason(error)) from None
    except MemoryError:
        raise FileError(shown(name), "needs more memory than there is") from None


def read_bytes(name: str) -> bytes:
    """Return what a file holds that begins as an image does; raises DecodeError for others, OSError."""
    if name == STREAM and sys.stdin is None:
        raise OSError("is closed")
    with sys.stdin.buffer if name == STREAM else Path(name).open("rb", buffering=0) as file:
        return _whole(_head(file)[0], file)


def _head(file: Any) -> tuple[bytes, formats.Format]:
    """Return the first bytes of a file, and its format: text, a video or an endless device is not read to its end.

    A stream is told by its first bytes: of a pipe that gives one small image after the other no more are waited for.
    """
    head, piece = b"", getattr(file, "read1", file.read)
    while len(head) < formats.HEAD and (more := piece(formats.HEAD - len(head))):
        head += more
        if (format := formats.sniff(head)) is not None and format.stream:
            break
    return head, decode.check_head(head)


def _whole(head: bytes, file: Any) -> bytes:
    """Return all bytes of a file, of which *head* was read."""
    if file.seekable():
        file.seek(0)
        return file.read()
    return head + file.read()
