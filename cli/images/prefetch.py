"""Reading the files of a batch; the first one ahead, while the program is still being imported."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..console.messages import reason, shown
from ..errors import FileError, UsageError
from ..streams import STREAM

if TYPE_CHECKING:
    from .picture import DecodeOptions, Frames, PartialDecode, Picture


MAX_PIXELS = 1 << 28
"""The greatest picture that is read, unless the caller says otherwise."""
MAX_PIXELS_VARIABLE = "IMFILTER_MAX_PIXELS"
"""The variable by which an environment says otherwise."""
WORTH_A_THREAD = 1 << 18
"""Bytes of a file that is worth a thread: for less, two threads that import hinder each other, 114 ms against 96."""


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
        self.wait_for_room: Callable[[int, int], None] = lambda width, height: None
        """Takes the size of a picture within the limit, and returns when there is memory for it."""
        self._ahead: dict[str, tuple[threading.Thread, list[PartialDecode | BaseException]]] = {}

    def begin(self, name: str) -> None:
        """Begin to read the picture *name*, if it is a file large enough and that has not been begun."""
        if name in self._ahead or not _is_large(name):
            return
        answer: list[PartialDecode | BaseException] = []
        from . import decode

        with contextlib.suppress(OSError), Path(name).open("rb") as file:
            decode.prepare(file.read(TELLING_BYTES))

        def work() -> None:
            try:
                answer.append(decode.load(_bytes(name), self._options()._replace(lenient=False)))
            except BaseException as failure:
                answer.append(failure)

        thread = threading.Thread(target=work, daemon=True)
        self._ahead[name] = thread, answer
        thread.start()

    def read(self, name: str) -> Picture | Frames:
        """Return the picture *name*, or its frames; raises FileError."""
        from . import decode
        from .malloc import keep_freed
        from .picture import DecodeError

        try:
            begun = self._begun(name)
            if not self._ahead:
                keep_freed()
            return decode.finish(begun, self._options())
        except DecodeError as error:
            raise FileError(shown(name), str(error)) from None
        except OSError as error:
            raise FileError(shown(name), reason(error)) from None
        except MemoryError:
            raise FileError(shown(name), "needs more memory than there is") from None

    def _begun(self, name: str) -> PartialDecode:
        from . import decode
        from .picture import DecodeError

        if name in self._ahead:
            thread, answer = self._ahead.pop(name)
            thread.join()
            if not isinstance(answer[0], BaseException):
                return answer[0]
            # What is damaged is decoded here: to be lenient holds for all threads.
            if not isinstance(answer[0], DecodeError) or not self.asked[1]:
                raise answer[0]
        return decode.load(_bytes(name), self._options())

    def _options(self) -> DecodeOptions:
        from .picture import DecodeOptions

        return DecodeOptions(self._check_size, *self.asked[1:])

    def _check_size(self, width: int, height: int, a_pixel: int) -> None:
        from .picture import size_guard

        size_guard(self.asked[0])(width, height, a_pixel)
        self.wait_for_room(width, height)

    def settle(self) -> None:
        """Wait for what was begun."""
        for thread, _ in self._ahead.values():
            thread.join()

    def __reduce__(self) -> tuple[Any, ...]:
        return Reader, self.asked


_guessing: Reader | None = None


def guess(words: Sequence[str]) -> None:
    """Begin to read what is likely the input of the command line *words*, before anybody has understood it.

    A wrong guess costs nothing but a core's time: only a plain file is read, and only as a picture.
    """
    global _guessing
    for word in words[1:]:
        if not word.startswith("-") and _is_large(word):
            warnings.simplefilter("ignore")  # of libraries, in a thread that is ahead of those who speak for them
            with contextlib.suppress(UsageError):  # which will be said when the words are understood
                _guessing = Reader(max_pixels(""))
                _guessing.begin(word)
            return


def _is_large(name: str) -> bool:
    try:
        found = Path(name).stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size >= WORTH_A_THREAD


def reader(max_pixels: int, lenient: bool = False, to_rgb: bool = False) -> Reader:
    """Return the reader of a call, which may have begun on its first picture already."""
    if _guessing is not None and _guessing.asked == (max_pixels, lenient, to_rgb):
        return _guessing
    return Reader(max_pixels, lenient, to_rgb)


def max_pixels(text: str) -> int:
    """Read a number of pixels: ``250000000``, ``250M``, ``1.5G``; none is the environment's, or `MAX_PIXELS`."""
    source = "--max-pixels"
    if not text:
        source, text = MAX_PIXELS_VARIABLE, os.environ.get(MAX_PIXELS_VARIABLE, "")
    if not text:
        return MAX_PIXELS
    match = re.fullmatch(r"(\d+(?:\.\d+)?(?:e\d{1,2})?)([kKmMgG]?)", text)
    if match is None or float(match[1]) == 0:
        raise UsageError(f"{source}: {text!r} is not a number of pixels, like 500M")
    return int(float(match[1]) * {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}[match[2].lower()])


def _bytes(name: str) -> bytes:
    from . import decode, formats

    if name == STREAM and sys.stdin is None:
        raise OSError("is closed")
    with sys.stdin.buffer if name == STREAM else Path(name).open("rb", buffering=0) as file:
        head = b""
        while len(head) < formats.HEAD and (more := file.read(formats.HEAD - len(head))):
            head += more
        # Text, a video or an endless device is not read to its end.
        decode.check_head(head)
        if file.seekable():
            file.seek(0)
            return file.read()
        return head + file.read()
